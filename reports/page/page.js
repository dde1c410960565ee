(() => {
  'use strict';

  // Tables: a click on a head sorts, numbers largest first; another click turns the order round.
  const pattern = /^[-+\u2212]?\d[\d,]*(\.\d+)?(e[-+]?\d+)?([kMG]?)(?=$|[\s%\[(*])/;
  const units = { k: 1e3, M: 1e6, G: 1e9 };
  const numberOf = (text) => {
    const m = pattern.exec(text.replace(/^[~<>]\s*/, '').trim());
    return m ? parseFloat(m[0].replace(/,/g, '').replace('\u2212', '-')) * (units[m[3]] || 1) : NaN;
  };
  const sort = (table, column, head) => {
    const body = table.tBodies[0];
    const rows = [...body.rows].map((row) => {
      const text = row.cells[column].textContent.trim();
      return { row, text, number: numberOf(text) };
    });
    const filled = rows.filter((r) => r.text !== '');
    const numeric = filled.filter((r) => !Number.isNaN(r.number)).length * 2 > filled.length;
    const before = head.getAttribute('aria-sort');
    const down = before ? before === 'ascending' : numeric;
    const sign = down ? -1 : 1;
    const missing = (r) => (numeric ? Number.isNaN(r.number) : r.text === '');
    rows.sort((a, b) => missing(a) - missing(b)
      || (missing(a) ? 0 : sign * (numeric ? a.number - b.number : a.text.localeCompare(b.text))));
    body.append(...rows.map((r) => r.row));
    for (const other of head.parentNode.cells) other.removeAttribute('aria-sort');
    head.setAttribute('aria-sort', down ? 'descending' : 'ascending');
  };
  for (const table of document.querySelectorAll('table.sortable')) {
    for (const row of table.tBodies[0].rows) {
      for (const cell of row.cells) {
        const length = cell.textContent.length;
        if (length > 60) cell.classList.add('long');
        if (length > 100) cell.classList.add('longer');
      }
    }
    [...table.tHead.rows[0].cells].forEach((head, column) => {
      const button = document.createElement('button');
      button.type = 'button';
      button.title = 'sort';
      button.append(...head.childNodes);
      head.append(button);
      button.addEventListener('click', () => sort(table, column, head));
    });
  }

  // Scatter plots: the point nearest to the pointer says what it is, and shows where the same item lies in the others.
  const items = JSON.parse(document.getElementById('items').textContent) || [];
  const tip = document.getElementById('tip');
  const twins = new Map();
  for (const dot of document.querySelectorAll('.cloud circle')) {
    if (!twins.has(dot.dataset.i)) twins.set(dot.dataset.i, []);
    twins.get(dot.dataset.i).push(dot);
  }
  let shown = null;
  const hide = () => {
    if (shown) for (const twin of twins.get(shown.dataset.i)) twin.classList.remove('on');
    shown = null;
    tip.hidden = true;
  };
  const element = (name, text) => {
    const e = document.createElement(name);
    e.textContent = text;
    return e;
  };
  const show = (svg, dot, x, y) => {
    if (dot !== shown) {
      hide();
      shown = dot;
      const item = items[dot.dataset.i];
      for (const twin of twins.get(dot.dataset.i)) twin.classList.add('on');
      const list = document.createElement('dl');
      for (const [name, value] of [[svg.dataset.y, dot.dataset.y], [svg.dataset.x, dot.dataset.x], ...(item.facts || [])]) {
        list.append(element('dt', name), element('dd', value));
      }
      tip.replaceChildren(element('b', item.name), list, element('code', item.text));
      tip.hidden = false;
    }
    const box = tip.getBoundingClientRect();
    const left = x + 16 + box.width < innerWidth ? x + 16 : x - 16 - box.width;
    const top = y + 16 + box.height < innerHeight ? y + 16 : y - 16 - box.height;
    tip.style.left = Math.max(4, Math.min(left, innerWidth - box.width - 4)) + 'px';
    tip.style.top = Math.max(4, top) + 'px';
  };
  for (const svg of document.querySelectorAll('.cloud svg')) {
    const dots = [...svg.querySelectorAll('circle')].map((dot) => ({ dot, x: +dot.getAttribute('cx'), y: +dot.getAttribute('cy') }));
    dots.sort((a, b) => a.x - b.x || a.y - b.y);
    const near = (event) => {
      const at = new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse());
      let best = null;
      let least = 14;
      for (const d of dots) {
        const distance = Math.hypot(d.x - at.x, d.y - at.y);
        if (distance < least) [best, least] = [d, distance];
      }
      if (best) show(svg, best.dot, event.clientX, event.clientY);
      else hide();
    };
    svg.addEventListener('pointermove', near);
    svg.addEventListener('pointerdown', near);
    svg.addEventListener('pointerleave', (event) => { if (event.pointerType === 'mouse') hide(); });
    svg.addEventListener('blur', hide);
    svg.addEventListener('keydown', (event) => {
      const step = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1 }[event.key];
      if (event.key === 'Escape') hide();
      if (!step || dots.length === 0) return;
      event.preventDefault();
      const at = dots.findIndex((d) => d.dot === shown);
      const next = dots[at < 0 ? 0 : Math.max(0, Math.min(dots.length - 1, at + step))].dot;
      const box = next.getBoundingClientRect();
      show(svg, next, box.right, box.bottom);
    });
  }
})();
