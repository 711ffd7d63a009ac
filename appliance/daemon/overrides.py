"""What an operator changed, kept over restarts. The config file is never written.

A change is kept with the value that the configuration had then. Where somebody has changed the configuration since,
that is newer, and wins.
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


@dataclass(frozen=True)
class _Override:
    value: Any
    configured: Any


class OverrideStore:
    """The file `appliance.json` of the state folder. Any thread may call the methods. Values are what JSON can hold.

    Attributes:
        problem: Why the last change could not be written, in a sentence; None if it was.

    Args:
        state_dir: The folder. Of a damaged file a copy is kept, and what is right in it holds.
        check: Gives the value of a key as it may be used, or raises Refused; every value that is read passes it.
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
        """The value that an operator gave a key, or the configured one."""
        with self._lock:
            override = self._overrides.get(key)
            return configured if override is None or override.configured != configured else override.value

    def keys(self, prefix: str) -> JsonObject:
        """The values that operators gave to keys of this beginning, by the rest of the key."""
        with self._lock:
            return {
                key[len(prefix) :]: override.value
                for key, override in self._overrides.items()
                if key.startswith(prefix)
            }

    def keep(self, key: str, value: Any, configured: Any) -> None:
        """Remember a value; one that is the configured one is forgotten. What cannot be written is in `problem`."""
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
            self._write(changes)  # or the next start would find it damaged again
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
    """What a file says, and what is wrong with the rest of it. Raises ValueError where nothing can be used."""
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


def _is_plain(value: Any) -> bool:
    """Whether it can be what a configuration says: a value, or a list of such."""
    return all(
        one is None or isinstance(one, (bool, int, float, str))
        for one in (value if isinstance(value, list) else [value])
    )
