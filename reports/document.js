"use strict";
// Tables: a click on a heading sorts by that column, numbers by value, what is no number at the end.
for (const table of document.querySelectorAll("table")) {
  const body = table.tBodies[0];
  table.querySelectorAll("thead th").forEach((head, column) => {
    const sort = () => {
      const down = head.getAttribute("aria-sort") === "descending";
      for (const other of table.querySelectorAll("thead th")) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", down ? "ascending" : "descending");
      const value = (row) => row.cells[column].textContent.trim();
      const number = (text) => parseFloat(text.replace(/^[<\[]/, ""));
      const sign = down ? 1 : -1;
      [...body.rows].sort((a, b) => {
        const x = number(value(a)), y = number(value(b));
        if (isNaN(x) && isNaN(y)) return sign * value(a).localeCompare(value(b));
        if (isNaN(x) || isNaN(y)) return isNaN(x) - isNaN(y);
        return sign * (x - y);
      }).forEach((row) => body.appendChild(row));
    };
    head.tabIndex = 0;
    head.addEventListener("click", sort);
    head.addEventListener("keydown", (e) => { if (e.key === "Enter") sort(); });
  });
}
// Scatter plots: the point under the pointer says what it is.
const tip = document.getElementById("tip");
for (const cloud of document.querySelectorAll(".cloud")) {
  const data = JSON.parse(cloud.querySelector("script").textContent);
  const points = [...cloud.querySelectorAll("circle")];
  const labels = cloud.querySelectorAll("svg > text:not(.tick)");
  points.forEach((point, i) => {
    point.addEventListener("mouseenter", (e) => {
      tip.textContent = `${data.id[i]}\n${labels[0].textContent}: ${data.X[i]}\n${labels[1].textContent}: ${data.Y[i]}\n${data.text[i]}`;
      tip.hidden = false;
      tip.style.left = Math.max(0, Math.min(e.clientX + 14, innerWidth - tip.offsetWidth - 4)) + "px";
      tip.style.top = Math.max(0, Math.min(e.clientY + 14, innerHeight - tip.offsetHeight - 4)) + "px";
    });
    point.addEventListener("mouseleave", () => { tip.hidden = true; });
  });
}
