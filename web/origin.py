"""The origins that a request may come from, the same for pages and Socket.IO."""

import ipaddress
import socket
from typing import Optional, Tuple
from urllib.parse import urlsplit

# Names that DNS rebinding cannot use: nobody outside can make them point here.
_LOCAL_ENDINGS = (".local", ".lan", ".home", ".home.arpa", ".internal", ".localdomain", ".localhost")
_PORTS = {"http": 80, "https": 443}
_LONGEST_SHOWN = 100


def is_same_site(origin: str, host: str) -> bool:
    """Return whether the Origin is the host in the Host header.

    The scheme is ignored, as a proxy that terminates TLS may not pass it on; it only gives the default port.
    """
    scheme, _, rest = origin.partition("://")
    default = _PORTS.get(scheme)
    if default is None:
        return False
    there = _place(rest, default)
    return there is not None and there == _place(host, default)


def explain(origin: str, host: str, unbelieved: str) -> str:
    """Return why a page of another origin is refused, and what to do if it is the user's own proxy.

    Args:
        origin: The Origin header.
        host: The Host header.
        unbelieved: Address of an untrusted proxy that sent X-Forwarded headers; "" if there is none.
    """
    text = (
        f"This came from a page at {origin[:_LONGEST_SHOWN] or 'nowhere'}, but its Host header names"
        f" {host[:_LONGEST_SHOWN]}, so it is refused as another site's. "
    )
    if unbelieved:
        return (
            text
            + f"If {unbelieved} is a proxy of yours, set trusted_proxy to that address, or have it pass on Host; see "
            "docs/proxies.md."
        )
    return (
        text + "A proxy of yours must pass on the Host header (nginx: proxy_set_header Host $http_host;); see"
        " docs/proxies.md."
    )


def is_local(host: str) -> bool:
    """Return whether a Host header is an address, or a name that exists only in this network."""
    name = urlsplit("//" + host).hostname or ""
    try:
        ipaddress.ip_address(name)
        return True
    except ValueError:
        return "." not in name or name.endswith(_LOCAL_ENDINGS) or name == socket.gethostname().lower()


def _place(text: str, default_port: int) -> Optional[Tuple[str, int]]:
    try:
        parts = urlsplit("//" + text)
        name, port = parts.hostname, parts.port
    except ValueError:
        return None
    return (name, port or default_port) if name and parts.netloc == text and "@" not in text else None
