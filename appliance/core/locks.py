"""File locks, for folders that only one appliance may use. The kernel releases them when a process ends."""

import errno
import fcntl
import os
import socket
import stat
from pathlib import Path
from typing import IO

# A file system without locks (NFS without its lock service), or a folder without write permission.
_NO_LOCKS = (errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS, errno.EROFS, errno.EACCES, errno.EPERM)


class Taken(Exception):
    """Another process holds the lock. The text names that process."""


class NoLocks(Exception):
    """Locking is not possible; the text says why."""


def lock_file(path: Path) -> IO[bytes]:
    """Take a lock that is held for as long as the returned file is open.

    The file is never deleted; it names the process that holds or held the lock.

    Raises:
        Taken: Another process holds it.
        NoLocks: Locking is not possible here.
        OSError: The file cannot be created for another reason.
    """
    try:
        file = _open(path)
    except OSError as error:
        if error.errno in _NO_LOCKS:
            raise NoLocks(error.strerror) from error
        raise
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        with file:
            if error.errno == errno.EWOULDBLOCK:
                file.seek(0)
                owner = file.read(200).decode("utf-8", "replace").strip()
                raise Taken(owner or "another process") from error
        if error.errno in _NO_LOCKS:
            raise NoLocks(error.strerror) from error
        raise
    try:
        file.truncate(0)
        file.write(f"process {os.getpid()} of {socket.gethostname()}\n".encode("utf-8", "replace"))
        file.flush()
    except OSError:
        pass  # a full disk: the lock is held nevertheless
    return file


def _open(path: Path) -> IO[bytes]:
    """Open or create the file. Delete a link, maybe of a confined daemon: its target would be overwritten."""
    flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK
    try:
        descriptor = os.open(str(path), flags, 0o666)
    except OSError as error:
        if error.errno != errno.ELOOP or not path.is_symlink():
            raise
        path.unlink()
        descriptor = os.open(str(path), flags, 0o666)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, "it is no file")
    return os.fdopen(descriptor, "a+b")
