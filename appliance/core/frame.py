"""The plain data that all parts exchange: frames, detections, results, statistics. numpy only.

All of it is read-only by convention. What is made for each frame is not declared frozen: that makes it four times as
expensive to create, which costs a GPU some percent of its frames.
"""

from dataclasses import dataclass
from typing import Dict, Mapping, NamedTuple, Optional, Sequence, Union

import numpy as np

PICTURE_EXTENSIONS = (".jpg", ".jpeg", ".png")  # of the files that are read and written, in any case


@dataclass
class Frame:
    """One image as a source delivers it.

    Attributes:
        image: uint8 [height, width, 3], BGR; never written to once the source has returned it.
        index: Number in its stream, from 0; a live source counts only the frames that it returns.
        source: Name of its origin: a file's path, or a camera's address without credentials.
        time: Seconds; the position in a movie, 0.0 for a picture, the Unix time of capture for a live source.
        captured_at: Seconds of `time.monotonic()` when the frame was complete.
        capture_seconds: How long reading and decoding took.
        stream: Name of the stream it belongs to.
    """

    image: np.ndarray
    index: int
    source: str
    time: float
    captured_at: float
    capture_seconds: float
    stream: str = "main"


@dataclass
class Detections:
    """The objects found in one frame, highest score first.

    Attributes:
        boxes: float32 [n, 4], pixels of the frame, (x_min, y_min, x_max, y_max), inside the image.
        scores: float32 [n], 0 to 1, descending.
        class_ids: int32 [n], ids of the label map (COCO: 1 to 90).
        masks: bool [n, height, width], in the frame's size; None if the model has none.
    """

    boxes: np.ndarray
    scores: np.ndarray
    class_ids: np.ndarray
    masks: Optional[np.ndarray] = None

    @classmethod
    def empty(cls) -> "Detections":
        """Return no detections."""
        return cls(np.zeros((0, 4), np.float32), np.zeros(0, np.float32), np.zeros(0, np.int32))

    def select(self, which: Union[slice, np.ndarray]) -> "Detections":
        """Return a part of the detections. which: a slice, or bool [n]."""
        masks = None if self.masks is None else self.masks[which]
        return Detections(self.boxes[which], self.scores[which], self.class_ids[which], masks)


@dataclass(frozen=True)
class Segmentation:
    """The class of every pixel of one frame.

    Attributes:
        class_map: uint8 [height, width], in the frame's size, ids of the label map (PASCAL: 0, the background, to 20).
    """

    class_map: np.ndarray

    def areas(self) -> Dict[int, int]:
        """Return the number of pixels of each class that is present, largest first."""
        counts = np.bincount(self.class_map.ravel(), minlength=1)
        order = sorted(np.flatnonzero(counts).tolist(), key=lambda class_id: (-counts[class_id], class_id))
        return {class_id: int(counts[class_id]) for class_id in order}


Prediction = Union[Detections, Segmentation]
"""The output of a model for one frame."""


class Timings(NamedTuple):
    """How the time of one frame was spent, in seconds. A tuple, because sums and means are taken of all its fields.

    Attributes:
        total: From the start of capture to the detections; cap + front + back + lost.
        cap: Reading and decoding.
        front: The part of the graph on the accelerator.
        back: The part of the graph on the CPU.
        lost: Waiting between these steps.
        send: The part of `lost` between front and back.
    """

    total: float
    cap: float
    front: float
    back: float
    lost: float
    send: float


class TrackRef(NamedTuple):
    """The track that a detection belongs to. A tuple, because one is made for each detection.

    Attributes:
        id: Its text, the Unix time of its first sight and its number: "1764450123.250000-000012"; unique for good.
        number: Its number, for people: 12.
        is_stationary: Whether it stands still.
    """

    id: str
    number: int
    is_stationary: bool


@dataclass
class Result:
    """One frame and everything that was found in it.

    Attributes:
        frame: The frame.
        detections: The objects found; empty if the model returns a segmentation.
        timings: How the frame's time was spent.
        labels: Label map of the detector used, class id to name; ids may be missing.
        segmentation: The class of every pixel, if the model returns that.
        tracks: The track of each detection, None for one that has none (yet); None if nothing is tracked.
    """

    frame: Frame
    detections: Detections
    timings: Timings
    labels: Mapping[int, str]
    segmentation: Optional[Segmentation] = None
    tracks: Optional[Sequence[Optional[TrackRef]]] = None

    def track(self, number: int) -> Optional[TrackRef]:
        """Return the track of a detection, by its place among the detections; None if it has none."""
        return None if self.tracks is None else self.tracks[number]

    def keep(self, which: np.ndarray) -> "Result":
        """Return a result with a part of the detections, each with its track. which: bool [n]."""
        tracks = self.tracks
        if tracks is not None:
            tracks = [tracks[number] for number in np.flatnonzero(which).tolist()]
        found = self.detections.select(which)
        return Result(self.frame, found, self.timings, self.labels, self.segmentation, tracks)

    def label(self, class_id: int) -> str:
        """Return the name of a class, or "id 91" if the label map has none."""
        return self.labels.get(class_id, f"id {class_id}")

    def is_background(self, class_id: int) -> bool:
        """Return whether a class is the background: id 0, unless the label map gives it another name."""
        return class_id == 0 and self.labels.get(0, "background") == "background"


@dataclass(frozen=True)
class Statistics:
    """Averages over the last `fps_interval` seconds.

    Attributes:
        fps: Frames detected per second.
        frames: Number of frames averaged.
        seconds: Length of the window.
        timings: Mean over the window's frames; None before the first one.
        vfps: Frames drawn per second; a frame counts once, no matter how many sinks draw it.
        vframes: Frames drawn in the window.
        vdrops: Frames dropped by sinks, since the start.
        drops: Frames of live sources that were overwritten before detection, since the start.
        draw: Mean seconds for drawing a live picture; 0 if none was drawn.
        encode: Mean seconds for encoding it; 0 if none was.
    """

    fps: float
    frames: int
    seconds: float
    timings: Optional[Timings]
    vfps: float
    vframes: int
    vdrops: int
    drops: int
    draw: float = 0.0
    encode: float = 0.0


@dataclass(frozen=True)
class Arrivals:
    """The recent frames and results of a stream. Times are seconds of the monotonic clock, None if nothing arrived.

    Attributes:
        last_frame: When the newest frame arrived.
        last_result: When the newest result arrived.
        waiting_since: When the oldest frame arrived that has no result, and none after it has one.
        source_fps: Frames received per second.
        result_fps: Results per second.
    """

    last_frame: Optional[float] = None
    last_result: Optional[float] = None
    waiting_since: Optional[float] = None
    source_fps: float = 0.0
    result_fps: float = 0.0
