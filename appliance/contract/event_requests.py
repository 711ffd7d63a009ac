"""The requests about events, reviews, zones and lines; the table in event_commands.py says what they do."""

from dataclasses import dataclass, field
from typing import Any, List, Optional

from appliance.contract.event_fields import (
    CURSOR,
    EVENT_ID,
    GROUP,
    HEIGHT,
    HOUR,
    LABEL,
    LIMIT,
    PLACE,
    REVIEW_ID,
    SCORE,
    SEVERITY,
    TEXT,
    TIME,
    USER,
)
from appliance.contract.fields import FLAG, MASKS, PLACES, STREAM_NAME, JsonObject
from appliance.contract.hints import info
from appliance.contract.requests import Request

PAGE_LENGTH = 50


@dataclass(frozen=True)
class ListEvents(Request):
    stream: Optional[str] = field(default=None, metadata=info(type=STREAM_NAME))
    label: Optional[str] = field(default=None, metadata=info(type=LABEL))
    zone: Optional[str] = field(default=None, metadata=info("A zone that it entered", PLACE))
    line: Optional[str] = field(default=None, metadata=info("A line that it crossed", PLACE))
    severity: Optional[str] = field(default=None, metadata=info(type=SEVERITY))
    after: Optional[float] = field(default=None, metadata=info("That began at this time or later", TIME))
    before: Optional[float] = field(default=None, metadata=info("That began before this time", TIME))
    min_score: Optional[float] = field(default=None, metadata=info(type=SCORE))
    text: Optional[str] = field(default=None, metadata=info("Words in its label, zones, lines and stream", TEXT))
    starred: Optional[bool] = field(default=None, metadata=info(type=FLAG))
    cursor: Optional[str] = field(default=None, metadata=info("Of the page before", CURSOR))
    limit: int = field(default=PAGE_LENGTH, metadata=info(type=LIMIT))


@dataclass(frozen=True)
class GetEvent(Request):
    id: str = field(metadata=info(type=EVENT_ID))


@dataclass(frozen=True)
class StarEvent(Request):
    id: str = field(metadata=info(type=EVENT_ID))
    on: bool = field(metadata=info(type=FLAG))


@dataclass(frozen=True)
class GetSnapshot(Request):
    id: str = field(metadata=info(type=EVENT_ID))
    bbox: Optional[bool] = field(default=None, metadata=info("Whether the box is drawn in", FLAG))
    crop: Optional[bool] = field(default=None, metadata=info("Whether only the object is shown", FLAG))
    height: Optional[int] = field(default=None, metadata=info("Of the picture, in pixels", HEIGHT))


@dataclass(frozen=True)
class MakeClip(Request):
    id: str = field(metadata=info(type=EVENT_ID))


@dataclass(frozen=True)
class ListReviews(Request):
    stream: Optional[str] = field(default=None, metadata=info(type=STREAM_NAME))
    label: Optional[str] = field(default=None, metadata=info(type=LABEL))
    zone: Optional[str] = field(default=None, metadata=info(type=PLACE))
    severity: Optional[str] = field(default=None, metadata=info(type=SEVERITY))
    after: Optional[float] = field(default=None, metadata=info("That began at this time or later", TIME))
    before: Optional[float] = field(default=None, metadata=info("That began before this time", TIME))
    unseen: Optional[bool] = field(default=None, metadata=info("Only those that the user has not seen", FLAG))
    cursor: Optional[str] = field(default=None, metadata=info("Of the page before", CURSOR))
    limit: int = field(default=PAGE_LENGTH, metadata=info(type=LIMIT))
    user: str = field(default="", metadata=info("Filled in by the dashboard", USER))


@dataclass(frozen=True)
class SeeReview(Request):
    id: str = field(metadata=info(type=REVIEW_ID))
    on: bool = field(metadata=info(type=FLAG))
    user: str = field(default="", metadata=info("Filled in by the dashboard", USER))


@dataclass(frozen=True)
class GetCounts(Request):
    group: str = field(default=HOUR, metadata=info(type=GROUP))
    stream: Optional[str] = field(default=None, metadata=info(type=STREAM_NAME))
    label: Optional[str] = field(default=None, metadata=info(type=LABEL))
    zone: Optional[str] = field(default=None, metadata=info(type=PLACE))
    line: Optional[str] = field(default=None, metadata=info(type=PLACE))
    after: Optional[float] = field(default=None, metadata=info("By default a day ago", TIME))
    before: Optional[float] = field(default=None, metadata=info(type=TIME))


@dataclass(frozen=True)
class GetHeatmap(Request):
    stream: str = field(metadata=info(type=STREAM_NAME))
    label: Optional[str] = field(default=None, metadata=info(type=LABEL))
    after: Optional[float] = field(default=None, metadata=info("By default a day ago", TIME))
    before: Optional[float] = field(default=None, metadata=info(type=TIME))


@dataclass(frozen=True)
class GetZones(Request):
    stream: Optional[str] = field(default=None, metadata=info("By default all streams", STREAM_NAME))


@dataclass(frozen=True)
class SetZones(Request):
    """What is left out is removed."""

    stream: str = field(metadata=info(type=STREAM_NAME))
    zones: Optional[JsonObject] = field(default=None, metadata=info("By name, as in the config file", PLACES))
    lines: Optional[JsonObject] = field(default=None, metadata=info("By name, as in the config file", PLACES))
    ignore: Optional[List[Any]] = field(default=None, metadata=info("Masks whose detections are dropped", MASKS))
    privacy: Optional[List[Any]] = field(default=None, metadata=info("Polygons that are blacked", MASKS))


@dataclass(frozen=True)
class ReplayZones(Request):
    stream: str = field(metadata=info(type=STREAM_NAME))
    zones: Optional[JsonObject] = field(default=None, metadata=info("By name, as in the config file", PLACES))
    lines: Optional[JsonObject] = field(default=None, metadata=info("By name, as in the config file", PLACES))
    after: Optional[float] = field(default=None, metadata=info("By default a day ago", TIME))
    before: Optional[float] = field(default=None, metadata=info(type=TIME))
