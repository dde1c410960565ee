"""Estimates of an architecture's accuracy, and whether they can be trusted: the program bench301 for Python.

    import bench301
    archs = bench301.sample(100, seed=1)
    accuracies = bench301.query(archs)
    scores = bench301.score(archs, ["macs", "map-effdim"])
    print(bench301.correlate(scores, accuracies).to_pandas())

Everything is computed by one `bench301 pipe` process, which starts at the first call, serves all threads and ends with
this one.
"""

import importlib
import os
import sys
import time
import warnings
from typing import Any, Dict, Iterable, List, Mapping, Optional, Sequence, Union

from ._archs import Arch, Genotype, listed
from ._binary import find as find_binary
from ._errors import (BinaryMismatch, BinaryNotFound, Cancelled, Error, Failed, InvalidInput, ProcessDied)
from ._functions import Architecture
from ._match import Scores, accuracies_of, items
from ._pipe import Progress, client, on_terminal, run
from ._rows import Rows, from_columns
from ._runs import Run, Search, Study, export, module, open_run, search, study
from ._version import __version__
from ._zero_cost import PROXIES, ZeroCost, zero_cost


__all__ = [
    "Arch", "Architecture", "BinaryMismatch", "BinaryNotFound", "Cancelled", "Error", "Failed", "Genotype", "InvalidInput",
    "PROXIES", "ProcessDied", "Rows", "Run", "Search", "Study", "ZeroCost", "__version__", "close", "complexity",
    "convert", "correlate", "export", "find_binary", "module", "open_run", "query", "run_command", "sample", "score",
    "search", "study", "surrogate", "zero_cost",
]

open = open_run  # not in __all__: `from bench301 import *` leaves Python's own open alone


def sample(n: int = 10, seed: int = 0, *, space: str = "darts", notation: str = "") -> List[str]:
    """Draw n architectures uniformly from a search space. Of one seed, the first k of n are those of k.

    The texts are in the notation that is named, or else the first of `bench301 sample --help`.
    """
    drawn: List[str] = client.call("sample", {"n": n, "seed": seed, "space": space, "notation": notation})["arch"]
    return drawn


def query(archs: Any, surrogate: Union[str, "os.PathLike[str]"] = "mini", *, members: bool = False,
          noise_seed: Optional[int] = None, runtime: Union[str, "os.PathLike[str]"] = "", notation: str = "") -> Rows:
    """What a surrogate of NAS-Bench-301 predicts, a row an architecture: arch, id, accuracy (percent), std, in_range,
    surrogate.

    surrogate is mini (inside the program; an approximation of the published XGBoost ensemble), mini2, the path of a
    published ensemble or of a file of ours, or the name of an imported one. Where in_range is False the architecture is
    unlike those that the surrogate was trained on. members adds the prediction of every member, noise_seed a prediction
    with the noise of nasbench301 drawn from that seed, and runtime the seconds of training by a surrogate of those,
    such as mini-runtime. An accuracy of the mini surrogate is no measurement: its name stands in every row.

    surrogate="nasbench201", or "nasbench201:cifar100", asks for accuracies of networks that were trained, which
    `bench301 data import nasbench201` keeps: std is None, and where in_range is False accuracy is None, for the file
    does not cover the architecture.
    """
    asked = _archs(archs, notation=notation)
    accuracy = client.call("query", dict(
        asked, surrogate=_path("surrogate", surrogate), members=members, noise_seed=noise_seed))
    if accuracy["unit"] == "seconds":
        raise InvalidInput("surrogate: %s predicts seconds: give it as runtime" % accuracy["surrogate"])
    accuracy["accuracy"] = accuracy.pop("value")
    names = ["arch", "id", "accuracy", "std", "in_range"]
    names += ["noisy"] * (noise_seed is not None) + ["members"] * bool(members)
    constant = {"surrogate": accuracy["surrogate"]}
    if runtime:
        seconds = client.call("query", dict(asked, surrogate=_path("runtime", runtime)))
        if seconds["unit"] == "percent":
            raise InvalidInput("runtime: %s predicts accuracies: give it as surrogate" % seconds["surrogate"])
        accuracy["runtime"], accuracy["runtime_in_range"] = seconds["value"], seconds["in_range"]
        names += ["runtime", "runtime_in_range"]
        constant["runtime_surrogate"] = seconds["surrogate"]
    rows = from_columns(accuracy, names, **constant)
    outside = len(rows) - sum(accuracy["in_range"])
    if accuracy.get("kind") == "trained":
        rows.notes.append("%s: %s" % (accuracy["surrogate"], accuracy["measure"]))
        if outside:
            rows.notes.append("%d of %d architectures are not covered by %s" % (
                outside, len(rows), accuracy["surrogate"]))
    elif outside:
        rows.notes.append("%d of %d architectures are unlike the training data of %s" % (
            outside, len(rows), accuracy["surrogate"]))
    return rows


def surrogate(name: Union[str, "os.PathLike[str]"] = "mini") -> Dict[str, Any]:
    """Read a surrogate, and say what it is: name, kind, unit (percent or seconds), members."""
    info: Dict[str, Any] = client.call("surrogate", {"name": _path("surrogate", name)})
    return info


def complexity(archs: Any, *, channels: int = 0, layers: int = 0, classes: int = 0, size: int = 0, variant: str = "",
               auxiliary: bool = False, space: str = "", notation: str = "") -> Rows:
    """Parameters, multiply-accumulates and flops of networks, in closed form: rows of arch, id, params, macs, flops.

    What is 0 or "" is as NAS-Bench-301 has it: 32 channels, 8 cells, 10 classes, 32 by 32 pixels, the network of
    NASLib. The variants are naslib, darts and imagenet. The space is that of the first architecture, unless it is named.
    """
    answer = client.call("complexity", dict(
        _archs(archs, space, notation), channels=channels, layers=layers, classes=classes, height=size, width=size,
        variant=variant, auxiliary=auxiliary))
    return from_columns(answer, ["arch", "id", "params", "macs", "flops"])


def convert(archs: Any, to: str = "", *, space: str = "", notation: str = "") -> List[str]:
    """Architectures as texts in another notation of `bench301 sample --help`, by default the canonical one."""
    texts: List[str] = client.call("convert", dict(_archs(archs, space, notation), to=to))["text"]
    return texts


def score(archs: Any, estimators: Union[str, Iterable[str]], *, data: Union[str, "os.PathLike[str]"] = "sample",
          seeds: Iterable[int] = (0,), jobs: int = 0, out: Union[str, "os.PathLike[str]"] = "",
          progress: Optional[Progress] = None, space: str = "", notation: str = "") -> Rows:
    """Score architectures with estimators, a row a score: label (as the estimator was asked for), arch, id, estimator,
    settings, seed, score, status, seconds (on the wall), cpu_seconds, and where the score comes from.

    estimators are names with settings, such as "rwe:head=ridge,channels=16", or groups, such as "group:naslib"
    (`bench301 estimators`). data are images: sample (inside the program), cifar10, or a path. A score that failed or is
    undefined is None; its row says why, and a warning counts them. With out, a file of JSON lines, scores are kept as
    they are made, and those that it has are not made again. progress(what, done, total) is told how far it is, a second
    apart; without it, standard error shows that if it is a terminal.
    """
    if isinstance(estimators, str):
        estimators = [estimators]
    with _Meter(progress) as told:
        answer = client.call("score", dict(
            _archs(archs, space, notation), estimators=items("estimators", estimators), data=_path("data", data),
            seeds=items("seeds", seeds), jobs=jobs, out=os.path.abspath(_path("out", out)) if out else ""), told)
    for note in answer["notes"]:
        warnings.warn(note, stacklevel=2)
    for row in answer["scores"]:
        if row.get("score") is not None:  # JSON has 3 for 3.0
            row["score"] = float(row["score"])
    return Rows(answer["scores"], answer["notes"])


def correlate(scores: Any, accuracies: Any, *, resamples: int = 2000, seed: int = 0, table: str = "estimators",
              compare: bool = False, lower: Union[str, Iterable[str]] = (),
              progress: Optional[Progress] = None) -> Rows:
    """Kendall's tau-b and Spearman's rho of estimators with accuracies, with 95% bootstrap intervals: the rows of
    `bench301 correlate --json`, or of another of its tables.

    scores are the rows of score(), a dict from names of estimators to lists, or one list. accuracies are the rows of
    query(), a dict from architectures or ids to numbers, or a list. Either can be a table or column of pandas. What
    names architectures, by rows, keys, or an index or column of pandas, is matched by that; lists are matched by
    position and must be of one length. Several seeds of an estimator are averaged. None and NaN are no score: those
    pairs are left out, and coverage says how many are left; infinite ones are an error. Scores of which lower is better are negated: an estimator of the program knows that itself, lower names
    others. With compare each estimator is compared with the best one.
    """
    given = Scores(scores)
    truth, source = accuracies_of(accuracies, given.names)
    less = {lower} if isinstance(lower, str) else set(items("lower", lower))
    strangers = sorted(str(name) for name in less - set(given.vectors))
    if strangers:
        raise InvalidInput("lower: %s: no scores of that name" % ", ".join(strangers))
    asked: Dict[str, Any] = {
        "scores": [dict({"estimator": name, "values": values}, **({"lower": True} if name in less else {}))
                   for name, values in given.vectors.items()],
        "accuracies": truth, "resamples": resamples, "seed": seed, "table": table, "compare": compare}
    if source:
        asked["truth"] = source
    if given.archs is not None:
        asked["archs"] = given.archs
    with _Meter(progress) as told:
        answer = client.call("correlate", asked, told)
    return Rows(answer["rows"], answer["notes"], answer["title"])


def __getattr__(name: str) -> Any:
    if name == "nasbench301":  # imports numpy where there is one
        return importlib.import_module("bench301.nasbench301")
    raise AttributeError("module %r has no attribute %r" % (__name__, name))


def run_command(*args: str, stdin: Optional[str] = None) -> str:
    """What `bench301 ARGS` prints, for everything that has no function here. Raises InvalidInput for wrong usage, and
    Failed with what the program said."""
    return run([str(arg) for arg in args], stdin)


def close() -> None:
    """End the process of the program. The next call starts another one."""
    client.close()


def _archs(archs: Any, space: str = "", notation: str = "") -> Dict[str, Any]:
    return {"archs": listed(archs), "space": space, "notation": notation}


def _path(what: str, name: Union[str, "os.PathLike[str]"]) -> str:
    """A path as it is meant here, whatever folder the program was started in; a name as it is."""
    try:
        name = os.fsdecode(name)
    except TypeError:
        raise InvalidInput("%s: want a name or a path, not %.60r" % (what, name)) from None
    return os.path.abspath(name) if name not in _NAMES and os.path.exists(name) else name


_NAMES = ("", "mini", "mini2", "mini-runtime", "sample", "cifar10")  # the program's own


class _Meter:
    """Shows on a terminal how far a request is that takes longer than two seconds."""

    def __init__(self, progress: Optional[Progress]) -> None:
        if progress is not None and not callable(progress):
            raise InvalidInput("progress: want a function of what, done and total, not %.60r" % (progress,))
        self._told = progress
        self._start = time.monotonic()
        self._shown = False

    def __enter__(self) -> Optional[Progress]:
        if self._told is not None:
            return self._told
        if on_terminal():
            return self._show
        return None

    def _show(self, what: str, done: int, total: int) -> None:
        if time.monotonic() - self._start > 2:
            sys.stderr.write("\r%s: %d of %d" % (what, done, total))
            sys.stderr.flush()
            self._shown = True

    def __exit__(self, *_: Any) -> None:
        if self._shown:
            sys.stderr.write("\n")
