"""Errors of requests, for both processes: their kinds, the HTTP statuses, and the exceptions."""

from enum import Enum

from appliance.core.errors import SplitlensError


class ErrorKind(str, Enum):
    """The `kind` of an error message."""

    INVALID = "invalid"
    """The request itself is wrong."""
    NOT_FOUND = "not_found"
    """The thing named does not exist."""
    CONFLICT = "conflict"
    """Not possible in the present state."""
    FAILED = "failed"
    """It was tried and failed, though not by an error of the server: a source cannot be opened, for example."""
    UNAVAILABLE = "unavailable"
    """The daemon does not answer."""
    DENIED = "denied"
    """The client lacks the permission."""

    @property
    def status(self) -> int:
        """Return the HTTP status of this kind; for DENIED it may be 401 or 429 instead."""
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
    """The daemon refuses a command.

    Attributes:
        kind: INVALID, NOT_FOUND, CONFLICT or FAILED.
    """

    def __init__(self, kind: ErrorKind, message: str) -> None:
        super().__init__(message)
        self.kind = kind


class ContractError(SplitlensError):
    """A message of the other process violates this contract: the two processes have different versions."""
