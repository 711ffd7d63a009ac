"""Keep the board in the power mode that the settings or an operator selected."""

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
"""Seconds between two checks: other programs may change the mode. A check takes a tenth of a second."""


class PowerKeeper:
    """Sets and watches the power mode. Thread-safe.

    Args:
        board: The board whose power mode is kept.
        settings: The configuration.
        overrides: The operators' changes, stored across restarts.
        events: Where `StateChanged` is published.
    """

    def __init__(self, board: Board, settings: Settings, overrides: OverrideStore, events: EventBus) -> None:
        self._power = Power(board)
        self._settings = settings
        self._overrides = overrides
        self._events = events
        self._closing = threading.Event()

    def start(self) -> None:
        """Start the thread. `close` does not join it: the helper may take a minute, which must not delay the end."""
        if self._power.has_modes:
            start_thread("power", self._run)

    def close(self) -> None:
        """Stop watching."""
        self._closing.set()

    def as_message(self) -> Optional[messages.Power]:
        """Return the field `power` of the state."""
        return self._power.as_message()

    def set(self, mode: Optional[int], clocks: Optional[bool]) -> None:
        """Change the power mode, or whether the clocks are held, or both; None leaves it as it is. Raises Refused."""
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
