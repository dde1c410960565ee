"""The version of the sources: the next release. `make wheels` puts that of its commit here."""

__version__ = "0.1.0.dev0"
