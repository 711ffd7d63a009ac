"""Download one file over HTTP: resumed after an interruption, verified as it lies on disk."""

import base64
import contextlib
import http.client
import logging
import re
import time
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Iterator, Optional

from appliance.core.errors import ModelError, OutputError
from appliance.core.files import hash_file
from appliance.core.names import PROGRAM
from appliance.settings import redact
from appliance.zoo.install import Progress, check_space, remove_file, writing

log = logging.getLogger(__name__)

_CONNECT_SECONDS = 5.0
_READ_SECONDS = 60.0
_BLOCK = 1 << 16
# Before what broke off is tried again; after so many bytes from the first wait on.
WAIT_SECONDS = (1.0, 4.0, 15.0)
_PROGRESS_BYTES = 1 << 20
_MOST_BYTES = 4 << 30
_PASSING = (408, 429, 500, 502, 503, 504)


def _by_hand(url: str) -> str:
    return f"Try later, or fetch {url} on another machine and run `{PROGRAM} models import FILE`."


class OriginUnavailable(ModelError):
    """The server cannot be reached or no longer has the file: another origin may be tried.

    Attributes:
        what: The message without its remedy, for a caller that has another origin.
        is_passing: Whether it may work again in a moment.
    """

    def __init__(self, what: str, remedy: str, is_passing: bool = False) -> None:
        super().__init__(f"{what} {remedy}")
        self.what = what
        self.is_passing = is_passing


class _BrokenOffError(ModelError):
    """A transfer was interrupted and can be resumed."""


@dataclass(frozen=True)
class Downloaded:
    """A complete file. sha384: of the whole file, in hexadecimal."""

    path: Path
    bytes: int
    sha384: str


def download(
    url: str,
    part: Path,
    expected_bytes: Optional[int] = None,
    expected_sha384: Optional[str] = None,
    progress: Optional[Progress] = None,
) -> Downloaded:
    """Fetch `url` into the file `part`, resuming an earlier attempt.

    Interruptions and server errors are retried a few times. A file that was assembled from two attempts and is not the
    expected one is fetched once more from the start. Proxies from the environment are used, and a user name and
    password in `url`, which no message shows. An interrupted transfer leaves `part`, and beside it PART.tag, by which
    the server can tell whether its file has changed; `discard` deletes both. A wrong file, and what a full disk left,
    is deleted.

    Raises:
        OriginUnavailable: The server cannot be reached, or does not have the file.
        ModelError: Wrong size or hash, or interrupted.
        OutputError: There is no space.
    """
    had = _fetch(url, part, expected_bytes, progress)
    try:
        return _check(redact(url), part, expected_bytes, expected_sha384)
    except ModelError as error:
        if not had:
            raise
        log.warning("%s It is fetched again from the start.", error)
    _fetch(url, part, expected_bytes, progress)
    return _check(redact(url), part, expected_bytes, expected_sha384)


def _fetch(url: str, part: Path, expected: Optional[int], progress: Optional[Progress]) -> int:
    """Make `part` as long as possible; returns how many bytes of it were there before."""
    if expected is not None and _size(part) > expected:
        discard(part)
    first = _size(part)
    waits = list(WAIT_SECONDS)
    while True:
        have = _size(part)
        if have and have == expected:
            return first
        try:
            _transfer(url, part, have, expected, progress)
            return first
        except OutputError:
            with contextlib.suppress(OSError):
                discard(part)
            raise
        except (OriginUnavailable, _BrokenOffError) as error:
            is_passing = not isinstance(error, OriginUnavailable) or error.is_passing or _size(part) > first
            if _size(part) - have >= _PROGRESS_BYTES:
                waits = list(WAIT_SECONDS)
            if not waits or not is_passing:
                raise
            log.warning("%s It is tried again in %g s.", error, waits[0])
            time.sleep(waits.pop(0))


def _size(part: Path) -> int:
    return part.stat().st_size if part.exists() else 0


def discard(part: Path) -> None:
    """Delete what a download left behind."""
    remove_file(part)
    remove_file(_tag_file(part))


def _tag_file(part: Path) -> Path:
    return part.with_name(part.name + ".tag")


def _transfer(url: str, part: Path, have: int, expected: Optional[int], progress: Optional[Progress]) -> None:
    shown = redact(url)
    with writing(part), contextlib.ExitStack() as stack:
        tag_file = _tag_file(part)
        tag = tag_file.read_text(encoding="latin-1") if have and tag_file.exists() else ""
        response = _open(url, have, tag)
        if response is None:  # the server has no bytes from there on
            if expected is None:
                return  # the file is complete, or the archive's own check will tell
            response = _open(url)
        stack.callback(response.close)
        start = _start_of(response)
        if start not in (0, have):
            log.warning("%s sent bytes from %d on, not from %d: it is fetched from the start.", shown, start, have)
            response.close()
            response = _open(url)
            stack.callback(response.close)
            start = _start_of(response)
            if start:
                raise ModelError(f"{shown} sends parts that nobody asked for: it cannot be fetched from there.")
        length = response.headers.get("Content-Length", "")
        total = start + int(length) if length.isdigit() else expected
        if expected is not None and total != expected:
            raise ModelError(
                f"{shown} is {total} bytes long, not {expected}: it is not the published file. Is a proxy or a sign-in "
                "page in between?"
            )
        if start:
            log.info("Going on after %d MB of an earlier try.", start // 1000000)
        if total is not None:
            check_space(part.parent, total - have)
        if not start:
            tag_file.write_text(_tag_of(response), encoding="latin-1")
        file = stack.enter_context(part.open("ab" if start else "wb"))
        done, limit = start, _MOST_BYTES if total is None else total
        for block in _blocks(shown, response):
            done += len(block)
            if done > limit:
                raise ModelError(f"{shown} goes on beyond {limit} bytes: it is not the published file.")
            file.write(block)
            if progress is not None:
                progress(done, total)
    if total is not None and done < total:
        raise _BrokenOffError(f"{shown} broke off after {done} of {total} bytes: the same command goes on from there.")


def _open(url: str, start: int = 0, tag: str = "") -> Any:
    """Return the response for the bytes from `start` on; None where the server says that there are none.

    With `tag` the server sends the whole file if its own has another tag.
    """
    shown = redact(url)
    opener = urllib.request.build_opener(_Http, _Https)
    try:
        host = urllib.parse.urlsplit(url).netloc.rpartition("@")[2]
        request = _request(url)
        if start:
            request.add_header("Range", f"bytes={start}-")
        if tag:
            request.add_header("If-Range", tag)
        return opener.open(request, timeout=_READ_SECONDS)
    except urllib.error.HTTPError as error:
        error.close()
        if error.code == 416 and start:
            return None
        what = f"{shown} cannot be had: {host} answers {error.code} {error.reason}."
        raise OriginUnavailable(what, _by_hand(shown), error.code in _PASSING) from error
    except (ValueError, http.client.InvalidURL):  # whose text may hold a part of a password
        raise ModelError(f"{shown} is no address that can be fetched.") from None
    except (OSError, http.client.HTTPException) as error:
        reason = getattr(error, "reason", error)
        what = f"{host} cannot be reached ({getattr(reason, 'strerror', None) or reason})."
        raise OriginUnavailable(what, _by_hand(shown)) from error


def _request(url: str) -> urllib.request.Request:
    """Put user name and password into a header, which is not forwarded when the server redirects."""
    address = urllib.parse.urlsplit(url)
    user, at, host = address.netloc.rpartition("@")
    request = urllib.request.Request(address._replace(netloc=host).geturl(), headers={"User-Agent": "splitlens"})
    if at:
        credentials = base64.b64encode(urllib.parse.unquote_to_bytes(user)).decode()
        request.add_unredirected_header("Authorization", "Basic " + credentials)
    return request


def _tag_of(response: Any) -> str:
    """Return a value for `If-Range`: a strong ETag, or the date of the last change; "" where there is neither."""
    tag = str(response.headers.get("ETag", ""))
    return tag if tag.startswith('"') else str(response.headers.get("Last-Modified", ""))


def _start_of(response: Any) -> int:
    """Return at which byte of the file the body starts: 0 from a server that ignores Range."""
    if response.getcode() != 206:
        return 0
    match = re.match(r"bytes (\d+)-", response.headers.get("Content-Range", ""))
    return int(match.group(1)) if match else -1


def _blocks(url: str, response: Any) -> Iterator[bytes]:
    while True:
        try:
            block = response.read(_BLOCK)
        except (OSError, http.client.HTTPException) as error:
            raise _BrokenOffError(
                f"{url} broke off ({str(error) or type(error).__name__}): the same command goes on from there."
            ) from error
        if not block:
            return
        yield block


def _check(url: str, part: Path, expected_bytes: Optional[int], expected_sha384: Optional[str]) -> Downloaded:
    result = Downloaded(part, part.stat().st_size, hash_file(part, "sha384"))
    if expected_bytes is not None and result.bytes != expected_bytes:
        discard(part)
        raise ModelError(f"{url} came as {result.bytes} bytes, not {expected_bytes}: it was deleted; try again.")
    if expected_sha384 is not None and result.sha384 != expected_sha384:
        discard(part)
        raise ModelError(
            f"{url} is not the file that it should be: its SHA-384 is {result.sha384[:16]}..., not"
            f" {expected_sha384[:16]}.... It was deleted; try again, and if it comes so again, do not trust that"
            " server."
        )
    return result


class _QuickConnect:
    """A handler whose timeout for connecting is shorter than the one for transfers."""

    timeout: Any
    sock: Any

    def connect(self) -> None:
        self.timeout = _CONNECT_SECONDS
        super().connect()  # type: ignore[misc]
        self.sock.settimeout(_READ_SECONDS)


class _HttpConnection(_QuickConnect, http.client.HTTPConnection):
    pass


class _HttpsConnection(_QuickConnect, http.client.HTTPSConnection):
    pass


class _Http(urllib.request.HTTPHandler):
    def http_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(_HttpConnection, req)


class _Https(urllib.request.HTTPSHandler):
    def https_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(_HttpsConnection, req)
