"""What goes wrong, as exceptions. Their texts are the sentences of the program."""


class Error(Exception):
    """Any error of this package."""


class BinaryNotFound(Error, FileNotFoundError):
    """The program bench301 is nowhere to be found."""


class BinaryMismatch(Error):
    """The program that was found is none, or of another version than this package."""


class InvalidInput(Error, ValueError):
    """An argument is wrong: a text that is no architecture, an unknown name, a path where nothing lies."""


class Failed(Error, RuntimeError):
    """The program could not do what was asked."""


class ProcessDied(Failed):
    """The program was killed, or broke, while it answered, and again when it was asked once more."""


class Cancelled(Failed):
    """The request was cancelled."""
