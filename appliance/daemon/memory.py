"""What an operator changed, kept over restarts. The config file is never written.

A change is kept with the value that the configuration had then. Where somebody has changed the configuration since,
that is newer, and wins.
"""

import json
import logging
import os
import threading
from pathlib import Path
from typing import Any, Dict, Optional

from appliance.sinks.base import cannot_write

log = logging.getLogger(__name__)

_VERSION = 1


class Memory:
    """The file `state_dir/appliance.json`. A damaged one is kept aside, and nothing remembered.

    problem: why the last change could not be written, in a sentence; None if it was. Values are what JSON can hold.
    """

    def __init__(self, state_dir: Path) -> None:
        self.problem: Optional[str] = None
        self._path = state_dir / "appliance.json"
        self._lock = threading.Lock()
        self._changes: Dict[str, Dict[str, Any]] = self._read()

    def recall(self, key: str, configured: Any) -> Any:
        """The value that an operator gave a key, or the configured one."""
        with self._lock:
            change = self._changes.get(key)
            return configured if change is None or change["over"] != configured else change["value"]

    def keys(self, prefix: str) -> Dict[str, Any]:
        """The values that operators gave to keys of this beginning, by the rest of the key."""
        with self._lock:
            keys = [key for key in self._changes if key.startswith(prefix)]
            return {key[len(prefix):]: self._changes[key]["value"] for key in keys}

    def keep(self, key: str, value: Any, configured: Any) -> None:
        """Remember a value; one that is the configured one is forgotten. What cannot be written is in `problem`."""
        with self._lock:
            if value == configured:
                self._changes.pop(key, None)
            else:
                self._changes[key] = {"value": value, "over": configured}
            try:
                self._write()
                self.problem = None
            except OSError as error:
                reason = cannot_write(str(self._path), error)
                self.problem = "{} What is changed holds until the next restart.".format(reason)
                log.warning("%s", self.problem)

    def _read(self) -> Dict[str, Dict[str, Any]]:
        try:
            text = self._path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return {}
        except (OSError, UnicodeDecodeError) as error:
            log.warning("%s cannot be read (%s): what was changed in the dashboard is not known", self._path, error)
            return {}
        try:
            content = json.loads(text)
            if content["version"] != _VERSION:
                raise ValueError("version {}".format(content["version"]))
            changes = content["changes"]
            if not all(set(change) == {"value", "over"} for change in changes.values()):
                raise ValueError("not as it was written")
            return dict(changes)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            aside = self._path.with_name(self._path.name + ".damaged")
            log.warning("%s is damaged (%s): it is kept as %s, and the configuration holds", self._path, error, aside)
            self._path.replace(aside)
            return {}

    def _write(self) -> None:
        """All of it, or nothing: a power cut leaves the old file or the new one."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        new = self._path.with_name(self._path.name + ".new")
        # Addresses of cameras hold passwords.
        descriptor = os.open(str(new), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with open(descriptor, "w", encoding="utf-8") as file:
            json.dump({"version": _VERSION, "changes": self._changes}, file, indent=1, sort_keys=True)
            file.write("\n")
            file.flush()
            os.fsync(file.fileno())
        new.replace(self._path)
