"""A small JSON file in the state folder, for data that is stored across restarts."""

import logging
from pathlib import Path
from typing import Any, Callable, Generic, Optional, TypeVar

from appliance.core.files import keep_damaged, read_json, write_json

log = logging.getLogger(__name__)

T = TypeVar("T")


class JsonStore(Generic[T]):
    """One file, read at the start and always replaced as a whole. Not thread-safe.

    Args:
        path: The file; missing folders are created.
        check: Converts the content of the file. Raises ValueError if it is not in the expected form.
        consequence: Appended to the log message about an unreadable file: "which models hung is not known".
    """

    def __init__(self, path: Path, check: Callable[[Any], T], consequence: str) -> None:
        self.path = path
        self._check = check
        self._consequence = consequence

    def read(self, default: T) -> T:
        """Return the converted content; `default` if there is no file. A damaged file is moved aside, and logged."""
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
        """Replace the file. Returns the error if it cannot be written, else None."""
        try:
            # Only its owner can read it: addresses of cameras contain passwords.
            write_json(self.path, content)
        except OSError as error:
            return error
        return None
