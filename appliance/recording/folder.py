"""The folders beside the recordings, and when a file was last played.

`.ring` has what nobody wants to keep yet, `clips` what was cut for players; both are emptied at the start.
"""

import contextlib
import os
from pathlib import Path

RING, SNAPSHOTS = ".ring", "snapshots"

PRIVATE_FOLDER = 0o700


def make_folder(folder: Path, name: str) -> Path:
    """Return a folder inside the folder of recordings, which is created if missing. Raises OSError."""
    path = folder / name
    with contextlib.suppress(FileExistsError):
        os.mkdir(str(path), PRIVATE_FOLDER)
    return path


def empty_folder(folder: Path, name: str) -> None:
    """Delete the files in such a folder, which a process that was killed may have left. Never raises."""
    with contextlib.suppress(OSError):
        with os.scandir(str(folder / name)) as files:
            paths = [file.path for file in files if not file.is_dir(follow_symlinks=False)]
        for path in paths:
            remove(Path(path))


def remove(path: Path) -> None:
    """Delete a file that may be gone already. Never raises: what cannot be deleted is emptied at the next start."""
    with contextlib.suppress(OSError):
        os.unlink(str(path))


def access_time(path: Path) -> float:
    """Return when a file was last read or watched, Unix time; 0.0 if it is gone."""
    try:
        return os.stat(str(path)).st_atime
    except OSError:
        return 0.0
