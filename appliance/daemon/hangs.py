"""The models that hung, failed or crashed on this machine, stored across restarts.

A model that did so twice is not loaded again automatically.
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
    """The file `hangs.json`: the number of failures of each graph, by its SHA-256. Thread-safe.

    Args:
        state_dir: The folder of the file. A damaged file is ignored.
        models_dir: The folder in which models are found by name.
    """

    def __init__(self, state_dir: Path, models_dir: Path) -> None:
        self._store = JsonStore(state_dir / "hangs.json", _check_counts, "which models hung is not known")
        self._models_dir = models_dir
        self._lock = threading.Lock()
        self._counts = self._store.read({})

    def is_given_up(self, model: str) -> bool:
        """Return whether a model, by name or path, failed so often that only an operator may load it again."""
        with self._lock:
            return bool(self._counts) and self._counts.get(self._identity(model), 0) >= MOST_HANGS

    def add(self, model: str) -> int:
        """Record that a model hung, failed or crashed. Returns how often it did."""
        with self._lock:
            identity = self._identity(model)
            count = self._counts[identity] = self._counts.get(identity, 0) + 1
            self._write()
            return count

    def give_another_try(self, model: str) -> None:
        """Allow one more failure before the model is given up again: an operator asked for it."""
        self._lower(model, MOST_HANGS - 1)

    def forget(self, model: str) -> None:
        """Reset a model's count: it ran for long enough."""
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
