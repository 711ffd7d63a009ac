"""The private directory of the bus: its lock, the addresses of the sockets, and the last daemon's exit reason."""

import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Union

from appliance.core.errors import ConfigError
from appliance.core.files import open_regular, replacing
from appliance.core.locks import NoLocks, Taken, lock_file

_SCHEME = "ipc://"
_LOCK = "lock"
_EXIT_REASON = "exit_reason"
_LONGEST_REASON = 10000
# sockaddr_un has 108 bytes, and ZeroMQ needs the zero at the end.
_LONGEST_PATH = 107


@dataclass(frozen=True)
class Addresses:
    """The addresses of the sockets of a run directory, in ZeroMQ's form."""

    frames: str
    events: str
    control: str


def socket_addresses(run_dir: Union[str, Path]) -> Addresses:
    """Return the addresses of the sockets of a run directory, whether or not they exist."""
    return Addresses(*(_SCHEME + str(Path(run_dir) / name) for name in ("frames", "events", "control")))


def has_socket(address: str) -> bool:
    """Return whether a socket exists at an address; the daemon that made it may have ended."""
    return os.path.exists(address[len(_SCHEME) :])


def has_lock(run_dir: Union[str, Path]) -> bool:
    """Return whether the lock file exists: a cleaner of temporary folders may have deleted it."""
    return (Path(run_dir) / _LOCK).exists()


def make_run_dir(path: Union[str, Path]) -> Path:
    """Create the private directory of the sockets, or check it. Raises ConfigError if other users could access it."""
    folder = Path(path).absolute()
    if len(str(folder / "control")) > _LONGEST_PATH:
        raise ConfigError(f"{folder}: too long for the name of a socket; set run_dir to a shorter one")
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        status = folder.lstat()
    except OSError as error:
        raise ConfigError(f"{folder}: cannot be made: {error.strerror}; set run_dir to another place") from error
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.geteuid():
        raise ConfigError(f"{folder}: belongs to somebody else; set run_dir to another place")
    if stat.S_IMODE(status.st_mode) & 0o077:
        folder.chmod(0o700)
    return folder


def lock_run_dir(run_dir: Union[str, Path]) -> IO[bytes]:
    """Lock the directory for as long as the returned file is open. Raises ConfigError if another daemon holds it.

    Without the lock, ZeroMQ would take over the other daemon's sockets without an error.
    """
    try:
        return lock_file(Path(run_dir) / _LOCK)
    except Taken as owner:
        raise ConfigError(
            f"{run_dir}: another appliance is running there ({owner}). Stop it first, or give this one another port"
            " (listen) or run_dir."
        ) from None
    except (NoLocks, OSError) as error:
        raise ConfigError(f"{run_dir}: cannot be locked: {error}; set run_dir to another place") from error


def is_open(run_dir: Union[str, Path]) -> bool:
    """Return whether a daemon's sockets exist; that daemon may have ended."""
    addresses = socket_addresses(run_dir)
    return all(has_socket(address) for address in (addresses.frames, addresses.events, addresses.control))


def write_exit_reason(run_dir: Union[str, Path], sentence: str) -> None:
    """Save why the daemon ends, a sentence, for the dashboard; "" deletes the last one."""
    try:
        # A new file: an existing one may be a link, or a pipe, that a confined daemon has made.
        with replacing(Path(run_dir) / _EXIT_REASON, durable=False) as file:
            file.write(sentence.encode("utf-8", "replace"))
    except OSError:
        pass  # it was logged too


def read_exit_reason(run_dir: Union[str, Path]) -> str:
    """Return why the last daemon ended, if it could say so and none has started since; else ""."""
    try:
        path = Path(run_dir) / _EXIT_REASON
        if path.is_symlink():
            return ""
        with open_regular(path) as file:
            return file.read(_LONGEST_REASON).decode("utf-8", "replace")
    except (OSError, ValueError):
        return ""
