"""The types of WSGI, which the standard library does not name on Python 3.6."""

from typing import Any, Callable, Dict, Iterable

Environ = Dict[str, Any]
"""The variables of a request: texts, and objects from the server and the middleware."""
StartResponse = Callable[..., Any]
Application = Callable[[Environ, StartResponse], Iterable[bytes]]
