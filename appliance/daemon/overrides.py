"""What an operator changed, kept over restarts. The config file is never written.

A change is kept with the value that the configuration had then. Where somebody has changed the configuration since,
that is newer, and wins.
"""

import logging
import threading
from pathlib import Path
from typing import Any, Callable, Dict, List, Optional

from appliance.contract.errors import Refused
from appliance.core.files import keep_damaged, read_json, write_json
from appliance.core.sink import cannot_write

log = logging.getLogger(__name__)

_VERSION = 1


class OverrideStore:
    """The file `state_dir/appliance.json`. Of a damaged one a copy is kept, and what is right in it holds.

    problem: why the last change could not be written, in a sentence; None if it was. Values are what JSON can hold.
    check: gives the value of a key as it may be used, or raises Refused; every value that is read passes it.
    """

    def __init__(self, state_dir: Path, check: Callable[[str, Any], Any]) -> None:
        self.problem: Optional[str] = None
        self._path = state_dir / "appliance.json"
        self._check = check
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
            return {key[len(prefix) :]: self._changes[key]["value"] for key in keys}

    def keep(self, key: str, value: Any, configured: Any) -> None:
        """Remember a value; one that is the configured one is forgotten. What cannot be written is in `problem`."""
        with self._lock:
            if value == configured:
                self._changes.pop(key, None)
            else:
                self._changes[key] = {"value": value, "over": configured}
            self._try_to_write()

    def _read(self) -> Dict[str, Dict[str, Any]]:
        try:
            content = read_json(self._path)
            if (
                not isinstance(content, dict)
                or content.get("version") != _VERSION
                or not isinstance(content.get("changes"), dict)
            ):
                raise ValueError("it is not as it was written")
        except FileNotFoundError:
            return {}
        except OSError as error:
            log.warning("%s cannot be read (%s): what was changed in the dashboard is not known", self._path, error)
            return {}
        except ValueError as error:
            log.warning("%s. The configuration holds", keep_damaged(self._path, str(error)))
            return {}
        changes: Dict[str, Dict[str, Any]] = {}
        wrong: List[str] = []
        for key, change in content["changes"].items():
            try:
                if not isinstance(change, dict) or set(change) != {"value", "over"} or not _is_plain(change["over"]):
                    raise ValueError("it is not as it was written.")
                changes[key] = {"value": self._check(key, change["value"]), "over": change["over"]}
            except (ValueError, Refused) as error:
                wrong.append(f"{key[:40]}: {error}")
        if wrong:
            log.warning(
                "%s. %s dropped",
                keep_damaged(self._path, wrong[0].rstrip(".")),
                "It is" if len(wrong) == 1 else f"It and {len(wrong) - 1} others are",
            )
            self._changes = changes
            self._try_to_write()  # or the next start would find it damaged again
        return changes

    def _try_to_write(self) -> None:
        try:
            self._write()
            self.problem = None
        except OSError as error:
            reason = cannot_write(str(self._path), error)
            self.problem = f"{reason} What is changed holds until the next restart."
            log.warning("%s", self.problem)

    def _write(self) -> None:
        # With passwords: addresses of cameras hold them.
        write_json(self._path, {"version": _VERSION, "changes": self._changes})


def _is_plain(value: Any) -> bool:
    """Whether it can be what a configuration says: a value, or a list of such."""
    return all(
        one is None or isinstance(one, (bool, int, float, str))
        for one in (value if isinstance(value, list) else [value])
    )
