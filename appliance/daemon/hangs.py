"""Which models hung, failed or crashed on this machine, kept over restarts.

One that did so twice is not loaded again by itself.
"""

import logging
import threading
from pathlib import Path
from typing import Any, Dict

from appliance.core.errors import SplitlensError
from appliance.core.files import hash_file
from appliance.daemon.json_store import JsonStore
from appliance.zoo.store import resolve_model

log = logging.getLogger(__name__)

MOST_HANGS = 2
_MOST_MODELS = 1000


class Hangs:
    """The file `hangs.json`: how often each graph did so, by its SHA-256. Any thread may call the methods.

    Args:
        state_dir: The folder of the file. A damaged file counts for nothing.
        models_dir: Where models are looked for by their names.
    """

    def __init__(self, state_dir: Path, models_dir: Path) -> None:
        self._store = JsonStore(state_dir / "hangs.json", _check_counts, "which models hung is not known")
        self._models_dir = models_dir
        self._lock = threading.Lock()
        self._counts = self._store.read({})

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

    def _write(self) -> None:
        problem = self._store.write(self._counts)
        if problem is not None:
            log.warning(
                "%s cannot be written (%s): a model that hangs is loaded again", self._store.path, problem.strerror
            )


def _check_counts(content: Any) -> Dict[str, int]:
    if not isinstance(content, dict) or len(content) > _MOST_MODELS:
        raise ValueError("it is not as it was written")
    for count in content.values():
        if not isinstance(count, int) or isinstance(count, bool) or not 0 < count < 10**6:
            raise ValueError("it is not as it was written")
    return dict(content)
