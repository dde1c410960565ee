#!/usr/bin/env python3
"""Reference numbers for effdim-cell: map-effdim of the cases of rwe.py, by PyTorch and numpy in float64, and three counts
of the genotype's text, by code of its own.

Writes testdata/oracles/network/effdim_cell.json. Run: /usr/bin/python3 tools/oracles/effdim_cell.py
"""
import gzip, json, os, random, re

HERE = os.path.dirname(os.path.abspath(__file__))
CASES = os.path.join(HERE, "..", "..", "testdata", "oracles", "network")
RWE = ("rwe_naslib_C4_L5", "rwe_darts_C4_L5", "rwe_naslib_C6_L3_32")


def counts(text):
    """Separable convolutions of both cells, edges of both cells from an input of the cell, skips of the normal cell."""
    edges = [(int(s), int(o)) for s, o in re.findall(r"\((\d+), (\d+)\)", text)]
    assert len(edges) == 16, text
    normal = edges[:8]
    return [len([1 for _, o in edges if o == 3 or o == 4]), len([1 for s, _ in edges if s == 0 or s == 1]),
            len([1 for _, o in normal if o == 2])]


def rule(map_effdim, separable, inputs, skips):
    return map_effdim / 25.5 + separable / 1.8 + inputs / 1.4 + skips


def drawn(rng):
    cell = lambda: [(s, rng.randrange(7)) for n in range(4) for s in rng.sample(range(n + 2), 2)]
    return [cell(), cell()]


if __name__ == "__main__":
    cases = []
    for name in RWE:
        f = json.load(gzip.open(os.path.join(CASES, name + ".json.gz")))
        n = counts(str([[tuple(e) for e in c] for c in f["arch"]]))
        cases.append({"name": name, "map_effdim": f["map_effdim"], "effdim_cell": {l: rule(v, *n) for l, v in f["map_effdim"].items()}})
    rng = random.Random(301)
    edge = [[[(0, 2), (1, 2), (0, 2), (1, 2), (0, 2), (1, 2), (0, 2), (1, 2)], [(0, 3), (1, 4), (0, 3), (1, 4), (0, 3), (1, 4), (0, 3), (1, 4)]],
            [[(0, 3), (1, 4), (1, 0), (2, 1), (2, 5), (3, 6), (3, 4), (4, 3)], [(0, 2), (1, 2), (0, 2), (2, 2), (2, 2), (3, 2), (3, 2), (4, 2)]]]
    archs = [str(g) for g in edge + [drawn(rng) for _ in range(18)]]
    out = {"format": "bench301-effdim-cell-1", "cases": cases,
           "counts": [dict(zip(("arch", "separable", "from_inputs", "normal_skips"), [t] + counts(t))) for t in archs]}
    with open(os.path.join(CASES, "effdim_cell.json"), "w") as f:
        json.dump(out, f, indent=1)
        f.write("\n")
    for c in cases:
        print(c)
