"""In which order recordings were written, and which of them were finished: a file of a line each, in their folder.

Names hold local time and files the wall clock's, which may jump either way; this order does not.
"""

import logging
import os
from pathlib import Path
from typing import Collection, Dict, List, Set

from appliance.core.files import keep_damaged, open_regular, sync_path, write_text

JOURNAL_FILE = ".journal"
_BEGAN, _ENDED = "began", "ended"
_MOST_BYTES = 8 * 1000**2
"""Read at most, the newest: some hundred thousand lines."""
_SPARE_LINES = 1000

log = logging.getLogger(__name__)


class Journal:
    """Not for several threads at once. A folder that takes no file is only logged: the order is lost then.

    unfinished: the recordings that an earlier process began and did not finish.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / JOURNAL_FILE
        self._places: Dict[str, int] = {}
        self._lines = 0
        self._is_synced = True
        self.unfinished: Set[str] = set()
        for line in self._read():
            self._lines += 1
            word, _, name = line.partition(" ")
            if word == _BEGAN:
                self._places[name] = self._lines
                self.unfinished.add(name)
            elif word == _ENDED:
                self.unfinished.discard(name)

    def place(self, name: str) -> int:
        """The higher, the later it was written; -1 for one that is not known: it is older than all of them."""
        return self._places.get(name, -1)

    def began(self, name: str) -> None:
        self._append(_BEGAN, name)
        self._places[name] = self._lines

    def ended(self, name: str) -> None:
        self._append(_ENDED, name)

    def is_long(self, recordings: int) -> bool:
        """Whether most of it is of recordings that are gone. recordings: how many there are."""
        return self._lines > 4 * recordings + _SPARE_LINES

    def keep_only(self, names: Collection[str], written: Collection[str] = ()) -> None:
        """Forget all recordings but these. written: those that this process has begun and not finished."""
        kept = [name for name in sorted(self._places, key=self.place) if name in names or name in written]
        self.unfinished &= set(kept)
        lines: List[str] = []
        self._places = {}
        for name in kept:
            lines.append(f"{_BEGAN} {name}\n")
            self._places[name] = len(lines)
            if name not in self.unfinished and name not in written:
                lines.append(f"{_ENDED} {name}\n")
        self._lines = len(lines)
        try:
            if lines or os.path.lexists(str(self._path)):
                write_text(self._path, "".join(lines))
        except OSError as problem:
            self._complain(problem)

    def sync(self) -> None:
        """Bring it to the disk: without what was written last, the newest recording would count as the oldest."""
        if not self._is_synced:
            self._is_synced = True
            try:
                sync_path(self._path)
            except OSError as problem:
                self._complain(problem)

    def _read(self) -> List[str]:
        try:
            with open_regular(self._path) as file:
                file.seek(max(0, os.fstat(file.fileno()).st_size - _MOST_BYTES))
                return file.read(_MOST_BYTES).decode("utf-8", "replace").split("\n")
        except FileNotFoundError:
            return []
        except ValueError as problem:
            log.warning("%s", keep_damaged(self._path, str(problem)))
            return []
        except OSError as problem:
            self._complain(problem)
            return []

    def _append(self, word: str, name: str) -> None:
        self._lines += 1
        self._is_synced = False
        try:
            with self._path.open("a", encoding="utf-8") as file:
                file.write(f"{word} {name}\n")
        except OSError as problem:
            self._complain(problem)

    def _complain(self, problem: OSError) -> None:
        log.warning(
            "%s: %s; in which order recordings were written is not known after a restart", self._path, problem.strerror
        )
