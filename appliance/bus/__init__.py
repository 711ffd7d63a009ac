"""What the daemon and the dashboard say to each other, over ZeroMQ on Unix sockets in a private directory.

    frames    XPUB   a stream's name, a zero byte, a JPEG. Who subscribes to a name makes the daemon draw it.
    events    PUB    a topic, a zero byte, a JSON object: `state`, `statistics` (the heartbeat), `detections`, `log`.
    control   ROUTER a JSON command, answered with {"ok": true, ...} or {"ok": false, "kind": ..., "error": sentence}.

The only module that `web` imports from here. Waiting goes through `select`, which eventlet replaces by its own: the
same code serves threads and green threads.
"""

import collections
import contextlib
import json
import logging
import os
import select
import stat
import threading
import time
from pathlib import Path
from typing import IO, Any, Callable, Deque, List, NamedTuple, Optional, Set, Tuple, Union

import zmq

from appliance.contract.errors import CONFLICT as CONFLICT
from appliance.contract.errors import FAILED as FAILED
from appliance.contract.errors import INVALID as INVALID
from appliance.contract.errors import NOT_FOUND as NOT_FOUND
from appliance.contract.errors import ErrorKind as ErrorKind
from appliance.contract.errors import Refused as Refused
from appliance.contract.errors import Unavailable as Unavailable
from appliance.contract.events import DETECTIONS as DETECTIONS
from appliance.contract.events import LOG as LOG
from appliance.contract.events import STATE as STATE
from appliance.contract.events import STATISTICS as STATISTICS
from appliance.contract.fields import JsonObject
from appliance.contract.states import APPLIANCE_STATES as APPLIANCE_STATES
from appliance.contract.states import DEGRADED as DEGRADED
from appliance.contract.states import FAILED_STREAM as FAILED_STREAM
from appliance.contract.states import LIVE as LIVE
from appliance.contract.states import LOADING as LOADING
from appliance.contract.states import LOST as LOST
from appliance.contract.states import NO_FRAMES as NO_FRAMES
from appliance.contract.states import NO_MODEL as NO_MODEL
from appliance.contract.states import NO_RESULTS as NO_RESULTS
from appliance.contract.states import NOT_LIVE as NOT_LIVE
from appliance.contract.states import RUNNING as RUNNING
from appliance.contract.states import SLOW as SLOW
from appliance.contract.states import STARTING as STARTING
from appliance.contract.states import STOPPING as STOPPING
from appliance.contract.states import STREAM_STATES as STREAM_STATES
from appliance.core.errors import ConfigError, SplitlensError
from appliance.core.files import open_regular, replacing
from appliance.core.locks import NoLocks, Taken, lock_file

log = logging.getLogger(__name__)

Message = JsonObject

HEARTBEAT_SECONDS = 0.2
"""Between two `statistics` events."""
SILENCE_SECONDS = 1.5
"""Without any event for so long, the daemon is gone or hangs."""

HANG_SECONDS = 15.0
"""A daemon that says nothing for so long is killed and started again by the supervisor."""
LOADING_SECONDS = 300.0
"""The same while it starts or loads a model, which may keep it from everything else."""

COMMAND_THREADS = 6
"""Commands that may be under way at once; a source that is tried out takes half a minute."""

_MOST_WORDS = 10000
_FRAMES_KEPT, _EVENTS_KEPT = 2, 1000
_LOGS_KEPT = 200
_SCHEME = "ipc://"
_LOCK = "lock"
# Between two looks whether the sockets are still there.
_CHECK_SECONDS = 1
# ZeroMQ's descriptor tells of changes only once; so it is asked again after at most so long.
_POLL_SECONDS = 0.1
# sockaddr_un has 108 bytes, and ZeroMQ needs the zero at the end.
_LONGEST_PATH = 107


class _Addresses(NamedTuple):
    frames: str
    events: str
    control: str


def _addresses(run_dir: Union[str, Path]) -> _Addresses:
    return _Addresses(*(_SCHEME + str(Path(run_dir) / name) for name in _Addresses._fields))


def make_run_dir(path: Union[str, Path]) -> Path:
    """Make the private directory of the sockets, or check it. Raises ConfigError if others could reach it."""
    folder = Path(path).absolute()
    if len(str(folder / "control")) > _LONGEST_PATH:
        raise ConfigError(f"{folder}: too long for the name of a socket; set run_dir to a shorter one")
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        facts = folder.lstat()
    except OSError as error:
        raise ConfigError(f"{folder}: cannot be made: {error.strerror}; set run_dir to another place") from error
    if not stat.S_ISDIR(facts.st_mode) or facts.st_uid != os.geteuid():
        raise ConfigError(f"{folder}: belongs to somebody else; set run_dir to another place")
    if stat.S_IMODE(facts.st_mode) & 0o077:
        folder.chmod(0o700)
    return folder


def lock_run_dir(run_dir: Union[str, Path]) -> IO[bytes]:
    """Claim the directory as long as the file is open. Raises ConfigError where another daemon has it.

    ZeroMQ would take its sockets away from it without a word.
    """
    try:
        return lock_file(Path(run_dir) / _LOCK)
    except Taken as owner:
        raise ConfigError(
            f"{run_dir}: another appliance is running there ({owner}). Stop it first, or give this one another port"
            " (listen) or run_dir."
        ) from None
    except (NoLocks, OSError) as error:
        raise ConfigError(f"{run_dir}: cannot be locked: {error}; set run_dir to another place") from error


def is_open(run_dir: Union[str, Path]) -> bool:
    """Whether a daemon's sockets are there, though perhaps of one that ended."""
    return all(os.path.exists(address[len(_SCHEME) :]) for address in _addresses(run_dir))


def write_last_words(run_dir: Union[str, Path], sentence: str) -> None:
    """Leave behind why the daemon ends, for the dashboard; "" takes it away."""
    try:
        # A new file: what is there may be a link, or a pipe, that a confined daemon has made.
        with replacing(Path(run_dir) / "exit_reason", durable=False) as file:
            file.write(sentence.encode("utf-8", "replace"))
    except OSError:
        pass  # it was logged too


def read_last_words(run_dir: Union[str, Path]) -> str:
    """Why the last daemon ended, where it could say so and none has started since; else ""."""
    try:
        path = Path(run_dir) / "exit_reason"
        if path.is_symlink():
            return ""
        with open_regular(path) as file:
            return file.read(_MOST_WORDS).decode("utf-8", "replace")
    except (OSError, ValueError):
        return ""


class BusServer:
    """The daemon's end. Every method may be called from any thread.

    answer: gets a command and gives the fields of the reply; raises Refused. Several threads call it.
    Raises ConfigError where another daemon has the directory.
    """

    def __init__(self, run_dir: Union[str, Path], answer: Callable[[Message], Message]) -> None:
        self._answer = answer
        self._run_dir = Path(run_dir)
        self._claim = lock_run_dir(run_dir)
        write_last_words(run_dir, "")
        self._lock = threading.Lock()
        self._watched: Set[bytes] = set()
        self._context = zmq.Context()
        self._closed = False
        self._addresses = _addresses(run_dir)
        self._frames = self._open(zmq.XPUB, self._addresses.frames, _FRAMES_KEPT)
        self._events = self._open(zmq.XPUB, self._addresses.events, _EVENTS_KEPT)
        self._events.setsockopt(zmq.XPUB_VERBOSE, 1)  # a new dashboard is heard of, though the old one is not gone yet
        self._logged: Deque[bytes] = collections.deque(maxlen=_LOGS_KEPT)
        router = self._open(zmq.ROUTER, self._addresses.control, _EVENTS_KEPT)
        dealer = self._open(zmq.DEALER, "inproc://commands", _EVENTS_KEPT)
        self._threads = [threading.Thread(target=self._pass_on, args=(router, dealer), name="commands", daemon=True)]
        self._threads += [
            threading.Thread(target=self._serve, name=f"command {number}", daemon=True)
            for number in range(COMMAND_THREADS)
        ]
        for thread in self._threads:
            thread.start()

    def is_watched(self, stream: str) -> bool:
        """Whether anybody wants pictures of the stream."""
        with self._lock:
            if not self._closed:
                self._hear_subscriptions()
            return stream.encode() + b"\0" in self._watched

    def publish_frame(self, stream: str, jpeg: bytes) -> None:
        self._send(self._frames, stream.encode() + b"\0" + jpeg)

    def publish(self, topic: str, message: Message) -> None:
        data = topic.encode() + b"\0" + json.dumps(message).encode()
        with self._lock:
            if not self._closed:
                self._tell_what_was_logged()
                if topic == LOG:
                    self._logged.append(data)
                self._events.send(data, copy=False)

    def close(self) -> None:
        """No more answers. Events under way still go out."""
        with self._lock:
            self._closed = True
            self._frames.close()
            self._events.close(linger=500)
        self._context.term()  # after which the other threads' sockets raise ContextTerminated, and they close them
        for thread in self._threads:
            if thread is not threading.current_thread():
                thread.join()
        self._claim.close()

    def _open(self, kind: int, address: str, kept: int) -> Any:
        channel = self._context.socket(kind)
        channel.setsockopt(zmq.LINGER, 0)
        channel.setsockopt(zmq.SNDHWM, kept)
        self._bind(channel, address)
        return channel

    def _bind(self, channel: Any, address: str) -> None:
        try:
            channel.bind(address)
        except zmq.ZMQError as error:
            raise SplitlensError(f"{address}: {error.strerror}") from error

    def _bind_again(self, router: Any) -> str:
        """Where a cleaner of temporary folders took the sockets away, or all of the directory: make them again.

        Who is connected stays so; the others find the new ones. Returns what failed, to be tried again; "" if nothing.
        """
        channels = (self._frames, self._events, router)
        gone = [
            (channel, address)
            for channel, address in zip(channels, self._addresses)
            if not os.path.exists(address[len(_SCHEME) :])
        ]
        try:
            if gone:
                make_run_dir(self._run_dir)
            if not (self._run_dir / _LOCK).exists():
                claim, self._claim = self._claim, lock_run_dir(self._run_dir)
                claim.close()
            for channel, address in gone:
                with contextlib.suppress(zmq.ZMQError):
                    channel.unbind(address)
                self._bind(channel, address)
        except SplitlensError as error:
            return str(error)
        return ""

    def _send(self, channel: Any, data: bytes) -> None:
        with self._lock:
            if not self._closed:
                channel.send(data, copy=False)

    def _tell_what_was_logged(self) -> None:
        """To a dashboard that begins to listen: it starts later than the daemon, and is started again alone."""
        while True:
            try:
                word = self._events.recv(zmq.NOBLOCK)
            except zmq.Again:
                return
            if word == b"\1" + LOG.encode() + b"\0":
                for data in self._logged:
                    self._events.send(data)

    def _hear_subscriptions(self) -> None:
        while True:
            try:
                word = self._frames.recv(zmq.NOBLOCK)
            except zmq.Again:
                return
            (self._watched.add if word[:1] == b"\1" else self._watched.discard)(word[1:])

    def _pass_on(self, router: Any, dealer: Any) -> None:
        poller = zmq.Poller()
        for channel in (router, dealer):
            poller.register(channel, zmq.POLLIN)
        checked = time.monotonic()
        try:
            while True:
                for channel, _ in poller.poll(_CHECK_SECONDS * 1000):
                    other = dealer if channel is router else router
                    other.send_multipart(channel.recv_multipart())
                if time.monotonic() - checked >= _CHECK_SECONDS:
                    checked = time.monotonic()
                    with self._lock:
                        problem = "" if self._closed else self._bind_again(router)
                    if problem:  # told without the lock: what is logged goes out by this bus too
                        log.warning("%s", problem)
        except zmq.ContextTerminated:
            pass
        finally:
            router.close()
            dealer.close()

    def _serve(self) -> None:
        channel = self._context.socket(zmq.REP)
        channel.setsockopt(zmq.LINGER, 0)
        channel.connect("inproc://commands")
        try:
            while True:
                channel.send(json.dumps(self._reply(channel.recv())).encode())
        except zmq.ContextTerminated:
            pass
        finally:
            channel.close()

    def _reply(self, data: bytes) -> Message:
        try:
            command = json.loads(data.decode())
            if not isinstance(command, dict) or not isinstance(command.get("command"), str):
                raise ValueError
        except ValueError:
            return {"ok": False, "kind": INVALID, "error": "A command is a JSON object with a `command`."}
        try:
            return dict(self._answer(command), ok=True)
        except Refused as error:
            return {"ok": False, "kind": error.kind, "error": str(error)}
        except SplitlensError as error:
            return {"ok": False, "kind": FAILED, "error": str(error)}
        except Exception as error:  # or this thread would end, and after some of them nobody would answer any more
            what = f"The daemon failed ({type(error).__name__}: {error}). This is a mistake in Splitlens."
            log.error("%s: %s", command["command"][:40], what)
            log.debug("", exc_info=True)
            return {"ok": False, "kind": FAILED, "error": what}


class _Subscriber:
    """A subscription. For one thread; a context manager that ends it."""

    def __init__(self, address: str, topics: List[bytes], newest_only: bool) -> None:
        self._socket: zmq.Socket[bytes] = zmq.Context.instance().socket(zmq.SUB)
        self._socket.setsockopt(zmq.LINGER, 0)
        self._socket.setsockopt(zmq.RCVHWM, _EVENTS_KEPT)
        if newest_only:
            self._socket.setsockopt(zmq.CONFLATE, 1)
        for topic in topics:
            self._socket.setsockopt(zmq.SUBSCRIBE, topic)
        self._socket.connect(address)

    def _receive(self, seconds: float) -> Optional[Tuple[bytes, bytes]]:
        if not _wait(self._socket, seconds):
            return None
        topic, _, data = self._socket.recv(zmq.NOBLOCK).partition(b"\0")
        return topic, data

    def close(self) -> None:
        self._socket.close()


class FrameSubscriber(_Subscriber):
    """Asks for the pictures of one stream, as long as it is open."""

    def __init__(self, run_dir: Union[str, Path], stream: str) -> None:
        super().__init__(_addresses(run_dir).frames, [stream.encode() + b"\0"], newest_only=True)

    def receive(self, seconds: float) -> Optional[bytes]:
        """The newest JPEG that was not received yet; None if none came in time."""
        received = self._receive(seconds)
        return None if received is None else received[1]


class EventSubscriber(_Subscriber):
    """Hears the events of these topics. It hears again by itself when the daemon was started anew."""

    def __init__(
        self, run_dir: Union[str, Path], topics: Tuple[str, ...] = (STATE, STATISTICS, DETECTIONS, LOG)
    ) -> None:
        super().__init__(_addresses(run_dir).events, [topic.encode() + b"\0" for topic in topics], newest_only=False)

    def receive(self, seconds: float) -> Optional[Tuple[str, Message]]:
        """Topic and content of the next event; None if none came in time."""
        received = self._receive(seconds)
        return None if received is None else (received[0].decode(), json.loads(received[1].decode()))


def ask(run_dir: Union[str, Path], command: Message, seconds: float = 5.0) -> Message:
    """Send a command; returns the fields of its answer. Raises Refused, and Unavailable if none comes in time."""
    channel: zmq.Socket[bytes] = zmq.Context.instance().socket(zmq.REQ)
    try:
        channel.setsockopt(zmq.LINGER, 0)
        channel.connect(_addresses(run_dir).control)
        channel.send(json.dumps(command).encode())
        if not _wait(channel, seconds):
            raise Unavailable(
                f"The daemon did not answer within {seconds:g} seconds. If it is only busy, it does what was asked "
                "later."
            )
        reply: Message = json.loads(channel.recv(zmq.NOBLOCK).decode())
    finally:
        channel.close()
    if not reply.pop("ok"):
        raise Refused(ErrorKind(reply["kind"]), reply["error"])
    return reply


def _wait(channel: Any, seconds: float) -> bool:
    """Whether something can be received within so many seconds."""
    until = time.monotonic() + seconds
    descriptor = channel.getsockopt(zmq.FD)
    while not channel.getsockopt(zmq.EVENTS) & zmq.POLLIN:
        left = until - time.monotonic()
        if left <= 0:
            return False
        select.select([descriptor], [], [], min(left, _POLL_SECONDS))
    return True
