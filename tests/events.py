"""Drawn objects, and reports about tracks, for tests of what makes events of them."""

from typing import Any, Callable, Dict, List, Mapping, Optional, Sequence, Tuple

import numpy as np

from appliance.contract.event_messages import Happening
from appliance.core.frame import Detections, Frame, Result, Timings
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


LABELS = {1: "person", 3: "car"}
SIZE = (640, 480)

Drawn = Callable[[float], Optional[Tuple[float, float]]]
"""Where the bottom centre of an object is at a time, shares of the picture; None where it is not seen."""


def a_result(
    time: float, found: Sequence[Tuple[int, float, Tuple[float, float]]], labels: Mapping[int, str] = LABELS
) -> Result:
    """What a live source shows at a capture time: class id, score and bottom centre of each object, 48 x 96 pixels."""
    boxes = [(x * SIZE[0] - 24, y * SIZE[1] - 96, x * SIZE[0] + 24, y * SIZE[1]) for _, _, (x, y) in found]
    order = sorted(range(len(found)), key=lambda number: -found[number][1])
    detections = Detections(
        np.array([boxes[number] for number in order], np.float32).reshape(-1, 4),
        np.array([found[number][1] for number in order], np.float32),
        np.array([found[number][0] for number in order], np.int32),
    )
    image = np.broadcast_to(np.zeros((), np.uint8), (SIZE[1], SIZE[0], 3))
    frame = Frame(image, round(time * 1000), "drawn", time + OFFSET, time, 0.0)
    return Result(frame, detections, Timings(0.0, 0.0, 0.0, 0.0, 0.0, 0.0), labels)


def play(
    follow: Callable[[Result], Result],
    objects: Sequence[Tuple[int, Drawn]],
    seconds: float,
    fps: float = 10.0,
    begin: float = 100.0,
    score: float = 0.8,
) -> List[Result]:
    """Show drawn objects (class id, and where they are from 0 seconds on) to a tracker; returns the results."""
    results = []
    for number in range(int(seconds * fps)):
        time = number / fps
        places = [(class_id, where(time)) for class_id, where in objects]
        seen = [(class_id, score, place) for class_id, place in places if place is not None]
        results.append(follow(a_result(begin + time, seen)))
    return results


def walking(begin: Tuple[float, float], end: Tuple[float, float], seconds: float) -> Drawn:
    """An object that walks from one place to another and is gone."""

    def where(time: float) -> Optional[Tuple[float, float]]:
        share = time / seconds
        if share > 1.0:
            return None
        return begin[0] + share * (end[0] - begin[0]), begin[1] + share * (end[1] - begin[1])

    return where
