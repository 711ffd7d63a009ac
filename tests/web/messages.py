"""Messages as the daemon sends them, of which a test says only what it is about."""

import dataclasses
from typing import Any

from appliance.contract.events import Detections, StreamStatistics, Timings
from appliance.contract.state import Board, DaemonState, RunningModel, State, StorageStatus, Stream

DAEMON = DaemonState(1, "1.0", 1.0, "running", True, None)
MODEL = RunningModel("ssd", "ready", None, None, None, "ssd")
STATE = State(
    DAEMON,
    Board("pc", "PC"),
    {"det_th": 0.5, "vis_text": True, "shown_classes": None},
    {"det_th": 0.5, "vis_text": True, "shown_classes": None},
    [],
    MODEL,
    [],
    [],
    StorageStatus(1, 1, 1, 0, 0, None, None),
    None,
)
STREAM = Stream("main", "0", "index", None, "live", None, 320, 180, False, True, "0", None, None, {})
STATISTICS = StreamStatistics(0, {}, {}, None, 0.0, 0.0, 0, 0, None, 0, 0.0, None, None)
TIMINGS = Timings(0.0, 0.0, 0.0, 0.0, 0.0, 0.0, None, None)
DETECTIONS = Detections("main", 0, "0", 1.0, 320, 180, [])


def make_state(**changes: Any) -> State:
    """A state of no streams. changes: of its daemon, but for those of the state itself."""
    whole = {field.name for field in dataclasses.fields(State)} & set(changes)
    daemon = {name: value for name, value in changes.items() if name not in whole}
    return dataclasses.replace(
        STATE, daemon=dataclasses.replace(DAEMON, **daemon), **{name: changes[name] for name in whole}
    )
