"""Keeps the board in the power mode that the settings ask for, or an operator chose."""

import threading
from typing import Any, Callable, Dict, Optional

from appliance.board import Board
from appliance.board.power import NoHelper, NoSuchMode, Power, PowerError
from appliance.bus import CONFLICT, FAILED, NOT_FOUND, Refused
from appliance.daemon.overrides import OverrideStore
from appliance.settings import Settings

LOOK_SECONDS = 60.0
"""Others may change it behind our back; asking takes the board a tenth of a second."""


class PowerKeeper:
    """changed: called when there is something new to tell."""

    def __init__(self, board: Board, settings: Settings, memory: OverrideStore, changed: Callable[[], None]) -> None:
        self._power = Power(board)
        self._settings = settings
        self._memory = memory
        self._changed = changed
        self._closing = threading.Event()

    def start(self) -> None:
        """Not joined by `close`: the helper may take a minute, which must not hold up the daemon's end."""
        if self._power.has_modes:
            threading.Thread(target=self._run, name="power", daemon=True).start()

    def close(self) -> None:
        self._closing.set()

    def facts(self) -> Optional[Dict[str, Any]]:
        """The row `power` of the state."""
        return self._power.facts()

    def set(self, mode: Optional[int], clocks: Optional[bool]) -> None:
        """Change the power mode, or whether the clocks are held, or both; None leaves it. Raises Refused."""
        try:
            if mode is not None:
                self._power.set_mode(mode)
                self._memory.keep("power_mode", mode, self._settings.power_mode)
            if clocks is not None:
                self._power.set_clocks(clocks)
                self._memory.keep("jetson_clocks", clocks, self._settings.jetson_clocks)
        except NoSuchMode as error:
            raise Refused(NOT_FOUND, str(error)) from error
        except PowerError as error:
            is_conflict = isinstance(error, NoHelper) or error.needs_reboot
            raise Refused(CONFLICT if is_conflict else FAILED, str(error)) from error
        finally:
            self._changed()

    def _run(self) -> None:
        self._power.apply(
            self._memory.recall("power_mode", self._settings.power_mode),
            self._memory.recall("jetson_clocks", self._settings.jetson_clocks),
        )
        self._changed()
        while not self._closing.wait(LOOK_SECONDS):
            self._power.refresh()
