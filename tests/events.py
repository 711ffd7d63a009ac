"""Reports about tracks, as the tracking of a stream makes them, for tests of what comes after it."""

from typing import Any, Dict, Sequence, Tuple

from appliance.contract.event_messages import Happening
from appliance.events.reports import TrackReport

OFFSET = 1_700_000_000.0
"""What the reports' capture times need to be Unix times."""
BOX = (0.1, 0.2, 0.3, 0.6)


def a_report(
    number: int = 1,
    first: float = 0.0,
    last: float = 1.0,
    happenings: Sequence[Tuple[str, float, Dict[str, str]]] = (),
    **fields: Any,
) -> TrackReport:
    """The report of a track. happenings: tuples of type, capture time, and the fields zone, line, direction."""
    stream = fields.pop("stream", "main")
    label = fields.pop("label", "person")
    track = f"{first + OFFSET:.6f}-{number:06d}"
    values: Dict[str, Any] = {
        "stream": stream,
        "id": track,
        "label": label,
        "first": first,
        "last": last,
        "offset": OFFSET,
        "score": 0.8,
        "top_score": 0.9,
        "box": BOX,
        "speed": None,
        "is_stationary": False,
        "is_alert": False,
        "has_snapshot": False,
        "path": [(first, *BOX), (last, *BOX)],
        "happenings": [
            Happening(type=kind, stream=stream, time=time + OFFSET, track=track, label=label, **names)
            for kind, time, names in happenings
        ],
    }
    values.update(fields)
    return TrackReport(**values)
