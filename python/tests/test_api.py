"""The functions of the package against what the program's commands print."""

import csv
import io
import json
import math
import os
import subprocess
import tempfile
import unittest
import warnings

import bench301

V2 = "DARTS_V2"
CELL = "|nor_conv_3x3~0|+|none~0|skip_connect~1|+|none~0|nor_conv_1x1~1|avg_pool_3x3~2|"  # of nasbench201


def genotype(source=0):
    cell = [("skip_connect", source), ("skip_connect", 1)] * 4
    return bench301.Genotype(cell, [2, 3, 4, 5], cell, [2, 3, 4, 5])


def command(*args, stdin=None):
    """What the program prints, without the package's own way of asking."""
    return subprocess.run([bench301.find_binary()] + list(args), input=stdin, stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, check=True, universal_newlines=True).stdout


def optional(name):
    try:
        return __import__(name)
    except ImportError:
        raise unittest.SkipTest("no " + name) from None


class Functions(unittest.TestCase):
    def test_sample(self):
        self.assertEqual(bench301.sample(5, 3), command("sample", "-n", "5", "--seed", "3").splitlines())
        self.assertEqual(bench301.sample(0), [])
        self.assertTrue(bench301.sample(1, space="nasbench201")[0].startswith("|"))

    def test_query(self):
        archs = bench301.sample(20, seed=4)
        rows = bench301.query(archs, members=True, noise_seed=7, runtime="mini-runtime")
        printed = [json.loads(line) for line in command(
            "query", "--json", "--members", "--noise-seed", "7", "--runtime=mini-runtime",
            stdin="\n".join(archs)).splitlines()]
        self.assertEqual([{k: v for k, v in sorted(r.items()) if v is not None} for r in rows],
                         [dict(sorted(r.items())) for r in printed])

    def test_query_of_anything(self):
        text = bench301.convert(V2)[0]
        genotype = bench301.Genotype(
            [("sep_conv_3x3", 0), ("sep_conv_3x3", 1), ("sep_conv_3x3", 0), ("sep_conv_3x3", 1), ("sep_conv_3x3", 1),
             ("skip_connect", 0), ("skip_connect", 0), ("dil_conv_3x3", 2)], [2, 3, 4, 5],
            [("max_pool_3x3", 0), ("max_pool_3x3", 1), ("skip_connect", 2), ("max_pool_3x3", 1), ("max_pool_3x3", 0),
             ("skip_connect", 2), ("skip_connect", 2), ("max_pool_3x3", 1)], [2, 3, 4, 5])
        config = json.loads(bench301.convert(V2, "configspace")[0])
        lists = json.loads(text.replace("(", "[").replace(")", "]"))

        class Configuration:
            def get_dictionary(self):
                return config

        for archs in (V2, [V2], text, genotype, [genotype], config, [config], Configuration(), [lists], (V2,),
                      iter([V2]), [{"arch": text, "id": "x"}], bench301.query(V2), {"arch": [V2]}, {"arch": text, "id": 3},
                      lists, tuple(tuple(map(tuple, cell)) for cell in lists),
                      json.loads(bench301.convert(V2, "evoxbench")[0])):
            with self.subTest(archs=archs):
                self.assertEqual(bench301.query(archs).column("id"), ["b149d8919d89ab39"])
        self.assertEqual(bench301.query([]), [])

    def test_query_says_what_is_out_of_range(self):
        strange = "[[(0, 2), (1, 2)" + ", (0, 2), (1, 2)" * 3 + "], [(0, 2), (1, 2)" + ", (0, 2), (1, 2)" * 3 + "]]"
        rows = bench301.query([V2, strange])
        self.assertEqual(rows.column("in_range"), [True, False])
        self.assertRegex(rows.notes[0], "1 of 2 architectures are unlike the training data of mini")
        self.assertTrue(all(name.startswith("mini (approximation") for name in rows.column("surrogate")))

    def test_complexity(self):
        archs = bench301.sample(3, seed=2)
        rows = bench301.complexity(archs, channels=16, layers=5, classes=100, variant="darts", auxiliary=True)
        printed = list(csv.DictReader(io.StringIO(command(
            "complexity", "--csv", "-C", "16", "-L", "5", "--classes", "100", "--variant", "darts",
            "--auxiliary", stdin="\n".join(archs)))))
        for row, line in zip(rows, printed):
            self.assertEqual({k: str(v) for k, v in row.items()}, {k: line[k] for k in row})

    def test_score_and_correlate(self):
        archs = bench301.sample(12, seed=6)
        with tempfile.TemporaryDirectory() as folder:
            kept = os.path.join(folder, "s.jsonl")
            scores = bench301.score(archs, ["macs", "l2_norm:channels=4", "plain:channels=4,resolution=8"], out=kept)
            self.assertEqual(len(scores), 36)
            rows = bench301.correlate(scores, bench301.query(archs), resamples=200)
            printed = json.loads(command("correlate", kept, "--resamples", "200", "--json"))
            again = bench301.score(archs, ["macs"], out=kept)
        self.assertEqual([s["seconds"] for s in again], [s["seconds"] for s in scores if s["label"] == "macs"])
        names = ("estimator", "n", "tau_b", "tau_b_low", "tau_b_high", "rho", "rho_low", "rho_high", "baseline", "coverage")
        want = {r["estimator"]: [r[k] for k in names] for r in printed["rows"]}
        self.assertEqual({r["estimator"]: [r[k] for k in names] for r in rows}, want)
        self.assertIn("accuracy by mini (approximation", rows.title)
        by_table = bench301.correlate(scores, bench301.query(archs), resamples=200, table="pairwise")
        self.assertEqual(len(by_table), 3)

    def test_correlate_matches_by_id(self):
        archs = bench301.sample(8, seed=9)
        scores = bench301.score(archs, ["macs"])
        accuracies = bench301.query(archs)
        want = bench301.correlate(scores, accuracies, resamples=20)[0]
        shuffled = bench301.Rows(reversed(accuracies))
        self.assertEqual(bench301.correlate(scores, shuffled, resamples=20)[0], want)
        by_id = {row["id"]: row["accuracy"] for row in accuracies}
        by_arch = {row["arch"]: row["accuracy"] for row in accuracies}
        for truth in (by_id, by_arch):
            self.assertEqual(bench301.correlate(scores, truth, resamples=20)[0]["tau_b"], want["tau_b"])
        del by_id[accuracies[0]["id"]]
        part = bench301.correlate(scores, by_id, resamples=20)[0]
        self.assertEqual((part["n"], part["coverage"]), (7, 7 / 8))

    def test_correlate_matches_names_of_any_kind(self):
        archs = bench301.sample(8, seed=9)
        scores = bench301.score(archs, ["macs", "params"])
        accuracies = bench301.query(archs)
        want = bench301.correlate(scores, accuracies, resamples=20).column("tau_b")
        by_id = {name: {row["id"]: row["score"] for row in reversed(scores) if row["label"] == name}
                 for name in ("macs", "params")}
        genotypes = dict(zip(bench301.convert(archs, "genotype"), accuracies.column("accuracy")))
        for given, truth in ((by_id, accuracies), (scores, genotypes), (scores[::-1] + scores, accuracies)):
            rows = bench301.correlate(given, truth, resamples=20)
            self.assertEqual({r["estimator"]: r["tau_b"] for r in rows}, dict(zip(("macs", "params"), want)))
        optional("pandas")
        frame, truth = scores.to_pandas(), accuracies.to_pandas()
        wide = frame.pivot(index="id", columns="estimator", values="score")  # in another order than the rows
        for given in (frame, wide, wide.reset_index()):
            for known in (truth, truth.set_index("id")["accuracy"][::-1], truth.set_index("id"), accuracies):
                self.assertEqual(bench301.correlate(given, known, resamples=20).column("tau_b"), want)
        series = wide["macs"]
        self.assertEqual(bench301.correlate(series, truth, resamples=20).column("tau_b"), want[:1])

    def test_another_space(self):
        archs = bench301.sample(6, seed=1, space="nasbench201")
        self.assertEqual(bench301.complexity(archs), bench301.complexity(archs, space="nasbench201"))
        scores = bench301.score(archs, ["macs"])
        self.assertEqual(bench301.correlate(scores, range(6), resamples=20)[0]["n"], 6)
        self.assertEqual(bench301.convert(archs), archs)

    def test_rows(self):
        rows = bench301.query(bench301.sample(5))
        rows.notes.append("a note")
        for part in (rows[:2], rows[1:] + rows, rows + []):
            self.assertIsInstance(part, bench301.Rows)
            self.assertEqual(part.notes, ["a note"])
        self.assertEqual(rows[-1]["id"], rows.column("id")[-1])
        uneven = bench301.Rows([{"score": 1.0}, {"score": None, "error": "why"}])
        self.assertEqual(uneven.column("error"), [None, "why"])
        self.assertEqual(bench301.Rows().column("error"), [])

    def test_correlate_vectors(self):
        truth = [1, 2, 3, 4, 5, 6]
        rows = bench301.correlate({"up": [1, 2, 3, 4, 5, 6], "loss": [6, 5, 4, 3, 2, float("nan")], "flat": [1] * 6},
                                  truth, lower=["loss"], resamples=20)
        self.assertEqual([(r["estimator"], r["n"], r["tau_b"]) for r in rows],
                         [("up", 6, 1), ("loss", 5, 1), ("flat", 6, None)])
        self.assertEqual(bench301.correlate(truth, truth, resamples=20)[0]["tau_b"], 1)
        numpy = optional("numpy")
        rows = bench301.correlate({"up": numpy.arange(6, dtype=numpy.float32)}, numpy.array(truth), resamples=20)
        self.assertEqual(rows[0]["tau_b"], 1)

    def test_scores_that_are_missing_are_told(self):
        pools = "[[(0, 0), (1, 0)" + ", (0, 0), (1, 0)" * 3 + "], [(0, 0), (1, 0)" + ", (0, 0), (1, 0)" * 3 + "]]"
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            rows = bench301.score([V2, pools], ["macs", "nwot:channels=4,resolution=8"])
        for row in rows:
            self.assertEqual(row["score"] is None, bool(row.get("error")))
        missing = [row for row in rows if row["score"] is None]
        self.assertEqual(bool(missing), bool(told))

    def test_pandas(self):
        pandas = optional("pandas")
        frame = bench301.query(bench301.sample(4)).to_pandas()
        self.assertEqual(list(frame.columns), ["arch", "id", "accuracy", "std", "in_range", "surrogate"])
        self.assertEqual(bench301.query(frame).column("id"), list(frame["id"]))
        self.assertEqual(bench301.query(frame["arch"]).column("id"), list(frame["id"]))
        scores = bench301.score(frame, ["macs"]).to_pandas()
        self.assertFalse(math.isnan(bench301.correlate(scores, frame, resamples=20)[0]["tau_b"] or 0))
        self.assertEqual(bench301.query(frame.iloc[1])[0]["id"], frame["id"][1])
        self.assertEqual(bench301.query(row for _, row in frame.iterrows()).column("id"), list(frame["id"]))
        missing = pandas.array([1, 2, None, 4], dtype="Int64")
        self.assertEqual(bench301.correlate(missing, [1, 2, 3, 4], resamples=20)[0]["n"], 3)
        with self.assertRaisesRegex(ValueError, "a table without a column arch"):
            bench301.query(frame.drop(columns="arch"))
        wide = pandas.DataFrame({"a": [1, 2, 3, 4, 5], "b": [1, 2, 3, 5, 4]})
        self.assertAlmostEqual(bench301.correlate(wide, [1, 2, 3, 4, 5], resamples=20)[1]["tau_b"], 0.8)

    def test_mistakes(self):
        scores = bench301.score([V2], "macs")
        for call, kind, want in (
            (lambda: bench301.query("DARTS_V9"), bench301.InvalidInput, r"archs\[0\]: DARTS_V9 is no architecture"),
            (lambda: bench301.query([V2, 3]), bench301.InvalidInput, r"archs\[1\]: 3, of type int, is no architecture"),
            (lambda: bench301.query([V2, None]), bench301.InvalidInput, "None, of type NoneType, is no architecture"),
            (lambda: bench301.query(V2.encode()), ValueError, "of type bytes: want architectures, as texts"),
            (lambda: bench301.query([[float("nan")]]), ValueError, "cannot be sent: Out of range float"),
            (lambda: bench301.query(genotype(source=1.5)), ValueError, "is no cell of a Genotype"),
            (lambda: bench301.query([V2, CELL]), ValueError, r"archs\[1\]: an architecture of the space nasbench201"),
            (lambda: bench301.query(CELL), ValueError, "NAS-Bench-301 answers for the DARTS space only"),
            (lambda: bench301.query(V2, None), ValueError, "surrogate: want a name or a path, not None"),
            (lambda: bench301.query(V2, runtime=3), ValueError, "runtime: want a name or a path, not 3"),
            (lambda: bench301.query(V2, noise_seed=1.5), ValueError, "noise_seed: want a whole number"),
            (lambda: bench301.query(V2).column("acc"), ValueError, "acc: no such column: there are arch, id, accuracy"),
            (lambda: bench301.sample(None), ValueError, "n: want a whole number, not null"),
            (lambda: bench301.sample(1, seed=None), ValueError, "seed: want a whole number from 0"),
            (lambda: bench301.score(V2, None), ValueError, "estimators: want a list, not None"),
            (lambda: bench301.score(V2, "macs", seeds=3), ValueError, "seeds: want a list, not 3"),
            (lambda: bench301.score(V2, "macs", seeds=[None]), ValueError, "seeds: want a whole number from 0"),
            (lambda: bench301.score(V2, "macs", out=3), ValueError, "out: want a name or a path"),
            (lambda: bench301.score(V2, "macs", progress=3), ValueError, "progress: want a function"),
            (lambda: bench301.correlate([1, float("inf")], [1, 2]), ValueError, "scores: inf is no number to compare with"),
            (lambda: bench301.correlate([1, 10 ** 400], [1, 2]), ValueError, "is no number"),
            (lambda: bench301.correlate(None, [1, 2]), ValueError, "scores: want a list, not None"),
            (lambda: bench301.correlate({"a": 3}, [1]), ValueError, "scores of a: want a list, not 3"),
            (lambda: bench301.correlate([1, 2], "ab"), ValueError, "accuracies: want a list, not 'ab'"),
            (lambda: bench301.correlate(scores, {"0123": 3}), ValueError, "accuracies: none is of one of the 1 architectures"),
            (lambda: bench301.correlate(list(scores) + [dict(scores[0], score=3)], [1]), ValueError,
             "b149d8919d89ab39 has two scores of macs of one seed"),
            (lambda: bench301.query(3), bench301.InvalidInput, "3, of type int: want architectures"),
            (lambda: bench301.query(V2, "/nowhere/xgb_v1.0"), ValueError, "/nowhere/xgb_v1.0"),
            (lambda: bench301.query(V2, "mini-runtime"), ValueError, "predicts seconds: give it as runtime"),
            (lambda: bench301.query(V2, runtime="mini"), ValueError, "predicts accuracies: give it as surrogate"),
            (lambda: bench301.surrogate("minni"), ValueError, "minni"),
            (lambda: bench301.sample(-1), ValueError, "n: -1: must not be negative"),
            (lambda: bench301.sample(1, space="dart"), ValueError, "did you mean darts"),
            (lambda: bench301.convert(V2, "genotyp"), ValueError, "darts has pairs, genotype"),
            (lambda: bench301.score(V2, []), ValueError, "estimators: name one"),
            (lambda: bench301.score(V2, "parms"), ValueError, "did you mean params"),
            (lambda: bench301.score(V2, "rwe:channels=x"), ValueError, "channels"),
            (lambda: bench301.score(V2, "rwe", data="/nowhere"), bench301.Failed, "/nowhere"),
            (lambda: bench301.score(V2, "macs", out="/nowhere/s.jsonl"), bench301.Failed, "/nowhere"),
            (lambda: bench301.correlate(scores, [1, 2]), ValueError, "scores of 1 architectures, and 2 accuracies"),
            (lambda: bench301.correlate([1, 2, 3], [1, 2]), ValueError, "3 scores, and 2 accuracies"),
            (lambda: bench301.correlate([], []), ValueError, "no scores"),
            (lambda: bench301.correlate([1, "a"], [1, 2]), ValueError, "'a' is no number"),
            (lambda: bench301.correlate([1, 2], {"x": 1}), ValueError, "want scores with ids"),
            (lambda: bench301.correlate({"a": [1, 2]}, [1, 2], lower=["b"]), ValueError, "lower: b"),
            (lambda: bench301.correlate(scores, [{"acc": 3}]), ValueError, "accuracies: rows want the keys id and accuracy"),
            (lambda: bench301.correlate([{"score": 3}], [1]), ValueError, "scores: rows want the keys"),
            (lambda: bench301.run_command("sampel"), ValueError, "did you mean sample"),
        ):
            with self.subTest(want=want), self.assertRaisesRegex(kind, want) as caught:
                call()
            self.assertIsInstance(caught.exception, bench301.Error)

    def test_other_folder(self):
        here = os.getcwd()
        with tempfile.TemporaryDirectory() as folder:
            try:
                bench301.query(V2)
                os.chdir(folder)
                bench301.score(V2, "macs", out="s.jsonl")
                self.assertTrue(os.path.exists(os.path.join(folder, "s.jsonl")))
            finally:
                os.chdir(here)

    def test_repeated_rows_of_accuracies(self):
        rows = bench301.query([V2, V2])
        scores = bench301.score([V2], "macs")
        self.assertEqual(bench301.correlate(scores, rows, resamples=5)[0]["n"], 1)
        rows[1]["accuracy"] += 1
        with self.assertRaisesRegex(ValueError, "b149d8919d89ab39 has two accuracies"):
            bench301.correlate(scores, rows)


if __name__ == "__main__":
    unittest.main()
