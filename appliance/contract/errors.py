"""How a request can fail, for both processes: one kind of error, its HTTP status, and the exceptions that carry it."""

from enum import Enum

from appliance.core.errors import SplitlensError


class ErrorKind(str, Enum):
    """The `kind` of an error message."""

    INVALID = "invalid"
    """The request itself is wrong."""
    NOT_FOUND = "not_found"
    """There is no such thing."""
    CONFLICT = "conflict"
    """Not now."""
    FAILED = "failed"
    """It was tried without success; no fault of a server: a source does not open, say."""
    UNAVAILABLE = "unavailable"
    """The daemon does not answer."""
    DENIED = "denied"
    """Whoever asks may not have it."""

    @property
    def status(self) -> int:
        """The HTTP status that stands for it; that of DENIED may be 401 or 429 as well."""
        return _STATUSES[self]


_STATUSES = {
    ErrorKind.INVALID: 400,
    ErrorKind.NOT_FOUND: 404,
    ErrorKind.CONFLICT: 409,
    ErrorKind.FAILED: 422,
    ErrorKind.UNAVAILABLE: 503,
    ErrorKind.DENIED: 403,
}

INVALID, NOT_FOUND, CONFLICT, FAILED = ErrorKind.INVALID, ErrorKind.NOT_FOUND, ErrorKind.CONFLICT, ErrorKind.FAILED
UNAVAILABLE, DENIED = ErrorKind.UNAVAILABLE, ErrorKind.DENIED


class Unavailable(SplitlensError):
    """The daemon does not answer."""


class Refused(SplitlensError):
    """The daemon does not do what a command asks.

    Attributes:
        kind: INVALID, NOT_FOUND, CONFLICT or FAILED.
    """

    def __init__(self, kind: ErrorKind, message: str) -> None:
        super().__init__(message)
        self.kind = kind


class ContractError(SplitlensError):
    """A message of the other process is not as this contract has it: the two are of different versions."""
