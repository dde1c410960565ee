"""Studies and searches: run folders that the program makes, of estimators of its own and of Python functions."""

import csv
import io
import json
import math
import numbers
import os
import re
import shutil
import sys
import tempfile
from typing import Any, Callable, Dict, Iterable, List, Mapping, Optional, Sequence, Tuple, Union

from . import _functions
from ._archs import listed
from ._errors import Error, Failed, InvalidInput
from ._functions import Function
from ._pipe import Progress, client, run
from ._rows import Rows

Path = Union[str, "os.PathLike[str]"]

#: An estimator with settings as text, a function, an entry of a definition, or a dict from names to functions.
Estimator = Union[str, Callable[..., Any], Mapping[str, Any]]

_FOLDER = "python"  # in a run folder: what Python gave to it
_MARK = "functions.json"  # in that folder: fingerprints of functions
_LOCK = ".lock"  # in that folder, empty: held by the process that makes the run
_RESERVED = ("architectures", "accuracies", "study", "search")


class Run:
    """A run folder. Everything here is read from it, by the commands of the same names of the program."""

    def __init__(self, path: Path) -> None:
        self.path = os.fspath(path)

    def __fspath__(self) -> str:
        return self.path

    def __repr__(self) -> str:
        return "<bench301.%s %s>" % (type(self).__name__, self.path)

    def __str__(self) -> str:
        return run(["table", self.path]).rstrip("\n")

    def status(self) -> Rows:
        """How far it has come."""
        return _lines(run(["status", self.path, "--json"]))

    def table(self, only: str = "estimators", **options: Any) -> Rows:
        """A table of `bench301 table RUN --only NAME`: estimators, pairwise, top, confounding, budget, seeds, ablation,
        cohorts, protocol and others. Options are the flags of that command: combine="rank:rwe+params", given="params".
        """
        answer = run(["table", self.path, "--only", only, "--json"] + _flags(options))
        tables = [json.loads(line) for line in answer.splitlines() if line.strip()]
        if len(tables) != 1:
            raise InvalidInput("only: %s: %d tables: name one of them: %s" % (
                only, len(tables), ", ".join(t["table"] for t in tables)))
        return Rows(tables[0]["rows"], tables[0].get("notes") or [], tables[0].get("title", ""))

    def latex(self, only: str = "estimators", **options: Any) -> str:
        """The same table in LaTeX. Options are flags, such as width="3.25in", siunitx=True."""
        return run(["table", self.path, "--only", only, "--latex"] + _flags(options))

    def figure(self, only: Union[str, Sequence[str]] = (), out: Path = "", *, format: str = "pdf,png",
               **options: Any) -> List[str]:
        """Draw figures of `bench301 figure RUN`: all, or only scatter, bars, cost and so on. Returns the files."""
        kinds = [only] if isinstance(only, str) else list(only)
        args = ["figure", self.path, "--format", format] + ["--only=" + kind for kind in kinds if kind]
        return run(args + _out(out) + _flags(options)).splitlines()

    def report(self, out: Path = "", **options: Any) -> str:
        """Write the report, one HTML file. Returns its path."""
        return run(["report", self.path] + _out(out) + _flags(options)).splitlines()[-1]


class Study(Run):
    """The run folder of a study, also of a replay and of the demo."""

    def scores(self) -> Rows:
        """Every score, a row each: arch, id, estimator, settings, seed, score, seconds, status, error and origin."""
        return Rows(row for row in self._export() if row["estimator"] != "accuracy")

    def accuracies(self) -> Dict[str, Optional[float]]:
        """The accuracies that the scores are compared with, in percent, by id."""
        return {row["id"]: row.get("score") for row in self._export() if row["estimator"] == "accuracy"}

    def _export(self) -> Rows:
        rows = _lines(run(["study", "export", self.path, "--format", "jsonl"]))
        for row in rows:
            row.setdefault("score", None)
        return rows


class Search(Run):
    """The run folder of searches."""

    def front(self, method: str = "", seed: Optional[int] = None) -> Rows:
        """The architectures that none other beats in all objectives, a row each: method, seed, arch, id, minimised (by
        objective), accuracy (percent), params, macs. Of all searches, or of one method or seed."""
        path = os.path.join(self.path, "report", "fronts.jsonl")
        if not os.path.exists(path):  # of searches that were interrupted
            self.report()
        with open(path, encoding="utf-8") as file:
            rows = _lines(file.read())
        with open(os.path.join(self.path, "search.json"), encoding="utf-8") as file:
            methods = {m["name"]: m["objectives"] for m in json.load(file)["definition"]["methods"]}
        if method and method not in methods:
            raise InvalidInput("method: %s: none of %s" % (method, ", ".join(methods)))
        found = Rows(title="Front")
        for row in rows:
            if (not method or row["method"] == method) and (seed is None or row["seed"] == seed):
                minimised = dict(zip(methods[row["method"]], row.pop("estimates")))
                rest = {k: row.pop(k) for k in list(row) if k not in ("method", "seed", "arch", "id")}
                found.append(dict(row, minimised=minimised, **rest))
        return found

    def best(self) -> Dict[str, Any]:
        """The most accurate architecture of the fronts, as a row of front()."""
        rows = [row for row in self.front() if row.get("accuracy") is not None]
        if not rows:
            raise Failed("%s: no accuracies: the front has no best one" % self.path)
        return max(rows, key=lambda row: float(row["accuracy"]))

    def populations(self, **options: Any) -> Rows:
        """Who was born and who survived in every generation, a row a member. Options are flags of `bench301 search
        populations`."""
        return _lines(run(["search", "populations", self.path, "--json"] + _flags(options)))

    def export(self, out: Path, to: str = "pytorch", archs: Any = None, **options: Any) -> List[str]:
        """Write the networks of the front, or those of archs, for other programs, as export() does."""
        rows = self.front() if archs is None else archs
        return export(rows, to, out, **options)


def open_run(path: Path) -> Union[Study, Search]:
    """A run folder that is there: a Study or a Search. Raises InvalidInput for anything else."""
    path = os.fspath(path)
    if os.path.isfile(os.path.join(path, "search.json")):
        return Search(path)
    if os.path.isfile(os.path.join(path, "manifest.json")):
        return Study(path)
    if not os.path.isdir(path):
        raise InvalidInput("%s: no such run folder" % path)
    raise InvalidInput("%s: no run folder: it has neither manifest.json nor search.json" % path)


def study(estimators: Union[Estimator, Iterable[Estimator]], archs: Any = 100, *, accuracy: Any = "mini",
          data: Path = "sample", seed: int = 0, seeds: Union[int, Sequence[int]] = (0,), name: str = "study", out: Path = "",
          jobs: int = 0, lower: Iterable[str] = (), space: str = "darts", notation: str = "", fresh: bool = False,
          progress: Optional[Progress] = None) -> Study:
    """Judge estimators, of the program and functions of yours, on the same architectures: a run folder that
    `bench301 table`, `figure`, `report` and `status` open, with or without Python.

    estimators are names with settings ("rwe:head=ridge"), groups ("group:naslib"), entries of a definition
    ({"name": "rwe", "vary": {"epochs": [1, 2, 4]}}), functions, or a dict from names to functions. A function gets an
    Architecture, which is a Genotype with .text and .id (of other spaces a text with .id), and with an argument called
    seed each of seeds. It returns a number, the higher the better, unless lower names it. Where it raises, or returns
    None or NaN, that score is missing, and its reason stands in the run; no score at all is an error.

    archs is the number of architectures that seed draws, or a list of them. accuracy is mini, mini2, none, a surrogate,
    nasbench201 or nasbench201:cifar100 (networks that were trained, of that space),
    a CSV file with the columns arch and accuracy, rows of query(), a dict from architectures or ids to numbers, or a
    list of numbers in the order of archs. data are images: sample, cifar10, or a path.

    out is the run folder, by default runs/NAME, or NAME-2 and so on where another study lies there. Whatever ends
    Python, finished scores are kept, and the same call goes on. A function that has changed since is refused, so that
    old and new scores do not mix; what is seen of a function is said at fingerprint() in _functions.py. fresh=True
    removes the run folder first.
    """
    items = _items(estimators)
    seeds = _numbers(seeds)
    definition: Dict[str, Any] = {"name": name, "space": space, "seed": seed}
    files: Dict[str, str] = {}
    if isinstance(archs, numbers.Integral):
        chosen = _functions.drawn(int(archs), seed, space)
        definition["architectures"] = {"sample": int(archs)}
    else:
        chosen = _functions.architectures(archs, space, notation)
        if not chosen:
            raise InvalidInput("archs: no architecture")
        files["architectures.csv"] = _csv(["arch", "id"], ([a.text, a.id] for a in chosen))
        definition["architectures"] = {"file": "architectures.csv"}
    definition["accuracy"] = _accuracy(accuracy, chosen, files, space)
    definition["dataset"] = _dataset(data)
    definition["seeds"] = seeds
    entries, functions = [], []
    for own, item in items:
        if own is None:
            entries.append(item)
        else:
            functions.append((own, item))
            entries.append({"name": own, "scores": own + ".csv"})
    for worse in [lower] if isinstance(lower, str) else lower:
        entry = [e for e in entries if isinstance(e, dict) and e["name"] == worse and "scores" in e]
        if not entry:
            raise InvalidInput("lower: %s: none of the functions; the program's estimators know that themselves" % worse)
        entry[0]["direction"] = "lower"
    definition["estimators"] = entries
    files["study.json"] = _written(definition)
    return Study(_Given("study", files, functions, chosen, seeds).make(out, name, jobs, fresh, progress))


def search(objectives: Union[str, Sequence[str]] = ("rwe", "macs"), algorithm: str = "nsga2", *,
           methods: Optional[Sequence[Mapping[str, Any]]] = None, population: int = 20, generations: int = 30,
           seeds: Union[int, Sequence[int]] = 1, limits: Optional[Mapping[str, Any]] = None,
           budgets: Optional[Mapping[str, Any]] = None, accuracy: Any = "mini", data: Path = "sample",
           weights: str = "common", name: str = "search", out: Path = "", jobs: int = 0, space: str = "darts",
           fresh: bool = False, progress: Optional[Progress] = None) -> Search:
    """Look for architectures that minimise one to three objectives: accuracy (as an error), params, macs, flops,
    estimators with settings such as "rwe-ridge:channels=16", or "surrogate:PATH".

    algorithm is aging, local, moead, nsga2 or random; methods compare several: [{"name": "mine", "algorithm": "nsga2",
    "objectives": ["rwe", "macs"]}, ...]. Each search has population times generations evaluations, one for each of
    seeds. limits bound objectives, budgets are for the report: {"macs": "150M"}. accuracy, which judges the fronts,
    data, out and fresh are as in study(). Whatever ends Python, finished generations are kept, and the same call goes
    on, to the same end.
    """
    wanted = [objectives] if isinstance(objectives, str) else list(objectives)
    for objective in wanted:
        if not isinstance(objective, str):
            raise InvalidInput("objectives: %r, of type %s: must be a name such as macs or rwe: a function can be judged "
                               "by study(), and not steer a search" % (objective, type(objective).__name__))
    definition: Dict[str, Any] = {"name": name, "space": space}
    definition["methods"] = [dict(m) for m in methods or
                             [{"name": algorithm, "algorithm": algorithm, "objectives": wanted}]]
    definition.update(population=population, generations=generations,
                      seeds=_numbers(seeds), weights=weights)
    if limits:
        definition["limits"] = {k: _whole(v) for k, v in limits.items()}
    if budgets:
        definition["budgets"] = {k: [_whole(b) for b in (v if isinstance(v, (list, tuple)) else [v])]
                                 for k, v in budgets.items()}
    files: Dict[str, str] = {}
    definition["accuracy"] = _accuracy(accuracy, [], files, space)
    definition["dataset"] = _dataset(data)
    files["search.json"] = _written(definition)
    return Search(_Given("search", files, [], [], []).make(out, name, jobs, fresh, progress))


def export(archs: Any, to: str = "pytorch", out: Path = "", **options: Any) -> List[str]:
    """Write networks for other programs: to pytorch (a module of Python and its weights), python (Genotypes), onnx, dot
    or json. Returns the files: of pytorch the modules, each with a file of weights (.pt) beside it.

    out is a file, or for several networks in PyTorch a folder. Options are flags of `bench301 export`: channels,
    layers, classes, size, variant, auxiliary, seed, init, calibrate.
    """
    texts = [a if isinstance(a, str) else json.dumps(a) for a in listed(archs)]
    if not texts:
        raise InvalidInput("archs: no architecture to export")
    space = str(options.get("space", "darts"))
    names = client.call("convert", {"archs": listed(archs), "space": space, "notation": ""})["arch"]
    said: List[str] = []
    printed = run(["export", "-", "--to", to] + _out(out) + _flags(options), "\n".join(dict.fromkeys(names)) + "\n",
                  said=said)
    files = [line[len("wrote "):] for line in said if line.startswith("wrote ")]
    if not files:
        raise InvalidInput("out: name a file, or for PyTorch a folder; `bench301 export` prints %s" % to
                           if printed else "nothing was written")
    return [re.sub(r" and \S+\.pt$", "", file) for file in files]


def module(arch: Any, *, channels: int = 16, layers: int = 8, classes: int = 10, seed: Optional[int] = None,
           **options: Any) -> Any:
    """The network of an architecture as a torch.nn.Module, on the CPU and in train mode. Needs PyTorch.

    With seed its weights are those that bench301 draws from it; without, PyTorch draws them. Options are those of
    export(): size, variant, auxiliary, init, calibrate.
    """
    import importlib.util
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "net.py")
        export(arch, "pytorch", path, channels=channels, layers=layers, classes=classes, seed=seed or 0, **options)
        spec = importlib.util.spec_from_file_location("bench301_network", path)
        assert spec is not None and spec.loader is not None
        code = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(code)
        return code.network() if seed is not None else code.network(weights=None)


class _Given:
    """What Python gives to a run: files, of which one is the definition, and functions."""

    def __init__(self, kind: str, files: Dict[str, str], functions: List[Tuple[str, Callable[..., Any]]],
                 archs: Sequence[Any], seeds: Sequence[int]) -> None:
        self.kind = kind
        self.definition = kind + ".json"
        self.manifest = "manifest.json" if kind == "study" else "search.json"
        self.files = files
        self.functions = functions
        self.archs = archs
        self.seeds = seeds

    def make(self, out: Path, name: str, jobs: int, fresh: bool, progress: Optional[Progress]) -> str:
        """Make the run, or go on with it, and return its folder."""
        path = os.fspath(out) or self._free(name, fresh)
        if fresh:
            _remove(path)
        if not self._begun(path):
            self._check()
        folder = os.path.join(path, _FOLDER)
        made = not os.path.exists(path)
        try:
            os.makedirs(folder, exist_ok=True)
        except OSError as error:
            raise InvalidInput("out: %s: %s" % (path, error)) from None
        try:
            with _Lock(os.path.join(folder, _LOCK), path):
                self._make(path, folder, jobs, progress)
        except KeyboardInterrupt:
            if sys.stderr is not None:
                sys.stderr.write("\nbench301: %s: what is finished is kept; the same call goes on\n" % path)
            raise
        except BaseException as error:
            if made and not os.path.exists(os.path.join(path, self.manifest)) and not any(
                    Function(name, function, folder).has_scores() for name, function in self.functions):
                shutil.rmtree(path, ignore_errors=True)  # nothing came of it
            if isinstance(error, OSError) and not isinstance(error, Error):
                raise Failed("%s: %s" % (path, error)) from None
            raise
        return path

    def _make(self, path: str, folder: str, jobs: int, progress: Optional[Progress]) -> None:
        begun = self._begun(path)
        functions = [Function(name, function, folder) for name, function in self.functions]
        known = _read_json(os.path.join(folder, _MARK))
        for f in functions:
            if f.name in known and known[f.name] != f.fingerprint and f.has_scores():
                raise InvalidInput(
                    "%s has changed since %s has scores of it, and old and new scores must not mix: name another out, or "
                    "fresh=True makes all anew (its source then: %s)" % (f.name, path, f.source))
        if not begun:
            _write(os.path.join(folder, _MARK),
                   json.dumps(dict(known, **{f.name: f.fingerprint for f in functions}), indent=1) + "\n")
            for name, text in self.files.items():
                _write(os.path.join(folder, name), text)
            self._evaluate(functions, progress)
        threads = ["--jobs", str(jobs)] if jobs else []
        first = ["study", "run"] if self.kind == "study" else ["search"]
        if not begun:
            self._run(folder, first, ["--out", path] + threads, progress)
        elif self.kind == "search" or any(
                row["missing"] or not row["ok"] for row in _lines(run(["study", "status", path, "--json"]))):
            run([self.kind, "resume", path] + threads, progress=progress)

    def _evaluate(self, functions: List[Function], progress: Optional[Progress]) -> None:
        from . import _Meter
        for f in functions:
            f.keep_source()
            with _Meter(progress) as told:
                f.evaluate(self.archs, self.seeds, told)

    def _begun(self, path: str) -> bool:
        """Whether a folder is this run; what else it is, is an error."""
        ours = os.path.join(path, _FOLDER, self.definition)
        if not os.path.exists(os.path.join(path, self.manifest)):
            other = {"manifest.json": "a study", "search.json": "searches"}
            for name, what in other.items():
                if os.path.exists(os.path.join(path, name)):
                    raise InvalidInput("%s holds %s: name another out" % (path, what))
            if os.path.isdir(path) and not _vacant(path):
                raise InvalidInput("%s: not empty: name another out" % path)
            return False
        if not os.path.exists(ours):
            raise InvalidInput("%s holds a run that Python did not begin: bench301.open reads it; name another out" % path)
        changed = [name for name, text in self.files.items() if _read(os.path.join(path, _FOLDER, name)) != text]
        if changed:
            raise InvalidInput("%s holds another %s (%s): name another out, or fresh=True makes it anew" % (
                path, self.kind, _difference(_read(ours), self.files[self.definition]) or ", ".join(changed)))
        return True

    def _free(self, name: str, fresh: bool) -> str:
        """The folder of this run under runs, or one that is free."""
        base = re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip("-.") or self.kind
        for n in range(1, 1 << 20):
            path = os.path.join("runs", base if n == 1 else "%s-%d" % (base, n))
            if not os.path.exists(path):
                return path
            try:
                ours = os.path.isdir(os.path.join(path, _FOLDER)) and (fresh or self._same(path))
            except InvalidInput:
                continue
            if ours:
                return path
        raise Failed("runs: too many folders of the name %s" % base)

    def _same(self, path: str) -> bool:
        """Whether a folder is this run, with the same functions."""
        folder = os.path.join(path, _FOLDER)
        known = _read_json(os.path.join(folder, _MARK))
        return (self._begun(path) or all(_read(os.path.join(folder, n)) == t for n, t in self.files.items())) and all(
            known.get(name) == _functions.fingerprint(function) for name, function in self.functions)

    def _check(self) -> None:
        """Let the program read the definition before functions take their time."""
        if not self.functions:
            return
        with tempfile.TemporaryDirectory() as folder:
            for name, text in self.files.items():
                _write(os.path.join(folder, name), text)
            for name, _ in self.functions:
                _write(os.path.join(folder, name + ".csv"), _csv(["arch", "score"], [[self.archs[0].text, 0]]))
            self._run(folder, ["study", "plan"], ["--no-timing", "--json"], quiet=True)

    def _run(self, folder: str, command: List[str], args: List[str], progress: Optional[Progress] = None,
             quiet: bool = False) -> None:
        """Run a command on the definition in a folder. Errors do not name that file, which the user has not written."""
        path = os.path.join(folder, self.definition)
        try:
            run(command + [path] + args, progress=progress, quiet=quiet)
        except Error as error:
            raise type(error)(re.sub(re.escape(path) + r"(:\d+)*: ", "", str(error))) from None


class _Lock:
    """Keeps other processes from the same run, where the system has locks."""

    def __init__(self, path: str, run_folder: str) -> None:
        self.path = path
        self.run_folder = run_folder

    def __enter__(self) -> None:
        self._file = open(self.path, "a")
        try:
            import fcntl
        except ImportError:
            return
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._file.close()
            raise Failed("%s: another process is making it" % self.run_folder) from None

    def __exit__(self, *_: Any) -> None:
        self._file.close()


def _items(estimators: Any) -> List[Tuple[Optional[str], Any]]:
    """Entries of a definition, and functions with their names."""
    if isinstance(estimators, (str, Mapping)) or callable(estimators):
        estimators = [estimators]
    if not isinstance(estimators, Iterable):
        estimators = [estimators]  # which is then found to be none
    found: List[Tuple[Optional[str], Any]] = []
    for item in estimators:
        if isinstance(item, str):
            found.append((None, _entry(item)))
        elif isinstance(item, Mapping) and "name" in item and not callable(item["name"]):
            entry = dict(item)
            if "scores" in entry:  # the folder of the definition is another
                entry["scores"] = os.path.abspath(entry["scores"])
            found.append((None, entry))
        elif isinstance(item, Mapping):
            found.extend(_items_of(item))
        elif callable(item):
            found.append((_name(item), item))
        else:
            raise InvalidInput("estimators: %r, of type %s: must be a name, a function, or a dict from names to functions" % (
                item, type(item).__name__))
    if not found:
        raise InvalidInput("estimators: name one at least, such as params or rwe, or give a function")
    names = set()
    for name, _ in found:
        if name is None:
            continue
        if not _functions.NAME.match(name):
            raise InvalidInput("estimators: %r: letters, digits and . _ - only, at most 64" % name)
        if name.lower() in _RESERVED or name.lower() in names:
            raise InvalidInput("estimators: %s: %s: give the function another name: {\"name\": function}" % (
                name, "two functions have this name" if name.lower() in names else "stands for something else"))
        names.add(name.lower())
    return found


def _items_of(named: Mapping[str, Any]) -> List[Tuple[Optional[str], Any]]:
    for name, value in named.items():
        if not callable(value):
            raise InvalidInput("estimators: %s: %r, of type %s, is no function" % (name, value, type(value).__name__))
    return [(str(name), value) for name, value in named.items()]


def _name(function: Any) -> str:
    name = getattr(function, "__name__", "")
    if not name or name == "<lambda>":
        raise InvalidInput("estimators: %r has no name: give it one: {\"mine\": function}" % function)
    return str(name)


def _entry(text: str) -> Any:
    """An estimator with settings, "rwe:head=ridge,channels=16", as a definition has it."""
    group = "group:" if text.startswith("group:") else ""
    name, colon, rest = text[len(group):].partition(":")
    if not colon:
        return text
    settings: Dict[str, Any] = {}
    for pair in rest.split(","):
        key, equals, value = pair.partition("=")
        if not equals or not key.strip():
            raise InvalidInput("estimators: %s: %r: want settings as in rwe:head=ridge,channels=16" % (text, pair))
        if key.strip() in settings:
            raise InvalidInput("estimators: %s: %s stands twice" % (text, key.strip()))
        settings[key.strip()] = _value(value.strip())
    return {"name": group + name, "settings": settings}


def _value(text: str) -> Any:
    """A setting: true, false, a number as JSON writes it, or a text."""
    try:
        value = json.loads(text)
    except ValueError:
        return text
    return value if isinstance(value, (bool, int, float)) else text


def _accuracy(accuracy: Any, archs: Sequence[Any], files: Dict[str, str], space: str) -> Any:
    """The accuracies of a definition, with their file where Python has them."""
    if accuracy is None:
        return "none"
    if isinstance(accuracy, (str, os.PathLike)):
        name = os.fspath(accuracy)
        if os.path.isfile(name) and os.path.splitext(name)[1].lower() in (".csv", ".tsv", ".jsonl"):
            return {"source": "table", "file": os.path.abspath(name)}
        if name in ("mini", "mini2", "none"):
            return name
        benchmark, _, dataset = name.partition(":")
        if benchmark == "nasbench201":  # networks that were trained
            return {"source": benchmark, "dataset": dataset} if dataset else benchmark
        return {"source": "models", "file": os.path.abspath(name) if os.path.exists(name) else name}
    unit = {}
    if hasattr(accuracy, "to_dict") and hasattr(accuracy, "columns"):  # of pandas
        accuracy = accuracy.to_dict("records")
    if isinstance(accuracy, Mapping):
        pairs = list(accuracy.items())
    else:
        rows = list(accuracy)
        if archs and rows and not any(isinstance(row, (Mapping, str)) for row in rows):
            if len(rows) != len(archs):
                raise InvalidInput("accuracy: %d numbers, and %d different architectures" % (len(rows), len(archs)))
            rows = [{"arch": arch.text, "accuracy": value} for arch, value in zip(archs, rows)]
        if not all(isinstance(row, Mapping) and "arch" in row and "accuracy" in row for row in rows):
            raise InvalidInput("accuracy: want a name, a path, a dict from architectures to numbers, or rows with arch and "
                               "accuracy")
        pairs = [(row["arch"], row["accuracy"]) for row in rows]
        if rows and "surrogate" in rows[0]:
            unit = {"unit": "percent"}
    known = {a.id: a.text for a in archs}
    given = [known.get(k, k) if isinstance(k, str) else k for k, _ in pairs]
    texts = client.call("convert", {"archs": listed(given), "space": space, "notation": ""})["arch"]
    try:
        values = ["" if v is None or math.isnan(v) else float(v) for _, v in pairs]
    except (TypeError, ValueError) as error:
        raise InvalidInput("accuracy: %s" % error) from None
    files["accuracies.csv"] = _csv(["arch", "accuracy"], zip(texts, values))
    return dict({"source": "table", "file": "accuracies.csv", "column": "accuracy"}, **unit)


def _dataset(data: Path) -> Any:
    name = os.fspath(data)
    if name in ("sample", "cifar10"):
        return name
    if not os.path.exists(name):
        raise InvalidInput("data: %s: must be sample, cifar10, or the path of images" % name)
    return {"name": "folder", "path": os.path.abspath(name)}


def _numbers(seeds: Union[int, Sequence[int]]) -> List[int]:
    return [int(seeds)] if isinstance(seeds, (int, numbers.Integral)) else [int(s) for s in seeds]


def _whole(value: Any) -> Any:
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _written(definition: Dict[str, Any]) -> str:
    """A definition in JSON, which is YAML, a line a key, and a line an estimator or a method."""
    def text(value: Any) -> str:
        try:
            return json.dumps(value, ensure_ascii=False, allow_nan=False)
        except (TypeError, ValueError) as error:
            raise InvalidInput("%s: %s" % (error, value)) from None
    lines = []
    for key, value in definition.items():
        if key in ("estimators", "methods"):
            lines.append("%s: [\n  %s\n ]" % (text(key), ",\n  ".join(text(v) for v in value)))
        else:
            lines.append("%s: %s" % (text(key), text(value)))
    return "{\n " + ",\n ".join(lines) + "\n}\n"


def _difference(old: str, new: str) -> str:
    """Which keys of two definitions differ."""
    try:
        a, b = json.loads(old), json.loads(new)
    except ValueError:
        return ""
    keys = [key for key in dict.fromkeys(list(a) + list(b)) if a.get(key) != b.get(key)]
    return "other " + " and ".join(keys) if keys else ""


def _remove(path: str) -> None:
    """Remove a run that Python began, and nothing else."""
    if not os.path.exists(path):
        return
    if not os.path.isfile(os.path.join(path, _FOLDER, _MARK)):
        raise InvalidInput("%s: fresh=True removes what Python began, and it did not begin this" % path)
    shutil.rmtree(path)


def _vacant(path: str) -> bool:
    """Whether a folder holds nothing but what Python gave, and what a program that was killed began."""
    for name in os.listdir(path):
        if name == _FOLDER:
            inside = os.listdir(os.path.join(path, name)) if os.path.isdir(os.path.join(path, name)) else [""]
            if _MARK not in inside and inside not in ([], [_LOCK]):
                return False
        elif not re.match(r"(study\.yaml|architectures\.csv|scores\.db.*|\..*\.[0-9]+)\Z", name):
            return False
    return True


def _lines(text: str) -> Rows:
    return Rows(json.loads(line) for line in text.splitlines() if line.strip())


def _flags(options: Mapping[str, Any]) -> List[str]:
    """Options as flags of a command."""
    flags = []
    for name, value in options.items():
        flag = "--" + name.replace("_", "-")
        for v in (value if isinstance(value, (list, tuple)) else [value]):
            if v is None or v is False:
                continue
            flags.append(flag if v is True else "%s=%s" % (flag, os.fspath(v) if isinstance(v, os.PathLike) else v))
    return flags


def _out(out: Path) -> List[str]:
    return ["--out=" + os.fspath(out)] if out else []


def _csv(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return out.getvalue()


def _read(path: str) -> str:
    try:
        with open(path, encoding="utf-8", newline="") as file:
            return file.read()
    except OSError:
        return ""


def _read_json(path: str) -> Dict[str, Any]:
    try:
        return dict(json.loads(_read(path) or "{}"))
    except ValueError:
        return {}


def _write(path: str, text: str) -> None:
    """Write a file whole, or not at all."""
    with open(path + ".part", "w", encoding="utf-8", newline="") as file:
        file.write(text)
    os.replace(path + ".part", path)
