"""The handlers of the commands about clips and snapshots, one function each."""

from appliance.contract import event_messages as messages
from appliance.contract import event_requests as requests
from appliance.daemon.appliance import Appliance


def get_snapshot(appliance: Appliance, request: requests.GetSnapshot) -> messages.Picture:
    return appliance.event_files.snapshot(request)


def make_clip(appliance: Appliance, request: requests.MakeClip) -> messages.Clip:
    return appliance.event_files.make_clip(request.id)
