"""Messages between the daemon and the dashboard: ZeroMQ over Unix sockets in a private directory.

    frames    XPUB   a stream's name, a zero byte, a JPEG. The daemon draws a stream only while it has a subscriber.
    events    PUB    a topic, a zero byte, a JSON object: `state`, `statistics` (the heartbeat), `detections`, `log`.
    control   ROUTER a JSON command, answered with {"ok": true, ...} or {"ok": false, "kind": ..., "error": sentence}.

Modules: protocol (time limits), run_dir (the directory), server (the daemon's end), client (the other end).
"""

from appliance.bus.client import EventSubscriber, FrameSubscriber, request
from appliance.bus.protocol import (
    COMMAND_THREADS,
    HANG_SECONDS,
    HEARTBEAT_SECONDS,
    LOADING_SECONDS,
    SILENCE_SECONDS,
    Message,
)
from appliance.bus.run_dir import is_open, lock_run_dir, make_run_dir, read_exit_reason, write_exit_reason
from appliance.bus.server import BusServer

__all__ = [
    "COMMAND_THREADS",
    "HANG_SECONDS",
    "HEARTBEAT_SECONDS",
    "LOADING_SECONDS",
    "SILENCE_SECONDS",
    "BusServer",
    "EventSubscriber",
    "FrameSubscriber",
    "Message",
    "is_open",
    "lock_run_dir",
    "make_run_dir",
    "read_exit_reason",
    "request",
    "write_exit_reason",
]
