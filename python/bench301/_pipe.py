"""One `bench301 pipe` process that answers all threads of this one."""

import atexit
import json
import os
import re
import subprocess
import sys
import tempfile
import threading
import traceback
from typing import Any, Callable, Dict, List, Optional, Set

from ._binary import find
from ._errors import BinaryMismatch, Cancelled, Failed, InvalidInput, ProcessDied
from ._version import __version__

PROTOCOL = 1  # that of docs/protocol.md

Progress = Callable[[str, int, int], None]  # told what is done, how much of it, of how much

_INVALID = (-32602, -32601, -32600)
_CANCELLED = 2


class _Call:
    """A request on its way."""

    __slots__ = ("answer", "error", "progress", "sent", "wake")

    def __init__(self, progress: Optional[Progress]) -> None:
        self.answer: Any = None
        self.error: Optional[BaseException] = None
        self.progress = progress
        self.sent = False
        self.wake = threading.Lock()  # held until there is an answer, or it is this call's turn to read
        self.wake.acquire()


def popen(command: List[str], **options: Any) -> "subprocess.Popen[bytes]":
    """Start a program. Raises BinaryMismatch where it cannot run here."""
    try:
        return subprocess.Popen(command, **options)
    except ValueError as error:  # an argument with a zero byte
        raise InvalidInput("%r: %s" % (command[1:], error)) from None
    except OSError as error:
        raise BinaryMismatch("%s cannot be started: %s: install the wheel of this platform, or let BENCH301_BIN name the "
                             "program" % (command[0], error.strerror)) from None


def on_terminal() -> bool:
    """Whether standard error is a terminal; a notebook, a test or a daemon has put something else in its place."""
    try:
        return sys.stderr.isatty()
    except (AttributeError, ValueError):  # it is None, or closed
        return False


class _Process:
    """A running program. One of the threads that wait reads for all of them."""

    def __init__(self, binary: str) -> None:
        self.binary = binary
        self.owner = os.getpid()
        self._said = tempfile.TemporaryFile()
        own_group: Dict[str, Any] = {"start_new_session": True}  # Ctrl-C is for Python
        if sys.platform == "win32":
            own_group = {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}
        self._child = popen(
            [binary, "pipe"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._said, bufsize=0,
            **own_group)
        assert self._child.stdin is not None and self._child.stdout is not None
        self._to = self._child.stdin.fileno()
        self._from = self._child.stdout.fileno()
        self._buffer = bytearray()
        self._lock = threading.Lock()
        self._writing = threading.Lock()
        self._calls: Dict[int, _Call] = {}
        self._last = 0
        self._left: Set[int] = set()  # calls that are no longer waited for
        self._nonsense = b""  # an answer that is none
        self._reading = False  # one of the calls reads
        self.dead = False
        self.closed = False  # on purpose

    def call(self, method: str, params: Dict[str, Any], progress: Optional[Progress]) -> Any:
        """The result of a method. Raises _Gone if the program ends before it has answered."""
        call = _Call(progress)
        text = _json(params)
        with self._lock:
            self._last += 1
            number = self._last
            self._calls[number] = call
        line = ('{"id":%d,"method":"%s","params":%s}\n' % (number, method, text)).encode()
        try:
            with self._writing:
                self._write(line)
            with self._lock:
                call.sent = True
                lead = not self._reading and number in self._calls
                self._reading = self._reading or lead
            if not lead:
                call.wake.acquire()
                lead = number in self._calls
            if lead:
                self._read_until(number)
        except BaseException:
            self.kill()  # a request or an answer may be cut in two: nothing that follows could be trusted
            raise
        if call.error is not None:
            raise call.error
        return call.answer

    def _write(self, line: bytes) -> None:
        view = memoryview(line)
        try:
            while view:
                view = view[os.write(self._to, view):]
        except OSError:
            raise _Gone() from None

    def _read_until(self, number: int) -> None:
        """Read answers until that of a call of ours, and let another one that waits go on."""
        while number in self._calls:
            self._take(self._line())
        with self._lock:
            self._reading = False
            for call in self._calls.values():
                if call.sent:
                    self._reading = True
                    call.wake.release()
                    break

    def _line(self) -> bytes:
        """The next line, with or without its end."""
        buffer = self._buffer
        seen = 0
        while True:
            end = buffer.find(b"\n", seen)
            if end >= 0:
                line = bytes(buffer[:end])
                del buffer[:end + 1]
                return line
            seen = len(buffer)
            try:
                part = os.read(self._from, 1 << 16)  # a pipe holds no more
            except OSError:
                part = b""
            if not part:
                raise _Gone()
            if not buffer and part.find(b"\n") == len(part) - 1:  # most answers come whole
                return part
            buffer += part

    def _take(self, line: bytes) -> None:
        try:
            message = _decode(line.decode())
        except ValueError:
            self._nonsense = line
            raise _Gone() from None
        if message.get("method") == "progress":
            told = message["params"]
            call = self._calls.get(told["id"])
            if call is not None and call.progress is not None:
                try:
                    call.progress(told["what"], told["done"], told["total"])
                except Exception as error:  # of the thread that called, which need not be this one
                    self._leave(told["id"], error)
            return
        with self._lock:
            call = self._calls.pop(message.get("id"), None)
            left = message.get("id") in self._left
            self._left.discard(message.get("id"))
        if left:
            return
        if call is None and self.dead:
            raise _Gone()
        if call is None:
            raise Failed(message.get("error", {}).get("message", "an answer that nobody asked for"))
        if "error" in message:
            call.error = _exception(message["error"])
        else:
            call.answer = message["result"]
        call.wake.release()

    def _leave(self, number: int, error: Exception) -> None:
        """End a call by an error."""
        with self._lock:
            call = self._calls.pop(number, None)
            self._left.add(number)
        if call is None:  # all were ended meanwhile
            return
        call.error = error
        call.wake.release()
        # Another thread may be writing until this one reads on.
        threading.Thread(target=self._cancel, args=(number,), daemon=True).start()

    def _cancel(self, number: int) -> None:
        try:
            with self._writing:
                self._write(b'{"method":"cancel","params":{"id":%d}}\n' % number)
        except _Gone:
            pass

    def kill(self) -> None:
        """End the program. Calls that wait are told."""
        self.dead = True
        if self._child.poll() is None:
            self._child.terminate()
        with self._lock:
            calls, self._calls = self._calls, {}
        for call in calls.values():
            call.error = _Gone()
            if call.wake.locked():
                call.wake.release()

    def close(self) -> None:
        """End the program, and wait for that."""
        self.closed = True
        self.reap()

    def reap(self) -> None:
        """End the program, and wait for that: calls that wait may be made again."""
        self.kill()
        try:
            self._child.wait(2)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()

    def forget(self) -> None:
        """Close the pipes: once no thread uses them, or in a process that has them from a fork."""
        for end in (self._child.stdin, self._child.stdout):
            assert end is not None
            try:
                end.close()
            except OSError:
                pass

    def __del__(self) -> None:
        if hasattr(self, "_child"):
            self.forget()
        self._said.close()

    def epitaph(self) -> str:
        """How the program ended, and what it said last."""
        if self._nonsense:
            return "it answers %r" % self._nonsense[:200]
        try:
            status = self._child.wait(2)
        except subprocess.TimeoutExpired:
            return "it does not answer"
        how = "it was killed by signal %d" % -status if status < 0 else "it ended with status %d" % status
        self._said.seek(0)
        said = self._said.read().decode("utf-8", "replace").strip()
        return how + (": " + said[-2000:] if said else "")


class _Gone(Exception):
    """The program ended before it had answered."""


def _plain(value: Any) -> Any:
    """Numbers and vectors of numpy and pandas as JSON has them."""
    for method in ("tolist", "item"):
        convert = getattr(value, method, None)
        if convert is not None:
            return convert()
    raise InvalidInput("%r, of type %s: no number, text, list or dict" % (value, type(value).__name__))


_encode = json.JSONEncoder(separators=(",", ":"), default=_plain, allow_nan=False).encode
_decode = json.JSONDecoder().decode


def _json(params: Dict[str, Any]) -> str:
    try:
        return _encode(params)
    except InvalidInput:
        raise
    except (TypeError, ValueError, RecursionError) as error:  # NaN, an infinite number, a list in itself
        raise InvalidInput("an argument cannot be sent: %s" % error) from None


def _exception(error: Dict[str, Any]) -> Exception:
    if error["code"] in _INVALID:
        return InvalidInput(error["message"])
    if error["code"] == _CANCELLED:
        return Cancelled(error["message"])
    return Failed(error["message"])


class Client:
    """Calls methods of `bench301 pipe`, from any thread. The program is started at the first call, and again if it
    was killed; a call that was waiting is made once more."""

    def __init__(self) -> None:
        self._process: Optional[_Process] = None
        self._inherited: Optional[_Process] = None  # by a fork
        self._starting = threading.Lock()
        self._exiting = False

    def call(self, method: str, params: Dict[str, Any], progress: Optional[Progress] = None) -> Any:
        """The result of a method of docs/protocol.md.

        Raises InvalidInput, Failed, ProcessDied, BinaryNotFound or BinaryMismatch.
        """
        for attempt in (1, 2):
            process = self._running()
            try:
                return process.call(method, params, progress)
            except _Gone:
                if process.closed:
                    if self._exiting:
                        raise SystemExit from None  # ends a thread without a word
                    raise Cancelled("%s: bench301.close() ended it" % method) from None
                if attempt == 2:
                    raise ProcessDied("bench301 (%s) ended while it answered %s, twice: %s" % (
                        process.binary, method, process.epitaph())) from None
        raise AssertionError

    def _running(self) -> _Process:
        process = self._process
        if process is not None and not process.dead:
            return process
        with self._starting:
            if self._process is None or self._process.dead:
                if self._process is not None:
                    self._process.reap()
                self._process = _start()
            return self._process

    def close(self) -> None:
        """End the program. The next call starts it again."""
        with self._starting:
            process, self._process = self._process, None
        if process is not None:
            process.close()

    def exit(self) -> None:
        """End the program with this one. Threads that still wait for it end too."""
        self._exiting = True
        self.close()

    def after_fork(self) -> None:
        """Leave the program to the process that was forked."""
        self._inherited, self._process = self._process, None
        self._starting = threading.Lock()
        if self._inherited is not None:
            self._inherited.forget()


def _start() -> _Process:
    binary = find()
    process = _Process(binary)
    try:
        process.call("hello", {"protocol": PROTOCOL, "client": "the Python package bench301 " + __version__}, None)
    except _Gone:
        raise BinaryMismatch(
            "%s does not answer as the Python package bench301 %s expects (%s). Its version: %s. Install the program "
            "and the package of one version." % (binary, __version__, process.epitaph(), _version(binary))) from None
    except InvalidInput as error:
        process.kill()
        raise BinaryMismatch("%s: %s" % (binary, error)) from None
    finally:
        if process.dead:
            process.close()
    return process


def _version(binary: str) -> str:
    try:
        done = subprocess.run([binary, "--version"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=10)
    except (OSError, subprocess.TimeoutExpired):
        return "unknown"
    said = done.stdout.decode("utf-8", "replace").strip()
    return said.splitlines()[0] if said and done.returncode == 0 else "unknown"


def run(args: List[str], stdin: Optional[str] = None, progress: Optional[Progress] = None,
        said: Optional[List[str]] = None, quiet: bool = False) -> str:
    """What `bench301 ARGS` prints. What it says meanwhile goes to standard error if that is a terminal and the call is
    not quiet, how far it is to progress instead, and all else into said.

    Raises InvalidInput for wrong usage and Failed otherwise, with what the program said.
    """
    own_group: Dict[str, Any] = {"start_new_session": True}  # Ctrl-C is for Python, which hands it on
    if sys.platform == "win32":
        own_group = {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}
    environment = dict(os.environ)
    if stdin is None:
        environment["BENCH301_END_WITH_INPUT"] = "1"  # it saves and ends if Python is killed
    done = popen([find()] + args, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                 env=environment, **own_group)
    words: List[str] = [] if said is None else said
    show = not quiet and on_terminal()

    def listen() -> None:
        assert done.stderr is not None
        in_place = False  # the cursor stands behind how far it is
        for raw in done.stderr:
            line = raw.decode("utf-8", "replace").rstrip("\r\n")
            far = _HOW_FAR.match(line)
            if far and progress is not None:
                try:
                    progress(far[1], int(far[2]), int(far[3]))
                except Exception:  # the program's pipe must be read on
                    traceback.print_exc()
            elif show and far:
                sys.stderr.write("\r%s\x1b[K" % line)
                in_place = True
            elif show and not line.startswith("bench301: next: "):
                sys.stderr.write(("\n" if in_place else "") + line + "\n")
                in_place = False
            if show:
                sys.stderr.flush()
            if not far:
                words.append(line)

    def write() -> None:
        assert done.stdin is not None and stdin is not None
        try:
            done.stdin.write(stdin.encode())
            done.stdin.close()
        except OSError:  # it ended before it had read all, and says why
            pass

    helpers = [threading.Thread(target=listen, daemon=True)]
    if stdin is not None:
        helpers.append(threading.Thread(target=write, daemon=True))
    for helper in helpers:
        helper.start()
    try:
        assert done.stdout is not None
        out: str = done.stdout.read().decode()
        status = done.wait()
    except BaseException:
        done.terminate()  # it saves what is finished
        done.wait()
        raise
    finally:
        for helper in helpers:
            helper.join(2)
        for end in (done.stdin, done.stdout, done.stderr):
            try:
                if end is not None and not any(helper.is_alive() for helper in helpers):
                    end.close()
            except OSError:  # it had not read all
                pass
    if status < 0:
        raise ProcessDied("bench301 %s was killed by signal %d; what it had finished is kept" % (args[0], -status))
    if status != 0:
        text = _sentence(words) or "bench301 %s: status %d" % (args[0], status)
        raise (InvalidInput if status == 2 else Failed)(text)
    return out


_HOW_FAR = re.compile(r"(\S[^:]*): (\d+) of (\d+)\b")  # a line of the program: "study: 3 of 60 architectures"


def _sentence(said: List[str]) -> str:
    """The error in what the program said: its last word."""
    lines = [line for line in said if line.strip()]
    for i in reversed(range(len(lines))):
        if lines[i].startswith("bench301: "):
            return "\n".join([lines[i][len("bench301: "):]] + lines[i + 1:])
    return "\n".join(lines)


client = Client()
atexit.register(client.exit)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=client.after_fork)
