"""The outputs for a stream's results: statistics, live pictures, a recording."""

from typing import Callable, List, Optional

from appliance.bus import BusServer
from appliance.contract.events import StreamCounts
from appliance.core.frame import Result
from appliance.core.sink import Sink
from appliance.drawing.overlay import Overlay
from appliance.outputs.publisher import Publisher
from appliance.outputs.rate import RateLimit
from appliance.outputs.statistics import StreamStatistics
from appliance.pipeline.meter import Meter
from appliance.recording.clean_copy import CleanCopy
from appliance.recording.interest import Interest
from appliance.recording.segments import EVENTS, SegmentRecorder
from appliance.recording.storage import Storage
from appliance.schema.places import Places
from appliance.schema.setting import Values
from appliance.settings import Settings


class StreamOutputs:
    """The sinks of one stream, from opening a source to its end; created anew for the next source.

    Attributes:
        recorder: Records while it is switched on.

    Args:
        stream: Name of the stream.
        settings: The configuration.
        server: Where live pictures are published; knows whether anybody is watching.
        storage: Where recordings are stored.
        meter: Counts the stream's frames.
        statistics: Counts what is found; shared by all sources of a stream.
        playing_fps: As for `SegmentRecorder`.
        live: The stream's live settings, by key.
        interest: What events want recorded.
        places: Returns the zones and lines that are drawn.
        counts: Returns what is in them.
    """

    def __init__(
        self,
        stream: str,
        settings: Settings,
        server: BusServer,
        storage: Storage,
        meter: Meter,
        statistics: StreamStatistics,
        playing_fps: Callable[[], float],
        live: Values,
        interest: Interest,
        places: Callable[[], Places],
        counts: Callable[[], StreamCounts],
    ) -> None:
        vis_text, drawn = live["vis_text"], meter.drawn
        mask_size = (settings.width, settings.height) if settings.mask_output_size == "settings" else None
        self._live_overlay = Overlay(vis_text, meter.statistics, mask_size, settings.live_width, drawn, places, counts)
        self._kept_overlay = Overlay(vis_text, meter.statistics, mask_size, None, drawn, places, counts)
        self._publisher = Publisher(
            self._live_overlay,
            lambda: server.is_watched(stream),
            lambda jpeg: server.publish_frame(stream, jpeg),
            meter.sent,
            live["max_vis_fps"],
        )
        self.recorder = SegmentRecorder(
            stream,
            storage,
            self._kept_overlay if settings.record_overlay else CleanCopy(),
            playing_fps,
            settings.record_format,
            settings.segment_minutes,
            settings.segment_mb,
            interest=interest,
            is_by_event=settings.record == EVENTS,
        )
        self._statistics = statistics
        self.show(live)

    @property
    def sinks(self) -> List[Sink]:
        """Return all sinks, for the stream's pipeline."""
        return [self._publisher, self._statistics, self.recorder]

    @property
    def newest(self) -> Optional[Result]:
        """Return the last result; None before the first."""
        return self._publisher.newest

    def show(self, live: Values) -> None:
        """Set how pictures are drawn from now on."""
        self._publisher.limit = RateLimit(live["max_vis_fps"])
        for overlay in (self._live_overlay, self._kept_overlay):
            overlay.vis_text = live["vis_text"]
            overlay.show_boxes, overlay.show_zones = live["show_boxes"], live["show_zones"]
