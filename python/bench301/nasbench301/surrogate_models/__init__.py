"""Of nasbench301's modules below this name there is ensemble: it is all that asks a surrogate."""

from . import ensemble

__all__ = ["ensemble"]
