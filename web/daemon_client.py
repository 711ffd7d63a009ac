"""What the dashboard knows of the daemon: a listener in the background keeps the newest of everything it tells."""

import logging
import math
import os
import threading
import time
from collections import deque
from typing import Any, Callable, Deque, Dict, List, Optional, Tuple

from appliance.bus import (
    DETECTIONS,
    HANG_SECONDS,
    HEARTBEAT_SECONDS,
    LOADING_SECONDS,
    LOG,
    SILENCE_SECONDS,
    STATE,
    STATISTICS,
    EventSubscriber,
    Refused,
    Unavailable,
    ask,
    read_last_words,
)
from web.history import History

Message = Dict[str, Any]

DAEMON = "daemon"
"""The topic that the dashboard adds: whether the daemon is up."""
LOGS_KEPT = 1000
_RECENT_SECONDS = 10.0  # an error so shortly before the silence is its reason
_TICK_SECONDS = 0.25
_STEP_SECONDS = 5  # of what is left until a restart: not every second is told

log = logging.getLogger(__name__)


class DaemonClient:
    """tell: is called with the topic and content of every event, by the listener's thread.

    state, statistics: the newest, None before the first. detections: the newest of every stream.
    """

    def __init__(self, run_dir: str, tell: Callable[[str, Message], None]) -> None:
        self.state: Optional[Message] = None
        self.statistics: Optional[Message] = None
        self.detections: Dict[str, Message] = {}
        self.history = History()
        self.daemon: Message = {
            "up": False,
            "since": time.time(),
            "why": "The daemon was not heard yet; it is starting.",
        }
        self._run_dir = run_dir
        self._tell = tell
        self._logs: Deque[Message] = deque(maxlen=LOGS_KEPT)
        self._last_error: Optional[Tuple[float, str]] = None  # when, what; of this daemon
        self._lock = threading.Lock()
        self._stopped = threading.Event()

    def start(self) -> None:
        threading.Thread(target=self._listen, name="events", daemon=True).start()

    def stop(self) -> None:
        self._stopped.set()

    @property
    def is_up(self) -> bool:
        return bool(self.daemon["up"])

    def logs(self, most: int = LOGS_KEPT) -> List[Message]:
        with self._lock:
            return list(self._logs)[-most:]

    def get_state(self) -> Message:
        """The newest state. Raises Unavailable while the daemon is down."""
        return self._get(self.state)

    def get_statistics(self) -> Message:
        return self._get(self.statistics)

    def get_stream(self, name: str) -> Message:
        """What the state says of a stream. Raises Refused if there is none, Unavailable."""
        for stream in self.get_state()["streams"]:
            if stream["name"] == name:
                found: Message = stream
                return found
        raise Refused("not_found", f"There is no stream {name}.")

    def ask(self, command: Message, seconds: float) -> Message:
        """Have the daemon do something. Raises Refused and Unavailable; at once while the daemon is down."""
        if not self.is_up:
            raise Unavailable(self.daemon["why"])
        answer = ask(self._run_dir, command, seconds)
        if "state" in answer and not self._is_over(answer["state"]):
            # The event comes too, but may be behind the answer: who reads next must find what was done.
            self.state = answer["state"]
        return answer

    def _is_over(self, state: Message) -> bool:
        """Whether this is what a daemon was before it said that it stops: an answer may come that late."""
        last = self.state["daemon"] if self.state else {}
        return last.get("status") == "stopping" and last.get("started") == state["daemon"].get("started")

    def _get(self, message: Optional[Message]) -> Message:
        if not self.is_up:
            raise Unavailable(self.daemon["why"])
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
                elif not self.is_up and (heard or read_last_words(self._run_dir)):
                    why = self._why(heard)
                    if why != self.daemon["why"]:
                        self._set_daemon(False, why)
                self.history.add(time.time(), self.statistics if self.is_up else None)
        finally:
            listener.close()

    def _is_silent(self, seconds: float) -> bool:
        """Whether nothing heard for so long means that the daemon hangs, or that it is gone."""
        pid = self.state["daemon"].get("pid") if self.state else None
        return seconds > (SILENCE_SECONDS if pid is None or is_alive(pid) else 2 * HEARTBEAT_SECONDS)

    def _take(self, topic: str, message: Message) -> None:
        """Keep it and tell it. What cannot be used is logged; the listener goes on."""
        try:
            if not self.is_up:
                self._set_daemon(True, "")
            if topic == STATE:
                self.state = message
                self._forget_streams(message)
            elif topic == STATISTICS:
                self.statistics = message
            elif topic == DETECTIONS:
                self.detections[str(message["stream"])] = message
            elif topic == LOG:
                with self._lock:
                    self._logs.append(message)
                if message["level"] == "error":
                    age = max(0.0, time.time() - message["time"])  # it may be told again, to a dashboard that is new
                    self._last_error = time.monotonic() - age, str(message["text"])
            self._tell(topic, message)
        except Exception:
            log.exception("an event of the daemon could not be used: %s", topic)

    def _forget_streams(self, state: Message) -> None:
        names = {stream["name"] for stream in state["streams"]}
        for name in set(self.detections) - names:
            self.detections.pop(name, None)

    def _set_daemon(self, is_up: bool, why: str) -> None:
        since = time.time() if is_up or self.is_up else self.daemon["since"]
        self.daemon = {"up": is_up, "since": since, "why": why}
        if is_up:
            self._last_error = None
            # What it was before may be of a daemon that is no more.
            threading.Thread(target=self._fetch_state, name="first state", daemon=True).start()
        else:
            self.detections = {}
        self._tell(DAEMON, self.daemon)

    def _fetch_state(self) -> None:
        try:
            self.ask({"command": "get_state"}, 5.0)
        except (Refused, Unavailable) as error:
            log.warning("the daemon's state: %s", error)
        else:
            self._tell(STATE, self.state or {})

    def _why(self, heard: float) -> str:
        """Of the silence. heard: when something was heard last, on the monotonic clock.

        What the daemon or its supervisor left behind is the reason, if there is any; else what can be seen.
        """
        words = read_last_words(self._run_dir)
        daemon = self.state["daemon"] if self.state else {}
        if words:
            return words
        if daemon.get("status") == "stopping":
            return "The daemon was stopped."
        if is_alive(daemon.get("pid")):
            loads = self.state is not None and self.state["model"]["status"] == "loading"
            left = heard + (LOADING_SECONDS if loads else HANG_SECONDS) - time.monotonic()
            return (
                "The daemon hangs or is stopped; it is killed and started again"
                f" {f'in {math.ceil(left / _STEP_SECONDS) * _STEP_SECONDS:.0f} s' if left > 0 else 'now'}."
            )
        if self._last_error and heard - self._last_error[0] < _RECENT_SECONDS:
            return self._last_error[1]
        return "The daemon ended unexpectedly; it is started again."


def is_alive(pid: Any) -> bool:
    """Whether a process of this number is there."""
    return isinstance(pid, int) and os.path.exists(f"/proc/{pid}")
