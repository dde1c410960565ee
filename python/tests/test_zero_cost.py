"""Tables in the structure of zc_nasbench301.json: what NASLib looks up, and what we read back."""

import json
import os
import tempfile
import unittest
import warnings
from typing import Any
from unittest import mock

import bench301
from bench301._binary import find

try:
    find()
    MISSING = ""
except bench301.BinaryNotFound as error:
    MISSING = str(error)

#: A compact tuple of NASLib, with pairs of a node in another order than ours.
COMPACT = (((1, 3), (0, 3), (0, 2), (2, 6), (3, 1), (1, 4), (4, 5), (0, 0)),
           ((0, 0), (1, 2), (2, 2), (1, 0), (0, 3), (2, 2), (2, 2), (4, 4)))
INSTANT = ["params", "flops"]



@unittest.skipIf(MISSING, MISSING)
class ZeroCost(unittest.TestCase):
    def test_structure(self) -> None:
        archs = [COMPACT] + bench301.sample(4, seed=1)
        table = bench301.zero_cost(archs, INSTANT + ["l2_norm"], seeds=[0, 1])
        self.assertEqual(json.loads(json.dumps(table, allow_nan=False)), table)
        self.assertEqual(list(table), ["cifar10"])
        rows = table["cifar10"]
        self.assertEqual(len(rows), 5)
        accuracies = bench301.query(archs)
        scores = bench301.score(archs, ["l2_norm"], seeds=[0, 1])
        for (key, entry), accuracy in zip(rows.items(), accuracies):
            self.assertEqual(str(eval(key)), key)
            self.assertEqual(bench301.query(key)[0]["id"], accuracy["id"])
            self.assertEqual(set(entry), {"params", "flops", "l2_norm", "val_accuracy"})
            self.assertEqual(entry["val_accuracy"], accuracy["accuracy"])
            for proxy in INSTANT + ["l2_norm"]:
                self.assertEqual(set(entry[proxy]), {"score", "time"})
                self.assertGreater(entry[proxy]["score"], 0)
                self.assertGreater(entry[proxy]["time"], 0)
            of_seeds = [row["score"] for row in scores if row["id"] == accuracy["id"]]
            self.assertEqual(entry["l2_norm"]["score"], sum(of_seeds) / 2)
        self.assertEqual(table.surrogate, accuracies[0]["surrogate"])
        self.assertIn("approximation", table.surrogate)

    def test_keys(self) -> None:
        """The order of pairs is the one that was given, as NASLib's get_hash() has it."""
        cells = [[list(pair) for pair in cell] for cell in COMPACT]
        genotype = bench301.Genotype(*[value for cell in COMPACT for value in (
            [(OPERATIONS[operation], source) for source, operation in cell], [2, 3, 4, 5])])
        canonical = str(tuple(tuple(sum((sorted(cell[k:k + 2]) for k in range(0, 8, 2)), []))
                              for cell in map(list, COMPACT)))
        config = json.loads(bench301.convert([COMPACT], "configspace")[0])
        shifted = [[[source, operation + 1] for source, operation in cell] for cell in COMPACT]
        for name, arch, notation, want in (
                ("tuples", COMPACT, "", str(COMPACT)), ("lists", cells, "", str(COMPACT)),
                ("text", str(COMPACT), "", str(COMPACT)), ("genotype", genotype, "", str(COMPACT)),
                ("canonical", canonical, "", canonical), ("configuration", config, "", canonical),
                ("other numbers", shifted, "bananas8", canonical)):
            with self.subTest(name):
                table = bench301.zero_cost([arch], ["params"], notation=notation)
                self.assertEqual(list(table["cifar10"]), [want])
        both = bench301.zero_cost([COMPACT, canonical], ["params"])["cifar10"]
        self.assertEqual(both[str(COMPACT)], both[canonical])

    def test_read_back(self) -> None:
        """correlate and replay read the file, a score that is missing included."""
        archs = bench301.sample(8, seed=2)
        table = bench301.zero_cost([COMPACT] + archs, INSTANT)
        broken = table["cifar10"][str(COMPACT)]["flops"]
        broken.update(score=None, error="undefined: all the same")
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "zc_nasbench301.json")
            with open(path, "w", encoding="utf-8") as file:
                json.dump(table, file, allow_nan=False)
            rows = json.loads(bench301.run_command("correlate", path, "--json"))["rows"]
            taus = {row["estimator"]: row["tau_b"] for row in rows}
            ns = {row["estimator"]: row["n"] for row in rows}
            out = os.path.join(folder, "run")
            text = bench301.run_command("replay", path, "--json", "--out", out)
        self.assertEqual(ns, {"params": 9, "flops": 8})
        own = bench301.correlate(bench301.score([COMPACT] + archs, ["params"]),
                                 bench301.query([COMPACT] + archs))
        self.assertEqual(taus["params"], own[0]["tau_b"])
        counts = {row["estimator"]: row for row in map(json.loads, text.splitlines())
                  if "estimator" in row}
        self.assertEqual((counts["flops"]["ok"], counts["flops"]["undefined"]), (8, 1))

    def test_failed_and_undefined(self) -> None:
        """None and a reason, never a number: one seed that failed is enough."""
        archs = bench301.sample(2, seed=3)
        real = bench301.score(archs, ["params"], seeds=[0, 1])
        rows = [dict(row) for row in real]
        rows[0].update(score=None, status="failed", error="out of memory")
        rows[1].pop("score")
        rows[1].update(status="undefined", error="zero variance")
        scored = bench301.Rows(rows, ["params: 2 of 4 are missing"])
        with mock.patch.object(bench301, "score", lambda *_, **__: scored):
            table = bench301.zero_cost(archs, ["params"], seeds=[0, 1])
        got = [entry["params"] for entry in table["cifar10"].values()]
        wrong = [cell for cell in got if cell["score"] is None]
        self.assertEqual(len(got), 2)
        self.assertTrue(wrong)
        for cell in wrong:
            self.assertIn(cell["error"], ("failed: out of memory", "undefined: zero variance"))
            self.assertGreater(cell["time"], 0)
        self.assertEqual(table.notes, ["params: 2 of 4 are missing"])
        json.dumps(table, allow_nan=False)

    def test_accuracies(self) -> None:
        archs = bench301.sample(3, seed=4)
        table = bench301.zero_cost(archs, ["params"], accuracies=[94.5, None, float("nan")])
        self.assertEqual([e["val_accuracy"] for e in table["cifar10"].values()], [94.5, None, None])
        self.assertEqual(table.surrogate, "the accuracies given")
        other = bench301.zero_cost(archs, ["params"], surrogate="mini2", dataset="my-cifar10")
        self.assertEqual(list(other), ["my-cifar10"])
        self.assertTrue(other.surrogate.startswith("mini2"))

    def test_proxies(self) -> None:
        """The names are those of NASLib, and the default is all of them."""
        want = ("epe_nas fisher flops grad_norm grasp jacov l2_norm nwot params plain snip synflow "
                "zen").split()
        self.assertEqual(sorted(bench301.PROXIES), want)
        listed = bench301.run_command("estimators", "group:naslib", "--json").splitlines()
        self.assertEqual(sorted(json.loads(line)["name"] for line in listed), want)

    def test_images(self) -> None:
        """Scores of the sample of images are said to be of it; names are those asked for."""
        archs = bench301.sample(1, seed=5)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            table = bench301.zero_cost(archs, ["nwot:channels=4,layers=3,batch=4", "params"])
        (entry,) = table["cifar10"].values()
        self.assertIn("nwot:channels=4,layers=3,batch=4", entry)
        self.assertTrue(any("sample of images" in note for note in table.notes))

    def test_wrong(self) -> None:
        archs = bench301.sample(1)
        for name, args, keywords, sentence in (
                ("no architecture", (["nonsense"],), {}, "archs[0]"),
                ("no proxy", (archs, ["synflo"]), {}, "synflo"),
                ("no proxies", (archs, []), {}, "estimators"),
                ("no surrogate", (archs, INSTANT), {"surrogate": "/no/where"}, "/no/where"),
                ("of seconds", (archs, INSTANT), {"surrogate": "mini-runtime"}, "seconds"),
                ("no list", (archs, None), {}, "proxies: want a list, not None"),
                ("no numbers", (archs, INSTANT), {"accuracies": ["a"]}, "accuracies: 'a' is no number"),
                ("another space", (bench301.sample(1, space="nasbench201"),), {}, "of the space nasbench201"),
                ("too few", (archs, INSTANT), {"accuracies": []}, "accuracies: 0 of 1"),
        ):
            with self.subTest(name):
                with self.assertRaises(bench301.InvalidInput) as caught:
                    bench301.zero_cost(*args, **keywords)
                self.assertIn(sentence, str(caught.exception))


OPERATIONS = ("max_pool_3x3", "avg_pool_3x3", "skip_connect", "sep_conv_3x3", "sep_conv_5x5",
              "dil_conv_3x3", "dil_conv_5x5")

if __name__ == "__main__":
    unittest.main()
