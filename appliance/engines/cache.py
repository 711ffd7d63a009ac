"""Keep what takes minutes to build: one file an engine, which says what it was built from and for.

A file is a line of JSON (what it is, the hash of the rest) and the rest. Names and contents come from the same facts,
so a file that was built for another graph, GPU or TensorRT is never taken for the right one.
"""

import hashlib
import json
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Mapping, Optional

from appliance.contract.fields import JsonObject
from appliance.core.files import replacing

log = logging.getLogger(__name__)

_FORMAT = "splitlens engine 1"
_LONGEST_HEADER = 1 << 20


@dataclass(frozen=True)
class Built:
    """A built engine.

    Attributes:
        data: The engine itself.
        notes: What else must be known to run it, as JSON can hold it.
    """

    data: bytes
    notes: JsonObject


class EngineCache:
    """A folder of built engines. It need not exist, and need not be writable: then nothing is kept, which is said."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def path(self, facts: Mapping[str, str]) -> Path:
        """The file of the engine that these facts describe."""
        digest = hashlib.sha256(json.dumps(dict(facts), sort_keys=True).encode("utf-8")).hexdigest()
        return self._folder / f"{digest[:40]}.engine"

    def read(self, facts: Mapping[str, str]) -> Optional[Built]:
        """The engine that was kept for these facts; None, and a warning where a file is no good."""
        path = self.path(facts)
        try:
            with path.open("rb") as file:
                line = file.readline(_LONGEST_HEADER)
                data = file.read()
        except FileNotFoundError:
            return None
        except OSError as error:
            log.warning("%s: the built engine cannot be read (%s); it is built anew", path, error.strerror)
            return None
        try:
            header = json.loads(line.decode("utf-8"))
            notes = header["notes"]
            is_right = header["format"] == _FORMAT and header["facts"] == dict(facts) and isinstance(notes, dict)
            is_whole = header["sha256"] == hashlib.sha256(data).hexdigest()
        except (ValueError, KeyError, TypeError):
            is_right = is_whole = False
        if not is_right or not is_whole:
            log.warning("%s: the built engine is damaged or of something else; it is built anew", path)
            return None
        return Built(data, notes)

    def write(self, facts: Mapping[str, str], built: Built) -> None:
        """Keep an engine: the whole file appears at once. A folder that cannot be written to is only logged."""
        path = self.path(facts)
        header = {
            "format": _FORMAT,
            "facts": dict(facts),
            "notes": built.notes,
            "sha256": hashlib.sha256(built.data).hexdigest(),
        }
        try:
            with replacing(path, 0o644) as file:
                file.write(json.dumps(header, sort_keys=True).encode("utf-8") + b"\n")
                file.write(built.data)
        except OSError as error:
            log.warning(
                "%s: the built engine cannot be kept (%s); the next start builds it again", path, error.strerror
            )
