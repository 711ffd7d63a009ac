"""The changes that an operator made, stored across restarts. The config file is never written.

A change is stored with the configured value at that time. If the configuration has been changed since, it is newer and
takes precedence.
"""

import logging
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Callable, Dict, List, Optional, Tuple

from appliance.contract.errors import Refused
from appliance.contract.fields import JsonObject
from appliance.core.files import keep_damaged
from appliance.core.sink import cannot_write
from appliance.daemon.json_store import JsonStore

log = logging.getLogger(__name__)

_VERSION = 1
_DEEPEST = 5
"""Levels of a value: zones > NAME > polygon > point > coordinate."""


@dataclass(frozen=True)
class _Override:
    value: Any
    configured: Any


class OverrideStore:
    """The file `appliance.json` of the state folder. Thread-safe. Values must be representable in JSON.

    Attributes:
        problem: Why the last change could not be written, in a sentence; None if it was.

    Args:
        state_dir: The folder. A damaged file is copied aside, and its valid entries are used.
        check: Returns the value of a key in the form that the program uses, or raises Refused; applied to every value
            that is read.
    """

    def __init__(self, state_dir: Path, check: Callable[[str, Any], Any]) -> None:
        self.problem: Optional[str] = None
        self._check = check
        self._store = JsonStore(
            state_dir / "appliance.json", self._checked, "what was changed in the dashboard is not known"
        )
        self._lock = threading.Lock()
        self._overrides = self._store.read({})

    def recall(self, key: str, configured: Any) -> Any:
        """Return the operator's value for a key, or the configured one."""
        with self._lock:
            override = self._overrides.get(key)
            return configured if override is None or override.configured != configured else override.value

    def keys(self, prefix: str) -> JsonObject:
        """Return the operators' values for keys with this prefix, by the rest of the key."""
        with self._lock:
            return {
                key[len(prefix) :]: override.value
                for key, override in self._overrides.items()
                if key.startswith(prefix)
            }

    def keep(self, key: str, value: Any, configured: Any) -> None:
        """Store a value; one equal to the configured one is deleted. A write error is reported in `problem`."""
        with self._lock:
            if value == configured:
                self._overrides.pop(key, None)
            else:
                self._overrides[key] = _Override(value, configured)
            self._write(self._overrides)

    def _checked(self, content: Any) -> Dict[str, _Override]:
        changes, wrong = _overrides_of(content, self._check)
        if wrong:
            log.warning(
                "%s. %s dropped",
                keep_damaged(self._store.path, wrong[0].rstrip(".")),
                "It is" if len(wrong) == 1 else f"It and {len(wrong) - 1} others are",
            )
            self._write(changes)  # otherwise the next start would find it damaged again
        return changes

    def _write(self, overrides: Dict[str, _Override]) -> None:
        changes = {key: {"value": one.value, "over": one.configured} for key, one in overrides.items()}
        error = self._store.write({"version": _VERSION, "changes": changes})
        if error is None:
            self.problem = None
            return
        reason = cannot_write(str(self._store.path), error)
        self.problem = f"{reason} What is changed holds until the next restart."
        log.warning("%s", self.problem)


def _overrides_of(content: Any, check: Callable[[str, Any], Any]) -> Tuple[Dict[str, _Override], List[str]]:
    """Return the entries of a file, and what is wrong with the others. Raises ValueError if none can be used."""
    if not isinstance(content, dict) or content.get("version") != _VERSION:
        raise ValueError("it is not as it was written")
    if not isinstance(content.get("changes"), dict):
        raise ValueError("it is not as it was written")
    found: Dict[str, _Override] = {}
    wrong: List[str] = []
    for key, change in content["changes"].items():
        try:
            if not isinstance(change, dict) or set(change) != {"value", "over"} or not _is_plain(change["over"]):
                raise ValueError("it is not as it was written.")
            found[key] = _Override(check(key, change["value"]), change["over"])
        except (ValueError, Refused) as error:
            wrong.append(f"{key[:40]}: {error}")
    return found, wrong


def _is_plain(value: Any, depth: int = _DEEPEST) -> bool:
    """Return whether it can be a value of a configuration: of JSON, and not nested deeper than zones are."""
    if isinstance(value, dict):
        return depth > 0 and all(_is_plain(one, depth - 1) for one in value.values())
    if isinstance(value, list):
        return depth > 0 and all(_is_plain(one, depth - 1) for one in value)
    return value is None or isinstance(value, (bool, int, float, str))
