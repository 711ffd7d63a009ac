"""Restrict the daemon to writing its own folders, because it runs models and decoders of unknown origin.

Enforced by the kernel (Landlock, Linux 5.19 and newer), permanently, for this process and all its children. Reading is
not restricted. Constants and structures: linux/landlock.h.
"""

import ctypes
import logging
import os
import struct
import tempfile
from pathlib import Path
from typing import Dict, Iterable

from appliance.settings import Settings

log = logging.getLogger(__name__)

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446  # the same on all architectures
_VERSION_FLAG, _PATH_BENEATH = 1, 1
_PR_SET_NO_NEW_PRIVS = 38
# Version 1 forbids moving files between folders, which installing a model requires.
_OLDEST_VERSION = 2

_WRITE_FILE, _REFER, _TRUNCATE = 1 << 1, 1 << 13, 1 << 14
_REMOVE = 1 << 4 | 1 << 5
_MAKE_DIR, _MAKE_FILE, _MAKE_SOCKET, _MAKE_PIPE, _MAKE_LINK = 1 << 7, 1 << 8, 1 << 9, 1 << 10, 1 << 12
_MAKE_DEVICE = 1 << 6 | 1 << 11
_OWN_FOLDER = (
    _WRITE_FILE | _REMOVE | _MAKE_DIR | _MAKE_FILE | _MAKE_SOCKET | _MAKE_PIPE | _MAKE_LINK | _REFER | _TRUNCATE
)

_libc = ctypes.CDLL(None, use_errno=True)


def confine_daemon(settings: Settings, run_dir: Path) -> None:
    """Confine this process to what an appliance writes. Call it before starting threads, which would stay free."""
    own = [Path(settings.state_dir), Path(settings.recordings_dir), Path(settings.models_dir), run_dir]
    for folder in own:
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)  # with the mode that the daemon's umask will give
        except OSError as error:
            log.debug("%s: %s", folder, error)  # reported later, by the code that writes there
    if not confine([*own, Path(tempfile.gettempdir()), Path("/dev/shm")], ["/dev", _proc()]):
        return
    # Caches that are in the home folder by default, where other programs use their content.
    caches = Path(settings.state_dir).resolve()
    os.environ.setdefault("GST_REGISTRY", str(caches / "gstreamer-registry.bin"))
    os.environ.setdefault("CUDA_CACHE_PATH", str(caches / "cuda-cache"))


def confine(folders: Iterable[Path], files_below: Iterable[str]) -> bool:
    """Let this process write only below some folders, and to existing files below others.

    Args:
        folders: Writable folders. Missing ones are not writable.
        files_below: Folders whose existing files are writable.

    Returns:
        Whether the kernel enforces it.
    """
    version = _libc.syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), _VERSION_FLAG)
    if version < _OLDEST_VERSION:
        log.info(
            "What the daemon may write is limited by its user's rights alone: this kernel has no Landlock, or an "
            "old one (docs/containers.md)"
        )
        return False
    handled = _OWN_FOLDER | _MAKE_DEVICE
    if version < 3:
        handled &= ~_TRUNCATE
    attributes = struct.pack("=Q", handled)
    ruleset = _libc.syscall(_CREATE_RULESET, attributes, ctypes.c_size_t(len(attributes)), 0)
    if ruleset < 0:
        return _failed()
    try:
        rules: Dict[str, int] = {str(folder): _OWN_FOLDER for folder in folders}
        rules.update((name, _WRITE_FILE | _TRUNCATE) for name in files_below)
        for name, rights in rules.items():
            if not _allow(ruleset, name, rights & handled):
                return _failed()
        if _libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) or _libc.syscall(_RESTRICT_SELF, ruleset, 0):
            return _failed()
    finally:
        os.close(ruleset)
    return True


def _allow(ruleset: int, name: str, rights: int) -> bool:
    try:
        descriptor = os.open(name, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        log.debug("%s: %s", name, error)
        return True
    try:
        rule = struct.pack("=Qi", rights, descriptor)
        return bool(_libc.syscall(_ADD_RULE, ruleset, _PATH_BENEATH, rule, 0) == 0)
    finally:
        os.close(descriptor)


def _failed() -> bool:
    log.warning("What the daemon may write could not be limited: %s", os.strerror(ctypes.get_errno()))
    return False


def _proc() -> str:
    """Return where camera readers mark themselves to be killed first. As root not all of /proc: it has settings."""
    return "/proc" if os.geteuid() else "/proc/self"
