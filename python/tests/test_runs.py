"""Studies with functions, searches, exports: run folders made from Python."""

import functools
import importlib.util
import json
import os
import signal
import subprocess
import sys
import tempfile
import textwrap
import time
import unittest
import warnings
from typing import Any, Callable, List
from unittest import mock

import bench301
from bench301 import _functions

SOURCES = os.path.dirname(os.path.dirname(os.path.abspath(bench301.__file__)))
TORCH = importlib.util.find_spec("torch") is not None
FACTOR = 1


def pools(arch: Any) -> int:
    """Minus the pools."""
    return -sum("pool" in operation for operation, _ in arch.normal + arch.reduce)


def helped(arch: Any) -> int:
    return FACTOR * pools(arch)


class InFolder(unittest.TestCase):
    """Every test begins in an empty folder."""

    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.addCleanup(os.chdir, os.getcwd())
        os.chdir(folder.name)
        self.addCleanup(bench301.close)

    def refused(self, call: Callable[..., Any], *args: Any, **named: Any) -> str:
        with self.assertRaises(bench301.Error) as caught:
            call(*args, **named)
        return str(caught.exception)


class Studies(InFolder):
    def test_functions_and_estimators_on_the_same_architectures(self) -> None:
        seen: List[Any] = []

        def mine(arch: Any) -> float:
            seen.append(arch)
            return len(arch.text) + int(arch.id[:4], 16)

        study = bench301.study(["params", "l2_norm:channels=4,layers=5", pools, {"mine": mine}], 8, seed=3,
                               out="runs/both", lower=["mine"])
        self.assertEqual(study.path, "runs/both")
        self.assertEqual([a.text for a in seen], bench301.sample(8, 3))
        self.assertEqual({row["id"] for row in study.scores()}, {a.id for a in seen})
        self.assertEqual(eval(repr(seen[0]), {"Genotype": bench301.Genotype}), seen[0])
        self.assertEqual(bench301.convert(seen[:2]), [a.text for a in seen[:2]])
        for row in study.scores():
            if row["estimator"] == "pools":
                arch = next(a for a in seen if a.id == row["id"])
                self.assertEqual((row["score"], row["arch"]), (pools(arch), arch.text))
                self.assertGreater(row["seconds"], 0)
        table = {row["estimator"]: row for row in study.table()}
        self.assertEqual(set(table), {"params", "l2_norm", "pools", "mine"})
        self.assertEqual({row["n"] for row in table.values()}, {8})
        self.assertGreater(table["mine"]["wall_seconds"], 0)
        # The same numbers as correlate() gives; mine is better where it is lower.
        for row in bench301.correlate(study.scores(), study.accuracies(), lower=["mine"]):
            self.assertAlmostEqual(row["tau_b"], table[row["estimator"]]["tau_b"])
        self.assertTrue(all(row["ok"] == 8 for row in study.status()))
        self.assertIn("pools", str(study))
        self.assertIn("begin{tabular}", study.latex())
        self.assertTrue(all(os.path.isfile(f) for f in study.figure("bars", format="svg")))
        self.assertTrue(os.path.isfile(study.report(out="report.html")))
        with open("runs/both/python/pools.py") as file:
            self.assertIn("Minus the pools", file.read())
        # Nothing is asked again.
        again = bench301.study(["params", "l2_norm:channels=4,layers=5", pools, {"mine": mine}], 8, seed=3,
                               out="runs/both", lower=["mine"])
        self.assertEqual((len(seen), again.path), (8, study.path))
        self.assertEqual(type(bench301.open("runs/both")), bench301.Study)
        os.rename("runs/both", "moved")
        self.assertEqual(bench301.open("moved").table(), study_table(table))

    def test_missing_scores_have_reasons(self) -> None:
        given = iter([1.5, None, float("nan"), "2.5", ValueError("bad,\n\"luck\""), float("inf"), True, 7])

        def mine(arch: Any) -> Any:
            value = next(given)
            if isinstance(value, Exception):
                raise value
            return value

        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            study = bench301.study(mine, 8, out="run")
        self.assertEqual(len(caught), 2)
        self.assertIn("5 of 8 scores are missing", str(caught[1].message))
        self.assertEqual(caught[0].filename, __file__)
        self.assertEqual([(row["score"], row.get("error", "")) for row in sorted(
            study.scores(), key=lambda row: bench301.sample(8).index(row["arch"]))], [
                (1.5, ""), (None, "it gave None, which is no number"), (None, "it gave nan"),
                (None, "it gave '2.5', which is no number"), (None, 'ValueError: bad, "luck"'), (None, "it gave inf"),
                (1, ""), (7, "")])
        self.assertEqual(study.status()[-1]["undefined"], 5)

    def test_no_score_at_all(self) -> None:
        works = False

        def mine(arch: Any) -> float:
            if not works:
                raise ValueError("not yet")
            return len(arch.text)

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            self.assertEqual(self.refused(bench301.study, ["params", mine], 4, out="run"),
                             "mine gave no score of any of 4 architectures: ValueError: not yet")
        works = True
        self.assertEqual(bench301.study(["params", mine], 4, out="run").status()[-1]["ok"], 4)

    def test_interrupted(self) -> None:
        asked: List[str] = []
        interrupt = [3]

        def mine(arch: Any) -> float:
            if len(asked) in interrupt:
                interrupt.clear()
                raise KeyboardInterrupt
            asked.append(arch.id)
            return int(arch.id[:4], 16)

        with mock.patch.object(sys, "stderr", None), self.assertRaises(KeyboardInterrupt):
            bench301.study([mine, "params"], 6)
        self.assertEqual(len(asked), 3)
        with open("runs/study/python/mine.csv", "a") as file:
            file.write('"[[(0, 1)')  # as a process that is killed may leave it
        study = bench301.study([mine, "params"], 6)
        self.assertEqual((study.path, len(asked), len(set(asked))), (os.path.join("runs", "study"), 6, 6))
        self.assertEqual(study.status()[-2]["ok"], 6)

    @unittest.skipIf(os.name == "nt", "signals of POSIX")
    def test_killed(self) -> None:
        with open("script.py", "w") as file:
            file.write(textwrap.dedent("""\
                import os, signal
                import bench301
                def mine(arch):
                    print(arch.id, flush=True)
                    if os.path.exists("kill") and sum(1 for _ in open("runs/study/python/mine.csv")) == 4:
                        os.remove("kill")
                        os.kill(os.getpid(), signal.SIGKILL)
                    return len(arch.text)
                print(bench301.study([mine, "params"], 6).status()[-1]["ok"])
                """))
        with open("kill", "w"):
            pass
        env = dict(os.environ, PYTHONPATH=SOURCES)
        first, second = (subprocess.run([sys.executable, "script.py"], env=env, stdout=subprocess.PIPE,
                                        universal_newlines=True) for _ in range(2))
        self.assertEqual((first.returncode, second.returncode), (-signal.SIGKILL, 0))
        self.assertEqual(len(first.stdout.split()), 4)
        self.assertEqual(second.stdout.split()[0], first.stdout.split()[-1])  # the one that was not finished
        self.assertEqual((len(second.stdout.split()), second.stdout.split()[-1]), (4, "6"))

    def test_changed_functions_do_not_mix(self) -> None:
        def one() -> Any:
            def mine(arch: Any) -> float:
                return int(arch.id[:4], 16)
            return mine

        def two() -> Any:
            def mine(arch: Any) -> float:
                return int(arch.id[4:8], 16)
            return mine

        bench301.study(one(), 4, out="run")
        before = bench301.open("run").scores()
        bench301.study(one(), 4, out="run")
        text = self.refused(bench301.study, two(), 4, out="run")
        self.assertIn("mine has changed since run has scores of it", text)
        self.assertIn(os.path.join("run", "python", "mine.py"), text)
        self.assertEqual(bench301.open("run").scores(), before)
        bench301.study(two(), 4, out="run", fresh=True)
        self.assertNotEqual(bench301.open("run").scores(), before)
        # Without a folder that is named, each has its own.
        self.assertEqual([bench301.study(f, 4).path for f in (one(), two(), one())],
                         [os.path.join("runs", name) for name in ("study", "study-2", "study")])

    def test_other_runs_are_left_alone(self) -> None:
        bench301.study("params", 4, out="run")
        self.assertEqual(self.refused(bench301.study, "macs", 5, out="run"), "run holds another study (other architectures "
                         "and estimators): name another out, or fresh=True makes it anew")
        self.assertIn("run holds a study", self.refused(bench301.search, "macs", out="run"))
        with open("own.yaml", "w") as file:
            file.write("name: own\narchitectures: {sample: 3}\nestimators: [params]\n")
        bench301.run_command("study", "run", "own.yaml", "--out", "own")
        self.assertIn("Python did not begin", self.refused(bench301.study, "params", 3, out="own"))
        self.assertIn("did not begin this", self.refused(bench301.study, "params", 3, out="own", fresh=True))
        os.mkdir("notes")
        with open("notes/diary.txt", "w") as file:
            file.write("dear diary")
        os.makedirs("checkout/python")
        with open("checkout/python/code.py", "w") as file:
            file.write("pass")
        for out, kept in (("notes", "diary.txt"), ("checkout", "python"), ("checkout/python", "code.py")):
            self.assertIn("not empty", self.refused(bench301.study, pools, 3, out=out))
            self.assertIn("did not begin this", self.refused(bench301.study, pools, 3, out=out, fresh=True))
            self.assertEqual(os.listdir(out), [kept])
        self.assertIn("did not begin this", self.refused(bench301.study, "params", 3, out="own.yaml", fresh=True))
        self.assertIn("own.yaml", self.refused(bench301.study, "params", 3, out="own.yaml"))

    def test_accuracies_and_architectures(self) -> None:
        archs = bench301.sample(6, 1)
        rows = bench301.query(archs)
        values = {row["arch"]: row["accuracy"] for row in rows}
        with open("table.csv", "w") as file:
            file.write("arch,accuracy\n" + "".join('"%s",%r\n' % pair for pair in values.items()))
        genotypes = bench301.convert(archs, "genotype")
        for accuracy in ("mini", rows, values, dict(zip(genotypes, values.values())),
                         {row["id"]: row["accuracy"] for row in rows}, rows.column("accuracy"), "table.csv"):
            with self.subTest(type(accuracy).__name__):
                study = bench301.study(["params", pools], genotypes + archs, accuracy=accuracy)
                self.assertEqual({row["id"]: round(row["accuracy"], 6) for row in rows},
                                 {k: round(v, 6) for k, v in study.accuracies().items()})
                self.assertEqual(len(study.scores()), 12)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            study = bench301.study("params", archs, accuracy=values)
        self.assertEqual((caught, [n for n in study.table().notes if ".csv" in n]), ([], []))
        values[archs[0]] = None
        self.assertEqual(bench301.study("params", rows, accuracy=values).table()[0]["n"], 5)
        self.assertEqual(bench301.study("params", 4, accuracy=None).accuracies(), {})

    def test_seeds(self) -> None:
        def mine(arch: Any, seed: int) -> float:
            return seed + int(arch.id[:2], 16)

        study = bench301.study([mine, pools], 4, seeds=[3, 5], out="run")
        scores = [row for row in study.scores() if row["estimator"] == "mine"]
        self.assertEqual({(row["seed"], row["score"] - int(row["id"][:2], 16)) for row in scores}, {(3, 3), (5, 5)})
        self.assertEqual(len(scores), 8)

    def test_other_spaces(self) -> None:
        def mine(arch: Any) -> float:
            return arch.count("nor_conv_3x3") + int(arch.id[:2], 16) / 1000

        archs = bench301.sample(5, space="nasbench201")
        study = bench301.study([mine, "params"], archs, space="nasbench201", accuracy={a: i for i, a in enumerate(archs)})
        self.assertEqual(study.table()[0]["n"], 5)
        self.assertEqual(len(bench301.study(mine, 5, space="nasbench201", accuracy=None).scores()), 5)

    def test_bad_input(self) -> None:
        def mine(arch: Any) -> float:
            self.fail("was asked before the rest was checked")

        for want, args, named in [
                ("did you mean params", (["parms", mine],), {}),
                ("chanels", (["rwe:chanels=8", mine],), {}),
                ("want settings as in", (["rwe:8", mine],), {}),
                ("stands twice", (["rwe:channels=8,channels=4", mine],), {}),
                ("unknown group", (["group:nasli", mine],), {}),
                ("name one at least", ([],), {}),
                ("has no name", (lambda arch: 1,), {}),
                ("is no function", ({"mine": 3},), {}),
                ("must be a name, a function", ([3],), {}),
                ("must be a name, a function", (3,), {}),
                ("must be a number, or a list", (mine, 4.5), {}),
                ("letters, digits", ({"my estimator": mine},), {}),
                ("two functions have this name", ([mine, {"Mine": mine}],), {}),
                ("stands for something else", ({"study": mine},), {}),
                ("accuracy: stands for", ({"accuracy": mine},), {}),
                ("must be 1 or more", (mine, 0), {}),
                ("no architecture", (mine, []), {}),
                ("archs[1]", (mine, ["DARTS_V2", "nonsense"]), {}),
                ("nowhere", (mine, 4), {"accuracy": "nowhere.surrogate"}),
                ("accuracy: 3 numbers, and 4 different", (mine, 4), {"accuracy": [1, 2, 3]}),
                ("accuracy: want", (mine, 4), {"accuracy": [{"arch": "DARTS_V2"}]}),
                ("accuracy: ", (mine, ["DARTS_V2"]), {"accuracy": {"DARTS_V2": "high"}}),
                ("archs[0]", (mine, 4), {"accuracy": {"nonsense": 90.5}}),
                ("nowhere.csv", ({"name": "x", "scores": "nowhere.csv"}, 4), {}),
                ("nowhere", (mine, 4), {"data": "nowhere"}),
                ("lower: params", ([mine, "params"], 4), {"lower": ["params"]}),
                ("seed", ([mine, "rwe"], 4), {"seeds": []}),
                ("space", (mine, 4), {"space": "dart"}),
                ("name", (mine, 4), {"name": "two\nlines"}),
        ]:
            with self.subTest(want):
                self.assertIn(want, self.refused(bench301.study, *args, out="run", **named))
        self.assertEqual(os.listdir("."), [])
        self.assertNotIn("tmp", self.refused(bench301.study, ["parms", mine]))
        study = bench301.study("params", 4)
        self.assertIn("did you mean pairwise", self.refused(study.table, "pairwis"))
        self.assertIn("bar", self.refused(study.figure, "bras"))
        self.assertIn("no such run", self.refused(bench301.open, "nowhere"))
        self.assertIn("neither manifest.json nor", self.refused(bench301.open, "."))

    @unittest.skipIf(os.name == "nt", "locks of POSIX")
    def test_one_process_at_a_time(self) -> None:
        import fcntl
        bench301.study(pools, 4, out="run")
        with open("run/python/.lock") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            self.assertIn("another process", self.refused(bench301.study, pools, 4, out="run"))

    @unittest.skipIf(os.name == "nt" or hasattr(os, "geteuid") and os.geteuid() == 0, "root may write everywhere")
    def test_folder_that_cannot_be_written(self) -> None:
        os.mkdir("locked", 0o500)
        self.assertIn("locked", self.refused(bench301.study, pools, 4, out="locked/run"))

    def test_scores_of_a_file(self) -> None:
        with open("mine.csv", "w") as file:
            file.write("arch,score\n" + "".join('"%s",%d\n' % (a, i) for i, a in enumerate(bench301.sample(4))))
        study = bench301.study([{"name": "mine", "scores": "mine.csv"}, pools], 4, out="run")
        self.assertEqual({row["score"] for row in study.scores() if row["estimator"] == "mine"}, {0, 1, 2, 3})

    def test_progress(self) -> None:
        told: List[Any] = []
        bench301.study(pools, 4, progress=lambda *args: told.append(args))
        self.assertEqual(told, [("pools", i, 4) for i in range(5)])


def study_table(rows: Any) -> Any:
    return list(rows.values())


class Fingerprints(unittest.TestCase):
    """What is seen of a function."""

    def test_changes(self) -> None:
        before = {
            "def f(a): return 1": ("def f(a): return 2", True),
            "def f(a):\n    return 1 + 1": ("def f(a):\n    # a remark\n\n    return 1 + 1  # two", False),
            "def f(a, k=1): return k": ("def f(a, k=2): return k", True),
            "K = 1\ndef f(a): return K": ("K = 2\ndef f(a): return K", True),
            "K = 1\ndef f(a): return 3": ("K = 2\ndef f(a): return 3", False),
            "def g(): return 1\ndef f(a): return g()": ("def g(): return 2\ndef f(a): return g()", True),
            "n = 0\ndef f(a):\n    global n\n    n += 1\n    return n": (
                "n = 5\ndef f(a):\n    global n\n    n += 1\n    return n", False),
            "seen = []\ndef f(a): seen.append(a)": ("seen = [1]\ndef f(a): seen.append(a)", False),
            "f = lambda a: 1": ("f = lambda a: 2", True),
            "f = lambda a: a in {'x', 'y', 'z'}": ("f = lambda a: a in {'z', 'y', 'x'}", False),
            "f = max": ("f = min", True),
            "import functools\nf = functools.partial(pow, 2)": ("import functools\nf = functools.partial(pow, 3)", True),
            "class C:\n    k = 1\n    def __call__(self, a): return self.k\nf = C()": (
                "class C:\n    k = 2\n    def __call__(self, a): return self.k\nf = C()", True),
            "class C:\n    def __init__(self, k): self.k = k\n    def __call__(self, a): return self.k\nf = C(1)": (
                "class C:\n    def __init__(self, k): self.k = k\n    def __call__(self, a): return self.k\nf = C(2)", True),
            "def make(k):\n    def f(a): return k\n    return f\nf = make(1)": (
                "def make(k):\n    def f(a): return k\n    return f\nf = make(2)", True),
        }
        with tempfile.TemporaryDirectory() as folder:
            for n, (old, (new, seen)) in enumerate(before.items()):
                with self.subTest(old):
                    digests = []
                    for k, source in enumerate((old, new, old)):
                        path = os.path.join(folder, "m%d_%d.py" % (n, k))
                        with open(path, "w") as file:
                            file.write(source + "\n")
                        module: Any = {"__name__": "m"}
                        exec(compile(source + "\n", path, "exec"), module)
                        digests.append(_functions.fingerprint(module["f"]))
                    self.assertEqual(digests[0], digests[2])
                    self.assertEqual(digests[0] != digests[1], seen)

    def test_the_same_in_another_process(self) -> None:
        code = "from tests.test_runs import *; from bench301 import _functions; print(_functions.fingerprint(helped), _functions.fingerprint(" \
               "functools.partial(lambda a, b: a in {'x', 'y', 'z'}, b='w')))"
        env = {k: v for k, v in os.environ.items() if k != "PYTHONHASHSEED"}
        printed = {subprocess.run([sys.executable, "-c", code], env=dict(env, PYTHONHASHSEED=seed), cwd=SOURCES,
                                  stdout=subprocess.PIPE, check=True).stdout for seed in "12"}
        self.assertEqual(len(printed), 1)
        self.assertIn(_functions.fingerprint(helped).encode(), printed.pop())
        with mock.patch.dict(globals(), FACTOR=2):
            self.assertNotIn(_functions.fingerprint(helped).encode(), printed)
        self.assertTrue(callable(functools.partial(helped)))


class Searches(InFolder):
    def test_search(self) -> None:
        asked = dict(population=6, generations=2, limits={"macs": 150e6}, seeds=[1, 2], out="run")
        search = bench301.search(["pool-count", "macs"], **asked)
        front = search.front()
        self.assertEqual(list(front[0]), ["method", "seed", "arch", "id", "minimised", "accuracy", "params", "macs"])
        self.assertEqual(list(front[0]["minimised"]), ["pool-count", "macs"])
        self.assertTrue(all(row["macs"] <= 150e6 for row in front))
        self.assertEqual({row["seed"] for row in front}, {1, 2})
        self.assertEqual({row["seed"] for row in search.front("nsga2", 2)}, {2})
        self.assertEqual(search.best()["accuracy"], max(front.column("accuracy")))
        self.assertEqual({(row["seed"], row["generation"]) for row in search.populations()},
                         {(1, 1), (1, 2), (2, 1), (2, 2)})
        self.assertEqual(bench301.complexity(front)[0]["macs"], front[0]["macs"])
        self.assertIn("pool-count", str(search))
        self.assertEqual(bench301.search(["pool-count", "macs"], **asked).front(), front)
        self.assertEqual(type(bench301.open("run")), bench301.Search)
        self.assertIn("other generations", self.refused(
            bench301.search, ["pool-count", "macs"], **dict(asked, generations=3)))
        self.assertIn("none of nsga2", self.refused(search.front, "mine"))
        self.assertEqual(search.export("genotypes.py", to="python"), ["genotypes.py"])
        with open("genotypes.py") as file:
            self.assertIn("Genotype(", file.read())

    def test_methods(self) -> None:
        search = bench301.search(methods=[
            {"name": "a", "algorithm": "random", "objectives": ["macs"]},
            {"name": "b", "algorithm": "aging", "objectives": ["macs"]}], population=4, generations=2)
        self.assertEqual(search.path, os.path.join("runs", "search"))
        self.assertEqual({row["method"] for row in search.front()}, {"a", "b"})

    def test_bad_input(self) -> None:
        small = dict(population=4, generations=2)
        for want, args, named in [
                ("did you mean macs", ("mcas",), small),
                ("algorithm", ("macs", "nsga3"), small),
                ("a function can be judged by study()", ([pools],), small),
                ("population", ("macs",), {"population": 0}),
                ("limits", ("macs",), dict(small, limits={"params": "many"})),
                ("nowhere", ("macs",), dict(small, accuracy="nowhere.surrogate")),
        ]:
            with self.subTest(want):
                self.assertIn(want, self.refused(bench301.search, *args, out="run", **named))
        self.assertEqual(os.listdir("."), [])

    @unittest.skipIf(os.name == "nt", "signals of POSIX")
    def test_interrupted(self) -> None:
        code = "import bench301; print(max(bench301.search(['l2_norm', 'macs'], population=8, generations=40, " \
               "out='run').populations().column('generation')))"
        env = dict(os.environ, PYTHONPATH=SOURCES)
        process = subprocess.Popen([sys.executable, "-c", code], env=env, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE)
        while process.poll() is None and not (os.path.exists("run/search.json") and os.path.getsize("run/scores.db")):
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        said = process.communicate()[1].decode()
        if process.returncode == 0:
            self.skipTest("it was finished before it could be interrupted")
        self.assertIn("what is finished is kept; the same call goes on", said)
        done = subprocess.run([sys.executable, "-c", code], env=env, stdout=subprocess.PIPE, check=True)
        self.assertEqual(int(done.stdout), 40)


class Exports(InFolder):
    def test_formats(self) -> None:
        self.assertEqual(bench301.export("DARTS_V2", "json", "net.json"), ["net.json"])
        with open("net.json") as file:
            self.assertEqual(json.loads(file.readline())["id"], bench301.complexity("DARTS_V2")[0]["id"])
        for want, args, named in [
                ("must be", ("DARTS_V2", "tensorflow", "net"), {}),
                ("no architecture to export", ([], "json", "net"), {}),
                ("archs[0]", ("nonsense", "json", "net"), {}),
                ("unknown flag", ("DARTS_V2", "json", "net"), {"chanels": 3}),
                ("out: name a file", ("DARTS_V2", "json"), {})]:
            with self.subTest(want):
                self.assertIn(want, self.refused(bench301.export, *args, **named))

    @unittest.skipUnless(TORCH, "PyTorch is not here")
    def test_modules(self) -> None:
        import torch
        size = dict(channels=4, layers=5, classes=7)
        net = bench301.module("DARTS_V2", seed=1, **size)
        self.assertIsInstance(net, torch.nn.Module)
        self.assertEqual(sum(p.numel() for p in net.parameters()),
                         bench301.complexity("DARTS_V2", **size)[0]["params"])
        self.assertEqual(net(torch.zeros(2, 3, 32, 32)).shape, (2, 7))
        same, other, drawn = (bench301.module("DARTS_V2", seed=seed, **size) for seed in (1, 2, None))
        weights = [next(iter(n.parameters())) for n in (net, same, other, drawn)]
        self.assertEqual([torch.equal(weights[0], w) for w in weights], [True, True, False, False])

    def test_modules_of_a_front(self) -> None:
        search = bench301.search("macs", "random", population=4, generations=2, out="run")
        files = search.export("nets", channels=4)
        self.assertEqual(len(files), len(search.front()))
        for file in files:
            self.assertTrue(os.path.isfile(file) and os.path.isfile(file[:-3] + ".pt"), file)
        self.assertIn("name net.py or a folder", self.refused(bench301.export, "DARTS_V2"))
        with open("mine.py", "w") as script:
            script.write("precious = True\n")
        self.assertIn("not from bench301 export", self.refused(bench301.export, "DARTS_V2", out="mine.py"))


if __name__ == "__main__":
    unittest.main()
