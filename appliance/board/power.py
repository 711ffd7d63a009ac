"""The power mode and the clocks of a Jetson: read here, set by the helper on the host (deploy/power)."""

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
ANSWER_SECONDS = 40.0  # the helper gives a request 30, and may be at another one
LONGEST_ANSWER = 65536
LEAVE = "leave"
NO_HELPER = (
    "Only shown: the power helper, which would set it, does not run on this board. docs/boards.md says how to "
    "install it."
)
_SEE_LOG = "`journalctl -u splitlens-power` on the board says why."


class PowerError(SplitlensError):
    """A mode or clocks that could not be set, and why. needs_reboot: it would take a restart of the board."""

    def __init__(self, sentence: str, needs_reboot: bool = False) -> None:
        super().__init__(sentence)
        self.needs_reboot = needs_reboot


class NoSuchMode(PowerError):
    """The board does not have this mode."""


class NoHelper(PowerError):
    """Nothing answers at the helper's socket."""


class Power:
    """For several threads; those that change something wait for each other, `as_message` for none.

    root: as in `board_root`.
    """

    def __init__(self, board: Board, root: Optional[Path] = None) -> None:
        self._root = board_root(root)
        self._table = power_table(board, self._root)
        self._is_jetson = bool(board.chip)
        self._changing = threading.Lock()
        self._last_reply: JsonObject = {}  # what the helper said last
        self._helper_problem: Optional[str] = NO_HELPER
        self._change_problem: Optional[str] = None  # of the last change, until one succeeds or somebody else makes one
        self._mode_then: Optional[int] = None  # the mode when that arose
        self._is_settable = False
        self._needs_reboot = False

    @property
    def has_modes(self) -> bool:
        """Whether this is a board with power modes; a PC is none. Which ones may be known to the helper alone."""
        return self._is_jetson or bool(self._table.modes)

    def as_message(self) -> Optional[messages.Power]:
        """What the state says of it; None where no power modes are known."""
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
        """Ask the helper how things are. Whatever is wrong with it is in `as_message`."""
        if not self.has_modes:
            return
        with self._changing:
            try:
                self._ask({"verb": "mode"})
                self._ask({"verb": "clocks"})
                self._helper_problem = None
                if self._current() != self._mode_then:  # somebody set it on the board
                    self._change_problem, self._needs_reboot = None, False
            except PowerError as error:
                self._helper_problem = str(error)
                self._last_reply.clear()

    def find(self, wanted: Union[int, str]) -> PowerMode:
        """The mode of an id or a name. Raises NoSuchMode."""
        mode = self._table.find(wanted)
        if mode is None:
            known = ", ".join(f"{mode.name} ({mode.id})" for mode in self._table.modes)
            raise NoSuchMode(f"This board has no power mode {wanted}; it has {known or 'none'}.")
        return mode

    def set_mode(self, wanted: Union[int, str]) -> None:
        """Raises PowerError; where the change would need a restart of the board, it was not made."""
        mode = self.find(wanted)
        self._set({"verb": "mode", "set": mode.id})
        log.info("The power mode is %s", mode.name)

    def set_clocks(self, held: bool) -> None:
        """Have jetson_clocks hold the clocks at the highest of the mode, or let them go. Raises PowerError."""
        self._set({"verb": "clocks", "set": held})
        log.info("The clocks are %s", "held at their highest" if held else "let go")

    def apply(self, mode: Union[int, str], clocks: Optional[bool]) -> None:
        """What settings ask for, as far as it is not so already. What cannot be is logged and in `as_message`."""
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
            self._table = self._table.named(names)  # the board's own nvpmodel.conf, which a container may hide


def ask_helper(path: Path, request: JsonObject, seconds: float = ANSWER_SECONDS) -> JsonObject:
    """The helper's answer. Raises NoHelper where there is none, PowerError for one that makes no sense."""
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
