"""Tracks and events of `video` and `stream`: with the settings, zones and lines of a stream of the config file."""

import dataclasses
from typing import List, Mapping, Optional

from appliance.core.detector import Detector
from appliance.core.errors import ConfigError
from appliance.core.frame import Result
from appliance.core.redact import redact
from appliance.core.sink import Sink
from appliance.core.source import Source
from appliance.events.event_lines import EventLines
from appliance.events.stream_tracker import Rules, StreamTracker, rules_of
from appliance.outputs.lines_file import LinesFile
from appliance.pipeline.selection import select
from appliance.schema.places import Places
from appliance.settings import Layer, LoadedSettings, Settings
from appliance.settings.messages import did_you_mean, nearest
from appliance.tracking.matching import LOWEST_SCORE

MAIN = "main"
"""The stream whose zones and lines are used if none is named."""


def with_stream(loaded: LoadedSettings, name: Optional[str]) -> LoadedSettings:
    """Return the settings for a run with those of a stream; its source stays that of the run.

    Args:
        loaded: The settings.
        name: Name of the stream; None for `main`, if there is one.

    Raises:
        ConfigError: There is no such stream.
    """
    streams = loaded.settings.streams or {}
    if name is not None and name not in streams:
        known = did_you_mean(nearest(name, streams)) or (
            f"there are {', '.join(streams)}." if streams else "the config file has no `streams`."
        )
        raise ConfigError(f"--stream {redact(name)[:40]}: there is no such stream; {known}")
    stream = streams.get(name or MAIN)
    if stream is None:
        return loaded
    # What the environment or the command line says goes before what the config file says of one stream.
    layer = loaded.layers["streams"]
    own = loaded.settings.for_stream(name or MAIN)
    values = {key: getattr(own, key) for key in stream.settings if loaded.layers[key] <= layer}
    if stream.model is not None and max(loaded.layers["model"], loaded.layers["model_path"]) <= layer:
        values.update(model=stream.model, model_path=None)
    return loaded.with_values(values, Layer(layer), f"the stream {name or MAIN}")


class RunTracking:
    """Tracks what a run finds.

    Attributes:
        sinks: The sink that writes events, if they are wanted.

    Args:
        settings: As `with_stream` returns them.
        stream: Name of the stream.
        places: Its zones, lines and masks.
        source: The run's source.
        events: Where events are written; None for nowhere.
    """

    def __init__(
        self, settings: Settings, stream: str, places: Places, source: Source, events: Optional[LinesFile]
    ) -> None:
        self._name = stream
        self._settings = settings
        self._places = places if source.is_live else _at_all_times(places)
        self._lines = None if events is None else EventLines(events, source.is_live)
        self.sinks: List[Sink] = [] if self._lines is None else [self._lines]
        report = (lambda report: False) if self._lines is None else self._lines.report
        self._tracker = StreamTracker(stream, source.is_live, self._rules, report)
        if self._lines is not None:
            self._lines.end = self._tracker.end

    def use(self, detector: Detector) -> None:
        """Let the detector find what keeps tracks alive."""
        detector.set_threshold(self._settings.det_th, LOWEST_SCORE)

    def transform(self, result: Result) -> Result:
        """Track everything that was found, and return what is shown of it."""
        return select(self._tracker.follow(result), self._settings.det_th, self._settings.shown_classes)

    def summary(self) -> List[str]:
        """Return lines about what was counted; none if events were not wanted."""
        if self._lines is None:
            return []
        counts = self._lines.totals.of(self._name, {zone: {} for zone in self._places.zones}, self._places.lines)
        lines = [f"events: {_counted(counts.events) or 'none'}"]
        lines += [f"zone {zone}: {_counted(entries) or 'nothing'} entered" for zone, entries in counts.entries.items()]
        for line, crossings in counts.crossings.items():
            entered = {label: total.entered for label, total in crossings.items() if total.entered}
            left = {label: total.left for label, total in crossings.items() if total.left}
            lines.append(f"line {line}: in: {_counted(entered) or 'nothing'}; out: {_counted(left) or 'nothing'}")
        return lines

    def _rules(self, labels: Mapping[int, str]) -> Rules:
        return rules_of(self._settings, self._places, labels)


def _at_all_times(places: Places) -> Places:
    """Return places that are always watched: nobody knows at what time of day a movie was made."""
    zones = {name: dataclasses.replace(zone, active=None) for name, zone in places.zones.items()}
    return dataclasses.replace(places, zones=zones)


def _counted(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{label} {count}" for label, count in sorted(counts.items(), key=lambda one: (-one[1], one[0])))
