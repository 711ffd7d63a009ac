"""/metrics: the newest statistics and state for Prometheus; while the daemon is down, only the metric that says so."""

from typing import Any, Dict, Iterator

from flask import Blueprint, Response
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from appliance.contract.event_messages import IN, OUT
from appliance.contract.events import StreamCounts, StreamStatistics
from appliance.contract.hints import fields_of
from appliance.contract.roles import Role
from appliance.contract.state import State, StorageStatus
from appliance.contract.states import LIVE, NO_RESULTS, SLOW, STREAM_STATES
from appliance.telemetry.description import Metric, Readings, figure, figures, words
from appliance.telemetry.registry import all_metrics
from web.dashboard import Dashboard, dashboard
from web.roles import needs

metrics = Blueprint("metrics", __name__)

# For each stream: the metric's name, and the field of the statistics, which has its help.
_STREAM_COUNTERS = {
    "frames": "frames",
    "dropped_frames": "drops",
    "dropped_pictures": "vdrops",
    "reconnects": "reconnects",
}
_STREAM_GAUGES = {
    "frames_per_second": "fps",
    "pictures_per_second": "vfps",
    "source_frames_per_second": "source_fps",
    "seconds_since_last_frame": "frame_age",
    "seconds_since_last_result": "result_age",
}
_HELP = {field.name: field.help for field in fields_of(StreamStatistics)}


@metrics.route("/metrics")
@needs(Role.VIEWER)
def show() -> Response:
    """Return the newest statistics and state in Prometheus' format."""
    registry = CollectorRegistry()
    registry.register(_Newest(dashboard()))
    return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


class _Newest:
    """A collector of the newest statistics and state."""

    def __init__(self, here: Dashboard) -> None:
        self._here = here

    def collect(self) -> Iterator[Any]:
        daemon = self._here.daemon
        yield _gauge("daemon_up", "Whether the daemon answers", 1.0 if daemon.is_up else 0.0)
        viewers = GaugeMetricFamily("splitlens_viewers", "Live pictures looked at", labels=["stream"])
        for stream, count in self._here.broadcasters.count().items():
            viewers.add_metric([stream], count)
        yield viewers
        if not daemon.is_up:
            return
        if daemon.statistics:
            yield from _of_streams(daemon.statistics.streams)
            yield from _of_readings(daemon.statistics.readings)
        if daemon.state:
            yield from _of_state(daemon.state)


def _of_streams(streams: Dict[str, StreamStatistics]) -> Iterator[Any]:
    for name, key in _STREAM_COUNTERS.items():
        counter = CounterMetricFamily("splitlens_" + name, _HELP[key], labels=["stream"])
        for stream, statistics in streams.items():
            counter.add_metric([stream], getattr(statistics, key))
        yield counter
    for name, key in _STREAM_GAUGES.items():
        gauge = GaugeMetricFamily("splitlens_" + name, _HELP[key], labels=["stream"])
        for stream, statistics in streams.items():
            if getattr(statistics, key) is not None:
                gauge.add_metric([stream], getattr(statistics, key))
        yield gauge
    seen = CounterMetricFamily("splitlens_detections", "Detections, by class", labels=["stream", "class"])
    latency = HistogramMetricFamily(
        "splitlens_latency_seconds", "From the start of a frame's capture to its detections", labels=["stream"]
    )
    for stream, statistics in streams.items():
        for label, count in statistics.seen.items():
            seen.add_metric([stream, label], count)
        if statistics.latency:
            buckets = [
                (bound if isinstance(bound, str) else repr(float(bound)), count)
                for bound, count in statistics.latency.buckets
            ]
            latency.add_metric([stream], buckets, statistics.latency.sum)
    yield seen
    yield latency
    yield from _of_counts({name: one.counts for name, one in streams.items() if one.counts is not None})


def _of_counts(streams: Dict[str, StreamCounts]) -> Iterator[Any]:
    """Zones and lines are those of the configuration, and classes those of the model: the labels are bounded."""
    events = CounterMetricFamily("splitlens_events", "Events, by class", labels=["stream", "class"])
    entries = CounterMetricFamily(
        "splitlens_zone_entries", "Objects that entered a zone, by class", labels=["stream", "zone", "class"]
    )
    crossings = CounterMetricFamily(
        "splitlens_line_crossings",
        "Crossings of a line, by class and direction",
        labels=["stream", "line", "class", "direction"],
    )
    inside = GaugeMetricFamily(
        "splitlens_zone_objects", "Objects in a zone now, by class", labels=["stream", "zone", "class"]
    )
    for stream, counts in streams.items():
        for label, count in counts.events.items():
            events.add_metric([stream, label], count)
        for family, by_zone in ((entries, counts.entries), (inside, counts.zones)):
            for zone, by_label in by_zone.items():
                for label, count in by_label.items():
                    family.add_metric([stream, zone, label], count)
        for line, totals in counts.crossings.items():
            for label, total in totals.items():
                crossings.add_metric([stream, line, label, IN], total.entered)
                crossings.add_metric([stream, line, label, OUT], total.left)
    yield events
    yield entries
    yield crossings
    yield inside


def _of_readings(readings: Readings) -> Iterator[Any]:
    for metric in all_metrics():
        if metric.label:
            scaled = {name: _scaled(metric, value) for name, value in figures(readings, metric.key).items()}
            yield _labelled(metric.name, metric.help, metric.label, scaled)
            continue
        names = words(readings, metric.key)
        value = figure(readings, metric.key, metric.part) if names is None else float(len(names))
        if value is not None:
            yield _gauge(metric.name, metric.help, _scaled(metric, value))


def _scaled(metric: Metric, value: float) -> float:
    return round(value * metric.factor, 9)


def _of_state(state: State) -> Iterator[Any]:
    streams = state.streams
    yield _gauge("ready", "Whether at least one stream is detected, as /readyz says", float(state.daemon.ready))
    yield _gauge("model_ready", "Whether the shared model runs", float(bool(state.model.name)))
    yield _labelled(
        "stream_up",
        "Whether the source gives frames",
        "stream",
        {stream.name: float(stream.status in (LIVE, SLOW, NO_RESULTS)) for stream in streams},
    )
    states = GaugeMetricFamily(
        "splitlens_stream_state", "1 for the state that the stream is in", labels=["stream", "state"]
    )
    for stream in streams:
        for name in STREAM_STATES:
            states.add_metric([stream.name, name], float(stream.status == name))
    yield states
    yield _labelled(
        "recording",
        "Whether the stream is being recorded",
        "stream",
        {stream.name: float(stream.recording is not None) for stream in streams},
    )
    if state.power is not None and state.power.current is not None:
        yield _gauge("power_mode", "The id of nvpmodel's power mode", state.power.current)
    if state.power is not None and state.power.clocks is not None:
        yield _gauge(
            "clocks_held", "Whether jetson_clocks holds the clocks at their highest", float(state.power.clocks)
        )
    yield from _of_storage(state.storage)
    model = state.model
    info = GaugeMetricFamily("splitlens_model_info", "The model that runs", labels=["model", "engine", "device"])
    if model.name:
        info.add_metric([model.name, model.engine or "", model.device or ""], 1.0)
    yield info


def _of_storage(storage: StorageStatus) -> Iterator[Any]:
    yield _gauge("disk_free_bytes", "Free space for recordings", storage.free)
    yield _gauge("disk_floor_bytes", "What is kept free", storage.floor)
    yield _gauge("disk_used_bytes", "What the recordings take", storage.used)
    yield _gauge("disk_limit_bytes", "What they may take; 0 is any number", storage.limit)
    yield _gauge("disk_alarm", "Whether recording stopped for want of space", float(bool(storage.alarm)))


def _gauge(name: str, text: str, value: float) -> Any:
    return GaugeMetricFamily("splitlens_" + name, text, value=value)


def _labelled(name: str, text: str, label: str, values: Dict[str, float]) -> Any:
    gauge = GaugeMetricFamily("splitlens_" + name, text, labels=[label])
    for key, value in values.items():
        gauge.add_metric([key], value)
    return gauge
