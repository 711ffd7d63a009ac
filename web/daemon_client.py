"""The dashboard's end of the bus: keeps the newest message of every kind, and sends commands to the daemon."""

import contextlib
import logging
import math
import os
import threading
import time
from collections import deque
from typing import Callable, Deque, Dict, Iterator, List, Optional, Tuple, TypeVar, Union

from appliance import bus
from appliance.bus import (
    HANG_SECONDS,
    HEARTBEAT_SECONDS,
    LOADING_SECONDS,
    SILENCE_SECONDS,
    EventSubscriber,
    read_exit_reason,
)
from appliance.contract.answers import Recordings, SourcePicture, StateAnswer
from appliance.contract.codec import decode, encode
from appliance.contract.command import Command
from appliance.contract.commands import COMMANDS
from appliance.contract.errors import CONFLICT, NOT_FOUND, ContractError, Refused, Unavailable
from appliance.contract.events import (
    DAEMON,
    DETECTIONS,
    LOG,
    STATE,
    STATISTICS,
    DaemonConnection,
    Detections,
    LogEntry,
    Statistics,
)
from appliance.contract.fields import JsonObject
from appliance.contract.parsing import command_of, to_message
from appliance.contract.requests import GetState, Request
from appliance.contract.state import State, Stream
from appliance.contract.states import LOADING, STOPPING
from web.history import History

LOGS_KEPT = 1000
_RECENT_SECONDS = 10.0  # an error this shortly before the silence is its reason
_TICK_SECONDS = 0.25
_STEP_SECONDS = 5  # the countdown to a restart is not sent every second

T = TypeVar("T")

Answer = Union[StateAnswer, SourcePicture, Recordings]

log = logging.getLogger(__name__)


class DaemonClient:
    """Keeps the daemon's messages, and sends it commands. Any thread may call its methods.

    Attributes:
        state: The newest; None before the first.
        statistics: The newest; None before the first.
        history: The statistics of the last half hour.
        connection: Whether the daemon is up.
    """

    def __init__(self, run_dir: str, tell: Callable[[str, JsonObject], None]) -> None:
        """Make a client that does not listen until `start`.

        Args:
            run_dir: Folder of the bus sockets.
            tell: Called by the listener's thread with the topic and content of every event.
        """
        self.state: Optional[State] = None
        self.statistics: Optional[Statistics] = None
        self.history = History()
        self.connection = DaemonConnection(False, time.time(), "The daemon was not heard yet; it is starting.")
        # Kept unparsed: there are many, and they are seldom requested here.
        self._detections: Dict[str, JsonObject] = {}
        self._run_dir = run_dir
        self._tell = tell
        self._logs: Deque[LogEntry] = deque(maxlen=LOGS_KEPT)
        self._last_error: Optional[Tuple[float, str]] = None  # time and message; of this daemon
        self._lock = threading.Lock()
        self._places = {one.name: threading.BoundedSemaphore(one.at_once) for one in COMMANDS if one.at_once}
        self._stopped = threading.Event()

    def start(self) -> None:
        """Listen in a thread until `stop`."""
        threading.Thread(target=self._listen, name="events", daemon=True).start()

    def stop(self) -> None:
        """Ask the thread to end."""
        self._stopped.set()

    @property
    def is_up(self) -> bool:
        """Whether the daemon answers."""
        return self.connection.up

    def logs(self, most: int = LOGS_KEPT) -> List[LogEntry]:
        """Return the newest lines of the daemon's log, oldest first."""
        with self._lock:
            return list(self._logs)[-most:]

    def newest_detections(self) -> Dict[str, Detections]:
        """Return the newest detections of every stream, by its name."""
        return {name: decode(Detections, message) for name, message in list(self._detections.items())}

    def get_state(self) -> State:
        """Return the newest state. Raises Unavailable while the daemon is down."""
        return self._get(self.state)

    def get_statistics(self) -> Statistics:
        """Return the newest statistics. Raises Unavailable while the daemon is down."""
        return self._get(self.statistics)

    def get_stream(self, name: str) -> Stream:
        """Return the state of a stream. Raises Refused if there is none, Unavailable while the daemon is down."""
        for stream in self.get_state().streams:
            if stream.name == name:
                return stream
        raise Refused(NOT_FOUND, f"There is no stream {name}.")

    def ask(self, request: Request) -> Answer:
        """Send a request and return its answer. Raises Refused and Unavailable; at once while the daemon is down."""
        if not self.is_up:
            raise Unavailable(self.connection.why)
        command = command_of(request)
        with self._turn(command):
            reply = bus.request(self._run_dir, to_message(request), command.seconds)
        try:
            answer: Answer = decode(command.answer, reply)
        except ContractError as error:
            raise Unavailable(_other_version(error)) from error
        if isinstance(answer, StateAnswer) and not self._is_over(answer.state):
            # The event comes too, but possibly after the answer, and the next read must see the change.
            self.state = answer.state
        return answer

    @contextlib.contextmanager
    def _turn(self, command: Command) -> Iterator[None]:
        """Wait here while too many ask for the same: waiting in the daemon would occupy its threads. Raises Refused."""
        places = self._places.get(command.name)
        if places is None:
            yield
        elif places.acquire(timeout=command.seconds):
            try:
                yield
            finally:
                places.release()
        else:
            raise Refused(CONFLICT, "Too many ask for that at once; try again in a moment.")

    def _is_over(self, state: State) -> bool:
        """Return whether a state is older than the daemon's message that it stops, as a late answer may be."""
        last = self.state.daemon if self.state else None
        return last is not None and last.status == STOPPING and last.started == state.daemon.started

    def _get(self, message: Optional[T]) -> T:
        if not self.is_up:
            raise Unavailable(self.connection.why)
        if message is None:
            raise Unavailable("The daemon has just started, and was not heard in full yet. Try again in a moment.")
        return message

    def _listen(self) -> None:
        listener = EventSubscriber(self._run_dir)
        heard = 0.0
        try:
            while not self._stopped.is_set():
                try:
                    event = listener.receive(_TICK_SECONDS)
                except ValueError as error:
                    log.error("an event of the daemon cannot be read: %s", error)
                    continue
                if event is not None:
                    heard = time.monotonic()
                    self._take(*event)
                elif self.is_up and self._is_silent(time.monotonic() - heard):
                    self._set_daemon(False, self._why(heard))
                elif not self.is_up and (heard or read_exit_reason(self._run_dir)):
                    why = self._why(heard)
                    if why != self.connection.why:
                        self._set_daemon(False, why)
                self.history.add(time.time(), self.statistics if self.is_up else None)
        finally:
            listener.close()

    def _is_silent(self, seconds: float) -> bool:
        """Return whether this silence means that the daemon hangs or has ended."""
        pid = self.state.daemon.pid if self.state else None
        return seconds > (SILENCE_SECONDS if pid is None or is_alive(pid) else 2 * HEARTBEAT_SECONDS)

    def _take(self, topic: str, message: JsonObject) -> None:
        """Store a message and pass it on. An invalid one is logged, and the listener continues."""
        try:
            if not self.is_up:
                self._set_daemon(True, "")
            if topic == STATE:
                self.state = decode(State, message)
                self._forget_streams(self.state)
            elif topic == STATISTICS:
                self.statistics = decode(Statistics, message)
            elif topic == DETECTIONS:
                self._detections[str(message["stream"])] = message
            elif topic == LOG:
                self._keep_line(decode(LogEntry, message))
            self._tell(topic, message)
        except ContractError as error:
            log.error("%s", _other_version(error))
        except Exception:
            log.exception("an event of the daemon could not be used: %s", topic)

    def _keep_line(self, line: LogEntry) -> None:
        with self._lock:
            self._logs.append(line)
        if line.level == "error":
            age = max(0.0, time.time() - line.time)  # it may be sent again, to a new dashboard
            self._last_error = time.monotonic() - age, line.text

    def _forget_streams(self, state: State) -> None:
        names = {stream.name for stream in state.streams}
        for name in set(self._detections) - names:
            self._detections.pop(name, None)

    def _set_daemon(self, is_up: bool, why: str) -> None:
        since = time.time() if is_up or self.is_up else self.connection.since
        self.connection = DaemonConnection(is_up, since, why)
        if is_up:
            self._last_error = None
            # The earlier value may be of a daemon that has ended.
            threading.Thread(target=self._fetch_state, name="first state", daemon=True).start()
        else:
            self._detections = {}
        self._tell(DAEMON, encode(self.connection))

    def _fetch_state(self) -> None:
        try:
            self.ask(GetState())
        except (Refused, Unavailable) as error:
            log.warning("the daemon's state: %s", error)
        else:
            self._tell(STATE, encode(self.state))

    def _why(self, heard: float) -> str:
        """Return the reason of the silence: the one that the daemon or its supervisor left, or else what can be seen.

        Args:
            heard: When the last message arrived, on the monotonic clock.
        """
        words = read_exit_reason(self._run_dir)
        daemon = self.state.daemon if self.state else None
        if words:
            return words
        if daemon is not None and daemon.status == STOPPING:
            return "The daemon was stopped."
        if self.state is not None and is_alive(self.state.daemon.pid):
            loads = self.state.model.status == LOADING
            left = heard + (LOADING_SECONDS if loads else HANG_SECONDS) - time.monotonic()
            return (
                "The daemon hangs or is stopped; it is killed and started again"
                f" {f'in {math.ceil(left / _STEP_SECONDS) * _STEP_SECONDS:.0f} s' if left > 0 else 'now'}."
            )
        if self._last_error and heard - self._last_error[0] < _RECENT_SECONDS:
            return self._last_error[1]
        return "The daemon ended unexpectedly; it is started again."


def _other_version(error: ContractError) -> str:
    return f"The daemon and the dashboard are of different versions ({error}); restart Splitlens"


def is_alive(pid: int) -> bool:
    """Return whether a process with this id exists."""
    return os.path.exists(f"/proc/{pid}")
