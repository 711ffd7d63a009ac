"""The models that can be chosen: the installed ones, and those of the catalogue, which are downloaded on request."""

import dataclasses
import logging
import threading
from pathlib import Path
from typing import Dict, List, Optional

from appliance.board import Board
from appliance.contract.state import Download, Model
from appliance.core.errors import SplitlensError
from appliance.core.events import EventBus
from appliance.core.threads import start_thread
from appliance.daemon.events import ModelFetched, StateChanged
from appliance.detectors.capacity import unsupported_reason
from appliance.detectors.family import family_title
from appliance.zoo.catalogue import load_catalogue
from appliance.zoo.get import get
from appliance.zoo.store import installed

log = logging.getLogger(__name__)


class ModelCatalogue:
    """The models that are installed or can be downloaded, as the dashboard offers them. Thread-safe.

    Args:
        models_dir: The folder of the installed models.
        board: Its limits determine which models fit.
        events: Where `StateChanged` and `ModelFetched` are published.
    """

    def __init__(self, models_dir: Path, board: Board, events: EventBus) -> None:
        self._models_dir = models_dir
        self._board = board
        self._events = events
        self._lock = threading.Lock()
        self._downloads: Dict[str, Download] = {}
        self._rows: List[Model] = []
        self.refresh()

    def refresh(self) -> None:
        """Read the folder again."""
        installed_models = {model.name: model for model in installed(self._models_dir)}
        rows = []
        for entry in load_catalogue():
            rows.append(self._row(entry.name, entry.family, entry.bytes, entry.name in installed_models, True))
            installed_models.pop(entry.name, None)
        for model in installed_models.values():
            rows.append(self._row(model.name, None, model.path.stat().st_size, True, False))
        with self._lock:
            self._rows = sorted(rows, key=lambda row: (not row.installed, row.in_catalogue, row.name))

    def rows(self) -> List[Model]:
        """Return all models as the dashboard shows them, installed ones first."""
        with self._lock:
            return [dataclasses.replace(row, download=self._downloads.get(row.name)) for row in self._rows]

    def row(self, name: str) -> Optional[Model]:
        """Return one model; None if there is none with this name."""
        return next((row for row in self.rows() if row.name == name), None)

    def fetch(self, name: str) -> None:
        """Start the download of a model of the catalogue; does nothing if it is in progress."""
        with self._lock:
            running = self._downloads.get(name)
            if running is not None and running.error is None:
                return
            self._downloads[name] = Download(0, None, None)
        start_thread("fetch " + name, self._fetch, name)
        self._events.publish(StateChanged())

    def _fetch(self, name: str) -> None:
        def progress(done: int, total: Optional[int]) -> None:
            with self._lock:
                self._downloads[name] = Download(done, total, None)

        error: Optional[str] = None
        try:
            get(name, self._models_dir, progress)
        except SplitlensError as problem:
            error = str(problem)
        except Exception as problem:
            error = f"{type(problem).__name__}: {problem}"
        with self._lock:
            if error is None:
                del self._downloads[name]
            else:
                self._downloads[name] = dataclasses.replace(self._downloads[name], error=error)
        if error is not None:
            log.error("%s was not fetched. %s", name, error)
        self.refresh()
        self._events.publish(StateChanged())
        if error is None:
            self._events.publish(ModelFetched(name))

    def _row(
        self, name: str, family: Optional[str], size: Optional[int], is_installed: bool, in_catalogue: bool
    ) -> Model:
        reason = unsupported_reason(self._board, family) if family else None
        title = family_title(family) if family else None
        return Model(name, family, title, size, is_installed, in_catalogue, reason is None, reason, None)
