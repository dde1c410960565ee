"""Notations of architectures by the names that nasbench301 has for them."""

import json
from collections.abc import Mapping
from typing import Any, Dict, Tuple

from bench301 import Genotype, InvalidInput
from bench301._archs import architecture_of, is_configuration, whole, wire
from bench301._pipe import client

__all__ = ["BANANASConverter", "BaseConverter", "CONVERTER_DICT", "ConfigspaceInstanceConverter",
           "Genotype", "GenotypeConverter", "OPS", "convert_genotype_to_config"]

#: Operations in the order of their numbers.
OPS = ["max_pool_3x3", "avg_pool_3x3", "skip_connect", "sep_conv_3x3", "sep_conv_5x5",
       "dil_conv_3x3", "dil_conv_5x5"]

_NUMBERS = {name: number for number, name in enumerate(OPS)}


class BaseConverter:
    """Reads architectures of one representation."""

    name = ""
    notation = ""  # as the program calls it
    wanted = ""    # what an architecture is here

    def fits(self, config: Any) -> bool:
        """Whether an object can be an architecture of this representation. Texts always can."""
        raise NotImplementedError

    def read(self, config: Any) -> Tuple[Any, str]:
        """An architecture as the program reads it, and its notation. Raises InvalidInput."""
        if not isinstance(config, str) and not self.fits(config):
            others = [name for name, c in CONVERTER_DICT.items() if c().fits(config)]
            raise InvalidInput('config: %.60r, of type %s, with representation="%s": want %s%s' % (
                config, type(config).__name__, self.name, self.wanted,
                '; or representation="%s"' % others[0] if others else ""))
        try:
            return wire(config), self.notation
        except InvalidInput as error:
            raise InvalidInput("config: %s" % error) from None

    def convert(self, config: Any) -> Dict[str, Any]:
        """An architecture as a dictionary of ConfigSpace. Raises InvalidInput."""
        arch, notation = self.read(config)
        try:
            answer = client.call("convert", {"archs": [arch], "notation": notation, "space": "darts",
                                             "to": "configspace"})
        except InvalidInput as error:
            raise InvalidInput(str(error).replace("archs[0]", "config", 1)) from None
        found: Dict[str, Any] = json.loads(answer["text"][0])
        return found


class ConfigspaceInstanceConverter(BaseConverter):
    """Of ConfigSpace: a Configuration of any version, or its dictionary. The hyperparameters of
    training in it do not matter."""

    name = notation = "configspace"
    wanted = "a dictionary or Configuration of ConfigSpace"

    def fits(self, config: Any) -> bool:
        return isinstance(config, Mapping) or is_configuration(config)

    def read(self, config: Any) -> Tuple[Any, str]:
        values, notation = super().read(config)
        return values if isinstance(values, str) else architecture_of(values), notation

    def convert(self, config: Any) -> Dict[str, Any]:
        if isinstance(config, str):
            try:
                config = json.loads(config)
            except ValueError as error:
                raise InvalidInput("config: %.60r: want %s: %s" % (config, self.wanted, error)) from None
        return dict(config if isinstance(config, Mapping) else config.get_dictionary())


class GenotypeConverter(BaseConverter):
    """Any object with normal and reduce: a list each of eight (operation, input). The concat fields
    do not matter, as in nasbench301."""

    name = notation = "genotype"
    wanted = "a Genotype with normal and reduce"

    def fits(self, config: Any) -> bool:
        return hasattr(config, "normal") and hasattr(config, "reduce")

    def read(self, config: Any) -> Tuple[Any, str]:
        if not isinstance(config, str) and self.fits(config):
            try:  # numbers are read faster
                return [[(whole(source), _NUMBERS[operation]) for operation, source in cell]
                        for cell in (config.normal, config.reduce)], BANANASConverter.notation
            except (KeyError, TypeError, ValueError):
                pass  # the program says what is wrong
        return super().read(config)


class BANANASConverter(BaseConverter):
    """Two lists, of the normal and of the reduction cell: eight (input, number of the operation in
    OPS) each. nasbench301 means to read that, and raises NameError."""

    name = "BANANAS"
    notation = "pairs"
    wanted = "two lists, of the normal and the reduction cell, of eight (input, operation) each"

    def fits(self, config: Any) -> bool:
        return isinstance(config, (list, tuple)) and not hasattr(config, "normal") \
            or hasattr(config, "tolist")


CONVERTER_DICT = {c.name: c for c in (
    ConfigspaceInstanceConverter, GenotypeConverter, BANANASConverter)}


def convert_genotype_to_config(arch: Any) -> Dict[str, Any]:
    """A Genotype as a dictionary of ConfigSpace, with 22 keys. Raises InvalidInput."""
    return GenotypeConverter().convert(arch)
