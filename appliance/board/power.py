"""The power mode and clocks of a Jetson: read here, set by the helper on the host (deploy/power)."""

import json
import logging
import socket
import threading
from pathlib import Path
from typing import Optional, Union

from appliance.board.detect import Board
from appliance.board.power_modes import PowerMode, current_mode, power_table
from appliance.board.root import board_root
from appliance.contract import state as messages
from appliance.contract.fields import JsonObject
from appliance.core.errors import SplitlensError

log = logging.getLogger(__name__)

SOCKET = "run/splitlens-power/socket"
ANSWER_SECONDS = 40.0  # the helper limits a request to 30, and may be busy with another one
LONGEST_ANSWER = 65536
LEAVE = "leave"
NO_HELPER = (
    "Only shown: the power helper, which would set it, does not run on this board. docs/boards.md says how to "
    "install it."
)
_SEE_LOG = "`journalctl -u splitlens-power` on the board says why."


class PowerError(SplitlensError):
    """A mode or clocks could not be set; the message says why.

    Attributes:
        needs_reboot: Whether it would take a restart of the board.
    """

    def __init__(self, sentence: str, needs_reboot: bool = False) -> None:
        super().__init__(sentence)
        self.needs_reboot = needs_reboot


class NoSuchMode(PowerError):
    """The board does not have this mode."""


class NoHelper(PowerError):
    """Nothing listens at the helper's socket."""


class Power:
    """Power mode and clocks. Any thread may use it.

    Changes wait for each other; `as_message` never waits.

    Args:
        root: As in `board_root`.
    """

    def __init__(self, board: Board, root: Optional[Path] = None) -> None:
        self._root = board_root(root)
        self._table = power_table(board, self._root)
        self._is_jetson = bool(board.chip)
        self._changing = threading.Lock()
        self._last_reply: JsonObject = {}  # the helper's last reply
        self._helper_problem: Optional[str] = NO_HELPER
        self._change_problem: Optional[str] = (
            None  # why the last change failed, until one succeeds or somebody else makes one
        )
        self._mode_then: Optional[int] = None  # the mode at that time
        self._is_settable = False
        self._needs_reboot = False

    @property
    def has_modes(self) -> bool:
        """Whether the board has power modes; a PC has none. Possibly only the helper knows which."""
        return self._is_jetson or bool(self._table.modes)

    def as_message(self) -> Optional[messages.Power]:
        """Return the part of the state that describes it; None if no power modes are known."""
        if not self._table.modes:
            return None
        return messages.Power(
            modes=[messages.PowerMode(mode.id, mode.name, mode.detail) for mode in self._table.modes],
            current=self._current(),
            clocks=self._last_reply.get("clocks"),
            settable=self._is_settable,
            problem=self._change_problem or self._helper_problem,
            needs_reboot=self._needs_reboot,
        )

    def _current(self) -> Optional[int]:
        current = current_mode(self._root)
        told: Optional[int] = self._last_reply.get("mode")
        return told if current is None else current

    def refresh(self) -> None:
        """Ask the helper for its status. `as_message` reports problems with it."""
        if not self.has_modes:
            return
        with self._changing:
            try:
                self._ask({"verb": "mode"})
                self._ask({"verb": "clocks"})
                self._helper_problem = None
                if self._current() != self._mode_then:  # somebody changed it on the board
                    self._change_problem, self._needs_reboot = None, False
            except PowerError as error:
                self._helper_problem = str(error)
                self._last_reply.clear()

    def find(self, wanted: Union[int, str]) -> PowerMode:
        """Return the mode with this id or name. Raises NoSuchMode."""
        mode = self._table.find(wanted)
        if mode is None:
            known = ", ".join(f"{mode.name} ({mode.id})" for mode in self._table.modes)
            raise NoSuchMode(f"This board has no power mode {wanted}; it has {known or 'none'}.")
        return mode

    def set_mode(self, wanted: Union[int, str]) -> None:
        """Set the mode. Raises PowerError; a change that would need a restart of the board is not made."""
        mode = self.find(wanted)
        self._set({"verb": "mode", "set": mode.id})
        log.info("The power mode is %s", mode.name)

    def set_clocks(self, held: bool) -> None:
        """Let jetson_clocks lock the clocks at the mode's maximum, or release them. Raises PowerError."""
        self._set({"verb": "clocks", "set": held})
        log.info("The clocks are %s", "held at their highest" if held else "let go")

    def apply(self, mode: Union[int, str], clocks: Optional[bool]) -> None:
        """Apply the settings, as far as they differ from the current state. Failures are logged and in `as_message`."""
        if not self.has_modes:
            return
        self.refresh()
        if mode != LEAVE and not self._table.modes:
            log.info("The power mode is left as it is: which ones this board has is not known (docs/boards.md)")
            mode = LEAVE
        try:
            if mode != LEAVE and self.find(mode).id != self._current():
                self.set_mode(mode)
            if clocks is not None and clocks != self._last_reply.get("clocks"):
                self.set_clocks(clocks)
        except NoHelper:
            log.info("Power mode and clocks are left as they are: the power helper does not run (docs/boards.md)")
        except PowerError as error:
            log.warning("%s", error)
            self._keep_problem(error)

    def _set(self, request: JsonObject) -> None:
        with self._changing:
            try:
                self._ask(request)
            except NoHelper as error:
                self._helper_problem = str(error)
                raise
            except PowerError as error:
                self._keep_problem(error)
                raise
            self._needs_reboot = False
            self._helper_problem = self._change_problem = None

    def _keep_problem(self, error: PowerError) -> None:
        self._change_problem, self._needs_reboot = str(error), error.needs_reboot
        self._mode_then = self._current()

    def _ask(self, request: JsonObject) -> None:
        try:
            answer = ask_helper(self._root / SOCKET, request)
        except PowerError:
            self._is_settable = False
            raise
        self._is_settable = answer.get("kind") != "denied"
        if not answer.get("ok"):
            raise PowerError(str(answer.get("error")), answer.get("kind") == "reboot")
        self._last_reply.update((key, answer[key]) for key in ("mode", "clocks") if key in answer)
        names = {mode["id"]: mode["name"] for mode in answer.get("modes", ())}
        if names and names != {mode.id: mode.name for mode in self._table.modes}:
            self._table = self._table.named(names)  # from the board's own nvpmodel.conf, which a container may hide


def ask_helper(path: Path, request: JsonObject, seconds: float = ANSWER_SECONDS) -> JsonObject:
    """Send a request to the helper and return its answer.

    Raises:
        NoHelper: Nothing answers.
        PowerError: The answer is invalid.
    """
    data = b""
    is_there = False
    try:
        with socket.socket(socket.AF_UNIX) as channel:
            channel.settimeout(seconds)
            channel.connect(str(path))
            is_there = True
            channel.sendall(json.dumps(request).encode() + b"\n")
            while b"\n" not in data and len(data) < LONGEST_ANSWER:
                part = channel.recv(4096)
                if not part:
                    break
                data += part
    except socket.timeout:
        raise PowerError("The power helper does not answer; " + _SEE_LOG) from None
    except OSError as error:
        if is_there:
            raise PowerError("The power helper went away; " + _SEE_LOG) from error
        raise NoHelper(NO_HELPER) from error
    try:
        answer = json.loads(data.decode())
        if isinstance(answer, dict):
            return answer
    except ValueError:
        pass
    raise PowerError("The power helper gave no answer; " + _SEE_LOG)
