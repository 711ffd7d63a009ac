"""The handlers of the commands about events, reviews, zones and lines, one function each."""

import base64
import threading
import time
from typing import Any, Callable, Dict, Type

from appliance.contract import event_messages as messages
from appliance.contract import event_requests as requests
from appliance.contract.errors import CONFLICT, Refused
from appliance.contract.requests import Request
from appliance.daemon.appliance import Appliance
from appliance.daemon.changes import check_places
from appliance.daemon.recording_commands import get_snapshot, make_clip
from appliance.events.replay import replay
from appliance.schema.places import PLACES, places_as_data

REPLAYED_SECONDS = 86400.0
USUAL_SIZE = (1080, 1920)
"""Height and width, of a stream that shows nothing at present."""

_replaying = threading.BoundedSemaphore(1)


def _list_events(appliance: Appliance, request: requests.ListEvents) -> messages.EventPage:
    return appliance.event_store.search(request)


def _get_event(appliance: Appliance, request: requests.GetEvent) -> messages.EventDetail:
    return appliance.event_store.get(request.id)


def _star_event(appliance: Appliance, request: requests.StarEvent) -> messages.StarredEvent:
    return messages.StarredEvent(appliance.event_store.star(request.id, request.on))


def _list_reviews(appliance: Appliance, request: requests.ListReviews) -> messages.ReviewPage:
    return appliance.event_store.reviews(request)


def _see_review(appliance: Appliance, request: requests.SeeReview) -> messages.SeenReview:
    return messages.SeenReview(appliance.event_store.mark_seen(request.id, request.user, request.on))


def _get_counts(appliance: Appliance, request: requests.GetCounts) -> messages.Counts:
    return appliance.event_store.counts(request)


def _get_heatmap(appliance: Appliance, request: requests.GetHeatmap) -> messages.Picture:
    return messages.Picture(base64.b64encode(appliance.event_store.heatmap(request)).decode("ascii"))


def _replay_zones(appliance: Appliance, request: requests.ReplayZones) -> messages.Replay:
    stream = appliance.streams.get(request.stream)
    places = check_places({"zones": request.zones or {}, "lines": request.lines or {}})
    newest = stream.newest
    height, width = newest.frame.image.shape[:2] if newest is not None else USUAL_SIZE
    before = time.time() if request.before is None else request.before
    after = before - REPLAYED_SECONDS if request.after is None else request.after
    if not _replaying.acquire(blocking=False):
        raise Refused(CONFLICT, "Zones are being tried out already; wait for that to end.")
    try:
        return replay(
            appliance.event_store.tracks(request.stream, after, before),
            places,
            appliance.alert_labels(request.stream),
            (width, height),
            (after, before),
        )
    finally:
        _replaying.release()


def _get_zones(appliance: Appliance, request: requests.GetZones) -> messages.Zones:
    streams = appliance.streams
    names = [one.name for one in streams.all()] if request.stream is None else [streams.get(request.stream).name]
    return messages.Zones({name: places_as_data(streams.places.of(name)) for name in names})


def _set_zones(appliance: Appliance, request: requests.SetZones) -> messages.Zones:
    name = appliance.streams.get(request.stream).name
    given = {kind: getattr(request, kind) for kind in PLACES}
    appliance.streams.places.change(name, given)
    return _get_zones(appliance, requests.GetZones(name))


EVENT_HANDLERS: Dict[Type[Request], Callable[[Appliance, Any], Any]] = {
    requests.ListEvents: _list_events,
    requests.GetEvent: _get_event,
    requests.StarEvent: _star_event,
    requests.GetSnapshot: get_snapshot,
    requests.MakeClip: make_clip,
    requests.ListReviews: _list_reviews,
    requests.SeeReview: _see_review,
    requests.GetCounts: _get_counts,
    requests.GetHeatmap: _get_heatmap,
    requests.GetZones: _get_zones,
    requests.SetZones: _set_zones,
    requests.ReplayZones: _replay_zones,
}
