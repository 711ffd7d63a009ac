"""A small file of JSON in the state folder, for what is kept over restarts."""

import logging
from pathlib import Path
from typing import Any, Callable, Generic, Optional, TypeVar

from appliance.core.files import keep_damaged, read_json, write_json

log = logging.getLogger(__name__)

T = TypeVar("T")


class JsonStore(Generic[T]):
    """One file, read at the start and replaced as a whole. Not for several threads at once.

    Args:
        path: The file; its folder is made where it is missing.
        check: Makes what the file stands for of what it holds. Raises ValueError where it is not as it was written.
        consequence: Goes on in the log behind a file that cannot be read: "which models hung is not known".
    """

    def __init__(self, path: Path, check: Callable[[Any], T], consequence: str) -> None:
        self.path = path
        self._check = check
        self._consequence = consequence

    def read(self, default: T) -> T:
        """What the file stands for; the default where there is none. One that is damaged is kept aside, and logged."""
        try:
            return self._check(read_json(self.path))
        except FileNotFoundError:
            pass
        except OSError as error:
            log.warning("%s cannot be read (%s): %s", self.path, error, self._consequence)
        except ValueError as error:
            log.warning("%s; %s", keep_damaged(self.path, str(error)), self._consequence)
        return default

    def write(self, content: Any) -> Optional[OSError]:
        """Replace the file. Returns why it cannot be written; None if it was."""
        try:
            # Its owner alone can read it: addresses of cameras hold passwords.
            write_json(self.path, content)
        except OSError as error:
            return error
        return None
