"""Errors that are shown to people.

Every message is a sentence that names the place (file, line, key) and the remedy. `cli.main` prints it and exits
with `exit_code`; no other code may hide these errors.
"""


class SplitlensError(Exception):
    """Base class: an error that a person can act on."""

    exit_code = 1


class ConfigError(SplitlensError):
    """A setting is unknown, of the wrong type or out of range, or the command line is wrong."""

    exit_code = 2


class ModelError(SplitlensError):
    """A model is missing, damaged, not a frozen graph, or of a kind that cannot run here."""

    exit_code = 3


class GpuMemoryError(ModelError):
    """What should run at once does not fit into the GPU's memory."""


class EngineHang(ModelError):
    """An engine has frames and returns nothing: the call into it will not return."""


class SourceError(SplitlensError):
    """A camera, stream, movie or picture cannot be opened or read."""

    exit_code = 4


class OutputError(SplitlensError):
    """A result cannot be written: no space, no permission, no encoder."""

    exit_code = 5
