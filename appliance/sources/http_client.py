"""Request one HTTP address repeatedly: with keep-alive if possible, authentication, and redirects."""

import http.client
import os
import re
import socket
import ssl
import urllib.parse
from dataclasses import dataclass
from typing import Optional, Tuple

from appliance.sources import camera_errors
from appliance.sources.address import with_encoded_password
from appliance.sources.frame_sender import Ended
from appliance.sources.http_auth import Credentials

MOST_REDIRECTS = 5
_REDIRECTS = (301, 302, 303, 307, 308)
_AT_ONCE = 1 << 16  # bytes
# Characters that need no encoding in the path and query of a request.
_PLAIN = "%/:=&?~+!$,;'@()*[]|-._"


class Unreadable(Exception):
    """The response is not valid HTTP."""


@dataclass(frozen=True)
class Endpoint:
    """What to request.

    Attributes:
        scheme: http or https.
        host: Name or address.
        port: Number.
        target: Path and query, as in the request line.
    """

    scheme: str
    host: str
    port: int
    target: str

    @property
    def server(self) -> Tuple[str, str, int]:
        """Scheme, host and port."""
        return self.scheme, self.host, self.port


class HttpClient:
    """Sends requests to one camera. Certificates are not verified, as in FFmpeg: cameras use self-signed ones.

    Args:
        address: http or https, with user name and password if needed.
        timeout: Limit in seconds for a single read or write.

    Raises:
        Ended: Any failure, from the constructor and every method.
    """

    def __init__(self, address: str, timeout: float) -> None:
        parts = urllib.parse.urlsplit(with_encoded_password(address))
        self._endpoint = _endpoint(parts)
        self._timeout = timeout
        user, password = (urllib.parse.unquote(part or "") for part in (parts.username, parts.password))
        self._credentials = Credentials(user, password) if user or password else None
        self._connection: Optional[http.client.HTTPConnection] = None
        self._connected: Optional[Tuple[str, str, int]] = None

    def get(self) -> http.client.HTTPResponse:
        """Return a response with status 200 whose head was read. Read its body by `read_some` before the next request.

        Raises:
            Ended: Any failure.
            Unreadable: The response is not valid HTTP.
        """
        endpoint = self._endpoint
        for _ in range(MOST_REDIRECTS + 1):
            response = self._ask(endpoint)
            if response.status == 401 and self._is_trusted(endpoint) and self._credentials is not None:
                if self._credentials.challenge(response.headers.get_all("WWW-Authenticate") or []):
                    self.close()
                    response = self._ask(endpoint)
            if response.status == 200:
                return response
            self.close()
            if response.status not in _REDIRECTS:
                raise Ended(camera_errors.status(str(response.status), re.sub(r"[^\w -]", "", response.reason)[:60]))
            endpoint = _follow(endpoint, response.headers.get("Location") or "")
        raise Ended(f"the server sends on to another address more than {MOST_REDIRECTS} times")

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._connection = None

    def _is_trusted(self, endpoint: Endpoint) -> bool:
        """Return whether the password may be sent there: not to every redirect's target."""
        own = self._endpoint
        return endpoint.server == own.server or (endpoint.host == own.host and endpoint.scheme == "https")

    def _ask(self, endpoint: Endpoint) -> http.client.HTTPResponse:
        headers = {"User-Agent": "Splitlens", "Accept": "*/*"}
        if self._credentials is not None and self._is_trusted(endpoint):
            words = self._credentials.authorization("GET", endpoint.target)
            if words is not None:
                headers["Authorization"] = words
        if self._connected != endpoint.server:
            self.close()
        is_used = self._connection is not None and self._connection.sock is not None
        try:
            return self._send(endpoint, headers)
        except Ended:
            if not is_used:
                raise
        # The server may close a connection between two requests.
        return self._send(endpoint, headers)

    def _send(self, endpoint: Endpoint, headers: "dict[str, str]") -> http.client.HTTPResponse:
        try:
            if self._connection is None:
                self._connection, self._connected = self._connect(endpoint), endpoint.server
            self._connection.request("GET", endpoint.target, headers=headers)
            return self._connection.getresponse()
        except (http.client.RemoteDisconnected, http.client.HTTPException, ValueError, OSError) as error:
            self.close()
            if isinstance(error, http.client.BadStatusLine) and not isinstance(error, ConnectionError):
                raise Unreadable from error
            raise Ended(_why(error)) from error

    def _connect(self, endpoint: Endpoint) -> http.client.HTTPConnection:
        if endpoint.scheme == "http":
            return http.client.HTTPConnection(endpoint.host, endpoint.port, timeout=self._timeout)
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        return http.client.HTTPSConnection(endpoint.host, endpoint.port, timeout=self._timeout, context=context)


def read_some(response: http.client.HTTPResponse) -> bytes:
    """Return the next bytes of a response as soon as there are any; b"" at its end. Raises Ended."""
    try:
        if response.length is None:
            return response.read1(_AT_ONCE)
        return response.read(_AT_ONCE)  # read1 of older Pythons does not notice the end
    except (http.client.HTTPException, ValueError, OSError) as error:
        raise Ended(_why(error)) from error


def _endpoint(parts: urllib.parse.SplitResult) -> Endpoint:
    """Return the endpoint of a URL. Raises Ended if there is no host, or the port is invalid."""
    try:
        port = parts.port
    except ValueError:
        port = 0
    if port == 0 or not parts.hostname:
        raise Ended("its host or port is missing or wrong; are / # ? @ in the password written as %2F %23 %3F %40?")
    scheme = parts.scheme.lower()
    target = (parts.path or "/") + ("?" + parts.query if parts.query else "")
    return Endpoint(
        scheme, parts.hostname, port or (443 if scheme == "https" else 80), urllib.parse.quote(target, safe=_PLAIN)
    )


def _follow(endpoint: Endpoint, location: str) -> Endpoint:
    """Return the target of a redirect. Raises Ended if it must not be followed."""
    host = f"[{endpoint.host}]" if ":" in endpoint.host else endpoint.host
    here = f"{endpoint.scheme}://{host}:{endpoint.port}{endpoint.target}"
    try:
        parts = urllib.parse.urlsplit(urllib.parse.urljoin(here, location))
    except ValueError:
        parts = urllib.parse.urlsplit("")
    if not location or parts.scheme not in ("https", endpoint.scheme):
        raise Ended(
            "the server sends on to an address that is not followed; only"
            f" {'https is' if endpoint.scheme == 'https' else 'http and https are'}"
        )
    return _endpoint(parts)


def _why(error: Exception) -> str:
    if isinstance(error, socket.gaierror) or isinstance(error, UnicodeError):
        return camera_errors.UNKNOWN_HOST
    if isinstance(error, socket.timeout):
        return "the server does not answer in time"
    if isinstance(error, ssl.SSLError):
        return (
            f"no TLS connection comes about ({(error.reason or 'unknown reason').lower().replace('_', ' ')}); is the"
            " port right, and is it http?"
        )
    if isinstance(error, (http.client.RemoteDisconnected, http.client.IncompleteRead)):
        return "the server broke off its answer"
    if isinstance(error, OSError) and error.errno is not None:
        return camera_errors.network(os.strerror(error.errno))
    return "the server's answer is no HTTP that can be read, or its head is too long"
