"""In which order recordings were written, and which of them were finished: a file of a line each, in their folder.

Names hold local time and files the wall clock's, which may jump either way; this order does not.
"""

import logging
from pathlib import Path
from typing import Dict, List, Set

from appliance.core.files import write_text

JOURNAL_FILE = ".journal"
_BEGAN, _ENDED = "began", "ended"

log = logging.getLogger(__name__)


class Journal:
    """Not for several threads at once. A folder that takes no file is only logged: the order is lost then.

    unfinished: the recordings that an earlier process began and did not finish.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / JOURNAL_FILE
        self._places: Dict[str, int] = {}
        self.unfinished: Set[str] = set()
        for line in self._read():
            word, _, name = line.partition(" ")
            if word == _BEGAN:
                self._places[name] = len(self._places)
                self.unfinished.add(name)
            elif word == _ENDED:
                self.unfinished.discard(name)

    def place(self, name: str) -> int:
        """0 for the first that was written, -1 for one that is not known: it is older than all of them."""
        return self._places.get(name, -1)

    def began(self, name: str) -> None:
        self._places[name] = 1 + max(self._places.values(), default=-1)
        self._append(_BEGAN, name)

    def ended(self, name: str) -> None:
        self._append(_ENDED, name)

    def keep_only(self, names: Set[str]) -> None:
        """Forget all others: to be called once, before anything is written."""
        if not self._places:
            return
        kept = [name for name in sorted(self._places, key=self.place) if name in names]
        self._places = {name: number for number, name in enumerate(kept)}
        self.unfinished &= names
        lines = []
        for name in kept:
            lines.append("{} {}\n".format(_BEGAN, name))
            if name not in self.unfinished:
                lines.append("{} {}\n".format(_ENDED, name))
        try:
            write_text(self._path, "".join(lines))
        except OSError as problem:
            self._complain(problem)

    def _read(self) -> List[str]:
        try:
            return self._path.read_text(encoding="utf-8", errors="replace").splitlines()
        except FileNotFoundError:
            return []
        except OSError as problem:
            self._complain(problem)
            return []

    def _append(self, word: str, name: str) -> None:
        try:
            with self._path.open("a", encoding="utf-8") as file:
                file.write("{} {}\n".format(word, name))
        except OSError as problem:
            self._complain(problem)

    def _complain(self, problem: OSError) -> None:
        log.warning("%s: %s; in which order recordings were written is not known after a restart",
                    self._path, problem.strerror)
