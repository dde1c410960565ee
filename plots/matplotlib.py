import csv
import math
import pathlib
import sys

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt

MARKERS = ["o", "^", "s", "D", "v", "P", "+", "x"]
DASHES = ["-", "--", ":", "-.", (0, (3, 1)), (0, (8, 2)), (0, (1, 3)), (0, (2, 4))]


def colour(i):
    return SPEC["colours"][i % len(SPEC["colours"])]


def number(text):
    return float(text) if text else math.nan


def column(rows, name):
    return [number(r.get(name, "")) for r in rows]


def grouped(rows, name):
    groups = {}
    for r in rows:
        groups.setdefault(r[name], []).append(r)
    return groups


def errors(rows, value):
    """Lengths of the arms of intervals, 0 where there is none."""
    out = [[], []]
    for r in rows:
        v = number(r[value])
        out[0].append(v - number(r["low"]) if r["low"] else 0)
        out[1].append(number(r["high"]) - v if r["high"] else 0)
    return out


def scatter(ax, rows, panel, x="drawn_at", y="accuracy"):
    xs, ys = column(rows, x), column(rows, y)
    if len(rows) > 2000:
        ax.hexbin(xs, ys, gridsize=30, bins="log", cmap="Blues", mincnt=1, linewidths=0)
    else:
        ax.scatter(xs, ys, s=8 if len(rows) <= 200 else 3, color=colour(0), alpha=1 if len(rows) <= 200 else 0.5, linewidths=0)


def ranks(ax, rows, panel):
    ax.plot([1, len(rows)], [1, len(rows)], color="grey", linewidth=0.6, linestyle="--")
    scatter(ax, rows, panel, "predicted_rank", "true_rank")
    ax.set_box_aspect(1)


def boxes(ax, rows, panel):
    for group, members in grouped(rows, "group").items():
        at, values = int(group), column(members, "value")
        if len(values) < 5:
            ax.plot([at] * len(values), values, ".", color=colour(0), markersize=3)
            continue
        ax.boxplot(values, positions=[at], widths=0.5, manage_ticks=False, patch_artist=True,
                   boxprops={"facecolor": colour(0) + "38", "edgecolor": colour(0)}, medianprops={"color": colour(0), "linewidth": 1.6},
                   whiskerprops={"color": colour(0)}, capprops={"color": colour(0)},
                   flierprops={"marker": ".", "markersize": 3, "markeredgecolor": colour(0)})


def lines(ax, rows, panel):
    if panel.get("zero"):
        ax.axhline(0, color="grey", linewidth=0.6)
    for i, (name, line) in enumerate(grouped(rows, "name").items()):
        x = column(line, "x")
        if line[0].get("published") == "yes":
            ax.plot(x, column(line, "y"), color="0.35", linestyle=DASHES[1 + i % 2], linewidth=0.9, label=name)
            continue
        low, high = column(line, "low"), column(line, "high")
        if any(v == v for v in low):
            ax.fill_between(x, low, high, color=colour(i), alpha=0.22 if len(rows) < 4 * len(x) else 0.12, linewidth=0)
        ax.plot(x, column(line, "y"), color=colour(i), linestyle=DASHES[i % len(DASHES)], linewidth=1.2,
                marker=MARKERS[i % len(MARKERS)], markersize=3, label=name)


def points(ax, rows, panel):
    for i, (name, group) in enumerate(grouped(rows, "group").items()):
        how = panel.get("groups", {}).get(name, {})
        x, y = column(group, "x"), column(group, "y")
        style = {"color": colour(i), "linewidth": 1}
        if how.get("bare"):
            ax.plot(x, y, label=name, color="grey", linewidth=1, linestyle="--")
            continue
        label = name if name != panel["name"] else None  # the title of the panel says it
        if how.get("unsigned"):
            ax.plot(x, y, label=label, drawstyle="steps-post", linestyle=DASHES[i % len(DASHES)], **style)
            continue
        if how.get("stairs"):
            ax.step(x, y, where="post", **style)
        elif how.get("joined"):
            ax.plot(x, y, **style)
        ax.errorbar(x, y, yerr=errors(group, "y"), fmt=MARKERS[i % len(MARKERS)], markersize=4, elinewidth=0.7, capsize=2,
                    color=colour(i), label=label)
        if how.get("labels"):
            for r in group:
                ax.annotate(r["name"], (number(r["x"]), number(r["y"])), xytext=(3, 3), textcoords="offset points",
                            fontsize=SPEC["size"] - 1)


def dots(ax, rows, panel):
    names = list(grouped(rows, "name"))
    place = {name: len(names) - 1 - i for i, name in enumerate(names)}
    groups = list(dict.fromkeys(r.get("group", "") for r in rows))
    for i, group in enumerate(groups):
        whole = [r for r in rows if r.get("group", "") == group and not r.get("part") and r["value"]]
        ax.errorbar(column(whole, "value"), [place[r["name"]] for r in whole], xerr=errors(whole, "value"),
                    fmt=MARKERS[i % len(MARKERS)], markersize=4, elinewidth=0.9, capsize=2, color=colour(i), label=group)
    parts = [r for r in rows if r.get("part")]
    ax.plot(column(parts, "value"), [place[r["name"]] for r in parts], "|", color="grey", markersize=4)
    for r in rows:
        if not r["value"] and r.get("note"):
            ax.annotate(r["note"], (0.01, place[r["name"]]), xycoords=("axes fraction", "data"), va="center",
                        fontsize=SPEC["size"] - 1)
    ax.axvline(0, color="grey", linewidth=0.6)
    ax.set_yticks(list(place.values()), list(place))


def heat(ax, rows, panel, down="row", across="column"):
    names, columns = list(grouped(rows, down)), list(grouped(rows, across))
    values = [[math.nan] * len(columns) for _ in names]
    for r in rows:
        values[names.index(r[down])][columns.index(r[across])] = number(r["value"])
    largest = max([abs(v) for row in values for v in row if v == v], default=1)
    diverging = across == "column" and down == "row" and "row setting" not in rows[0]
    image = ax.imshow(values, aspect="auto", cmap="RdBu_r" if diverging else "viridis",
                      vmin=-largest if diverging else min(panel["values"], default=0),
                      vmax=largest if diverging else max(panel["values"], default=1))  # one scale for all panels
    for i, row in enumerate(values):
        for j, v in enumerate(row):
            if v == v and len(columns) <= 12:
                dark = sum(image.cmap(image.norm(v))[:3]) < 1.5
                ax.text(j, i, f"{v:.2f}", ha="center", va="center", fontsize=max(6, SPEC["size"] - 2),
                        color="white" if dark else "black")
    ax.set_xticks(range(len(columns)), columns, rotation=90 if max(map(len, columns)) > 4 else 0)
    ax.set_yticks(range(len(names)), names)
    plt.colorbar(image, ax=ax)


def levels(ax, rows, panel):
    try:
        x = column(rows, "level")
        ax.fill_between(x, column(rows, "low"), column(rows, "high"), color=colour(0), alpha=0.22, linewidth=0)
        ax.plot(x, column(rows, "value"), "o-", color=colour(0), linewidth=1.2, markersize=3)
    except ValueError:
        x = list(range(len(rows)))
        ax.errorbar(x, column(rows, "value"), yerr=errors(rows, "value"), fmt="o", color=colour(0), markersize=4, capsize=2)
        ax.set_xlim(-0.5, len(rows) - 0.5)
    ax.set_xticks(x, [r["level"] + ("*" if r["default"] == "yes" else "") for r in rows])


def shares(ax, rows, panel):
    kinds = list(grouped(rows, "kind"))
    for i, r in enumerate(rows):
        kind = kinds.index(r["kind"])
        ax.barh(len(rows) - 1 - i, 100 * number(r["share"]), color=colour(kind), height=0.7,
                label=r["kind"] if rows.index(next(o for o in rows if o["kind"] == r["kind"])) == i else None)
    ax.set_yticks(range(len(rows)), [r["name"] for r in reversed(rows)])


def critical(ax, rows, panel):
    methods, means = [r["method"] for r in rows], column(rows, "mean_rank")
    difference = number(rows[0]["critical_difference"])
    last = -1
    for i in range(len(rows)):
        end = max(k for k in range(i, len(rows)) if k == i or means[k] - means[i] < difference)
        if end > i and end > last:
            last = end
            ax.plot([means[i], means[end]], [-i - 0.35] * 2, color=colour(1), linewidth=2.4)
    ax.plot(means, [-i for i in range(len(rows))], "o", color="black", markersize=4)
    ax.set_yticks([-i for i in range(len(rows))], methods)
    ax.set_xlabel(f"mean rank (critical difference {difference:.2f})")
    ax.set_xlim(1, len(rows))


# What a table shows follows from its columns.
KINDS = [
    (("score", "accuracy", "drawn_at"), scatter),
    (("predicted_rank", "true_rank"), ranks),
    (("id", "group", "value"), boxes),
    (("group", "name", "x", "y"), points),
    (("name", "x", "y"), lines),
    (("method", "mean_rank"), critical),
    (("level", "value", "default"), levels),
    (("row", "column", "value"), heat),
    (("name", "kind", "share"), shares),
    (("name", "value", "low", "high"), dots),
]


def main():
    here = pathlib.Path(__file__)
    out = sys.argv[1] if len(sys.argv) > 1 else str(here.with_name(here.stem + "-matplotlib.pdf"))
    with open(here.with_suffix(".csv"), newline="", encoding="utf-8") as f:
        table = csv.DictReader(f)
        rows, header = list(table), table.fieldnames
    draw = next(function for needs, function in KINDS if set(needs) <= set(header))
    plt.rcParams.update({
        "font.family": SPEC["font"], "font.size": SPEC["size"] - 1, "axes.titlesize": max(6, SPEC["size"] - 2),
        "font.serif": ["Liberation Serif", "Times New Roman", "Nimbus Roman", "DejaVu Serif"],
        "font.sans-serif": ["Liberation Sans", "Arial", "DejaVu Sans"],
        "axes.labelsize": SPEC["size"], "axes.linewidth": 0.5, "axes.spines.top": False, "axes.spines.right": False,
        "legend.frameon": False, "savefig.dpi": SPEC["dpi"], "pdf.fonttype": 42, "axes.unicode_minus": True,
    })
    panels = SPEC["panels"]
    across = SPEC["columns"]
    down = math.ceil(len(panels) / across)
    figure, axes = plt.subplots(down, across, squeeze=False, sharey=SPEC["sharey"], sharex=SPEC.get("sharex", False),
                                figsize=(SPEC["width"], SPEC["height"]), constrained_layout=True)
    flat = [ax for row in axes for ax in row]
    for ax in flat[len(panels):]:
        ax.set_visible(False)
    if len(panels) == 1:  # long names of the axis have the width of the figure
        SPEC["x"], panels[0]["x"] = panels[0]["x"], ""
    for ax, panel in zip(flat, panels):
        panel["values"] = [v for v in column(rows, "value") if v == v] if draw is heat else []
        ax.set_title(panel["title"])
        ax.set_xlabel(panel["x"])
        ax.set_ylabel(panel["y"])
        if panel["logx"]:
            ax.set_xscale("log")
        draw(ax, [r for r in rows if "panel" not in r or r["panel"] == panel["name"]], panel)
        if panel["ticks"]:
            ax.set_xticks([t["at"] for t in panel["ticks"]], [t["label"] for t in panel["ticks"]])
            ax.minorticks_off()
    if SPEC["x"]:
        figure.supxlabel(SPEC["x"], fontsize=SPEC["size"])
    if SPEC["y"]:
        figure.supylabel(SPEC["y"], fontsize=SPEC["size"])
    handles, names = flat[0].get_legend_handles_labels()
    if names:
        figure.legend(handles, names, loc="lower center", bbox_to_anchor=(0.5, 1), ncol=max(1, int(SPEC["width"] / 1.6)))
    figure.savefig(out, bbox_inches="tight" if names else None)


main()
