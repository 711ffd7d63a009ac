"""The handlers of the commands about events, reviews, zones and lines, one function each."""

from typing import Any, Callable, Dict, Type

from appliance.contract import event_requests as requests
from appliance.contract.errors import CONFLICT, Refused
from appliance.contract.requests import Request
from appliance.daemon.appliance import Appliance


def _not_recorded(appliance: Appliance, request: Request) -> Any:
    raise Refused(CONFLICT, "Events are not recorded yet.")


EVENT_HANDLERS: Dict[Type[Request], Callable[[Appliance, Any], Any]] = {
    requests.ListEvents: _not_recorded,
    requests.GetEvent: _not_recorded,
    requests.StarEvent: _not_recorded,
    requests.GetSnapshot: _not_recorded,
    requests.MakeClip: _not_recorded,
    requests.ListReviews: _not_recorded,
    requests.SeeReview: _not_recorded,
    requests.GetCounts: _not_recorded,
    requests.GetHeatmap: _not_recorded,
    requests.GetZones: _not_recorded,
    requests.SetZones: _not_recorded,
    requests.ReplayZones: _not_recorded,
}
