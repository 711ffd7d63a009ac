"""Events and reviews for tests of the database."""

from typing import Any, Dict, Tuple

from appliance.contract.event_messages import DETECTION, EventRecord, Review
from appliance.events import event_file, writer
from tests.waiting import LIMIT

# A loaded machine takes long for everything.
writer._ANSWER_SECONDS = event_file._OPEN_SECONDS = LIMIT

NOON = 1_700_046_000.0
"""11:00 UTC on a Wednesday."""


def an_event(start: float = NOON, number: int = 1, **fields: Any) -> EventRecord:
    """An event of ten seconds."""
    values: Dict[str, Any] = {
        "id": f"{start:.6f}-{number:06d}",
        "stream": "main",
        "label": "person",
        "start": start,
        "end": start + 10.0,
        "score": 0.8,
        "top_score": 0.9,
        "box": (0.1, 0.2, 0.3, 0.6),
        "area": 0.08,
        "speed": None,
        "zones": [],
        "lines": [],
        "stationary": False,
        "severity": DETECTION,
        "review": None,
        "has_snapshot": False,
        "has_clip": False,
        "starred": False,
    }
    return EventRecord(**{**values, **fields})


def a_review(start: float = NOON, number: int = 1, **fields: Any) -> Review:
    """A review of ten seconds."""
    values: Dict[str, Any] = {
        "id": f"{start:.6f}-{number:06d}",
        "stream": "main",
        "start": start,
        "end": start + 10.0,
        "severity": DETECTION,
        "labels": ["person"],
        "zones": [],
        "events": [],
        "seen": False,
    }
    return Review(**{**values, **fields})


def a_path(event: EventRecord, points: int = 5) -> Tuple[Tuple[float, ...], ...]:
    """A path to the right, with a point a second."""
    return tuple((event.start + step, 0.1 + step / 50, 0.2, 0.3 + step / 50, 0.6) for step in range(points))
