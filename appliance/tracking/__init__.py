"""From detections to tracks: the same object over time. numpy, scipy and capture time only; no threads, no I/O."""

from appliance.tracking.settings import TrackSettings
from appliance.tracking.tracker import Tracker

__all__ = ["Tracker", "TrackSettings"]
