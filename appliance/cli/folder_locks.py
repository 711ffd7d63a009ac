"""Locks on the folders that an appliance must not share while it runs."""

import logging
import os
from pathlib import Path
from typing import IO, List, Optional

from appliance.core.errors import ConfigError
from appliance.core.locks import NoLocks, Taken, lock_file
from appliance.settings import Settings

log = logging.getLogger(__name__)


class FolderLock:
    """A folder that two appliances must not share. It is created, and locked until `close`.

    If locking is not possible, this is logged.

    Args:
        key: The folder's setting.
        folder: The folder.
        name: Name of the lock file in it.

    Raises:
        ConfigError: Another appliance uses it.
    """

    def __init__(self, key: str, folder: Path, name: str) -> None:
        self._key, self._folder, self._name = key, folder, name
        self._file: Optional[IO[bytes]] = None
        self._lock()

    def close(self) -> None:
        if self._file is not None:
            self._file.close()

    def renew(self) -> bool:
        """Create and lock the folder again if it was deleted; returns whether it was.

        A failure is logged: call it again.
        """
        try:
            if os.path.isdir(str(self._folder)) and (self._file is None or (self._folder / self._name).exists()):
                return False
            self._lock()
        except (OSError, ConfigError) as error:
            log.error("%s", error)
            return False
        if not os.path.isdir(str(self._folder)):
            return False
        log.warning("%s %s was taken away. It is made anew, and the daemon is started again", self._key, self._folder)
        return True

    def _lock(self) -> None:
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            file = lock_file(self._folder / self._name)
        except Taken as owner:
            raise ConfigError(
                f"{self._key} {self._folder}: another appliance is using it ({owner}). Stop that one, or give this one"
                " a folder of its own"
            ) from None
        except NoLocks as reason:
            log.warning(
                "%s %s cannot be locked (%s): a second appliance that uses it would not be noticed",
                self._key,
                self._folder,
                reason,
            )
        except OSError as error:
            log.warning("%s %s cannot be locked: %s", self._key, self._folder, error.strerror)
        else:
            self.close()
            self._file = file


def lock_folders(settings: Settings) -> List[FolderLock]:
    """Lock the folders of these settings. Raises ConfigError if another appliance uses one of them."""
    held: List[FolderLock] = []
    try:
        for key, name in (("state_dir", "lock"), ("recordings_dir", ".lock")):
            held.append(FolderLock(key, Path(getattr(settings, key)).absolute(), name))
    except ConfigError:
        for lock in held:
            lock.close()
        raise
    return held
