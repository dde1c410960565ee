"""Architectures as Python has them, and as the program reads them."""

from collections import namedtuple
from collections.abc import Mapping
from typing import Any, Iterable, List, Union

from ._errors import InvalidInput

#: The namedtuple of DARTS and nasbench301: normal and reduce are lists of eight (operation, input).
Genotype = namedtuple("Genotype", "normal normal_concat reduce reduce_concat")

#: A text in any notation of `bench301 sample --help`, the name of a published network, a Genotype (any object with
#: normal and reduce), a dictionary or Configuration of ConfigSpace, or the nested lists of a notation.
Arch = Any


_PREFIX = "NetworkSelectorDatasetInfo:darts:"  # of the names of the published space; may be left out


def wire(arch: Arch) -> Union[str, dict, list]:
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
        return arch.tolist()
    if isinstance(arch, (list, tuple)):
        return list(arch)
    raise InvalidInput("%r, of type %s, is no architecture: want a text, a Genotype, a dictionary or Configuration of "
                       "ConfigSpace, or lists" % (arch, type(arch).__name__))


def is_configuration(arch: Arch) -> bool:
    """Whether it is a Configuration of ConfigSpace, of any version."""
    return hasattr(arch, "get_dictionary") or isinstance(arch, Mapping) and hasattr(arch, "config_space")


def architecture_of(values: Mapping) -> dict:
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
        return [(str(operation), int(source)) for operation, source in edges]
    except (TypeError, ValueError):
        raise InvalidInput("%r is no cell of a Genotype: want a list of eight (operation, input)" % (edges,)) from None


def listed(archs: Any) -> List[Union[str, dict, list]]:
    """Architectures of a list, of rows with a key arch, of a column of pandas, or of one architecture alone."""
    if isinstance(archs, str) or hasattr(archs, "normal") or is_configuration(archs) \
            or isinstance(archs, Mapping) and "arch" not in archs:
        archs = [archs]
    elif isinstance(archs, Mapping) or hasattr(archs, "columns"):  # a table by columns
        archs = archs["arch"]
    try:
        archs = iter(archs)
    except TypeError:
        raise InvalidInput("%r, of type %s: want architectures" % (archs, type(archs).__name__)) from None
    return [wire(a["arch"] if isinstance(a, dict) and "arch" in a else a) for a in archs]
