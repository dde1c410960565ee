"""The published models."""

import os
import tempfile
import zipfile
from typing import Union

from bench301 import Failed, InvalidInput
from bench301._pipe import run

__all__ = ["download_models"]


def download_models(version: Union[str, float], delete_zip: bool = True,
                    download_dir: Union[str, "os.PathLike[str]", None] = None, *,
                    url: str = "") -> None:
    """Download the published ensembles of a version, 0.9 or 1.0, into the folder nb_models_VERSION
    of download_dir, by default the current folder, unless it is there.

    The program does it (`bench301 surrogate fetch`): an interrupted download is continued, and the
    checksum that was seen first must be the same ever after. It also leaves a file beside the
    folder for each ensemble, which load_ensemble reads faster. url is the address of a mirror.

    Raises InvalidInput for another version, Failed where the download or the archive is broken.
    """
    version = str(version)
    if version not in ("0.9", "1.0"):
        raise InvalidInput("version: %r: want 0.9 or 1.0" % version)
    folder = os.path.abspath(os.fspath(download_dir) if download_dir is not None else os.curdir)
    models = os.path.join(folder, "nb_models_" + version)
    if os.path.exists(models):
        print("%s is there" % models)
        return
    print("Downloading the models of NAS-Bench-301 %s to %s" % (version, models))
    args = ["surrogate", "fetch", version, "--out", folder]
    try:
        run(args + ["--url", url] if url else args)
    except Failed as error:
        raise Failed("%s; an archive that you have can be unpacked to %s instead" % (
            error, models)) from None
    archive = models + ".zip"
    with tempfile.TemporaryDirectory(prefix=".nb_models", dir=folder) as unpacked:
        with zipfile.ZipFile(archive) as file:
            file.extractall(unpacked)
        inside = os.path.join(unpacked, "nb_models")
        if not os.path.isdir(inside):
            raise Failed("%s: there is no folder nb_models in it: unpack it by hand to %s" % (
                archive, models))
        os.rename(inside, models)
    if delete_zip:
        os.remove(archive)
