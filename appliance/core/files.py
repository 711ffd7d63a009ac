"""Files that are the old one or the new one, whatever happens meanwhile: a crash, a full disk, a power cut."""

import contextlib
import errno
import fcntl
import json
import os
import secrets
from pathlib import Path
from typing import IO, Any, Iterator

PRIVATE = 0o600
"""For files with passwords, addresses of cameras, keys: their owner alone reads and writes them."""

# What some network and FUSE file systems say to fsync: there is nothing to wait for.
_UNSUPPORTED = (errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP)


@contextlib.contextmanager
def replacing(path: Path, mode: int = PRIVATE, durable: bool = True) -> Iterator[IO[bytes]]:
    """A new file beside `path`, which takes its place at the end of the block, and is removed where that fails.

    Its folder is made where it is missing. Several processes may do so at once: the last one wins.

    Args:
        path: The file to make or replace.
        mode: The new file's permissions, less the umask.
        durable: Whether file and name are on the disk when this returns; without, a power cut may leave an empty file.

    Raises:
        OSError: The file cannot be written; the old one is as it was.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = str(path.with_name(".{}.{}.new".format(path.name, secrets.token_hex(4))))
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
    """Make or replace a file of UTF-8. Raises OSError; the old file is as it was then."""
    with replacing(path, mode) as file:
        file.write(text.encode("utf-8"))


def write_json(path: Path, content: Any, mode: int = PRIVATE) -> None:
    """Make or replace a file of JSON, for people to read too. Raises OSError; the old file is as it was then."""
    write_text(path, json.dumps(content, indent=1) + "\n", mode)


def read_json(path: Path, most_bytes: int = 16 * 1000 ** 2) -> Any:
    """What a file of JSON holds.

    Raises:
        OSError: It cannot be read.
        ValueError: It is no JSON, no UTF-8, too long or nested too deep.
    """
    with path.open("rb") as file:
        data = file.read(most_bytes + 1)
    if len(data) > most_bytes:
        raise ValueError("it is longer than {} bytes".format(most_bytes))
    try:
        return json.loads(data.decode("utf-8"))
    except RecursionError as error:
        raise ValueError("it is nested too deep") from error


def keep_damaged(path: Path) -> Path:
    """Keep a copy of a file that holds something wrong, so that nothing is lost: NAME.damaged. Raises OSError."""
    aside = path.with_name(path.name + ".damaged")
    with replacing(aside) as file:
        file.write(path.read_bytes())
    return aside


def hold(descriptor: int) -> None:
    """Let others see that a file is being written, as long as this process or a child that inherits it has it open."""
    with contextlib.suppress(OSError):  # a file system without locks
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


def is_held(path: Path) -> bool:
    """Whether somebody holds a file, or that cannot be known. Raises OSError where it cannot be opened."""
    with path.open("rb") as file:
        try:
            fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
            return False
        except OSError:
            return True


def sync(descriptor: int) -> None:
    """Wait until the disk has a file, where its file system knows how to. Raises OSError."""
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in _UNSUPPORTED:
            raise


def sync_path(path: Path) -> None:
    """The same for a file or folder that is not open. Raises OSError."""
    descriptor = os.open(str(path), os.O_RDONLY)
    try:
        sync(descriptor)
    finally:
        os.close(descriptor)
