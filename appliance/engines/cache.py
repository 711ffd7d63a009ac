"""A cache of built engines, which take minutes to build: one file per engine.

A file is a line of JSON (what the engine was built from and for, and a hash of the data), followed by the data. File
name and content are derived from the same facts, so an engine built for another graph, GPU or TensorRT is never used.
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
        notes: What else is needed to run it; JSON values.
    """

    data: bytes
    notes: JsonObject


class EngineCache:
    """A folder of built engines. If it cannot be created or written to, this is logged and nothing is cached."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def path(self, facts: Mapping[str, str]) -> Path:
        """Return the path of the engine that these facts describe."""
        digest = hashlib.sha256(json.dumps(dict(facts), sort_keys=True).encode("utf-8")).hexdigest()
        return self._folder / f"{digest[:40]}.engine"

    def read(self, facts: Mapping[str, str]) -> Optional[Built]:
        """Return the cached engine for these facts, or None. A damaged file is logged as a warning."""
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
        """Write an engine atomically. An error is only logged."""
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
