"""Which program is used, and what is said where there is none."""

import os
import stat
import subprocess
import sys
import sysconfig
import tempfile
import unittest
from typing import Any
from unittest import mock

import bench301
from bench301 import _binary

POSIX = os.name == "posix"
SOURCES = os.path.dirname(os.path.dirname(os.path.abspath(bench301.__file__)))


def program(*parts: str, script: str = "exit 0") -> str:
    """A file that can be executed at a path."""
    path = os.path.join(*parts)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as file:
        file.write("#!/bin/sh\n" + script + "\n")
    os.chmod(path, 0o755)
    return path


def scripts(folder: str) -> Any:
    """An interpreter whose folder of scripts is another."""
    return mock.patch.object(sysconfig, "get_path", lambda *_: folder)


class Find(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = os.path.realpath(folder.name)
        self.nowhere = os.path.join(self.folder, "nowhere")
        self.site = os.path.join(self.folder, "a", "b", "c")
        # As if the package lay alone in a folder, in an interpreter that has no program.
        for patch in (
                mock.patch.dict(os.environ, {"PATH": self.nowhere}),
                mock.patch.object(_binary, "_PACKAGE", os.path.join(self.site, "bench301")),
                scripts(self.nowhere)):
            patch.start()
            self.addCleanup(patch.stop)
        os.environ.pop("BENCH301_BIN", None)

    def fails(self) -> str:
        with self.assertRaises(bench301.BinaryNotFound) as caught:
            bench301.find_binary()
        self.assertIsInstance(caught.exception, bench301.Error)
        self.assertIsInstance(caught.exception, FileNotFoundError)
        return str(caught.exception)

    def test_named(self) -> None:
        path = program(self.folder, "own program")
        os.environ["BENCH301_BIN"] = path
        self.assertEqual(_binary.find(), path)

    def test_named_relative(self) -> None:
        path = program(self.folder, "own")
        self.addCleanup(os.chdir, os.getcwd())
        os.chdir(self.folder)
        os.environ["BENCH301_BIN"] = "own"
        self.assertEqual(_binary.find(), path)

    def test_named_wrongly(self) -> None:
        plain = os.path.join(self.folder, "plain")
        with open(plain, "w"):
            pass
        cases = [(self.nowhere, "which does not exist"), (self.folder, "which is no file")]
        if POSIX and os.access(plain, os.X_OK) is False:
            cases.append((plain, "which may not be executed"))
        program(self.site, "bin", _binary._NAME)  # is no way out
        for path, why in cases:
            with self.subTest(why):
                os.environ["BENCH301_BIN"] = path
                self.assertEqual(self.fails(), "BENCH301_BIN names %s, %s: let it name the "
                                 "program bench301, or unset it" % (path, why))

    def test_empty_name_is_none(self) -> None:
        os.environ["BENCH301_BIN"] = ""
        path = program(self.folder, "path", _binary._NAME)
        os.environ["PATH"] = os.path.dirname(path)
        self.assertEqual(_binary.find(), path)

    def test_order(self) -> None:
        """From the last place to the first, each has the word as soon as it has a program."""
        os.environ["PATH"] = os.path.join(self.folder, "path")
        prefix = os.path.join("a", "Scripts") if sys.platform == "win32" else "bin"
        for place in ("path", "scripts", prefix, os.path.join("a", "b", "c", "bin")):
            with self.subTest(place), scripts(os.path.join(self.folder, "scripts")):
                path = program(self.folder, place, _binary._NAME)
                self.assertEqual(_binary.find(), path)

    def test_checkout(self) -> None:
        """The sources use the program that was built from them, though another is installed."""
        checkout = os.path.join(self.folder, "checkout")
        sources = os.path.join(checkout, "python")
        os.makedirs(sources)
        with open(os.path.join(sources, "pyproject.toml"), "w"):
            pass
        installed = os.path.join(self.folder, "scripts")
        with mock.patch.object(_binary, "_PACKAGE", os.path.join(sources, "bench301")), \
                scripts(installed):
            other = program(installed, _binary._NAME)
            self.assertEqual(_binary.find(), other)
            own = program(checkout, "bin", _binary._NAME)
            self.assertEqual(_binary.find(), own)

    def test_user(self) -> None:
        """pip install --user."""
        def get_path(_: str, scheme: str = "") -> str:
            return os.path.join(self.folder, "user") if "user" in scheme else self.nowhere
        with mock.patch.object(sysconfig, "get_path", get_path):
            path = program(self.folder, "user", _binary._NAME)
            self.assertEqual(_binary.find(), path)

    def test_nowhere(self) -> None:
        said = self.fails()
        for part in (_binary._NAME, self.nowhere, "pip install bench301", "make build",
                     "BENCH301_BIN"):
            self.assertIn(part, said)

    @unittest.skipUnless(POSIX, "permissions")
    def test_without_permission_is_passed_over(self) -> None:
        path = program(self.site, "bin", _binary._NAME)
        os.chmod(path, stat.S_IRUSR)
        self.fails()


class Module(unittest.TestCase):
    """python -m bench301."""

    def run_module(self, binary: str, *args: str,
                   stdin: str = "") -> "subprocess.CompletedProcess[str]":
        return subprocess.run([sys.executable, "-m", "bench301"] + list(args), input=stdin,
                              env=dict(os.environ, BENCH301_BIN=binary, PYTHONPATH=SOURCES),
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              universal_newlines=True)

    @unittest.skipUnless(POSIX, "a shell script")
    def test_arguments_streams_and_status(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            script = 'cat; for a; do echo "<$a>"; done; echo talk >&2; exit 7'
            path = program(folder, "bench301", script=script)
            done = self.run_module(path, "sample", "a b", "", stdin="in\n")
        self.assertEqual(done.stdout, "in\n<sample>\n<a b>\n<>\n")
        self.assertEqual((done.returncode, done.stderr), (7, "talk\n"))

    def test_no_program(self) -> None:
        path = os.path.join("no", "where")
        done = self.run_module(path)
        self.assertEqual(done.returncode, 1)
        self.assertTrue(done.stderr.startswith("bench301: BENCH301_BIN names " + path), done.stderr)
        self.assertNotIn("Traceback", done.stderr)

    def test_program_of_another_machine(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, _binary._NAME)
            with open(path, "wb") as file:
                file.write(b"\x7fELF of something else")
            os.chmod(path, 0o755)
            done = self.run_module(path)
        self.assertEqual(done.returncode, 1)
        self.assertIn("cannot be run here", done.stderr)
        self.assertNotIn("Traceback", done.stderr)

    @unittest.skipUnless("BENCH301_BIN" in os.environ, "BENCH301_BIN names no program to try")
    def test_the_program_itself(self) -> None:
        done = self.run_module(bench301.find_binary(), "--version")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertTrue(done.stdout.startswith("bench301 "), done.stdout)


if __name__ == "__main__":
    unittest.main()
