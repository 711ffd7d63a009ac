"""The measurements of `bench`, row by row. In JSON, a row is an object with the names of its fields."""

import dataclasses
from typing import Dict, List, Optional

from appliance.contract.fields import JsonObject


@dataclasses.dataclass(frozen=True)
class Measurement:
    """The values of one rate.

    Attributes:
        fps: Frames per second.
        latency_ms, latency_p90_ms, latency_p99_ms: Median, 90th and 99th percentile; None if no frame was timed.
        cpu_percent: Of one core, by this process with all its threads.
        cpu_ms: Processor time per frame, which says more than the rate on a machine that others use too.
        watts: Power of the whole board; None if unknown.
    """

    fps: float
    latency_ms: Optional[float]
    latency_p90_ms: Optional[float]
    latency_p99_ms: Optional[float]
    cpu_percent: int
    cpu_ms: Optional[float]
    watts: Optional[float]


@dataclasses.dataclass(frozen=True)
class SizeRow:
    """One camera size: the whole graph, the engine alone, and the loop."""

    width: int
    height: int
    whole: Measurement
    engine: Measurement
    loop: Measurement
    loop_to_engine: float
    loop_to_whole: float


@dataclasses.dataclass(frozen=True)
class StreamRow(Measurement):
    """Several streams in one loop, all frames together.

    Attributes:
        to_one: Ratio to a single stream.
    """

    streams: int
    width: int
    height: int
    to_one: float


@dataclasses.dataclass(frozen=True)
class ViewerRow(Measurement):
    """The loop with a viewer.

    Attributes:
        visualize: Key of what the viewer requests.
        to_off: Ratio to the loop without a viewer.
        drawn_fps, seen_fps: Frames per second that were drawn, and that the viewer received.
        draw_ms, encode_ms: Time for each; None if there was none.
    """

    visualize: str
    width: int
    height: int
    to_off: float
    drawn_fps: float
    seen_fps: float
    draw_ms: Optional[float]
    encode_ms: Optional[float]


@dataclasses.dataclass(frozen=True)
class CameraRow(Measurement):
    """A camera with a fixed frame rate.

    Attributes:
        engine_ms: Median of the engine alone at the same rate.
    """

    camera_fps: float
    width: int
    height: int
    engine_ms: Optional[float]


@dataclasses.dataclass(frozen=True)
class EngineStart:
    """A start in a process of its own: seconds from the command to the first detections, and the peak memory."""

    first_detection_s: float
    peak_memory_mb: int


@dataclasses.dataclass(frozen=True)
class EngineRow(EngineStart):
    """One engine among the others.

    Attributes:
        compared: Number of detections that were compared with those of the whole graph.
        unmatched: Number of detections that only one of the two found.
        score_difference, box_difference: Largest difference of common detections; of boxes as a fraction of the image.
    """

    engine: str
    device: str
    workers: int
    batch: int
    width: int
    height: int
    engine_fps: float
    loop_fps: float
    loop_to_engine: float
    compared: int
    unmatched: int
    score_difference: float
    box_difference: float
    is_equal: bool


@dataclasses.dataclass(frozen=True)
class MachineRow:
    """Where and with what it was measured.

    Attributes:
        versions: Version of each engine's library by its name; None if it was not loaded.
    """

    board: str
    mode: Optional[str]
    cpu: str
    cores: int
    device: str
    python: str
    versions: Dict[str, Optional[str]]
    model: str
    engine: str
    path: str
    is_split: bool
    classes: int
    workers: int
    batch: int

    def as_json(self) -> JsonObject:
        """Return the row as JSON, with each version under its engine's name."""
        fields = dataclasses.asdict(self)
        return dict(fields, **fields.pop("versions"))


@dataclasses.dataclass(frozen=True)
class Bar:
    """The limit for a value: at_least, or otherwise at_most."""

    what: str
    measured: float
    at_least: Optional[float] = None
    at_most: Optional[float] = None
    unit: str = ""

    @property
    def reached(self) -> bool:
        """Return whether the limit is kept."""
        return (self.at_least is None or self.measured >= self.at_least) and (
            self.at_most is None or self.measured <= self.at_most
        )


@dataclasses.dataclass(frozen=True)
class Report:
    """All measurements; None for a part that was not measured."""

    machine: MachineRow
    sizes: Optional[List[SizeRow]] = None
    streams: Optional[List[StreamRow]] = None
    visualize: Optional[List[ViewerRow]] = None
    camera: Optional[CameraRow] = None
    engines: Optional[List[EngineRow]] = None

    def as_json(self, bars: List[Bar]) -> JsonObject:
        """Return the report as JSON, with the limits, and without the parts that were not measured."""
        parts = {name: value for name, value in dataclasses.asdict(self).items() if value is not None}
        rows = [dict(dataclasses.asdict(bar), reached=bar.reached) for bar in bars]
        return dict(parts, machine=self.machine.as_json(), bars=rows)
