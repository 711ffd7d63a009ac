"""The hidden folders beside the recordings, and when a file was last played. The dashboard uses it too: no numpy.

`.ring` has what nobody wants to keep yet, `.clips` what was cut for players; both are emptied at the start.
"""

import contextlib
import os
import time
from pathlib import Path

RING, CLIPS, SNAPSHOTS = ".ring", ".clips", "snapshots"

PRIVATE_FOLDER = 0o700


def make_hidden(folder: Path, name: str) -> Path:
    """Return a folder inside the folder of recordings, which is created if missing. Raises OSError."""
    path = folder / name
    with contextlib.suppress(FileExistsError):
        os.mkdir(str(path), PRIVATE_FOLDER)
    return path


def empty_hidden(folder: Path, name: str) -> None:
    """Delete the files in a hidden folder, which a process that was killed may have left. Never raises."""
    with contextlib.suppress(OSError):
        with os.scandir(str(folder / name)) as files:
            paths = [file.path for file in files if not file.is_dir(follow_symlinks=False)]
        for path in paths:
            remove(Path(path))


def remove(path: Path) -> None:
    """Delete a file that may be gone already. Never raises: what cannot be deleted is emptied at the next start."""
    with contextlib.suppress(OSError):
        os.unlink(str(path))


def note_access(path: str) -> None:
    """Note that somebody watches a file: file systems do not do it reliably. Never raises."""
    with contextlib.suppress(OSError):
        os.utime(path, ns=(_now_ns(), os.stat(path).st_mtime_ns))


def access_time(path: Path) -> float:
    """Return when a file was last read or watched, Unix time; 0.0 if it is gone."""
    try:
        return os.stat(str(path)).st_atime
    except OSError:
        return 0.0


def _now_ns() -> int:
    return int(time.time() * 1e9)
