"""Atomic file writes: after a crash, a full disk or a power cut a file is either the old one or the new one."""

import contextlib
import errno
import fcntl
import hashlib
import json
import os
import secrets
import stat
import time
from pathlib import Path
from typing import IO, Any, Iterator, Union

PRIVATE = 0o600
"""File mode for passwords, keys and addresses of cameras: only the owner can read and write them."""

_MOST_DIGITS = 300
_BLOCK = 1 << 20
_MOST_COPIED = 16 * 1000**2

# Errors of fsync on some network and FUSE file systems: there is nothing to wait for.
UNSUPPORTED = (errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP)


@contextlib.contextmanager
def replacing(path: Path, mode: int = PRIVATE, durable: bool = True) -> Iterator[IO[bytes]]:
    """Open a new file next to `path`; it replaces `path` at the end of the block, and is deleted if the block fails.

    Missing folders are created. Several processes may do so at once: the last one wins.

    Args:
        path: The file to create or replace.
        mode: The new file's permissions, minus the umask.
        durable: Whether to wait until file and name are on the disk; if not, a power cut may leave an empty file.

    Raises:
        OSError: The file cannot be written; the old one is unchanged.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = str(path.with_name(f".{path.name}.{secrets.token_hex(4)}.new"))
    handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
            file.flush()
            if durable:
                sync(file.fileno())
        os.replace(beside, str(path))
    except BaseException:
        os.unlink(beside)
        raise
    if durable:
        sync_path(path.parent)


def write_text(path: Path, text: str, mode: int = PRIVATE) -> None:
    """Create or replace a UTF-8 file. Raises OSError; the old file is then unchanged."""
    with replacing(path, mode) as file:
        file.write(text.encode("utf-8"))


def write_json(path: Path, content: Any, mode: int = PRIVATE) -> None:
    """Create or replace a JSON file, readable for people. Raises OSError; the old file is then unchanged."""
    write_text(path, json.dumps(content, indent=1) + "\n", mode)


def read_json(path: Path, most_bytes: int = 16 * 1000**2) -> Any:
    """Return the content of a JSON file. A whole number too large for a double becomes infinite, as 1e999 does.

    Raises:
        OSError: The file cannot be read.
        ValueError: It is not a regular file, not JSON, not UTF-8, too long or nested too deep.
    """
    with open_regular(path) as file:
        data = file.read(most_bytes + 1)
    if len(data) > most_bytes:
        raise ValueError(f"it is longer than {most_bytes} bytes")
    try:
        return json.loads(data.decode("utf-8"), parse_int=_integer)
    except RecursionError as error:
        raise ValueError("it is nested too deep") from error
    except UnicodeDecodeError as error:
        raise ValueError("it is no text") from error
    except ValueError as error:
        raise ValueError(f"it is no JSON ({error})") from error


def hash_file(path: Path, algorithm: str = "sha256") -> str:
    """Return the hash of a file, in hexadecimal. algorithm: a name of hashlib. Raises OSError."""
    digest = hashlib.new(algorithm)
    with path.open("rb") as file:
        for block in iter(lambda: file.read(_BLOCK), b""):
            digest.update(block)
    return digest.hexdigest()


def open_regular(path: Path) -> IO[bytes]:
    """Open a file for reading, without blocking on a pipe. Raises OSError; ValueError if it is not a regular file."""
    try:
        descriptor = os.open(str(path), os.O_RDONLY | os.O_NONBLOCK)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise ValueError("it is a link to itself") from error
        raise
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise ValueError("it is no file")
    return os.fdopen(descriptor, "rb")


def _integer(digits: str) -> Union[int, float]:
    return int(digits) if len(digits) <= _MOST_DIGITS else float(digits)


def keep_damaged(path: Path, why: str) -> str:
    """Save a damaged file under another name, so that nothing is lost.

    A regular file also stays in place, until it is replaced; anything else is moved. If damage occurs repeatedly, the
    first copy and the last few are kept: the first is the one with useful content. Never raises.

    Args:
        path: A file that is only ever replaced as a whole, as by `replacing`.
        why: What is wrong with it: "it is no JSON".

    Returns:
        A sentence for the log, without its full stop.
    """
    said = f"{path} is damaged: {why}"
    try:
        asides = [path.with_name(f"{path.name}.damaged{end}") for end in ("", "-2", "-3", "-4", "-5")]
        free = [aside for aside in asides if not os.path.lexists(str(aside))]
        aside = free[0] if free else asides[-1]
        if not stat.S_ISREG(path.lstat().st_mode):
            os.rename(str(path), str(aside))
        elif not any(os.path.samestat(path.lstat(), other.lstat()) for other in asides if other not in free):
            _link(path, aside)
        else:
            return f"{said}. It was kept before"
        sync_path(path.parent)
    except OSError as error:
        return f"{said}. It cannot be kept ({error.strerror})"
    return f"{said}. It is kept as {aside}"


def _link(path: Path, aside: Path) -> None:
    """Give a file another name; make a copy if the file system has no hard links. Raises OSError."""
    try:
        if os.path.lexists(str(aside)):
            os.unlink(str(aside))
        os.link(str(path), str(aside))
    except OSError:
        with replacing(aside) as file, path.open("rb") as damaged:
            file.write(damaged.read(_MOST_COPIED))


def hold(descriptor: int) -> None:
    """Mark a file as being written, for as long as this process, or a child that inherits it, has it open."""
    with contextlib.suppress(OSError):  # a file system without locks
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


def is_held(path: Path) -> bool:
    """Return whether a process holds a file, or that cannot be known. Raises OSError if it cannot be opened."""
    with path.open("rb") as file:
        try:
            fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
            return False
        except OSError:
            return True


def sync(descriptor: int) -> None:
    """Wait until a file is on the disk, if its file system supports that. Raises OSError."""
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in UNSUPPORTED:
            raise


def sync_path(path: Path) -> None:
    """Wait until a file or folder that is not open is on the disk. Raises OSError."""
    descriptor = os.open(str(path), os.O_RDONLY)
    try:
        sync(descriptor)
    finally:
        os.close(descriptor)


def note_access(path: str) -> None:
    """Note that somebody watches a file, as its time of access: file systems do not do it reliably. Never raises."""
    with contextlib.suppress(OSError):
        os.utime(path, ns=(int(time.time() * 1e9), os.stat(path).st_mtime_ns))
