"""The program bench301 for Python."""

from ._binary import find as find_binary
from ._errors import BinaryNotFound, Error
from ._version import __version__

__all__ = ["BinaryNotFound", "Error", "__version__", "find_binary"]
