"""The table of the commands about events, reviews, zones and lines; continues that of commands.py."""

from typing import Tuple

from appliance.contract import event_messages as messages
from appliance.contract import event_requests as requests
from appliance.contract.command import Command, Http
from appliance.contract.roles import Role

_QUERY_SECONDS = 10.0

EVENT_COMMANDS: Tuple[Command, ...] = (
    Command(
        "list_events",
        requests.ListEvents,
        messages.EventPage,
        Role.VIEWER,
        Http("GET", "/events"),
        "Events, newest first",
        seconds=_QUERY_SECONDS,
    ),
    Command(
        "get_event",
        requests.GetEvent,
        messages.EventDetail,
        Role.VIEWER,
        Http("GET", "/events/{id}"),
        "One event, with its path and its moments",
        seconds=_QUERY_SECONDS,
    ),
    Command(
        "star_event",
        requests.StarEvent,
        messages.StarredEvent,
        Role.OPERATOR,
        Http("PUT", "/events/{id}/star"),
        "Star an event, so that it is deleted last, or take its star away",
        seconds=_QUERY_SECONDS,
    ),
    Command(
        "get_snapshot",
        requests.GetSnapshot,
        messages.Picture,
        None,
        None,
        "The best picture of an event, as a JPEG",
        seconds=_QUERY_SECONDS,
        at_once=2,
    ),
    Command(
        "make_clip",
        requests.MakeClip,
        messages.Clip,
        None,
        None,
        "Cut the clip of an event from the recordings",
        seconds=60.0,
        at_once=2,
    ),
    Command(
        "list_reviews",
        requests.ListReviews,
        messages.ReviewPage,
        Role.VIEWER,
        Http("GET", "/reviews"),
        "Reviews, newest first",
        seconds=_QUERY_SECONDS,
        user_field="user",
    ),
    Command(
        "see_review",
        requests.SeeReview,
        messages.SeenReview,
        Role.VIEWER,
        Http("PUT", "/reviews/{id}/seen"),
        "Mark a review as seen, or not seen, by the user who asks",
        seconds=_QUERY_SECONDS,
        user_field="user",
    ),
    Command(
        "get_counts",
        requests.GetCounts,
        messages.Counts,
        Role.VIEWER,
        Http("GET", "/counts"),
        "Counts by hour or day, of labels, zones and lines",
        seconds=_QUERY_SECONDS,
    ),
    Command(
        "get_heatmap",
        requests.GetHeatmap,
        messages.Picture,
        None,
        None,
        "Where objects stood in a stream's picture, as a PNG",
        seconds=_QUERY_SECONDS,
        at_once=1,
    ),
    Command(
        "get_zones",
        requests.GetZones,
        messages.Zones,
        Role.VIEWER,
        Http("GET", "/zones"),
        "The zones, lines and masks of the streams",
    ),
    Command(
        "set_zones",
        requests.SetZones,
        messages.Zones,
        Role.OPERATOR,
        Http("PUT", "/zones"),
        "Set the zones, lines and masks of a stream",
        "They apply from the next frame on; a privacy mask is black in everything from then on.",
    ),
    Command(
        "replay_zones",
        requests.ReplayZones,
        messages.Replay,
        Role.VIEWER,
        Http("POST", "/zones/replay"),
        "Try zones and lines on the tracks of the last day, without saving them",
        seconds=30.0,
    ),
)
