"""Code written for nasbench301 finds its names, its numbers to the bit, its types, its noise."""

import importlib
import json
import os
import random
import shutil
import struct
import subprocess
import sys
import tempfile
import threading
import unittest
import warnings
import zipfile
from collections import namedtuple
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from unittest import mock

import bench301
from bench301 import nasbench301 as nb
from bench301._binary import find
from bench301.nasbench301 import api, representations
from bench301.nasbench301.surrogate_models import ensemble

try:
    import numpy
except ImportError:
    numpy = None  # type: ignore[assignment]

try:
    find()
    MISSING = ""
except bench301.BinaryNotFound as error:
    MISSING = str(error)

SOURCES = os.path.dirname(os.path.dirname(os.path.abspath(bench301.__file__)))
ORACLES = os.environ.get("BENCH301_ORACLES") or os.path.join(
    os.path.dirname(SOURCES), os.pardir, "shared", "fixtures")
MODELS = os.path.join(ORACLES, "surrogate")

#: A namedtuple of the user's own, as example.py makes one.
Own = namedtuple("Own", "normal normal_concat reduce reduce_concat")
GENOTYPE = Own(
    normal=[("sep_conv_3x3", 1), ("sep_conv_3x3", 0), ("skip_connect", 0), ("dil_conv_5x5", 2),
            ("avg_pool_3x3", 3), ("sep_conv_5x5", 1), ("dil_conv_3x3", 4), ("max_pool_3x3", 0)],
    normal_concat=range(2, 6),
    reduce=[("max_pool_3x3", 0), ("skip_connect", 1), ("skip_connect", 2), ("max_pool_3x3", 1),
            ("sep_conv_3x3", 0), ("skip_connect", 2), ("skip_connect", 2), ("sep_conv_5x5", 4)],
    reduce_concat=[4, 5])
PREFIX = "NetworkSelectorDatasetInfo:darts:"
CONFIG = {PREFIX + name: value for name, value in {
    "edge_normal_0": "sep_conv_3x3", "edge_normal_1": "sep_conv_3x3",
    "edge_normal_2": "skip_connect", "edge_normal_4": "dil_conv_5x5",
    "edge_normal_6": "sep_conv_5x5", "edge_normal_8": "avg_pool_3x3",
    "edge_normal_9": "max_pool_3x3", "edge_normal_13": "dil_conv_3x3",
    "inputs_node_normal_3": "0_2", "inputs_node_normal_4": "1_3", "inputs_node_normal_5": "0_4",
    "edge_reduce_0": "max_pool_3x3", "edge_reduce_1": "skip_connect",
    "edge_reduce_3": "max_pool_3x3", "edge_reduce_4": "skip_connect",
    "edge_reduce_5": "sep_conv_3x3", "edge_reduce_7": "skip_connect",
    "edge_reduce_11": "skip_connect", "edge_reduce_13": "sep_conv_5x5",
    "inputs_node_reduce_3": "1_2", "inputs_node_reduce_4": "0_2", "inputs_node_reduce_5": "2_4",
}.items()}
#: What a sample of the published space holds beside it; four are not as NAS-Bench-301 has them.
TRAINING = {
    PREFIX + "layers": 20, PREFIX + "init_channels": 50, "CreateImageDataLoader:batch_size": 71,
    "ImageAugmentation:augment": True, "OptimizerSelector:sgd:learning_rate": 0.9}
DRAWN = dict(CONFIG, **TRAINING)
BANANAS = tuple(tuple((source, representations.OPS.index(operation)) for operation, source in cell)
                for cell in (GENOTYPE.normal, GENOTYPE.reduce))


class OldConfiguration:
    """A Configuration as ConfigSpace 0.4 has it."""

    def get_dictionary(self) -> Any:
        return dict(DRAWN)


class NewConfiguration(dict):  # type: ignore[type-arg]
    """A Configuration as ConfigSpace 1 has it: a mapping."""

    config_space = "the space"


@unittest.skipIf(MISSING, MISSING)
class Mini(unittest.TestCase):
    """What needs no models."""

    model: Any

    @classmethod
    def setUpClass(cls) -> None:
        cls.model = nb.load_ensemble("mini")

    def test_representations(self) -> None:
        want = bench301.query(GENOTYPE)[0]["accuracy"]
        configs = {
            "genotype": [GENOTYPE, nb.Genotype(*GENOTYPE),
                         bench301.convert(GENOTYPE, "genotype")[0]],
            "configspace": [CONFIG, DRAWN, {**nb.fixed_hyperparameters, **CONFIG},
                            json.dumps(CONFIG), OldConfiguration(), NewConfiguration(DRAWN)],
            "BANANAS": [BANANAS, [list(cell) for cell in BANANAS], str(BANANAS)],
        }
        if numpy is not None:
            configs["BANANAS"].append(numpy.array(BANANAS))
        for representation, list_ in configs.items():
            for config in list_:
                with self.subTest(representation, config=config):
                    got = self.model.predict(config=config, representation=representation,
                                             with_noise=False)
                    self.assertEqual(got, want)
                    self.assertIsInstance(got, float)

    def test_convert(self) -> None:
        convert = self.model.convert_representation
        self.assertEqual(convert(GENOTYPE, "genotype"), CONFIG)
        self.assertEqual(convert(BANANAS, "BANANAS"), CONFIG)
        self.assertIs(type(convert(NewConfiguration(DRAWN), "configspace")), dict)
        for config in (DRAWN, OldConfiguration(), NewConfiguration(DRAWN), json.dumps(DRAWN)):
            self.assertEqual(convert(config, "configspace"), DRAWN)
        self.assertEqual(representations.convert_genotype_to_config(GENOTYPE), CONFIG)
        self.assertEqual(representations.CONVERTER_DICT["genotype"]().convert(GENOTYPE), CONFIG)

    def test_configurations_elsewhere(self) -> None:
        want = bench301.query(GENOTYPE)
        for config in (OldConfiguration(), NewConfiguration(DRAWN)):
            self.assertEqual(bench301.query(config), want)
            self.assertEqual(bench301.query([config]), want)

    def test_wrong(self) -> None:
        cell = GENOTYPE.normal
        cases = {
            "no such representation": (GENOTYPE, "genotyp",
                                       "'genotyp': want one of configspace, genotype, BANANAS"),
            "none": (GENOTYPE, None, "None: want one of"),
            "a list": (GENOTYPE, ["genotype"], "want one of"),
            "genotype as configspace": (GENOTYPE, "configspace", 'or representation="genotype"'),
            "dictionary as genotype": (CONFIG, "genotype", 'or representation="configspace"'),
            "dictionary as BANANAS": (CONFIG, "BANANAS", 'or representation="configspace"'),
            "lists as genotype": (BANANAS, "genotype", 'or representation="BANANAS"'),
            "nothing": (None, "genotype", "want a Genotype"),
            "no cell": (GENOTYPE._replace(normal=None), "genotype", "None is no cell"),
            "triples": (GENOTYPE._replace(normal=[(1, 2, 3)] * 8), "genotype", "is no cell"),
            "half an input": (GENOTYPE._replace(normal=[(cell[0][0], 0.5)] + cell[1:]), "genotype",
                              "config: [("),
            "too few": (GENOTYPE._replace(normal=cell[:6]), "genotype",
                        "config: normal cell: 6 edges"),
            "no operation": (GENOTYPE._replace(normal=[("none", 0)] + cell[1:]), "genotype",
                             '"none"'),
            "one input twice": (GENOTYPE._replace(normal=[cell[1]] + cell[1:]), "genotype",
                                "config: normal cell, node 2: both edges read state 0"),
            "empty": ({}, "configspace", "config: "),
            "an edge is missing": ({k: v for k, v in CONFIG.items() if not k.endswith("_13")},
                                   "configspace", "edge_normal_13 is missing"),
            "no number": ([[(0, "a")] * 8] * 2, "BANANAS", "config: "),
        }
        for name, (config, representation, sentence) in cases.items():
            with self.subTest(name):
                with self.assertRaises(ValueError) as caught:
                    self.model.predict(config, representation)
                self.assertIsInstance(caught.exception, bench301.Error)
                self.assertIn(sentence, str(caught.exception))
        for representation in ("genotyp", None):
            for ask in (self.model.predict, self.model.convert_representation):
                self.assertRaises(NotImplementedError, ask, GENOTYPE, representation)

    def test_load(self) -> None:
        for path in ("/no/where", "", None, SOURCES, 301):
            with self.subTest(path):
                with self.assertRaises(bench301.InvalidInput) as caught:
                    nb.load_ensemble(path)  # type: ignore[arg-type]
                self.assertIn("load_ensemble: ", str(caught.exception))
        seconds = nb.load_ensemble("mini-runtime")
        self.assertEqual(seconds.model.unit, "seconds")
        self.assertGreater(seconds.predict(GENOTYPE, "genotype", with_noise=False), 1000)
        state = random.getstate()
        nb.load_ensemble("mini")
        self.assertEqual(random.getstate(), state)  # no seed, nothing seeded
        self.assertIn("approximation", repr(self.model))

    def test_noise(self) -> None:
        noisy = [self.model.predict(GENOTYPE, "genotype") for _ in range(2)]
        self.assertNotEqual(noisy[0], noisy[1])
        mean, std = self.model.model.query_mean(CONFIG), self.model.model.query_std(CONFIG)
        self.assertEqual(mean, self.model.predict(GENOTYPE, "genotype", False))
        for name, draw, seed in [
                ("no numpy", lambda: random.gauss(0, std), random.seed)] + ([
                    ("numpy", lambda: numpy.random.normal(0, std, 1)[0], numpy.random.seed)]
                    if numpy is not None else []):
            with self.subTest(name), mock.patch.object(ensemble, "numpy",
                                                       numpy if name == "numpy" else None):
                seed(301)
                want = mean + draw()
                seed(301)
                self.assertEqual(self.model.predict(GENOTYPE, representation="genotype"), want)
                seed(301)
                self.assertEqual(self.model.model.query(DRAWN), want)
        with mock.patch.object(ensemble, "numpy", None):
            got = self.model.predict(GENOTYPE, "genotype", False)
            self.assertIs(type(got), float)
            self.assertEqual(got, mean)
            self.assertEqual(self.model.model.query_members(DRAWN), [[mean]])

    def test_depends_on_training(self) -> None:
        """A model whose trees split on what NAS-Bench-301 keeps fixed answers with a warning."""
        with mock.patch.object(self.model.model, "training", True):
            for config, representation, warns in [
                    (DRAWN, "configspace", 4), (CONFIG, "configspace", 0),
                    (GENOTYPE, "genotype", 0),
                    ({**nb.fixed_hyperparameters, **CONFIG}, "configspace", 0)]:
                with warnings.catch_warnings(record=True) as caught:
                    warnings.simplefilter("always")
                    self.model.predict(config, representation)
                self.assertEqual(len(caught), warns)

    def test_threads(self) -> None:
        want = self.model.predict(GENOTYPE, "genotype", False)
        got = []
        threads = [threading.Thread(target=lambda: got.extend(
            self.model.predict(GENOTYPE, "genotype", False) for _ in range(50))) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(got, [want] * 400)


@unittest.skipIf(MISSING, MISSING)
@unittest.skipUnless(os.path.isdir(MODELS), "the genuine models are not at %s" % MODELS)
class Genuine(unittest.TestCase):
    """Models that nasbench301's own code trained, and what it said of 42 architectures."""

    def test_bits(self) -> None:
        for kind, expected, single in (("xgb", "xgb/expected_xgb110_dev.json", True),
                                       ("lgb", "lgb/expected_lgb231_dev.json", False)):
            model = nb.load_ensemble(os.path.join(MODELS, kind, "ensemble"))
            with open(os.path.join(MODELS, expected), encoding="utf-8") as file:
                records = json.load(file)["records"]
            genotypes = bench301.convert([r["arch"] for r in records], "genotype")
            for record, text in zip(records, genotypes):
                genotype = eval(text, {"Genotype": nb.Genotype})
                config = dict(TRAINING, **representations.convert_genotype_to_config(genotype))
                for asked, representation in ((genotype, "genotype"), (config, "configspace"),
                                              (eval(record["arch"]), "BANANAS")):
                    got = model.predict(config=asked, representation=representation,
                                        with_noise=False)
                    self.assertEqual(bits(got, single), record["mean_bits"])
                self.assertEqual(bits(model.model.query_std(config), single), record["std_bits"])
                members = [bits(m[0], single) for m in model.model.query_members(config)]
                self.assertEqual(members, record["members_bits"])
            if numpy is not None:
                wanted = numpy.float32 if single else numpy.float64
                self.assertIs(type(got), wanted)
                self.assertIs(type(model.predict(genotype, "genotype")), numpy.float64)
                self.assertEqual(model.model.query_members(config)[0].dtype, wanted)

    def test_graph_network(self) -> None:
        expected = os.path.join(MODELS, "gin", "expected_ensemble_dev.json")
        with open(expected, encoding="utf-8") as file:
            records = json.load(file)["records"][:10]
        model = nb.load_ensemble(os.path.join(MODELS, "gin", "ensemble"))
        for record in records:
            got = model.predict(eval(record["arch"]), "BANANAS", with_noise=False)
            self.assertAlmostEqual(float(got), record["mean"], delta=1e-4)

    @unittest.skipIf(numpy is None, "numpy is not installed")
    def test_seeds_and_noise(self) -> None:
        """After loading, numpy's generator is where nasbench301 leaves it: the first member names a
        seed, and each is made with one more."""
        folder = os.path.join(MODELS, "xgb", "ensemble")
        for path, seed in ((folder, 8), (os.path.join(folder, "ensemble_member_1"), 7)):
            numpy.random.seed(1)
            model = nb.load_ensemble(path)
            drawn = numpy.random.rand()
            self.assertEqual(drawn, numpy.random.RandomState(seed).rand(), path)
        model = nb.load_ensemble(folder)
        members = model.model.query_members(CONFIG)
        want = numpy.mean(members) + numpy.random.RandomState(8).normal(0, numpy.std(members), 1)[0]
        self.assertEqual(model.predict(GENOTYPE, "genotype"), want)
        with mock.patch.dict(sys.modules, {"torch": mock.Mock()}):
            nb.load_ensemble(folder)
            sys.modules["torch"].manual_seed.assert_called_once_with(8)

    def test_seeds_without_numpy(self) -> None:
        with mock.patch.dict(sys.modules, {"numpy": None}):
            nb.load_ensemble(os.path.join(MODELS, "lgb", "ensemble"))
            self.assertEqual(random.random(), random.Random(8).random())

    def test_model_that_changes(self) -> None:
        """What was read once is read again when its files are others; a seed that is none is said."""
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "ensemble")
            for kind in ("ensemble_member_0", "ensemble_member_1"):
                shutil.rmtree(path, ignore_errors=True)
                shutil.copytree(os.path.join(MODELS, "xgb", "ensemble", kind), os.path.join(path, kind))
                want = nb.load_ensemble(os.path.join(MODELS, "xgb", "ensemble", kind))
                self.assertEqual(nb.load_ensemble(path).predict(GENOTYPE, "genotype", False),
                                 want.predict(GENOTYPE, "genotype", False))
            config = os.path.join(path, kind, "data_config.json")
            for text in ("{}", "nonsense", '{"seed": "x"}'):
                os.chmod(config, 0o600)
                with open(config, "w", encoding="utf-8") as file:
                    file.write(text)
                with self.assertRaisesRegex(bench301.InvalidInput, "load_ensemble: .*data_config.json"):
                    nb.load_ensemble(path)

    def test_download(self) -> None:
        """What download_models leaves is what load_ensemble takes, from a server of our own."""
        with tempfile.TemporaryDirectory() as folder:
            archive = os.path.join(folder, "served.zip")
            source = os.path.join(MODELS, "xgb", "ensemble")
            with zipfile.ZipFile(archive, "w") as file:
                for path, _, names in os.walk(source):
                    for name in names:
                        inside = os.path.relpath(os.path.join(path, name), source)
                        file.write(os.path.join(path, name), "nb_models/xgb_v0.9/" + inside)
            with open(archive, "rb") as read:
                content = read.read()

            class Serve(BaseHTTPRequestHandler):
                def do_GET(self) -> None:
                    self.send_response(200)
                    self.send_header("Content-Length", str(len(content)))
                    self.end_headers()
                    self.wfile.write(content)

                def log_message(self, *_: Any) -> None:
                    pass

            server = HTTPServer(("127.0.0.1", 0), Serve)
            threading.Thread(target=server.serve_forever, daemon=True).start()
            self.addCleanup(server.server_close)
            self.addCleanup(server.shutdown)
            with mock.patch("builtins.print"):
                for _ in range(2):  # the second time it is there
                    nb.download_models("0.9", delete_zip=True, download_dir=folder,
                                       url="http://127.0.0.1:%d/" % server.server_port)
            want = nb.load_ensemble(source).predict(GENOTYPE, "genotype", False)
            model = nb.load_ensemble(os.path.join(folder, "nb_models_0.9", "xgb_v0.9"))
            self.assertEqual(model.predict(GENOTYPE, "genotype", False), want)
            self.assertFalse(os.path.exists(os.path.join(folder, "nb_models_0.9.zip")))

    def test_script(self) -> None:
        """A script of nasbench301's users runs as it is."""
        script = "\n".join([
            "import sys, os",
            "import nasbench301 as nb",
            "from nasbench301 import load_ensemble",
            "from nasbench301.api import SurrogateAPI",
            "from nasbench301.representations import Genotype",
            "from nasbench301.surrogate_models import ensemble",
            "import beside",
            "model = nb.load_ensemble(sys.argv[1])",
            "assert isinstance(model, SurrogateAPI)",
            "g = Genotype(%r, [2, 3, 4, 5], %r, [2, 3, 4, 5])" % (GENOTYPE.normal, GENOTYPE.reduce),
            "print('%f' % model.predict(config=g, representation='genotype', with_noise=False))",
        ])
        path = os.path.join(MODELS, "xgb", "ensemble")
        with tempfile.TemporaryDirectory() as folder:
            for name, text in (("script.py", script), ("beside.py", "")):
                with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
                    file.write(text)
            script_path = os.path.join(folder, "script.py")
            done = subprocess.run(
                [sys.executable, "-m", "bench301.nasbench301", script_path, path],
                stdout=subprocess.PIPE, stderr=subprocess.PIPE, universal_newlines=True,
                env=dict(os.environ, PYTHONPATH=SOURCES, BENCH301_BIN=find()))
        self.assertEqual((done.stderr, done.returncode), ("", 0))
        want = nb.load_ensemble(path).predict(GENOTYPE, "genotype", with_noise=False)
        self.assertEqual(done.stdout, "%f\n" % want)


class Names(unittest.TestCase):
    def test_alias(self) -> None:
        """The two ways to have `import nasbench301` mean ours."""
        def names() -> Any:
            module = importlib.import_module("nasbench301")
            importlib.import_module("nasbench301.api")
            importlib.import_module("nasbench301.representations")
            return module

        before = dict(sys.modules)
        try:
            nb.install()
            self.assertIs(names().api.SurrogateAPI, api.SurrogateAPI)
            for name in [n for n in sys.modules if n.startswith("nasbench301")]:
                del sys.modules[name]
            sys.modules["nasbench301"] = bench301.nasbench301
            self.assertIs(names().load_ensemble, nb.load_ensemble)
        finally:
            for name in [n for n in sys.modules if n not in before]:
                del sys.modules[name]
            bench301.nasbench301.api = api
            bench301.nasbench301.representations = representations

    def test_version(self) -> None:
        for version in ("1.1", "", None):
            self.assertRaises(bench301.InvalidInput, nb.download_models, version)

    def test_unknown_attribute(self) -> None:
        with self.assertRaises(AttributeError):
            bench301.nasbench201


def bits(value: Any, single: bool) -> str:
    """The bits of a number, as the expectations write them."""
    return struct.pack(">f" if single else ">d", value).hex()


if __name__ == "__main__":
    unittest.main()
