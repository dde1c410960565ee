"""Estimators that are Python functions: what they are given, what they gave, and whether they are still the same."""

import ast
import csv
import dis
import functools
import hashlib
import inspect
import io
import math
import os
import re
import textwrap
import time
import tokenize
import types
import warnings
from typing import Any, Callable, Dict, Iterable, Iterator, List, Optional, Sequence, Set, Tuple

from ._archs import Genotype, listed
from ._errors import Failed, InvalidInput
from ._pipe import Progress, client

#: Names that estimators may have.
NAME = re.compile(r"[A-Za-z0-9._-]{1,64}\Z")


class Architecture(Genotype):
    """The Genotype of an architecture, as code of DARTS reads it, with its text and id in bench301.

    normal and reduce are lists of eight pairs (operation, input), two for each of the nodes 2 to 5.
    """

    text: str
    id: str

    def __repr__(self) -> str:
        return "Genotype" + super().__repr__()[len(type(self).__name__):]


class Text(str):
    """An architecture of a space without Genotypes: its text, with its id."""

    id: str

    @property
    def text(self) -> str:
        return str(self)


def genotype(text: str) -> Genotype:
    """The Genotype that a text "Genotype(normal=[...], ...)" writes."""
    call: Any = ast.parse(text, mode="eval").body
    return Genotype(**{k.arg: ast.literal_eval(k.value) for k in call.keywords})


def architectures(archs: Any, space: str = "darts", notation: str = "") -> List[Any]:
    """Architectures as functions are given them, each once, in order."""
    if not isinstance(archs, (str, Iterable)) and not hasattr(archs, "normal") and not hasattr(archs, "get_dictionary"):
        raise InvalidInput("archs: %r, of type %s: must be a number, or a list of architectures" % (
            archs, type(archs).__name__))
    found: Dict[str, Any] = {}
    asked = {"archs": listed(archs), "space": space, "notation": notation}
    answer = client.call("convert", dict(asked, to="genotype" if space == "darts" else ""))
    for text, id_, written in zip(answer["arch"], answer["id"], answer["text"]):
        if id_ not in found:
            arch: Any = Architecture(*genotype(written)) if space == "darts" else Text(text)
            if space == "darts":
                arch.text = text
            arch.id = id_
            found[id_] = arch
    return list(found.values())


def drawn(n: int, seed: int, space: str) -> List[Any]:
    """The n distinct architectures that a study draws."""
    if isinstance(n, bool) or n < 1:
        raise InvalidInput("archs: %r: must be 1 or more, or a list of architectures" % n)
    ask = n
    while True:
        answer = client.call("sample", {"n": ask, "seed": seed, "space": space, "notation": ""})
        if len(set(answer["id"])) >= n or ask > 1000 * n:
            return architectures(answer["arch"], space)[:n]
        ask *= 2


class Function:
    """A function that estimates, with the name and the file of its scores."""

    def __init__(self, name: str, function: Callable[..., Any], folder: str) -> None:
        self.name = name
        self.function = function
        self.path = os.path.join(folder, name + ".csv")
        self.source = os.path.join(folder, name + ".py")
        self.fingerprint = fingerprint(function)
        self.seeded = _takes_seed(function)

    def keep_source(self) -> None:
        """Write the source beside the scores, where there is one."""
        try:
            text = textwrap.dedent(inspect.getsource(_innermost(self.function)))
        except (OSError, TypeError):
            return
        with open(self.source, "w", encoding="utf-8") as file:
            file.write(text)

    def kept(self) -> Dict[Tuple[str, int], Dict[str, str]]:
        """The rows of the file so far, by id and seed. What a killed process left half-written is cut off."""
        if not os.path.exists(self.path):
            return {}
        with open(self.path, "rb+") as file:
            data = file.read()
            whole = data.rfind(b"\n") + 1
            if whole < len(data):
                file.truncate(whole)
        rows = csv.DictReader(io.StringIO(data[:whole].decode("utf-8"), newline=""))
        return {(row["id"], int(row.get("seed") or 0)): row for row in rows}

    def has_scores(self) -> bool:
        return any(row["score"] for row in self.kept().values())

    def evaluate(self, archs: Sequence[Any], seeds: Sequence[int], told: Optional[Progress]) -> None:
        """Score what the file has no row of. Each score is in the file before the next one begins.

        Raises Failed if there is no score at all in the end.
        """
        kept = self.kept()
        if not any(row["score"] for row in kept.values()):
            kept = {}  # it failed everywhere: whatever was wrong may be right now
            with open(self.path, "w", newline="", encoding="utf-8") as file:
                file.write("arch,id,seed,score,seconds,reason\n" if self.seeded else "arch,id,score,seconds,reason\n")
        asked = [(arch, seed) for seed in (seeds if self.seeded else [0]) for arch in archs]
        scores = 0
        missing: List[str] = []
        with open(self.path, "a", newline="", encoding="utf-8") as file:
            rows = csv.writer(file, lineterminator="\n")
            for done, (arch, seed) in enumerate(asked):
                row = kept.get((arch.id, seed))
                if row is None:
                    if told is not None:
                        told(self.name, done, len(asked))
                    score, seconds, reason = self._ask(arch, seed)
                    number = "" if score is None else repr(score)
                    where = [arch.text, arch.id] + ([seed] if self.seeded else [])
                    rows.writerow(where + [number, "%.9f" % seconds, reason])
                    file.flush()
                    if reason and not missing:
                        warnings.warn("%s: no score of %s: %s" % (self.name, arch.id, reason), stacklevel=6)
                else:
                    number, reason = row["score"], row["reason"]
                if number:
                    scores += 1
                else:
                    missing.append(reason)
        if told is not None:
            told(self.name, len(asked), len(asked))
        if not scores:
            raise Failed("%s gave no score of any of %d architectures: %s" % (
                self.name, len(archs), max(set(missing), key=missing.count)))
        if len(missing) > 1:
            warnings.warn("%s: %d of %d scores are missing, most of them because: %s" % (
                self.name, len(missing), len(asked), max(set(missing), key=missing.count)), stacklevel=6)

    def _ask(self, arch: Any, seed: int) -> Tuple[Optional[float], float, str]:
        """A score or None, its seconds, and why there is none."""
        start = time.perf_counter()
        score, reason = None, ""
        try:
            value = self.function(arch, seed=seed) if self.seeded else self.function(arch)
            if value is None or isinstance(value, (str, bytes)):
                reason = "it gave %r, which is no number" % (value,)
            else:
                score = float(value)
                if not math.isfinite(score):
                    score, reason = None, "it gave %r" % score
        except Exception as error:
            score, reason = None, "%s: %s" % (type(error).__name__, error)
        return score, time.perf_counter() - start, " ".join(reason.split())[:400]


def _takes_seed(function: Callable[..., Any]) -> bool:
    try:
        return "seed" in inspect.signature(function).parameters
    except (TypeError, ValueError):
        return False


def _innermost(function: Any) -> Any:
    """What has a source: a function behind partial and wrappers, the class of an object."""
    while isinstance(function, functools.partial):
        function = function.func
    function = inspect.unwrap(function)
    if inspect.isroutine(function) or inspect.isclass(function):
        return function
    return type(function)


def fingerprint(function: Callable[..., Any]) -> str:
    """A hash of what can be seen of a function: its source without comments, defaults, what it encloses, constants
    and functions of its module that it names, and theirs. What it reads from files, or from objects that change, is
    not seen."""
    digest = hashlib.sha256()
    for part in _parts(function, set()):
        digest.update(part.encode("utf-8", "replace") + b"\0")
    return digest.hexdigest()[:16]


def _parts(thing: Any, seen: Set[int]) -> Iterator[str]:
    if id(thing) in seen:
        return
    seen.add(id(thing))
    if isinstance(thing, functools.partial):
        yield from _parts(thing.func, seen)
        for name, value in [("", a) for a in thing.args] + sorted(thing.keywords.items()):
            yield from _named(name, value, seen)
    elif inspect.ismethod(thing):
        yield from _parts(thing.__func__, seen)
        yield from _parts(thing.__self__, seen)
    elif isinstance(thing, types.FunctionType):
        yield from _function(thing, seen)
    elif inspect.isclass(thing):
        for name, value in sorted(vars(thing).items()):
            if not name.startswith("__") or isinstance(value, types.FunctionType):
                yield from _named(name, getattr(value, "__func__", value), seen)
    else:
        yield "%s %s" % (getattr(thing, "__module__", ""), getattr(thing, "__qualname__", getattr(thing, "__name__", "")))
        yield from _parts(type(thing), seen)
        for name, value in sorted(getattr(thing, "__dict__", {}).items()):
            yield from _named(name, value, seen)


def _function(function: types.FunctionType, seen: Set[int]) -> Iterator[str]:
    code = function.__code__
    yield _source(function)
    for value in (function.__defaults__ or ()):
        yield from _named("", value, seen)
    for name, value in sorted((function.__kwdefaults__ or {}).items()):
        yield from _named(name, value, seen)
    read, written = _names(code)
    for name, cell in zip(code.co_freevars, function.__closure__ or ()):
        try:
            if name not in written:
                yield from _named(name, cell.cell_contents, seen)
        except ValueError:  # not set yet
            pass
    for name in sorted(read - written):
        if name in function.__globals__:
            value = function.__globals__[name]
            if _constant(value) or getattr(value, "__module__", None) == function.__module__:
                yield from _named(name, value, seen)
    wrapped = getattr(function, "__wrapped__", None)
    if wrapped is not None:
        yield from _parts(wrapped, seen)


def _named(name: str, value: Any, seen: Set[int]) -> Iterator[str]:
    if _constant(value):
        yield "%s=%r" % (name, value)
    elif isinstance(value, (types.FunctionType, functools.partial)) or inspect.ismethod(value) \
            or inspect.isclass(value) and value.__module__ != "builtins":
        yield name
        yield from _parts(value, seen)


def _constant(value: Any) -> bool:
    if isinstance(value, tuple):
        return all(_constant(v) for v in value)
    return value is None or isinstance(value, (bool, int, float, complex, str, bytes))


def _names(code: types.CodeType) -> Tuple[Set[str], Set[str]]:
    """Names outside a function that it reads, and those that it sets."""
    read, written = set(), set()
    for i in dis.get_instructions(code):
        if i.opname in ("STORE_GLOBAL", "STORE_DEREF"):
            written.add(i.argval)
        elif i.opname in ("LOAD_GLOBAL", "LOAD_NAME"):
            read.add(i.argval)
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            more = _names(constant)
            read |= more[0]
            written |= more[1]
    return read, written


def _source(function: types.FunctionType) -> str:
    """The source without comments and blank lines, or what it was compiled to."""
    if function.__name__ != "<lambda>":  # whose lines hold other things
        try:
            text = textwrap.dedent(inspect.getsource(function))
            left_out = (tokenize.COMMENT, tokenize.NL)
            return " ".join(t.string for t in tokenize.generate_tokens(io.StringIO(text).readline)
                            if t.type not in left_out)
        except (OSError, TypeError, SyntaxError, tokenize.TokenError):
            pass
    return _compiled(function.__code__)


def _compiled(code: types.CodeType) -> str:
    constants = []
    for c in code.co_consts:
        if isinstance(c, types.CodeType):
            constants.append(_compiled(c))
        else:  # a set has no order
            constants.append(repr(sorted(map(repr, c)) if isinstance(c, frozenset) else c))
    return " ".join([code.co_code.hex(), repr(code.co_names)] + constants)
