"""From reports about tracks to events and reviews. Pure: no thread, no clock."""

import dataclasses
import math
from typing import Callable, Dict, Iterable, List, Sequence, Tuple

from appliance.contract.event_messages import (
    ALERT,
    CROSSED,
    DETECTION,
    ENTERED,
    Crossing,
    EventRecord,
)
from appliance.events.bus_events import EventChanged, EventEnded, EventStarted, Happened, PathPoint
from appliance.events.reports import TrackReport
from appliance.events.reviews import Reviews


class _OpenEvent:
    """An event that goes on.

    Attributes:
        zones, lines: What it entered and crossed.
        path_length: Of the path published last.
        active_until: When it was last seen to move, capture time.
    """

    def __init__(self, report: TrackReport) -> None:
        self.zones: List[str] = []
        self.lines: List[Crossing] = []
        self.is_alert = False
        self.path_length = 0
        self.active_until = -math.inf
        self.record = EventRecord(
            id=report.id,
            stream=report.stream,
            label=report.label,
            start=_unix(report, report.first),
            end=None,
            score=0.0,
            top_score=0.0,
            box=report.box,
            area=0.0,
            speed=None,
            zones=[],
            lines=[],
            stationary=False,
            severity=DETECTION,
            review=None,
            has_snapshot=False,
            has_clip=False,
            starred=False,
        )
        self.take(report)

    def take(self, report: TrackReport) -> None:
        """Take in a report."""
        for happening in report.happenings:
            if happening.type == ENTERED and happening.zone is not None and happening.zone not in self.zones:
                self.zones.append(happening.zone)
            elif happening.type == CROSSED and happening.line is not None and happening.direction is not None:
                self.lines.append(Crossing(happening.line, happening.direction, happening.time))
        self.is_alert = self.is_alert or report.is_alert  # an alert stays one when its label changes
        x_min, y_min, x_max, y_max = report.box
        self.record = dataclasses.replace(
            self.record,
            label=report.label,
            score=round(report.score, 6),
            top_score=round(report.top_score, 6),
            box=report.box,
            area=round((x_max - x_min) * (y_max - y_min), 6),
            speed=None if report.speed is None else round(report.speed, 2),
            zones=list(self.zones),
            lines=list(self.lines),
            stationary=report.is_stationary,
            severity=ALERT if self.is_alert else DETECTION,
            has_snapshot=report.has_snapshot,
            end=_unix(report, report.last) if report.has_ended else None,
        )
        self.path_length = len(report.path)


class EventEngine:
    """Makes events of tracks, and reviews of events.

    Args:
        publish: Takes the events of `appliance.events.bus_events`, in order.
    """

    def __init__(self, publish: Callable[[object], None]) -> None:
        self._publish = publish
        self._open: Dict[str, _OpenEvent] = {}
        self._reviews = Reviews()

    def take(self, report: TrackReport) -> None:
        """Take in a report about a track; the first one of a track begins its event."""
        event = self._open.get(report.id)
        if event is None:
            event = self._open[report.id] = _OpenEvent(report)
            news = self._review(event, report)
            self._publish(EventStarted(dataclasses.replace(event.record, end=None), _path(report)))
        else:
            before, length = event.record, event.path_length
            event.take(report)
            news = self._review(event, report)
            if not report.has_ended and (event.record != before or event.path_length != length):
                self._publish(EventChanged(event.record, _path(report)))
        self._publish_all(news)
        for happening in report.happenings:
            self._publish(Happened(happening))
        if report.has_ended:
            del self._open[report.id]
            self._publish(EventEnded(event.record, _path(report)))

    def tick(self, now: float) -> None:
        """End the reviews in which nothing moved for long. now: capture time in seconds."""
        self._publish_all(self._reviews.tick(now))

    def close(self) -> None:
        """End all reviews. The events end with their tracks, before."""
        self._publish_all(self._reviews.close())

    def _review(self, event: _OpenEvent, report: TrackReport) -> Sequence[object]:
        """Keep the event's review open if it moves, and return what to publish."""
        record = event.record
        is_seen_again = report.last > event.active_until  # what ends is reported long after its last sight
        if record.review is not None and (report.is_stationary or not is_seen_again):
            return self._reviews.update(record)
        event.active_until = report.last
        since = report.first if record.review is None else report.last
        news = self._reviews.join(record, since, report.last, report.offset)
        event.record = dataclasses.replace(record, review=self._reviews.of(record.stream))
        return news

    def _publish_all(self, news: Iterable[object]) -> None:
        for event in news:
            self._publish(event)


def _unix(report: TrackReport, time: float) -> float:
    return round(time + report.offset, 6)


def _path(report: TrackReport) -> Tuple[PathPoint, ...]:
    return tuple((_unix(report, time), x_min, y_min, x_max, y_max) for time, x_min, y_min, x_max, y_max in report.path)
