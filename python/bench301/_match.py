"""Scores and accuracies in any shape, matched with each other."""

import math
from collections.abc import Mapping
from typing import Any, Dict, Iterable, List, Optional, Tuple

from ._errors import InvalidInput
from ._pipe import client

Names = Tuple[str, ...]  # of one architecture: its text, its id


def items(what: str, values: Any) -> List[Any]:
    """The elements of anything that has some. Raises InvalidInput for a text, and for what has none."""
    try:
        if isinstance(values, (str, bytes)):
            raise TypeError
        return list(values)
    except TypeError:
        raise InvalidInput("%s: want a list, not %.60r" % (what, values)) from None


def number(what: str, value: Any) -> Optional[float]:
    """A number; None for NaN and the missing values of pandas. Raises InvalidInput for anything else."""
    if value is None or type(value).__name__ in ("NAType", "NaTType"):
        return None
    try:
        found = float(value)
    except (TypeError, ValueError, OverflowError):
        raise InvalidInput("%s: %.60r is no number" % (what, value)) from None
    if math.isinf(found):
        raise InvalidInput("%s: %s is no number to compare with: give None where there is none" % (what, found))
    return None if math.isnan(found) else found


class Scores:
    """Scores by estimator, in the order of architectures."""

    def __init__(self, scores: Any) -> None:
        self.vectors: Dict[str, List[Optional[float]]] = {}
        self.names: Optional[List[Names]] = None  # None: matched by position
        self.archs: Optional[List[str]] = None    # where they are known
        if _is_table(scores):
            if "estimator" not in scores.columns:
                self._columns({column: scores[column] for column in scores.columns if column not in ("id", "arch")},
                              _names(scores))
                return
            scores = scores.to_dict("records")
        if isinstance(scores, Mapping):
            self._columns(scores)
            return
        if _names(scores):
            self._columns({"scores": scores})
            return
        scores = items("scores", scores)
        if not scores:
            raise InvalidInput("there are no scores")
        if isinstance(scores[0], Mapping):
            self._rows(scores)
        else:
            self._columns({"scores": scores})

    def _columns(self, columns: Any, names: Optional[List[str]] = None) -> None:
        """A column an estimator: lists, or dicts and columns of pandas that name their architectures."""
        named = {} if names else {name: _named("scores of %s" % name, column) for name, column in columns.items()}
        if any(column is not None for column in named.values()):
            names = list(dict.fromkeys(arch for column in named.values() for arch in column or ()))
        for name, column in columns.items():
            what = "scores of %s" % name if str(name) != "scores" else "scores"
            found = named.get(name)
            values = items(what, column) if found is None else [found.get(arch) for arch in names or ()]
            if names is not None and len(values) != len(names):
                raise InvalidInput("%s: %d of %d architectures" % (what, len(values), len(names)))
            self.vectors[str(name)] = [number(what, value) for value in values]
        if names:
            self.names = [(name,) for name in names]

    def _rows(self, rows: List[Any]) -> None:
        """Rows as score() has them. The seeds of an estimator are averaged; one that is missing makes that missing."""
        check("scores", rows, "arch", "id", "estimator", "score")
        places: Dict[str, int] = {}
        for row in rows:
            places.setdefault(row["id"], len(places))
        first = {row["id"]: row for row in reversed(rows)}
        self.names = [(id_, first[id_]["arch"]) for id_ in places]
        self.archs = [first[id_]["arch"] for id_ in places]
        found: Dict[str, List[Dict[Any, Optional[float]]]] = {}
        for row in rows:
            name = row.get("label", row["estimator"])
            seeds = found.setdefault(name, [{} for _ in places])[places[row["id"]]]
            _add("scores of %s of one seed" % name, seeds, row.get("seed"), row["score"], row["id"])
        self.vectors = {name: [_mean(list(seeds.values())) for seeds in by_arch] for name, by_arch in found.items()}


def accuracies_of(accuracies: Any, names: Optional[List[Names]]) -> Tuple[List[Optional[float]], str]:
    """Accuracies in the order of architectures, None where there is none, and what they are of if their rows say so."""
    source = ""
    if _is_table(accuracies):
        if "accuracy" not in accuracies.columns:
            raise InvalidInput("accuracies: there is no column accuracy, only %s" % (
                ", ".join(map(str, accuracies.columns))))
        if "surrogate" in accuracies.columns and len(accuracies):
            source = str(accuracies["surrogate"].iloc[0])
        if "id" in accuracies.columns:
            accuracies = accuracies.to_dict("records")
        else:
            known = _names(accuracies)
            accuracies = dict(zip(known, accuracies["accuracy"])) if known and names else accuracies["accuracy"]
    named = _named("accuracies", accuracies) if names is not None or isinstance(accuracies, Mapping) else None
    if named is None:
        accuracies = items("accuracies", accuracies)
        if accuracies and isinstance(accuracies[0], Mapping):
            check("accuracies", accuracies, *(("accuracy",) if names is None else ("id", "accuracy")))
            source = str(accuracies[0].get("surrogate", ""))
            if names is not None:
                named = {}
                for row in accuracies:
                    _add("accuracies", named, row["id"], row["accuracy"])
                    if "arch" in row:
                        _add("accuracies", named, row["arch"], row["accuracy"])
            else:
                accuracies = [row["accuracy"] for row in accuracies]
    if named is None:
        if names is not None and len(accuracies) != len(names):
            raise InvalidInput("scores of %d architectures, and %d accuracies" % (len(names), len(accuracies)))
        return [number("accuracies", value) for value in accuracies], source
    if names is None:
        raise InvalidInput("accuracies by architecture want scores with ids, as score() returns them")
    return _matched(named, names), source


def _matched(named: Dict[str, Any], names: List[Names]) -> List[Optional[float]]:
    """The accuracies of architectures, which may be in another notation than those."""
    def find(of: Dict[str, Any]) -> List[Optional[float]]:
        return [next((number("accuracies", of[name]) for name in known if name in of), None) for known in names]

    found = find(named)
    if not any(value is not None for value in found):
        try:
            ids = client.call("convert", {"archs": list(named)})["id"]
            found = find({id_: value for id_, value in zip(ids, named.values())})
        except InvalidInput:
            pass  # ids of other architectures
    if not any(value is not None for value in found):
        raise InvalidInput("accuracies: none is of one of the %d architectures that have scores, such as %s" % (
            len(names), names[0][0]))
    return found


def check(what: str, rows: Iterable[Any], *keys: str) -> None:
    """Refuse rows that lack a key."""
    for row in rows:
        if not isinstance(row, Mapping) or not all(key in row for key in keys):
            wanted = " and ".join(filter(None, (", ".join(keys[:-1]), keys[-1])))
            raise InvalidInput("%s: rows want the key%s %s, not %.200r" % (what, "s"[len(keys) < 2:], wanted, row))


def _is_table(values: Any) -> bool:
    """Whether it is a DataFrame of pandas."""
    return hasattr(values, "to_dict") and hasattr(values, "columns")


def _names(values: Any) -> Optional[List[str]]:
    """How a table or column of pandas names its rows; None where it numbers them."""
    for key in ("id", "arch"):
        if key in getattr(values, "columns", ()):
            return [str(name) for name in values[key]]
    index = getattr(values, "index", None)
    names = [] if index is None or callable(index) else list(index)
    return names if names and all(isinstance(name, str) for name in names) else None


def _named(what: str, values: Any) -> Optional[Dict[str, Any]]:
    """Values by name of their architecture; None where they have only positions."""
    if isinstance(values, Mapping):
        pairs = [(str(name), value) for name, value in values.items()]
    else:
        names = _names(values)
        if names is None:
            return None
        pairs = list(zip(names, values))
    found: Dict[str, Any] = {}
    for name, value in pairs:
        _add(what, found, name, value)
    return found


def _add(what: str, found: Dict[Any, Any], name: Any, value: Any, of: str = "") -> None:
    """Put a value where none is. Raises InvalidInput where another one is."""
    value = number(what, value)
    before = found.get(name)
    if before is not None and value is not None and before != value:
        raise InvalidInput("%s has two %s, %s and %s" % (of or name, what, before, value))
    found[name] = value if before is None else before


def _mean(values: List[Optional[float]]) -> Optional[float]:
    """The mean over seeds; None where one of them is missing."""
    numbers = [value for value in values if value is not None]
    return math.fsum(numbers) / len(numbers) if values and len(numbers) == len(values) else None
