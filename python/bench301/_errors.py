"""What goes wrong, as exceptions. Their texts are the sentences of the program."""


class Error(Exception):
    """Any error of this package."""


class BinaryNotFound(Error, FileNotFoundError):
    """The program bench301 is nowhere to be found."""
