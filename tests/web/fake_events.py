"""The part of the stand-in for the daemon that knows events, reviews, zones and lines."""

import base64
import dataclasses
import time
from pathlib import Path
from typing import Any, Dict, List, Optional, Tuple

import cv2
import numpy as np

from appliance.contract import event_messages as messages
from appliance.contract.errors import FAILED, NOT_FOUND, Refused
from appliance.contract.events import LineTotals, StreamCounts
from appliance.contract.fields import JsonObject
from appliance.core.errors import OutputError
from tests.web import fake_media

HOUR = 3600.0
EXAMPLE_ID = "1764000000.000000-000001"
"""Of an event, and of the review that has it."""
KINDS = (("person", "door"), ("car", "drive"), ("person", "yard"), ("dog", "yard"))
PATH = [(float(step), 0.1 + step * 0.05, 0.25, 0.3 + step * 0.05, 0.85) for step in range(12)]
"""The way of every event's object: seconds since the start, and the box."""


class FakeEvents:
    """Obeys the commands about events; a class that the stand-in inherits from. Call `make_events` once."""

    recordings: Path
    events: Dict[str, messages.EventRecord]
    reviews: Dict[str, messages.Review]
    seen: Dict[str, List[str]]  # review to users
    places: Dict[str, JsonObject]
    recorded: Dict[str, Tuple[float, float]]  # file to start and seconds, where these are not those of the file

    def counts(self, stream: str) -> StreamCounts:
        """Return what is in the zones of a stream, and what crossed its lines."""
        places = self.places.get(stream, {})
        crossed = LineTotals(12, 9)
        return StreamCounts(
            zones={zone: {"person": 2, "dog": 1} for zone in places.get("zones", {})},
            lines={line: crossed for line in places.get("lines", {})},
            events={"person": 30, "car": 15, "dog": 15},
            entries={zone: {"person": 30} for zone in places.get("zones", {})},
            crossings={line: {"person": crossed} for line in places.get("lines", {})},
        )

    def stream(self, name: str) -> Any:
        """Return a stream. Raises Refused."""
        raise NotImplementedError

    def make_events(self, streams: List[str], count: int = 60) -> None:
        """Invent events of the last two days, the newest some minutes ago; every third is a detection."""
        self.events, self.reviews, self.seen = {}, {}, {}
        self.places, self.recorded = {}, {}
        now = time.time()
        # The newest of each stream, and what is recorded around them, are of the same day.
        first, last = (time.localtime(now - ago).tm_mday for ago in (330.0 + 60.0 * len(streams), 200.0))
        if first != last:
            now -= 600.0 + 60.0 * len(streams)
        for number in range(count):
            label, zone = KINDS[number % len(KINDS)]
            ago = number * 60.0 if number < len(streams) else number * 48 * HOUR / count
            start = round(now - 300.0 - ago, 6)
            severity = messages.DETECTION if number % 3 == 2 else messages.ALERT
            event = messages.EventRecord(
                id=f"{start:.6f}-{count - number:06d}",
                stream=streams[number % len(streams)],
                label=label,
                start=start,
                end=start + 12.0 + number % 40,
                score=0.82,
                top_score=0.94,
                box=(0.3, 0.25, 0.5, 0.85),
                area=0.12,
                speed=None,
                zones=[zone],
                lines=[messages.Crossing("gate", messages.IN, start + 4.0)] if number % 4 == 0 else [],
                stationary=False,
                severity=severity,
                review=f"{start:.6f}-r{number:05d}",
                has_snapshot=True,
                has_clip=True,
                starred=number % 10 == 3,
            )
            self.events[event.id] = event
            review = messages.Review(
                id=str(event.review),
                stream=event.stream,
                start=event.start,
                end=event.end,
                severity=severity,
                labels=[label],
                zones=[zone],
                events=[event.id],
                seen=False,
            )
            self.reviews[review.id] = review
        self.events[EXAMPLE_ID] = dataclasses.replace(
            event, id=EXAMPLE_ID, start=1764000000.0, end=1764000010.0, review=EXAMPLE_ID
        )
        self.reviews[EXAMPLE_ID] = dataclasses.replace(
            review, id=EXAMPLE_ID, start=1764000000.0, end=1764000010.0, events=[EXAMPLE_ID]
        )

    def make_recordings(self, seconds: float = 8.0, count: int = 3) -> None:
        """Record around the newest event of each stream: files that join, the last one after a gap of a minute."""
        for stream in {event.stream for event in self.events.values()}:
            event = next(event for event in self.events.values() if event.stream == stream)
            before = fake_media.BEFORE_SECONDS
            for number in range(count):
                started = event.start - before + number * seconds + (60.0 if number == count - 1 else 0.0)
                name = f"{stream}_{time.strftime('%Y%m%d-%H%M%S', time.localtime(started))}_{number}.mp4"
                path = self.recordings / name
                shift = before - number * seconds
                fake_media.write_movie(path, stream, event.label, PATH, seconds, shift)
                self.recorded[name] = started, seconds

    def do_list_events(self, cursor: Optional[str], limit: int, **wanted: Any) -> messages.EventPage:
        found = [event for event in self.events.values() if _fits(event, wanted)]
        page, more = _page(found, cursor, limit)
        return messages.EventPage(page, more)

    def do_get_event(self, id: str) -> messages.EventDetail:
        event = self._event(id)
        happenings = [
            messages.Happening(messages.DETECTED, event.stream, event.start, event.id, event.label),
            messages.Happening(
                messages.ENTERED, event.stream, event.start + 3.0, event.id, event.label, zone=event.zones[0]
            ),
            messages.Happening(messages.LEFT, event.stream, event.end or event.start, event.id, event.label),
        ]
        return messages.EventDetail(event, PATH, happenings)

    def do_star_event(self, id: str, on: bool) -> messages.StarredEvent:
        event = self.events[id] = dataclasses.replace(self._event(id), starred=on)
        return messages.StarredEvent(event)

    def do_get_snapshot(
        self, id: str, bbox: Optional[bool], crop: Optional[bool], height: Optional[int]
    ) -> messages.Picture:
        event = self._event(id)
        image: Any = fake_media.draw_scene(event.stream, event.label, event.box)
        if bbox:
            height_, width = image.shape[:2]
            x_min, y_min, x_max, y_max = (int(share * side) for share, side in zip(event.box, (width, height_) * 2))
            cv2.rectangle(image, (x_min, y_min), (x_max, y_max), (255, 255, 255), 2)
        if crop:
            image = fake_media.cut(image, event.box)
        if height:
            image = cv2.resize(image, (max(1, image.shape[1] * height // image.shape[0]), height))
        return messages.Picture(base64.b64encode(cv2.imencode(".jpg", image)[1].tobytes()).decode())

    def do_make_clip(self, id: str) -> messages.Clip:
        event = self._event(id)
        path = self.recordings / "clips" / f"{event.id}.mp4"
        if not path.exists():
            try:
                fake_media.make_clip(path, event.stream, event.label, PATH)
            except OutputError as error:
                raise Refused(FAILED, str(error)) from error
        return messages.Clip(path.name, event.start - fake_media.BEFORE_SECONDS)

    def do_list_reviews(
        self, cursor: Optional[str], limit: int, unseen: Optional[bool], user: str, **wanted: Any
    ) -> messages.ReviewPage:
        label, zone = wanted.pop("label"), wanted.pop("zone")
        found = [
            self._for_user(review, user)
            for review in self.reviews.values()
            if _fits(review, wanted)
            and (label is None or label in review.labels)
            and (zone is None or zone in review.zones)
        ]
        found = [review for review in found if not (unseen and review.seen)]
        page, more = _page(found, cursor, limit)
        return messages.ReviewPage(page, more)

    def do_see_review(self, id: str, on: bool, user: str) -> messages.SeenReview:
        if id not in self.reviews:
            raise Refused(NOT_FOUND, "There is no such review.")
        users = [other for other in self.seen.get(id, []) if other != user]
        self.seen[id] = users + [user] * on
        return messages.SeenReview(self._for_user(self.reviews[id], user))

    def do_get_counts(self, group: str, **wanted: Any) -> messages.Counts:
        step = HOUR if group == "hour" else 24 * HOUR
        counts: Dict[Any, int] = {}
        for event in self.events.values():
            key = event.start // step * step, event.stream, event.label
            counts[key] = counts.get(key, 0) + 1
        rows = [
            messages.CountRow(begin, stream, label, None, None, count, 0, 0)
            for (begin, stream, label), count in sorted(counts.items())
            if wanted["stream"] in (None, stream) and wanted["label"] in (None, label)
        ]
        return messages.Counts(rows)

    def do_get_heatmap(self, stream: str, **wanted: Any) -> messages.Picture:
        self._places(stream)
        image = np.zeros((36, 64, 4), np.uint8)
        image[20:, 20:40] = (240, 140, 40, 160)
        return messages.Picture(base64.b64encode(cv2.imencode(".png", image)[1].tobytes()).decode())

    def do_get_zones(self, stream: Optional[str]) -> messages.Zones:
        if stream is not None:
            return messages.Zones({stream: self._places(stream)})
        return messages.Zones(dict(self.places))

    def do_set_zones(self, stream: str, zones: Any, lines: Any, ignore: Any, privacy: Any) -> messages.Zones:
        self._places(stream)
        self.places[stream] = {
            "zones": zones or {},
            "lines": lines or {},
            "ignore": ignore or [],
            "privacy": privacy or [],
        }
        return messages.Zones({stream: self.places[stream]})

    def do_replay_zones(self, stream: str, zones: Any, lines: Any, **times: Any) -> messages.Replay:
        self._places(stream)
        events = [event for event in self.events.values() if event.stream == stream][:3] if zones or lines else []
        happenings = [
            messages.Happening(messages.ENTERED, stream, event.start, event.id, event.label, zone=next(iter(zones)))
            for event in events
            if zones
        ]
        now = time.time()
        return messages.Replay([event.start for event in events], 30, now - 24 * HOUR, now, happenings, True)

    def _event(self, id: str) -> messages.EventRecord:
        if id not in self.events:
            raise Refused(NOT_FOUND, "There is no such event.")
        return self.events[id]

    def _places(self, stream: str) -> JsonObject:
        self.stream(stream)
        return self.places.setdefault(stream, {"zones": {}, "lines": {}, "ignore": [], "privacy": []})

    def _for_user(self, review: messages.Review, user: str) -> messages.Review:
        return dataclasses.replace(review, seen=user in self.seen.get(review.id, []))


def _fits(item: Any, wanted: Dict[str, Any]) -> bool:
    tests: Dict[str, Any] = {
        "stream": lambda value: item.stream == value,
        "label": lambda value: item.label == value,
        "zone": lambda value: value in item.zones,
        "line": lambda value: value in [crossing.line for crossing in item.lines],
        "severity": lambda value: item.severity == value,
        "after": lambda value: item.start >= value,
        "before": lambda value: item.start < value,
        "min_score": lambda value: item.score >= value,
        "text": lambda value: value.lower() in f"{item.label} {item.stream} {' '.join(item.zones)}".lower(),
        "starred": lambda value: item.starred == value,
    }
    return all(tests[name](value) for name, value in wanted.items() if value is not None)


def _page(found: List[Any], cursor: Optional[str], limit: int) -> Tuple[List[Any], Optional[str]]:
    """Return the items after that of the cursor, and the cursor of the next page."""
    start = float(cursor.partition("-")[0]) if cursor else float("inf")
    left = [item for item in found if item.start < start]
    return left[:limit], left[limit - 1].id if len(left) > limit else None
