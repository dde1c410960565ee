"""Architectures as Python has them, and as the program reads them."""

from collections import namedtuple
from typing import Any, Dict, Iterable, List, Mapping, Union

from ._errors import InvalidInput

#: The namedtuple of DARTS and nasbench301: normal and reduce are lists of eight (operation, input).
Genotype = namedtuple("Genotype", "normal normal_concat reduce reduce_concat")

#: A text in any notation of `bench301 sample --help`, the name of a published network, a Genotype (any object with
#: normal and reduce), a dictionary or Configuration of ConfigSpace, or the nested lists of a notation.
Arch = Any


#: What stands for an architecture in a request.
Wire = Union[str, Dict[str, Any], List[Any]]

_PREFIX = "NetworkSelectorDatasetInfo:darts:"  # of the names of the published space; may be left out


def wire(arch: Arch) -> Wire:
    """An architecture as a text or JSON value that the program reads. Raises InvalidInput for anything else."""
    if isinstance(arch, str):
        return arch
    if hasattr(arch, "normal") and hasattr(arch, "reduce"):
        return "Genotype(normal=%s, normal_concat=[2, 3, 4, 5], reduce=%s, reduce_concat=[2, 3, 4, 5])" % (
            _edges(arch.normal), _edges(arch.reduce))
    if is_configuration(arch):
        return architecture_of(arch if isinstance(arch, Mapping) else arch.get_dictionary())
    if isinstance(arch, Mapping):
        return dict(arch)
    if hasattr(arch, "tolist"):
        arch = arch.tolist()
    if isinstance(arch, (str, list)):
        return arch
    if isinstance(arch, tuple):
        return list(arch)
    raise InvalidInput("%.200r, of type %s, is no architecture: want a text, a Genotype, a dictionary or Configuration "
                       "of ConfigSpace, or lists" % (arch, type(arch).__name__))


def is_configuration(arch: Arch) -> bool:
    """Whether it is a Configuration of ConfigSpace, of any version."""
    return hasattr(arch, "get_dictionary") or isinstance(arch, Mapping) and hasattr(arch, "config_space")


def architecture_of(values: Mapping[Any, Any]) -> Dict[str, Any]:
    """What a configuration says of the architecture, without the hyperparameters of training: the published space has
    ranges of those, and NAS-Bench-301 answers for one value of each, whichever was drawn."""
    found = {}
    for name, value in values.items():
        name = str(name)
        if name.startswith(_PREFIX):
            name = name[len(_PREFIX):]
        if name.startswith(("edge_", "inputs_node_")):
            found[name] = value
    return found


def _edges(edges: Iterable[Any]) -> List[Any]:
    try:
        return [(str(operation), whole(source)) for operation, source in edges]
    except (TypeError, ValueError):
        raise InvalidInput("%.200r is no cell of a Genotype: want a list of eight (operation, input)" % (
            edges,)) from None


def whole(value: Any) -> int:
    """An integer of any type, also a text. Raises ValueError for a fraction, which int() would cut off."""
    found = int(value)
    if not isinstance(value, str) and found != value:
        raise ValueError
    return found


def listed(archs: Any) -> List[Wire]:
    """Architectures of a list, of rows with a key arch, of a table or column of pandas, or of one architecture alone.
    Raises InvalidInput."""
    if hasattr(archs, "columns") and "arch" not in archs.columns:
        raise InvalidInput("a table without a column arch: want architectures")
    archs = _of_row(archs)
    if isinstance(archs, str) or hasattr(archs, "normal") or is_configuration(archs) or isinstance(archs, Mapping):
        archs = [archs]
    if isinstance(archs, bytes):
        raise InvalidInput("%.60r, of type bytes: want architectures, as texts of type str" % archs)
    try:
        archs = list(archs)
    except TypeError:
        raise InvalidInput("%.60r, of type %s: want architectures" % (archs, type(archs).__name__)) from None
    if archs and not isinstance(archs[0], str) and _depth(archs) in (1, 3):  # numbers alone, and two cells of pairs, are one architecture
        archs = [archs]
    found = []
    for i, arch in enumerate(archs):
        try:
            found.append(arch if type(arch) is str else wire(_of_row(arch)))
        except InvalidInput as error:
            raise InvalidInput("archs[%d]: %s" % (i, error)) from None
    return found


def _of_row(row: Any) -> Any:
    """The architectures of what has keys, arch among them; anything else as it is."""
    if not isinstance(row, dict):
        keys = getattr(row, "keys", None)
        if keys is None or hasattr(row, "get_dictionary") or "arch" not in keys():
            return row
    return row["arch"] if "arch" in row else row


def _depth(value: Any) -> int:
    """How deep the first number lies in lists, 0 where something else comes first."""
    for depth in range(5):
        if hasattr(value, "tolist"):
            value = value.tolist()
        if isinstance(value, (int, float)):
            return depth
        if not isinstance(value, (list, tuple)) or hasattr(value, "normal") or not value:
            return 0
        value = value[0]
    return 0
