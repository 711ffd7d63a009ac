"""Which models hung, failed or crashed on this machine, kept over restarts: one that did so twice is not loaded again
by itself."""

import logging
import threading
from pathlib import Path
from typing import Any, Dict

from appliance.core.errors import SplitlensError
from appliance.core.files import hash_file, keep_damaged, read_json, write_json
from appliance.zoo.store import resolve_model

log = logging.getLogger(__name__)

MOST_HANGS = 2
_MOST_MODELS = 1000


class Hangs:
    """The file `state_dir/hangs.json`: how often each graph did so, by its SHA-256. A damaged one counts for
    nothing."""

    def __init__(self, state_dir: Path, models_dir: Path) -> None:
        self._path = state_dir / "hangs.json"
        self._models_dir = models_dir
        self._lock = threading.Lock()
        self._counts = self._read()

    def is_given_up(self, model: str) -> bool:
        """Whether a model, by its name or path, hung so often that nobody but an operator asks for it."""
        with self._lock:
            return bool(self._counts) and self._counts.get(self._identity(model), 0) >= MOST_HANGS

    def add(self, model: str) -> int:
        """Note that it hung, failed or crashed. Returns how often it did."""
        with self._lock:
            identity = self._identity(model)
            count = self._counts[identity] = self._counts.get(identity, 0) + 1
            self._write()
            return count

    def give_another_try(self, model: str) -> None:
        """An operator asks for it: it may hang once more before it is given up again."""
        self._lower(model, MOST_HANGS - 1)

    def forget(self, model: str) -> None:
        """It has run for long."""
        self._lower(model, 0)

    def _lower(self, model: str, most: int) -> None:
        with self._lock:
            if not self._counts:
                return
            identity = self._identity(model)
            if self._counts.get(identity, 0) > most:
                self._counts[identity] = most
                if not most:
                    del self._counts[identity]
                self._write()

    def _identity(self, model: str) -> str:
        try:
            return hash_file(resolve_model(model, self._models_dir).path)
        except (SplitlensError, OSError):
            return "name:" + model[:200]

    def _read(self) -> Dict[str, int]:
        try:
            content: Any = read_json(self._path)
            if (
                not isinstance(content, dict)
                or len(content) > _MOST_MODELS
                or not all(
                    isinstance(count, int) and not isinstance(count, bool) and 0 < count < 10**6
                    for count in content.values()
                )
            ):
                raise ValueError("it is not as it was written")
        except FileNotFoundError:
            return {}
        except OSError as error:
            log.warning("%s cannot be read (%s): which models hung is not known", self._path, error)
            return {}
        except ValueError as error:
            log.warning("%s; which models hung is not known", keep_damaged(self._path, str(error)))
            return {}
        return dict(content)

    def _write(self) -> None:
        try:
            write_json(self._path, self._counts)
        except OSError as error:
            log.warning("%s cannot be written (%s): a model that hangs is loaded again", self._path, error.strerror)
