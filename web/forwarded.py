"""Headers by which a proxy describes the original request, applied to the WSGI environment.

X-Forwarded-For, -Proto, -Host and -Prefix and Home Assistant's X-Ingress-Path are trusted from a proxy in
`trusted_proxy`, and removed otherwise. The setting `base_path` is the prefix if no header has one.
"""

import logging
import re
from typing import Iterable

from web.client_address import client_address, is_trusted, read_networks
from web.environ import Application, Environ, StartResponse
from web.options import Options

HOST = re.compile(r"[A-Za-z0-9._-]+(:\d{1,5})?|\[[0-9A-Fa-f:.]+\](:\d{1,5})?")
_PREFIX = re.compile(r"(/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)+")
_LONGEST_PREFIX = 200
# Traefik has separate schemes for WebSockets.
_SCHEMES = {"http": "http", "https": "https", "ws": "http", "wss": "https"}
UNBELIEVED = "splitlens.unbelieved"
"""Key in the environ: the address of an untrusted client that sent such headers."""
PROXIED_HOST = "splitlens.proxied_host"
"""Key in the environ: the Host header of a proxy that sent another host in X-Forwarded-Host."""
_HEADERS = ("FOR", "PROTO", "HOST", "PREFIX")

log = logging.getLogger(__name__)


class Forwarded:
    """WSGI middleware. The prefix becomes SCRIPT_NAME, whether or not the proxy removed it from the path.

    Args:
        inner: The application.
        options: The dashboard's options.
    """

    def __init__(self, inner: Application, options: Options) -> None:
        self._inner = inner
        self._trusted = read_networks(options.trusted_proxy)
        self._base_path = options.base_path
        self._has_complained = False

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        said = {name: environ.pop("HTTP_X_FORWARDED_" + name, "") for name in _HEADERS}
        said["PREFIX"] = environ.pop("HTTP_X_INGRESS_PATH", "") or said["PREFIX"]
        prefix = self._base_path
        peer = environ.get("REMOTE_ADDR", "")
        if is_trusted(peer, self._trusted):
            environ["REMOTE_ADDR"] = client_address(peer, said["FOR"], self._trusted)
            environ["wsgi.url_scheme"] = _SCHEMES.get(_first(said["PROTO"]).lower(), environ["wsgi.url_scheme"])
            if HOST.fullmatch(_first(said["HOST"])):
                environ[PROXIED_HOST] = environ.get("HTTP_HOST", "")
                environ["HTTP_HOST"] = _first(said["HOST"])
            named = said["PREFIX"].rstrip("/")
            if _PREFIX.fullmatch(named) and len(named) <= _LONGEST_PREFIX:
                prefix = named
        elif any(said.values()):
            environ[UNBELIEVED] = peer
            self._complain_once(peer)
        if prefix:
            environ["SCRIPT_NAME"] = prefix
            path = environ.get("PATH_INFO", "")
            if path == prefix or path.startswith(prefix + "/"):
                environ["PATH_INFO"] = path[len(prefix) :] or "/"
        answer: Iterable[bytes] = self._inner(environ, start_response)
        return answer

    def _complain_once(self, peer: str) -> None:
        if not self._has_complained:
            self._has_complained = True
            log.warning(
                "%s sends X-Forwarded headers, which are not believed; if that is a proxy of yours, set "
                "trusted_proxy to its address (docs/proxies.md)",
                peer,
            )


def _first(text: str) -> str:
    """Return the value from the first proxy of a chain, the one nearest to the browser."""
    return text.partition(",")[0].strip()
