"""What `bench` measured, row by row. As JSON a row is an object with the names of its fields."""

import dataclasses
from typing import Dict, List, Optional

from appliance.contract.fields import JsonObject


@dataclasses.dataclass(frozen=True)
class Measurement:
    """What there is to say of every rate.

    Attributes:
        fps: Frames a second.
        latency_ms, latency_p90_ms, latency_p99_ms: The median, and what 90 and 99 of a hundred frames keep to; None
            where no frame was timed.
        cpu_percent: Of one core, of this process with all its threads.
        cpu_ms: Processor time of a frame, which says more than its rate on a machine that others load as well.
        watts: Of the whole board; None where it does not say.
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
    """One size of the camera: the whole graph, the engine alone, and the loop."""

    width: int
    height: int
    whole: Measurement
    engine: Measurement
    loop: Measurement
    loop_to_engine: float
    loop_to_whole: float


@dataclasses.dataclass(frozen=True)
class StreamRow(Measurement):
    """Several streams in one loop: their frames together. to_one: beside a single stream."""

    streams: int
    width: int
    height: int
    to_one: float


@dataclasses.dataclass(frozen=True)
class ViewerRow(Measurement):
    """The loop with a viewer.

    Attributes:
        visualize: Key of what the viewer asks for.
        to_off: Beside the loop without a viewer.
        drawn_fps, seen_fps: Pictures a second that were drawn, and that the viewer got.
        draw_ms, encode_ms: What each took; None where there was none.
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
    """A camera of so many frames a second. engine_ms: the median of the engine alone, fed at the same pace."""

    camera_fps: float
    width: int
    height: int
    engine_ms: Optional[float]


@dataclasses.dataclass(frozen=True)
class EngineStart:
    """A process of its own: seconds from the command to its first detections, and the most memory it took."""

    first_detection_s: float
    peak_memory_mb: int


@dataclasses.dataclass(frozen=True)
class EngineRow(EngineStart):
    """One engine beside the others.

    Attributes:
        compared: Detections that were compared with those of the whole graph.
        unmatched: Those that only one of the two found.
        score_difference, box_difference: The largest of those that both found; of boxes as a part of the picture.
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
    """Where and with what it was measured. versions: of each engine's library by its name; None where not loaded."""

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
        """As JSON, each version under the name of its engine."""
        fields = dataclasses.asdict(self)
        return dict(fields, **fields.pop("versions"))


@dataclasses.dataclass(frozen=True)
class Bar:
    """What a figure is held against: at_least, or else at_most."""

    what: str
    measured: float
    at_least: Optional[float] = None
    at_most: Optional[float] = None
    unit: str = ""

    @property
    def reached(self) -> bool:
        """Whether it is."""
        return (self.at_least is None or self.measured >= self.at_least) and (
            self.at_most is None or self.measured <= self.at_most
        )


@dataclasses.dataclass(frozen=True)
class Report:
    """All of it. None: that part was not measured."""

    machine: MachineRow
    sizes: Optional[List[SizeRow]] = None
    streams: Optional[List[StreamRow]] = None
    visualize: Optional[List[ViewerRow]] = None
    camera: Optional[CameraRow] = None
    engines: Optional[List[EngineRow]] = None

    def as_json(self, bars: List[Bar]) -> JsonObject:
        """As JSON, with the bars; without the parts that were not measured."""
        parts = {name: value for name, value in dataclasses.asdict(self).items() if value is not None}
        rows = [dict(dataclasses.asdict(bar), reached=bar.reached) for bar in bars]
        return dict(parts, machine=self.machine.as_json(), bars=rows)
