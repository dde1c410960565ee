"""Tables of zero-cost proxies in the structure of NASLib's zc_nasbench301.json."""

import ast
import math
import os
from typing import Any, Dict, Iterable, List, Optional, Sequence, Tuple, Union

import bench301

from ._archs import listed
from ._errors import InvalidInput
from ._match import items, number
from ._pipe import Progress, client

#: The proxies of NAS-Bench-Suite-Zero, by the names of NASLib: those of group:naslib.
PROXIES = ("epe_nas", "fisher", "flops", "grad_norm", "grasp", "jacov", "l2_norm", "nwot", "params",
           "plain", "snip", "synflow", "zen")

_OPERATIONS = ("max_pool_3x3", "avg_pool_3x3", "skip_connect", "sep_conv_3x3", "sep_conv_5x5",
               "dil_conv_3x3", "dil_conv_5x5")


class ZeroCost(Dict[str, Dict[str, Dict[str, Any]]]):
    """What zc_nasbench301.json holds, for json.dump: {data set: {architecture: {proxy: {"score",
    "time"}, ..., "val_accuracy"}}}.

    surrogate says where the accuracies come from, notes what is missing or to be distrusted. The
    file has no place for either.
    """

    def __init__(self, content: Any = (), surrogate: str = "", notes: Sequence[str] = ()) -> None:
        super().__init__(content)
        self.surrogate = surrogate
        self.notes = list(notes)


def zero_cost(archs: Any, proxies: Union[str, Iterable[str]] = PROXIES, *,
              surrogate: Union[str, "os.PathLike[str]"] = "mini",
              accuracies: Optional[Iterable[Optional[float]]] = None,
              data: Union[str, "os.PathLike[str]"] = "sample", seeds: Iterable[int] = (0,), jobs: int = 0,
              out: Union[str, "os.PathLike[str]"] = "", dataset: str = "cifar10",
              progress: Optional[Progress] = None, notation: str = "") -> ZeroCost:
    """Zero-cost proxies and accuracies of architectures of the DARTS space, in the structure of
    NASLib's zc_nasbench301.json: json.dump() writes that file, and its part below dataset is what
    get_zc_benchmark_api() returns there.

    A key is the text of NASLib's compact tuples, as str(graph.get_hash()) gives it, with the pairs
    of a node in the order in which the architecture was given; in that of the inputs where a
    notation has no order. proxies are names of estimators, with settings if need be; the default
    are the 13 of NAS-Bench-Suite-Zero. "score" is the mean over seeds and "time" the seconds of one
    seed on the wall. Where a score failed or is undefined it is None (null), never 0, and "error"
    says why; a warning and the notes count them.

    "val_accuracy" is in percent, and no measurement: surrogate predicts it, and .surrogate of the
    result is its name. accuracies are your own instead, one an architecture. data, jobs, out and
    progress are those of score(). The images sample are not the whole data set: name cifar10 for
    scores that are to stand beside published ones.

    Raises InvalidInput for what is no architecture, proxy or surrogate of accuracies.
    """
    if isinstance(proxies, str):
        proxies = [proxies]
    proxies = items("proxies", proxies)
    sent = listed(archs)
    own = None
    if accuracies is not None:
        own = [number("accuracies", value) for value in items("accuracies", accuracies)]
        if len(own) != len(sent):
            raise InvalidInput("accuracies: %d of %d architectures" % (len(own), len(sent)))
    known = client.call("convert", {"archs": sent, "notation": notation, "space": "darts", "to": "pairs"})
    places: Dict[str, int] = {}  # of architectures that differ
    for i, name in enumerate(known["id"]):
        places.setdefault(name, i)
    different = [known["arch"][i] for i in places.values()]
    if own is None:
        predicted = bench301.query(different, surrogate)
        source = predicted[0]["surrogate"] if predicted else ""
        notes = predicted.notes
        accuracy = {row["id"]: row["accuracy"] for row in predicted}
        values = [accuracy[name] for name in known["id"]]
    else:
        source, notes = "the accuracies given", []
        values = own
    scores = bench301.score(different, proxies, data=data, seeds=seeds, jobs=jobs, out=out,
                            progress=progress)
    by_arch: Dict[str, Dict[str, List[Dict[str, Any]]]] = {name: {} for name in places}
    for row in scores:
        by_arch[row["id"]].setdefault(row["label"], []).append(row)
    labels = list(dict.fromkeys(row["label"] for row in scores))
    names = dict(zip(labels, labels))
    if len(labels) == len(proxies):  # as they were asked for, whatever the order of settings
        names = {label: label if proxy.startswith("group:") else proxy
                 for label, proxy in zip(labels, proxies)}
    table = {}
    for arch, canonical, name, value in zip(sent, known["arch"], known["id"], values):
        entry: Dict[str, Any] = {
            names[label]: _cell(rows) for label, rows in by_arch[name].items()}
        entry["val_accuracy"] = value
        table[_key(arch, canonical)] = entry
    notes = notes + scores.notes
    if data == "sample" and any(row["dataset"] for row in scores):
        notes.append("the scores are of the sample of images inside the program: data=\"cifar10\" "
                     "takes the whole data set")
    return ZeroCost({dataset: table}, source, notes)


def _cell(rows: List[Dict[str, Any]]) -> Dict[str, Any]:
    """Score and time of the rows of one architecture and proxy, one a seed."""
    cell: Dict[str, Any] = {
        "score": None, "time": math.fsum(row.get("seconds", 0) for row in rows) / len(rows)}
    wrong = [row for row in rows if row.get("score") is None]
    if wrong:
        reason = wrong[0].get("error", "no reason was given")
        cell["error"] = "%s: %s" % (wrong[0]["status"], reason)
    else:
        cell["score"] = math.fsum(row["score"] for row in rows) / len(rows)
    return cell


def _key(arch: Any, canonical: str) -> str:
    """The text of NASLib's compact tuples, in the order of the architecture if it has one."""
    cells = ast.literal_eval(canonical)
    try:
        given = _cells(arch)
        ordered: List[List[Tuple[int, int]]] = [
            sum((sorted(cell[k:k + 2]) for k in range(0, 8, 2)), []) for cell in given]
        if ordered == cells:
            cells = given
    except (TypeError, ValueError, SyntaxError, KeyError):
        pass
    return str(tuple(tuple(cell) for cell in cells))


def _cells(arch: Any) -> List[List[Tuple[int, int]]]:
    """The cells of pairs or of a Genotype, as values or text; any error where it is neither."""
    if isinstance(arch, str):
        tree = ast.parse(arch.strip(), mode="eval").body
        if isinstance(tree, ast.Call):
            given = {keyword.arg: keyword.value for keyword in tree.keywords}
            cells = [ast.literal_eval(given[name]) for name in ("normal", "reduce")]
            return [[(source, _OPERATIONS.index(operation)) for operation, source in cell]
                    for cell in cells]
        arch = ast.literal_eval(tree)
    return [[(int(source), int(operation)) for source, operation in cell] for cell in arch]
