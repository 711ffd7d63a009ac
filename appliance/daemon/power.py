"""Keeps the board in the power mode that the settings ask for, or an operator chose."""

import threading
from typing import Optional

from appliance.board import Board
from appliance.board.power import NoHelper, NoSuchMode, Power, PowerError
from appliance.contract import state as messages
from appliance.contract.errors import CONFLICT, FAILED, NOT_FOUND, Refused
from appliance.core.events import EventBus
from appliance.core.threads import start_thread
from appliance.daemon.events import StateChanged
from appliance.daemon.overrides import OverrideStore
from appliance.settings import Settings

LOOK_SECONDS = 60.0
"""Others may change it behind our back; asking takes the board a tenth of a second."""


class PowerKeeper:
    """Any thread may call the methods.

    Args:
        board: Whose power is kept.
        settings: The configuration.
        overrides: What operators changed, over restarts.
        events: Where `StateChanged` is published.
    """

    def __init__(self, board: Board, settings: Settings, overrides: OverrideStore, events: EventBus) -> None:
        self._power = Power(board)
        self._settings = settings
        self._overrides = overrides
        self._events = events
        self._closing = threading.Event()

    def start(self) -> None:
        """Not joined by `close`: the helper may take a minute, which must not hold up the daemon's end."""
        if self._power.has_modes:
            start_thread("power", self._run)

    def close(self) -> None:
        """Look at it no longer."""
        self._closing.set()

    def as_message(self) -> Optional[messages.Power]:
        """The row `power` of the state."""
        return self._power.as_message()

    def set(self, mode: Optional[int], clocks: Optional[bool]) -> None:
        """Change the power mode, or whether the clocks are held, or both; None leaves it. Raises Refused."""
        try:
            if mode is not None:
                self._power.set_mode(mode)
                self._overrides.keep("power_mode", mode, self._settings.power_mode)
            if clocks is not None:
                self._power.set_clocks(clocks)
                self._overrides.keep("jetson_clocks", clocks, self._settings.jetson_clocks)
        except NoSuchMode as error:
            raise Refused(NOT_FOUND, str(error)) from error
        except PowerError as error:
            is_conflict = isinstance(error, NoHelper) or error.needs_reboot
            raise Refused(CONFLICT if is_conflict else FAILED, str(error)) from error
        finally:
            self._events.publish(StateChanged())

    def _run(self) -> None:
        self._power.apply(
            self._overrides.recall("power_mode", self._settings.power_mode),
            self._overrides.recall("jetson_clocks", self._settings.jetson_clocks),
        )
        self._events.publish(StateChanged())
        while not self._closing.wait(LOOK_SECONDS):
            self._power.refresh()
