"""The process that answers: threads, deaths, forks, other programs, and what is left at the end."""

import os
import signal
import stat
import subprocess
import sys
import tempfile
import textwrap
import threading
import time
import unittest
from unittest import mock

import bench301
from bench301 import _pipe

V2 = "DARTS_V2"
POSIX = os.name == "posix"
SECONDS = "rwe:channels=4,layers=3,epochs=%d"  # a score of some seconds


def pid():
    """Of the program that answers."""
    bench301.query(V2)
    return _pipe.client._process._child.pid


def alive(number):
    try:
        os.kill(number, 0)
    except OSError:
        return False
    with open("/proc/%d/stat" % number) as f:
        return f.read().split()[2] != "Z"


def python(code, **options):
    """Run code in a Python of its own."""
    environment = dict(os.environ, PYTHONPATH=os.path.dirname(os.path.dirname(bench301.__file__)))
    return subprocess.run([sys.executable, "-c", textwrap.dedent(code)], env=environment, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, universal_newlines=True, timeout=60, **options)


def gone(number):
    """Whether a process ends within a while."""
    for _ in range(100):
        if not alive(number):
            return True
        time.sleep(0.05)
    return False


class Process(unittest.TestCase):
    def test_threads(self):
        archs = bench301.sample(40, seed=5)
        want = bench301.query(archs).column("accuracy")
        wrong = []

        def ask(k):
            for i in range(k, 240, 2):
                arch = archs[i % 40]
                if i % 16 == 3:  # an answer longer than a pipe holds
                    got = bench301.query(archs * 30)[i % 40]["accuracy"]
                else:
                    got = bench301.query(arch)[0]["accuracy"]
                if got != want[i % 40]:
                    wrong.append(i)

        threads = [threading.Thread(target=ask, args=(k,)) for k in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(wrong, [])

    @unittest.skipUnless(POSIX, "kills by signals")
    def test_killed_between_calls(self):
        first = pid()
        os.kill(first, signal.SIGKILL)
        self.assertEqual(bench301.query(V2)[0]["id"], "b149d8919d89ab39")
        self.assertNotEqual(pid(), first)

    @unittest.skipUnless(POSIX, "kills by signals")
    def test_killed_while_it_answers(self):
        for kills, survives in ((1, True), (2, False)):
            archs = bench301.sample(2, seed=kills)
            bench301.query(V2)
            ended = []

            def kill():
                for _ in range(kills):
                    time.sleep(0.4)
                    victim = _pipe.client._process._child.pid
                    os.kill(victim, signal.SIGKILL)
                    ended.append(victim)
                    time.sleep(0.4)

            killer = threading.Thread(target=kill)
            killer.start()
            slow = SECONDS % (3 if survives else 10 ** 6)
            if survives:
                self.assertEqual(len(bench301.score(archs, slow)), 2)
            else:
                with self.assertRaisesRegex(bench301.ProcessDied, "score, twice: it was killed by signal 9"):
                    bench301.score(archs, slow)
            killer.join()
            self.assertEqual(len(ended), kills)

    @unittest.skipUnless(POSIX, "interrupts by a signal")
    def test_interrupt(self):
        before = pid()
        timer = threading.Timer(1, lambda: os.kill(os.getpid(), signal.SIGINT))
        timer.start()
        with self.assertRaises(KeyboardInterrupt):
            bench301.score([V2], "rwe:epochs=100000")
        self.assertTrue(gone(before), "it goes on scoring")
        self.assertEqual(bench301.query(V2)[0]["id"], "b149d8919d89ab39")

    def test_close_while_it_answers(self):
        bench301.query(V2)
        threading.Timer(0.3, bench301.close).start()
        with self.assertRaisesRegex(bench301.Cancelled, r"score: bench301.close\(\) ended it"):
            bench301.score([V2], "rwe:epochs=100000")
        self.assertEqual(bench301.query(V2)[0]["id"], "b149d8919d89ab39")

    def test_exit_while_threads_wait(self):
        done = python("""
            import bench301, sys, threading, time
            threads = [threading.Thread(target=bench301.score, args=(["DARTS_V2"], "rwe:epochs=100000"), daemon=True)
                       for _ in range(3)]
            for thread in threads:
                thread.start()
            time.sleep(0.5)
            sys.exit(3)
            """)
        self.assertEqual((done.returncode, done.stderr), (3, ""))

    @unittest.skipUnless(hasattr(os, "fork"), "no fork here")
    def test_fork(self):
        mother = pid()
        child = os.fork()
        if child == 0:
            try:
                own = pid()
                ok = own != mother and bench301.query(V2)[0]["id"] == "b149d8919d89ab39"
                bench301.close()
                os._exit(0 if ok else 1)
            except BaseException:
                os._exit(2)
        self.assertEqual(os.waitpid(child, 0)[1], 0)
        self.assertEqual(pid(), mother)

    @unittest.skipUnless(sys.platform.startswith("linux"), "reads /proc")
    def test_nothing_is_left(self):
        start = """
            import bench301, os, signal, sys, threading
            bench301.query("DARTS_V2")
            print(bench301._pipe.client._process._child.pid, flush=True)
            """
        busy = """
            threading.Thread(target=bench301.score, args=(["DARTS_V2"], "rwe:epochs=100000"), daemon=True).start()
            import time; time.sleep(0.3)
            """
        for end in ("", "sys.exit(3)", "raise ValueError", "os._exit(1)", "os.kill(os.getpid(), signal.SIGKILL)"):
            for work in ("", busy):
                with self.subTest(end=end, busy=bool(work)):
                    done = python(textwrap.dedent(start) + textwrap.dedent(work) + end)
                    self.assertTrue(gone(int(done.stdout)), "the program is left")

    @unittest.skipUnless(sys.platform.startswith("linux"), "reads /proc")
    def test_commands_end_with_python(self):
        with tempfile.TemporaryDirectory() as folder:
            done = python("""
                import bench301, glob, os, signal, threading, time
                threading.Thread(target=bench301.run_command, daemon=True, args=(
                    "score", "-e", "rwe:epochs=100000", "-o", "s.jsonl", "DARTS_V2")).start()
                for _ in range(200):
                    time.sleep(0.05)
                    threads = glob.glob("/proc/self/task/*/children")
                    children = [c for t in threads for c in open(t).read().split()]
                    if children and os.path.exists("s.jsonl"):
                        break
                print(children[0], flush=True)
                os.kill(os.getpid(), signal.SIGKILL)
                """, cwd=folder)
            self.assertTrue(gone(int(done.stdout)), "the command is left: " + done.stderr)

    def test_progress_and_its_errors(self):
        told = []
        bench301.score(bench301.sample(2), SECONDS % 3, progress=lambda *what: told.append(what))
        self.assertTrue(all(what == "scoring" and 0 <= done <= 2 and total == 2 for what, done, total in told))

        def refuse(*_):
            raise BrokenPipeError("mine")
        with self.assertRaisesRegex(BrokenPipeError, "mine"):
            bench301.score([V2], "rwe:epochs=100000", progress=refuse)

    def test_progress_of_another_thread(self):
        """An error in one call's progress is that call's, whichever thread reads the pipe."""
        first = pid()
        results = []

        def refuse(*_):
            raise BrokenPipeError("mine")

        def ask(progress, epochs):
            try:
                results.append(len(bench301.score([V2], SECONDS % epochs, progress=progress)))
            except BaseException as error:
                results.append(repr(error))

        threads = [threading.Thread(target=ask, args=args) for args in (((lambda *_: None), 100), (refuse, 10 ** 6))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(sorted(results, key=str), sorted([1, repr(BrokenPipeError("mine"))], key=str))
        self.assertEqual(pid(), first, "the program was ended")

    def test_standard_error_of_any_kind(self):
        class Silent:
            def write(self, text):
                pass

        closed = open(os.devnull, "w")
        closed.close()
        for other in (None, Silent(), closed):
            with self.subTest(other=other), mock.patch.object(sys, "stderr", other):
                self.assertEqual(len(bench301.score([V2], "macs")), 1)
                bench301.run_command("query", V2)

    @unittest.skipUnless(POSIX, "closes descriptors")
    def test_closed_descriptors(self):
        done = python("""
            import os
            out = os.dup(1)
            for descriptor in (0, 1, 2):
                os.close(descriptor)
            import bench301
            os.write(out, bench301.query("DARTS_V2")[0]["id"].encode())
            """)
        self.assertEqual(done.stdout, "b149d8919d89ab39")

    @unittest.skipUnless(POSIX, "writes scripts")
    def test_other_programs(self):
        with tempfile.TemporaryDirectory() as folder:
            fake = os.path.join(folder, "bench301")
            for script, want in (
                ("#!/bin/sh\n[ $1 = --version ] && echo bench301 v0 && exit\n"
                 "echo 'bench301 pipe: no such command' >&2; exit 2\n",
                 r"ended with status 2: bench301 pipe: no such command.*Its version: bench301 v0"),
                ("#!/bin/sh\nread line\necho '{\"id\": 1, \"error\": {\"code\": -32602, \"message\": \"it speaks version 1 "
                 "of the protocol, bench301 v9 version 2\"}}'\n", "version 1 of the protocol, bench301 v9 version 2"),
                ("#!/bin/sh\nread line\necho hello\n", "does not answer as the Python package"),
                ("#!/bin/sh\nexit 3\n", r"ended with status 3\). Its version: unknown. Install"),
                ("#!/nowhere/sh\n", "cannot be started: .*: install the wheel of this platform"),
                ("hello\n", "cannot be started: .*: install the wheel of this platform"),
                ("\x7fELF\x02\x01\x01", "cannot be started: Exec format error: install the wheel of this platform"),
            ):
                with open(fake, "w") as f:
                    f.write(script)
                os.chmod(fake, stat.S_IRWXU)
                with self.subTest(script=script), mock.patch.dict(os.environ, BENCH301_BIN=fake):
                    bench301.close()
                    with self.assertRaisesRegex(bench301.BinaryMismatch, "(?s)" + want):
                        bench301.query(V2)
                    if "cannot be started" in want:
                        with self.assertRaisesRegex(bench301.BinaryMismatch, want):
                            bench301.run_command("sample")
            bench301.close()
            with mock.patch.dict(os.environ, BENCH301_BIN=os.path.join(folder, "absent")):
                with self.assertRaises(bench301.BinaryNotFound):
                    bench301.query(V2)


if __name__ == "__main__":
    unittest.main()
