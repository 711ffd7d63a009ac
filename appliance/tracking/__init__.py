"""From detections to tracks: the same object over time. numpy and capture time only; no threads, no I/O."""

from appliance.tracking.settings import LabelSettings, TrackSettings
from appliance.tracking.track import Track
from appliance.tracking.tracker import Tracker

__all__ = ["LabelSettings", "Track", "TrackSettings", "Tracker"]
