"""nasbench301 with the program bench301 behind it: the names that scripts for that package use.

    from bench301 import nasbench301 as nb
    model = nb.load_ensemble("nb_models_1.0/xgb_v1.0")
    model.predict(config=genotype, representation="genotype", with_noise=False)

Code that says `import nasbench301` need not be edited: call install() before it, or run the script
as `python -m bench301.nasbench301 SCRIPT`. It wants neither XGBoost, LightGBM nor PyTorch.

predict() adds noise unless it is told not to, as in nasbench301: two calls give two numbers. And
load_ensemble() of a published folder seeds numpy's global generator, as there.
"""

import sys

from bench301 import Genotype

from . import api, model_downloader, representations, surrogate_models
from .api import SurrogateAPI, UnknownRepresentation, fixed_hyperparameters, load_ensemble
from .model_downloader import download_models

__all__ = ["Genotype", "SurrogateAPI", "UnknownRepresentation", "api", "download_models",
           "fixed_hyperparameters", "install", "load_ensemble", "model_downloader",
           "representations", "surrogate_models"]


def install() -> None:
    """Let `import nasbench301`, and of its modules, mean this package in the whole process."""
    for name, module in list(sys.modules.items()):
        if name == __name__ or name.startswith(__name__ + "."):
            sys.modules["nasbench301" + name[len(__name__):]] = module
