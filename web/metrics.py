"""/metrics: the newest statistics and state for Prometheus. While the daemon is down there is only that it is."""

from typing import Any, Dict, Iterator, List

from flask import Blueprint, Response
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from appliance.bus import LIVE, NO_RESULTS, SLOW, STREAM_STATES
from web.access import needs
from web.accounts import Role
from web.dashboard import Dashboard, dashboard

metrics = Blueprint("metrics", __name__)

Message = Dict[str, Any]

# Of a stream: name, figure of the statistics, what it is.
_STREAM_COUNTERS = (
    ("frames", "frames", "Frames detected"),
    ("dropped_frames", "drops", "Frames of a live source that were overtaken by newer ones"),
    ("dropped_pictures", "vdrops", "Frames that were not drawn because an output was busy"),
    ("reconnects", "reconnects", "How often the source was opened again"),
)
_STREAM_GAUGES = (
    ("frames_per_second", "fps", "Frames detected a second"),
    ("pictures_per_second", "vfps", "Frames drawn a second"),
    ("source_frames_per_second", "source_fps", "Frames that the source gives a second"),
    ("seconds_since_last_frame", "frame_age", "Since the newest frame of the source; absent before the first"),
    ("seconds_since_last_result", "result_age", "Since the newest result of the model; absent before the first"),
)


@metrics.route("/metrics")
@needs(Role.VIEWER)
def show() -> Response:
    registry = CollectorRegistry()
    registry.register(_Newest(dashboard()))
    return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


class _Newest:
    def __init__(self, here: Dashboard) -> None:
        self._here = here

    def collect(self) -> Iterator[Any]:
        link = self._here.link
        yield _gauge("daemon_up", "Whether the daemon answers", 1.0 if link.is_up else 0.0)
        viewers = GaugeMetricFamily("splitlens_viewers", "Live pictures looked at", labels=["stream"])
        for stream, count in self._here.relays.count().items():
            viewers.add_metric([stream], count)
        yield viewers
        if not link.is_up:
            return
        if link.statistics:
            yield from _of_streams(link.statistics.get("streams") or {})
            yield from _of_readings(link.statistics.get("readings") or {})
        if link.state:
            yield from _of_state(link.state)


def _of_streams(streams: Dict[str, Message]) -> Iterator[Any]:
    for name, key, text in _STREAM_COUNTERS:
        counter = CounterMetricFamily("splitlens_" + name, text, labels=["stream"])
        for stream, figures in streams.items():
            if figures.get(key) is not None:
                counter.add_metric([stream], figures[key])
        yield counter
    for name, key, text in _STREAM_GAUGES:
        gauge = GaugeMetricFamily("splitlens_" + name, text, labels=["stream"])
        for stream, figures in streams.items():
            if figures.get(key) is not None:
                gauge.add_metric([stream], figures[key])
        yield gauge
    seen = CounterMetricFamily("splitlens_detections", "Detections, by class", labels=["stream", "class"])
    latency = HistogramMetricFamily(
        "splitlens_latency_seconds", "From the start of a frame's capture to its detections", labels=["stream"]
    )
    for stream, figures in streams.items():
        for label, count in (figures.get("seen") or {}).items():
            seen.add_metric([stream, label], count)
        histogram = figures.get("latency")
        if histogram:
            buckets = [
                (bound if bound == "+Inf" else repr(float(bound)), count) for bound, count in histogram["buckets"]
            ]
            latency.add_metric([stream], buckets, histogram["sum"])
    yield seen
    yield latency


def _of_readings(readings: Message) -> Iterator[Any]:
    for name, key in (("cpu", "cpu"), ("gpu", "gpu")):
        if readings.get(key) is not None:
            yield _gauge(name + "_load_ratio", "Load, 0 to 1", readings[key] / 100)
    memory: Message = readings.get("memory") or {}
    for key in ("used", "total"):
        if memory.get(key) is not None:
            yield _gauge(f"memory_{key}_bytes", "Memory of the machine", memory[key])
    if readings.get("process_memory") is not None:
        yield _gauge("daemon_memory_bytes", "Memory of the daemon", readings["process_memory"])
    if readings.get("gpu_mhz") is not None:
        yield _gauge("gpu_frequency_hertz", "Frequency of the GPU", readings["gpu_mhz"] * 1e6)
    if (readings.get("fan") or {}).get("percent") is not None:
        yield _gauge("fan_ratio", "Power of the fan, 0 to 1", readings["fan"]["percent"] / 100)
    if readings.get("throttling") is not None:
        yield _gauge("throttled_parts", "Parts that heat or over-current slows down", len(readings["throttling"]))
    yield _labelled("power_watts", "Power drawn", "rail", readings.get("power") or {})
    yield _labelled("temperature_celsius", "Temperature", "sensor", readings.get("temperatures") or {})


def _of_state(state: Message) -> Iterator[Any]:
    streams: List[Message] = state["streams"]
    yield _gauge("ready", "Whether at least one stream is detected, as /readyz says", float(state["daemon"]["ready"]))
    yield _gauge("model_ready", "Whether the shared model runs", float(bool(state["model"].get("name"))))
    yield _labelled(
        "stream_up",
        "Whether the source gives frames",
        "stream",
        {stream["name"]: float(stream["status"] in (LIVE, SLOW, NO_RESULTS)) for stream in streams},
    )
    states = GaugeMetricFamily(
        "splitlens_stream_state", "1 for the state that the stream is in", labels=["stream", "state"]
    )
    for stream in streams:
        for name in STREAM_STATES:
            states.add_metric([stream["name"], name], float(stream["status"] == name))
    yield states
    yield _labelled(
        "recording",
        "Whether the stream is being recorded",
        "stream",
        {stream["name"]: float(stream.get("recording") is not None) for stream in streams},
    )
    power: Message = state.get("power") or {}
    if power.get("current") is not None:
        yield _gauge("power_mode", "The id of nvpmodel's power mode", power["current"])
    if power.get("clocks") is not None:
        yield _gauge("clocks_held", "Whether jetson_clocks holds the clocks at their highest", float(power["clocks"]))
    storage: Message = state.get("storage") or {}
    for key, text in (
        ("free", "Free space for recordings"),
        ("floor", "What is kept free"),
        ("used", "What the recordings take"),
        ("limit", "What they may take; 0 is any number"),
    ):
        if storage.get(key) is not None:
            yield _gauge(f"disk_{key}_bytes", text, storage[key])
    yield _gauge("disk_alarm", "Whether recording stopped for want of space", float(bool(storage.get("alarm"))))
    model = state["model"]
    info = GaugeMetricFamily("splitlens_model_info", "The model that runs", labels=["model", "engine", "device"])
    if model.get("name"):
        info.add_metric([str(model.get(key) or "") for key in ("name", "engine", "device")], 1.0)
    yield info


def _gauge(name: str, text: str, value: float) -> Any:
    return GaugeMetricFamily("splitlens_" + name, text, value=value)


def _labelled(name: str, text: str, label: str, values: Dict[str, Any]) -> Any:
    gauge = GaugeMetricFamily("splitlens_" + name, text, labels=[label])
    for key, value in values.items():
        if value is not None:
            gauge.add_metric([key], value)
    return gauge
