"""Ensembles of surrogates by the names that nasbench301 has for them."""

import json
import os
import random
import sys
import warnings
from pathlib import Path
from typing import Any, Dict, Union

from bench301 import InvalidInput
from bench301._pipe import client

from . import representations
from .surrogate_models.ensemble import BaggingEnsemble

__all__ = ["SurrogateAPI", "UnknownRepresentation", "fixed_hyperparameters", "load_ensemble"]

#: What NAS-Bench-301 trained every architecture with. A surrogate answers for nothing else.
fixed_hyperparameters = {
    "CreateImageDataLoader:batch_size": 96,
    **{"ImageAugmentation:" + name: value for name, value in (
        ("augment", "True"), ("cutout", "True"), ("cutout_holes", 1), ("cutout_length", 16),
        ("autoaugment", "False"), ("fastautoaugment", "False"))},
    "LossModuleSelectorIndices:loss_module": "cross_entropy",
    "NetworkSelectorDatasetInfo:network": "darts",
    **{"NetworkSelectorDatasetInfo:darts:" + name: value for name, value in (
        ("auxiliary", "True"), ("drop_path_prob", 0.2), ("init_channels", 32), ("layers", 8))},
    "OptimizerSelector:optimizer": "sgd",
    **{"OptimizerSelector:sgd:" + name: value for name, value in (
        ("learning_rate", 0.025), ("momentum", 0.9), ("weight_decay", 0.0003))},
    "SimpleLearningrateSchedulerSelector:lr_scheduler": "cosine_annealing",
    "SimpleLearningrateSchedulerSelector:cosine_annealing:T_max": 100,
    "SimpleLearningrateSchedulerSelector:cosine_annealing:eta_min": 1e-8,
    "SimpleTrainNode:batch_loss_computation_technique": "mixup",
    "SimpleTrainNode:mixup:alpha": 0.2,
}


class UnknownRepresentation(InvalidInput, NotImplementedError):
    """A representation that there is not."""


def load_ensemble(ensemble_parent_directory: Union[str, "os.PathLike[str]"]) -> "SurrogateAPI":
    """Read a surrogate: the unpacked folder of a published ensemble (nb_models_1.0/xgb_v1.0), or of
    one of its members; a surrogate file of ours; the name of an imported ensemble; mini, mini2 or
    mini-runtime, which are inside the program and approximate the published ones.

    A published folder names a seed. As in nasbench301, numpy's global generator is seeded with it,
    plus the number of members, less one; PyTorch's too if it is imported, and without numpy the
    generator of Python's module random. What a program draws after that is the same in every run.

    Raises InvalidInput where the path is none or what lies there cannot be read.
    """
    name = ensemble_parent_directory
    if not isinstance(name, (str, os.PathLike)) or not os.fspath(name):
        raise InvalidInput("load_ensemble: %r: want the folder of an ensemble, a surrogate file, "
                           "or the name of a surrogate, such as mini" % (name,))
    name = os.fspath(name)
    path = os.path.abspath(name) if os.path.exists(name) else name
    try:
        info = client.call("surrogate", {"name": path})
    except InvalidInput as error:
        raise InvalidInput("load_ensemble: %s" % str(error).replace("surrogate: ", "", 1)) from None
    seed = _seed(path)
    if seed is not None:
        _seed_all(seed + info["members"] - 1)
    return SurrogateAPI(BaggingEnsemble(path, info, seed))


def _seed(folder: str) -> Any:
    """The seed that a folder of members names; None where it is no such folder."""
    if os.path.isdir(folder):
        for member in sorted(Path(folder).rglob("*surrogate_model.model")):
            config = member.parent / "data_config.json"
            try:
                with open(str(config), encoding="utf-8") as file:
                    return int(json.load(file)["seed"])
            except (OSError, TypeError, ValueError, KeyError) as error:
                raise InvalidInput("load_ensemble: %s: want an object with a number seed: %s: %s" % (
                    config, type(error).__name__, error)) from None
    return None


def _seed_all(seed: int) -> None:
    try:
        import numpy
    except ImportError:
        random.seed(seed)
    else:
        numpy.random.seed(seed)
    if "torch" in sys.modules:
        sys.modules["torch"].manual_seed(seed)


class SurrogateAPI:
    """A surrogate that predicts accuracies in percent, or training times in seconds."""

    def __init__(self, surrogate_model: BaggingEnsemble) -> None:
        self.model = surrogate_model
        self.representations_converters = representations.CONVERTER_DICT

    def __repr__(self) -> str:
        return "SurrogateAPI(%r)" % self.model

    def _converter(self, representation: str) -> representations.BaseConverter:
        try:
            return self.representations_converters[representation]()
        except (KeyError, TypeError):
            raise UnknownRepresentation("representation: %r: want one of %s" % (
                representation, ", ".join(self.representations_converters))) from None

    def convert_representation(self, config: Any, representation: str) -> Dict[str, Any]:
        """An architecture as a dictionary of ConfigSpace."""
        return self._converter(representation).convert(config)

    def predict(self, config: Any, representation: str, with_noise: bool = True) -> float:
        """What the surrogate says of one architecture: percent, or seconds.

        config is a Genotype with representation="genotype", a dictionary or Configuration of
        ConfigSpace with "configspace", and two lists of (input, operation) with "BANANAS". A text
        of that notation will do as well. Hyperparameters of training in a configuration are taken
        at the values that NAS-Bench-301 fixes, whatever they are: the models cannot depend on what
        was constant in their data. For one that does, a warning says so.

        with_noise is a trap that nasbench301 has set: unless it is False, a draw from a normal
        distribution, as wide as the members disagree, is added to their mean. The same
        architecture has another accuracy in every call then, and a search that keeps its best
        finds the luckiest draw. numpy's global generator makes the draws, so numpy.random.seed
        repeats them; without numpy it is that of Python's module random. Training times are noisy
        too.

        The type is that of nasbench301 where numpy is installed: with noise numpy.float64, without
        it numpy.float32 of XGBoost's ensembles and graph networks, numpy.float64 of others. Where
        numpy is not installed, it is a float of that value.

        Raises InvalidInput, a ValueError, for an architecture that is none, and
        UnknownRepresentation, also a NotImplementedError.
        """
        arch, notation = self._converter(representation).read(config)
        if self.model.training and notation == "configspace":
            self._warn(self.convert_representation(config, representation))
        answer: float = self.model.ask(arch, notation, bool(with_noise))
        return answer

    def _warn(self, config: Dict[str, Any]) -> None:
        for name, fixed in fixed_hyperparameters.items():
            if str(config.get(name, fixed)) != str(fixed):
                warnings.warn(
                    "%s: %s depends on hyperparameters of training, and answers for %s" % (
                        name, self.model.name, fixed), stacklevel=3)
