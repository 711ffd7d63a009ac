"""Put a model into its folder atomically, one process at a time per model.

Work is done in `<models_dir>/.downloads`: locks, downloads, folders being filled or removed.
"""

import contextlib
import errno
import fcntl
import logging
import os
import re
import shutil
import time
from dataclasses import asdict
from pathlib import Path
from typing import Callable, Iterator, Optional

from appliance.core.errors import ModelError, OutputError
from appliance.core.files import hash_file, sync_path, write_json
from appliance.zoo.layout import GRAPH_FILE, RECORD_FILE, Record

log = logging.getLogger(__name__)

Progress = Callable[[int, Optional[int]], None]
"""Called with the bytes done and the bytes in all, None where they are not known."""


def work_folder(models_dir: Path) -> Path:
    """Return the folder for work in progress, created if missing. Raises OutputError."""
    folder = models_dir / ".downloads"
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
    return folder


@contextlib.contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn a failure to write into an OutputError: no space, no permission."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise OutputError(f"There is no space left for {path}: make room and try again.") from error
        raise OutputError(f"{path} cannot be written: {error.strerror or error}.") from error


def check_space(path: Path, needed: int) -> None:
    """Raise OutputError if the file system of an existing folder has less than `needed` bytes free."""
    free = shutil.disk_usage(str(path)).free
    if needed > free:
        raise OutputError(
            f"{path} needs {needed // 1000000 + 1} MB more, and {free // 1000000} MB are free there: make room and try"
            " again."
        )


@contextlib.contextmanager
def locked(name: str, models_dir: Path) -> Iterator[None]:
    """Hold the lock of one model; waits, and logs it, while another process holds it."""
    path = work_folder(models_dir) / (name + ".lock")
    with writing(path):
        file = path.open("w")
    with file:
        with writing(path):
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                log.info("Another process is at work on %s: waiting for it.", name)
                fcntl.flock(file, fcntl.LOCK_EX)
        yield


@contextlib.contextmanager
def staging(name: str, models_dir: Path) -> Iterator[Path]:
    """Give an empty folder to build a model in, removed at the end; the caller holds the model's lock."""
    folder = work_folder(models_dir) / (name + ".new")
    with writing(folder):
        shutil.rmtree(str(folder), ignore_errors=True)  # left by a process that was killed
        folder.mkdir()
    try:
        yield folder
    finally:
        shutil.rmtree(str(folder), ignore_errors=True)


def make_record(folder: Path, origin: str, licence: Optional[str]) -> Record:
    """Return the record of the graph in a folder, with the present time."""
    return Record(
        origin=origin,
        installed_at=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        licence=licence,
        graph_sha256=hash_file(folder / GRAPH_FILE),
    )


def put_in_place(folder: Path, name: str, models_dir: Path, record: Record) -> None:
    """Make a finished folder `<models_dir>/<name>`, on disk before it is visible.

    If there is such a folder without a complete graph, its other files stay.
    """
    target = models_dir / name
    with writing(target):
        write_json(folder / RECORD_FILE, asdict(record), 0o644)
        for path in list(folder.iterdir()) + [folder]:
            sync_path(path)
        if target.is_dir():
            for path in sorted(folder.iterdir(), key=lambda path: path.name == GRAPH_FILE):  # the graph last
                path.replace(target / path.name)
        else:
            os.rename(str(folder), str(target))
        sync_path(models_dir)


def take_away(folder: Path, models_dir: Path) -> None:
    """Remove a model's folder: first out of sight, then its files; the caller holds the lock. Raises OSError."""
    if folder.is_symlink():
        folder.unlink()
        return
    hidden = work_folder(models_dir) / (folder.name + ".removed")
    shutil.rmtree(str(hidden), ignore_errors=True)  # left by a process that was killed
    os.rename(str(folder), str(hidden))
    shutil.rmtree(str(hidden), ignore_errors=True)


def remove_file(path: Path) -> None:
    """Remove a file that may be gone already."""
    with contextlib.suppress(FileNotFoundError):
        path.unlink()


def check_name(name: str) -> str:
    """Return the name if a model may be called so. Raises ModelError."""
    if re.match(r"[A-Za-z0-9_-][A-Za-z0-9._-]*\Z", name) is None:
        raise ModelError(f"A model cannot be called {name!r}: letters, digits, '.', '_' and '-' only.")
    return name
