"""Finds the program."""

import os
import shutil
import sys
import sysconfig
from typing import List

from ._errors import BinaryNotFound

_NAME = "bench301.exe" if sys.platform == "win32" else "bench301"
_PACKAGE = os.path.dirname(os.path.abspath(__file__))


def find() -> str:
    """The path of the program bench301.

    It is the one that the environment variable BENCH301_BIN names; or else, in this order, that of
    the checkout where this package is imported from one, that which was installed with this
    package, that of this interpreter, the first on PATH.

    Raises BinaryNotFound where there is none, or BENCH301_BIN names none.
    """
    named = os.environ.get("BENCH301_BIN")
    if named:
        path = os.path.abspath(os.path.expanduser(named))
        wrong = _wrong(path)
        if wrong:
            raise BinaryNotFound("BENCH301_BIN names %s, %s: let it name the program bench301, or "
                                 "unset it" % (named, wrong))
        return path
    folders = _folders(_PACKAGE)
    for folder in folders:
        path = os.path.join(folder, _NAME)
        if not _wrong(path):
            return path
    on_path = shutil.which(_NAME)
    if on_path:
        return os.path.abspath(on_path)
    raise BinaryNotFound(
        "there is no program %s in %s, or on PATH: install the wheel of this platform (pip install "
        "bench301), build the program in a checkout (make build), or let BENCH301_BIN name it"
        % (_NAME, ", ".join(folders)))


def _wrong(path: str) -> str:
    """Why path is no program; empty where it is one."""
    if not os.path.lexists(path):
        return "which does not exist"
    if not os.path.isfile(path):
        return "which is no file"
    if not os.access(path, os.X_OK):
        return "which may not be executed"
    return ""


def _folders(package: str) -> List[str]:
    """The folders where the program of the package in a folder lies, the likeliest first."""
    site = os.path.dirname(package)
    if os.path.isfile(os.path.join(site, "pyproject.toml")):
        return [os.path.join(os.path.dirname(site), "bin")] + _schemes()  # a checkout
    found = [os.path.join(site, "bin")]  # pip install --target
    if sys.platform == "win32":  # Lib\site-packages
        found.append(os.path.join(site, os.pardir, os.pardir, "Scripts"))
    else:  # lib/python3.11/site-packages: pip install --prefix, an environment inside another
        found.append(os.path.join(site, os.pardir, os.pardir, os.pardir, "bin"))
    found = [os.path.normpath(folder) for folder in found]
    return found + [folder for folder in _schemes() if folder not in found]


def _schemes() -> List[str]:
    """The folders of scripts of this interpreter: its own, then the user's."""
    names = [os.name + "_user"]
    if hasattr(sysconfig, "get_preferred_scheme"):  # Python 3.10
        names.insert(0, sysconfig.get_preferred_scheme("user"))
    found = [sysconfig.get_path("scripts")]
    for name in names:
        if name in sysconfig.get_scheme_names():
            found.append(sysconfig.get_path("scripts", name))
    return list(dict.fromkeys(found))
