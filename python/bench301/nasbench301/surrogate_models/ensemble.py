"""The members of a surrogate, and what they say."""

import random
from typing import Any, Dict, List, Optional

from bench301 import InvalidInput
from bench301._pipe import client

from ..representations import ConfigspaceInstanceConverter

try:
    import numpy
except ImportError:
    numpy = None  # type: ignore[assignment]

__all__ = ["BaggingEnsemble"]

_FLOAT32 = ("xgb", "gin")  # kinds whose members answer in that precision


class BaggingEnsemble:
    """An ensemble that the program has read. Its methods take dictionaries of ConfigSpace."""

    def __init__(self, path: str, info: Dict[str, Any], seed: Optional[int] = None) -> None:
        self.base_logdir = path
        self.name = info["name"]  # what to call it beside its numbers
        self.unit = info["unit"]  # percent or seconds
        self.ensemble_size = info["members"]
        self.starting_seed = seed  # None where there is none, as in files of ours
        self.training = info.get("training", False)  # depends on hyperparameters of training
        self._single = info["kind"] in _FLOAT32

    def __repr__(self) -> str:
        return "<%s, %s, members: %d>" % (self.name, self.unit, self.ensemble_size)

    def _ask_config(self, config_dict: Any, members: bool = False) -> Dict[str, Any]:
        arch, notation = ConfigspaceInstanceConverter().read(config_dict)
        return self._call(arch, notation, members)

    def _call(self, arch: Any, notation: str, members: bool = False) -> Dict[str, Any]:
        try:
            answer: Dict[str, Any] = client.call("query", {
                "archs": [arch], "notation": notation, "space": "darts", "members": members,
                "surrogate": self.base_logdir})
        except InvalidInput as error:
            raise InvalidInput(str(error).replace("archs[0]", "config", 1)) from None
        return answer

    def _number(self, value: float) -> Any:
        if numpy is None:
            return value
        return (numpy.float32 if self._single else numpy.float64)(value)

    def ask(self, arch: Any, notation: str, noisy: bool) -> Any:
        """The mean of the members, with a draw of noise if that is wanted."""
        return self._value(self._call(arch, notation), noisy)

    def _value(self, answer: Dict[str, Any], noisy: bool) -> Any:
        mean = self._number(answer["value"][0])
        if not noisy:
            return mean
        if numpy is None:
            return mean + random.gauss(0, answer["std"][0])
        return mean + numpy.random.normal(0, answer["std"][0], 1)[0]

    def query(self, config_dict: Any) -> Any:
        """The mean of the members, and a draw of noise: see SurrogateAPI.predict."""
        return self._value(self._ask_config(config_dict), True)

    def query_mean(self, config_dict: Any) -> Any:
        """The mean of the members."""
        return self._value(self._ask_config(config_dict), False)

    def query_std(self, config_dict: Any) -> Any:
        """The standard deviation of the members, of which the noise is drawn. The small surrogates
        inside the program have one member, and a deviation that was fitted."""
        return self._number(self._ask_config(config_dict)["std"][0])

    def query_members(self, config_dict: Any) -> List[Any]:
        """What each member says, an array of one number each; without numpy a list of one."""
        answer = self._ask_config(config_dict, members=True)
        members = answer["members"][0] or answer["value"]
        if numpy is None:
            return [[value] for value in members]
        return [numpy.array([value], self._number(0).dtype) for value in members]
