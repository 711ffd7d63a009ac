"""The limit for a request's body, decided from its head: unauthenticated clients may send little."""

from typing import Any, Dict, Mapping
from urllib.parse import parse_qs

from werkzeug.wrappers import Request

from web.access import Guard
from web.request_buffer import Head, Refused

LONGEST_BODY = 64 * 1024
LONGEST_FORM = 8 * 1024
"""Limit for a client that is not signed in: a name and a password."""
_LONGEST_UNCHECKED = 16 * 1024
"""Limit for a request whose password was not checked yet."""


class Admission:
    """Decides from the head of a request.

    Args:
        guard: Knows who is signed in.
        sockets: Socket.IO's connections by their secret `sid`, which identifies the client.
    """

    def __init__(self, guard: Guard, sockets: Mapping[str, Any]) -> None:
        self._guard = guard
        self._sockets = sockets

    def longest_body(self, head: Head) -> int:
        """Return the largest body in bytes. Raises Refused if there may be none."""
        request = _request(head)
        if self._guard.may_send(request) or self._is_of_socket(head):
            return LONGEST_BODY
        if head.headers.get("authorization", "").lower().startswith("basic "):
            return _LONGEST_UNCHECKED
        if self._guard.has_own_form(request):
            return LONGEST_FORM
        raise Refused(403, "Sign in first, or load the page again: the browser must take its cookies.")

    def is_known(self, head: Head) -> bool:
        """Return whether the sender is signed in, as far as known without hashing a password."""
        return self._guard.recall(_request(head)) is not None or self._is_of_socket(head)

    def _is_of_socket(self, head: Head) -> bool:
        query = head.target.partition("?")[2]
        return "sid=" in query and parse_qs(query).get("sid", [""])[0] in self._sockets


def _request(head: Head) -> Request:
    environ: Dict[str, str] = {
        "REQUEST_METHOD": head.method,
        "SERVER_NAME": "",
        "SERVER_PORT": "0",
        "wsgi.url_scheme": "http",
    }
    for name, variable in (("cookie", "HTTP_COOKIE"), ("authorization", "HTTP_AUTHORIZATION")):
        if name in head.headers:
            environ[variable] = head.headers[name]
    return Request(environ)
