"""The daemon's end of the bus."""

import collections
import contextlib
import json
import logging
import threading
import time
from pathlib import Path
from typing import Any, Callable, Deque, Set, Union

import zmq

from appliance.bus.protocol import COMMAND_THREADS, EVENTS_KEPT, Message
from appliance.bus.run_dir import has_lock, has_socket, lock_run_dir, make_run_dir, socket_addresses, write_exit_reason
from appliance.contract.codec import encode
from appliance.contract.errors import CONFLICT, FAILED, INVALID, Refused
from appliance.contract.events import LOG, Event, topic_of
from appliance.core.errors import SplitlensError
from appliance.core.threads import start_thread

log = logging.getLogger(__name__)

Handler = Callable[[Message], Message]

_FRAMES_KEPT = 2
_LOGS_KEPT = 200
_WORKERS = "inproc://commands"
_CHECK_SECONDS = 1
"""Seconds between two checks that the sockets still exist."""


class BusServer:
    """The daemon's end of the bus. Every method may be called from any thread.

    Commands are refused until `serve` sets their handler.

    Args:
        run_dir: The directory of the sockets, as returned by `make_run_dir`.

    Raises:
        ConfigError: Another daemon uses the directory.
    """

    def __init__(self, run_dir: Union[str, Path]) -> None:
        self._handler: Handler = _not_yet
        self._run_dir = Path(run_dir)
        self._run_dir_lock = lock_run_dir(run_dir)
        write_exit_reason(run_dir, "")
        self._lock = threading.Lock()
        self._watched: Set[bytes] = set()
        self._context = zmq.Context()
        self._closed = False
        self._addresses = socket_addresses(run_dir)
        self._frames = self._open(zmq.XPUB, self._addresses.frames, _FRAMES_KEPT)
        self._events = self._open(zmq.XPUB, self._addresses.events, EVENTS_KEPT)
        self._events.setsockopt(zmq.XPUB_VERBOSE, 1)  # report a new dashboard even if the old one is still subscribed
        self._logged: Deque[bytes] = collections.deque(maxlen=_LOGS_KEPT)
        router = self._open(zmq.ROUTER, self._addresses.control, EVENTS_KEPT)
        workers = self._open(zmq.ROUTER, _WORKERS, EVENTS_KEPT)
        self._threads = [start_thread("commands", self._forward_commands, router, workers)]
        self._threads += [start_thread(f"command {number}", self._handle_commands) for number in range(COMMAND_THREADS)]

    def serve(self, handler: Handler) -> None:
        """Set the handler of commands.

        Args:
            handler: Takes a command, an object with a text `command`, and returns the fields of the reply. Called by
                COMMAND_THREADS threads. May raise Refused, or another SplitlensError.
        """
        self._handler = handler

    def is_watched(self, stream: str) -> bool:
        """Return whether anybody subscribes to pictures of the stream."""
        with self._lock:
            if not self._closed:
                self._take_subscriptions()
            return stream.encode() + b"\0" in self._watched

    def publish_frame(self, stream: str, jpeg: bytes) -> None:
        self._send(self._frames, stream.encode() + b"\0" + jpeg)

    def publish(self, event: Event) -> None:
        """Send a message of the contract to everybody who subscribed to its topic."""
        self._publish(topic_of(event), encode(event))

    def _publish(self, topic: str, message: Message) -> None:
        data = topic.encode() + b"\0" + json.dumps(message).encode()
        with self._lock:
            if not self._closed:
                self._repeat_log()
                if topic == LOG:
                    self._logged.append(data)
                self._events.send(data, copy=False)

    def close(self) -> None:
        """Stop answering commands. Pending events are still sent."""
        with self._lock:
            self._closed = True
            self._frames.close()
            self._events.close(linger=500)
        self._context.term()  # then the other threads' sockets raise ContextTerminated, and these threads close them
        for thread in self._threads:
            if thread is not threading.current_thread():
                thread.join()
        self._run_dir_lock.close()

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
        """Recreate the sockets, or the whole directory, if a cleaner of temporary folders deleted them.

        Existing connections stay; other clients find the new sockets. Returns what failed, to be tried again; "" if
        nothing.
        """
        addresses = self._addresses
        channels = ((self._frames, addresses.frames), (self._events, addresses.events), (router, addresses.control))
        gone = [(channel, address) for channel, address in channels if not has_socket(address)]
        try:
            if gone:
                make_run_dir(self._run_dir)
            if not has_lock(self._run_dir):
                old, self._run_dir_lock = self._run_dir_lock, lock_run_dir(self._run_dir)
                old.close()
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

    def _repeat_log(self) -> None:
        """Send the log to a new subscriber: the dashboard starts later than the daemon, and may restart alone."""
        while True:
            try:
                notice = self._events.recv(zmq.NOBLOCK)
            except zmq.Again:
                return
            if notice == b"\1" + LOG.encode() + b"\0":
                for data in self._logged:
                    self._events.send(data)

    def _take_subscriptions(self) -> None:
        while True:
            try:
                notice = self._frames.recv(zmq.NOBLOCK)
            except zmq.Again:
                return
            (self._watched.add if notice[:1] == b"\1" else self._watched.discard)(notice[1:])

    def _forward_commands(self, router: Any, workers: Any) -> None:
        """Give each command to a thread that is free; while none is, commands wait, in order."""
        free: Deque[bytes] = collections.deque()
        checked = time.monotonic()
        try:
            while True:
                poller = zmq.Poller()
                poller.register(workers, zmq.POLLIN)
                if free:
                    poller.register(router, zmq.POLLIN)
                ready = dict(poller.poll(_CHECK_SECONDS * 1000))
                if workers in ready:
                    worker, _, *reply = workers.recv_multipart()
                    free.append(worker)
                    if len(reply) > 1:  # the first message of a thread only says that it is there
                        router.send_multipart(reply)
                if router in ready:
                    workers.send_multipart([free.popleft(), b"", *router.recv_multipart()])
                if time.monotonic() - checked >= _CHECK_SECONDS:
                    checked = time.monotonic()
                    with self._lock:
                        problem = "" if self._closed else self._bind_again(router)
                    if problem:  # logged without the lock: log lines are sent over this bus, too
                        log.warning("%s", problem)
        except zmq.ContextTerminated:
            pass
        finally:
            router.close()
            workers.close()

    def _handle_commands(self) -> None:
        channel = self._context.socket(zmq.REQ)
        channel.setsockopt(zmq.LINGER, 0)
        channel.connect(_WORKERS)
        try:
            channel.send(b"")
            while True:
                *address, command = channel.recv_multipart()
                channel.send_multipart([*address, json.dumps(self._reply(command)).encode()])
        except zmq.ContextTerminated:
            pass
        finally:
            channel.close()

    def _reply(self, data: bytes) -> Message:
        try:
            command = json.loads(data.decode())
            if not isinstance(command, dict) or not isinstance(command.get("command"), str):
                raise ValueError
        except (ValueError, RecursionError):
            return {"ok": False, "kind": INVALID, "error": "A command is a JSON object with a `command`."}
        try:
            return dict(self._handler(command), ok=True)
        except Refused as error:
            return {"ok": False, "kind": error.kind, "error": str(error)}
        except SplitlensError as error:
            return {"ok": False, "kind": FAILED, "error": str(error)}
        except Exception as error:  # otherwise this thread would end, and in the end none would be left to answer
            what = f"The daemon failed ({type(error).__name__}: {error}). This is a mistake in Splitlens."
            log.error("%s: %s", command["command"][:40], what)
            log.debug("", exc_info=True)
            return {"ok": False, "kind": FAILED, "error": what}


def _not_yet(command: Message) -> Message:
    raise Refused(CONFLICT, "The daemon is starting. Try again in some seconds.")
