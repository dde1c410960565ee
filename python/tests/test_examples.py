"""The scripts of examples/python, as a user starts them."""

import importlib.util
import os
import subprocess
import sys
import tempfile
import unittest

import bench301

SOURCES = os.path.dirname(os.path.dirname(os.path.abspath(bench301.__file__)))
EXAMPLES = os.path.join(os.path.dirname(SOURCES), "examples", "python")
TORCH = importlib.util.find_spec("torch") is not None


@unittest.skipUnless(os.path.isdir(EXAMPLES), "the examples are in a checkout only")
class Examples(unittest.TestCase):
    def run_example(self, name: str, *args: str) -> str:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        env = dict(os.environ, PYTHONPATH=SOURCES, COLUMNS="80")
        done = subprocess.run([sys.executable, os.path.join(EXAMPLES, name)] + list(args), cwd=folder.name, env=env,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, universal_newlines=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def test_query_sample(self) -> None:
        printed = self.run_example("query_sample.py", "40")
        self.assertIn("40 architectures: ", printed)
        self.assertRegex(printed, r"\nGenotype\(normal=.*\n")
        self.assertRegex(printed, r"\nl2_norm:channels=8 +0\.\d+  \[")

    @unittest.skipUnless(TORCH, "PyTorch is not here")
    def test_own_estimator(self) -> None:
        printed = self.run_example("own_estimator.py", "5")
        self.assertRegex(printed, r"\n codes +[-+][01]\.\d+ \[")
        self.assertRegex(printed, r"\nwrote runs.own-estimator.figures.scatter\.png\n")
        self.assertRegex(printed, r"\nskips +tau-b [-+]\d\.\d\d, 0\.00\d s an architecture")

    def test_search_front(self) -> None:
        printed = self.run_example("search_front.py", "2")
        self.assertRegex(printed, r"\n[0-9a-f]{16} +\d+ +\d+ +\d\d\.\d\d%\n")
        self.assertRegex(printed, r"wrote runs.front.best\.py and its weights\n")
        if TORCH:
            self.assertRegex(printed, r"a network of \d+ parameters, logits \[2, 100\]")

    def test_readme(self) -> None:
        """The description of the wheel has an example."""
        with open(os.path.join(SOURCES, "README.md"), encoding="utf-8") as file:
            code = file.read().split("```python\n")[1].split("```")[0]
        with tempfile.TemporaryDirectory() as folder:
            printed = subprocess.run([sys.executable, "-c", code.replace("(200,", "(20,")], cwd=folder, check=True,
                                     stdout=subprocess.PIPE, env=dict(os.environ, PYTHONPATH=SOURCES)).stdout.decode()
            self.assertIn("best.pt", os.listdir(folder))
        self.assertIn("skips", printed)

    def test_every_example_is_tried(self) -> None:
        self.assertEqual({"test_" + name[:-3] for name in os.listdir(EXAMPLES) if name.endswith(".py")},
                         {name for name in dir(self) if name.startswith("test_")} - {"test_every_example_is_tried", "test_readme"})


if __name__ == "__main__":
    unittest.main()
