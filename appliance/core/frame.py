"""The plain data that every part passes on: frames, detections, results, statistics. numpy only."""

from dataclasses import dataclass
from typing import Dict, Mapping, NamedTuple, Optional, Union

import numpy as np

PICTURE_EXTENSIONS = (".jpg", ".jpeg", ".png")  # of the files that are read and written, in any case


@dataclass(frozen=True)
class Frame:
    """One image as it came from a source.

    Attributes:
        image: uint8 [height, width, 3], BGR; never written to after the source handed it on.
        index: Number in its stream, from 0; a live source counts the frames it handed on.
        source: What to call its origin: a file's path, or a camera's address without credentials.
        time: Seconds; the position in a movie, 0.0 for a picture, the Unix time of capture for a live source.
        captured_at: Seconds of `time.monotonic()` when the frame was complete.
        capture_seconds: What reading and decoding it took.
        stream: Name of the stream it belongs to.
    """

    image: np.ndarray
    index: int
    source: str
    time: float
    captured_at: float
    capture_seconds: float
    stream: str = "main"


@dataclass(frozen=True)
class Detections:
    """What was found in one frame, best first.

    Attributes:
        boxes: float32 [n, 4], pixels of the frame, (x_min, y_min, x_max, y_max), inside the image.
        scores: float32 [n], 0 to 1, descending.
        class_ids: int32 [n], ids of the label map (COCO: 1 to 90).
        masks: bool [n, height, width], in the frame's size, or None where the model has none.
    """

    boxes: np.ndarray
    scores: np.ndarray
    class_ids: np.ndarray
    masks: Optional[np.ndarray] = None

    @classmethod
    def empty(cls) -> "Detections":
        """No detection at all."""
        return cls(np.zeros((0, 4), np.float32), np.zeros(0, np.float32), np.zeros(0, np.int32))

    def select(self, which: Union[slice, np.ndarray]) -> "Detections":
        """Some of them: a slice, or bool [n]."""
        masks = None if self.masks is None else self.masks[which]
        return Detections(self.boxes[which], self.scores[which], self.class_ids[which], masks)


@dataclass(frozen=True)
class Segmentation:
    """What every pixel of one frame belongs to.

    Attributes:
        class_map: uint8 [height, width], in the frame's size, ids of the label map (PASCAL: 0, the background, to 20).
    """

    class_map: np.ndarray

    def areas(self) -> Dict[int, int]:
        """How many pixels each class has, of those that are there; the largest first."""
        counts = np.bincount(self.class_map.ravel(), minlength=1)
        order = sorted(np.flatnonzero(counts).tolist(), key=lambda class_id: (-counts[class_id], class_id))
        return {class_id: int(counts[class_id]) for class_id in order}


Prediction = Union[Detections, Segmentation]
"""What a model finds in one frame."""


class Timings(NamedTuple):
    """Where the time of one frame went, in seconds. A tuple, as sums and means are of all its fields.

    Attributes:
        total: From the start of its capture to its detections; cap + front + back + lost.
        cap: Reading and decoding.
        front: The part of the graph on the accelerator.
        back: The part of the graph on the CPU.
        lost: Waiting between them.
        send: The part of `lost` that lies between front and back.
    """

    total: float
    cap: float
    front: float
    back: float
    lost: float
    send: float


@dataclass(frozen=True)
class Result:
    """One frame with all that is known of it.

    Attributes:
        frame: The frame.
        detections: What was found; empty where the model gives a segmentation.
        timings: Where its time went.
        labels: The label map of the detector that found it, class id to name; ids may be missing.
        segmentation: What every pixel is, where the model gives that.
    """

    frame: Frame
    detections: Detections
    timings: Timings
    labels: Mapping[int, str]
    segmentation: Optional[Segmentation] = None

    def label(self, class_id: int) -> str:
        """The name of a class, or "id 91" where the label map has none."""
        return self.labels.get(class_id, f"id {class_id}")

    def is_background(self, class_id: int) -> bool:
        """Whether a class of the segmentation is no thing: id 0, unless the label map calls it otherwise."""
        return class_id == 0 and self.labels.get(0, "background") == "background"


@dataclass(frozen=True)
class Statistics:
    """Averages over the last `fps_interval` seconds.

    Attributes:
        fps: Detected frames a second.
        frames: How many frames the averages are of.
        seconds: The window they are of.
        timings: Mean of the window's frames; None before the first one.
        vfps: Frames drawn, a second: each counts once, for however many sinks it is drawn.
        vframes: Frames drawn in the window.
        vdrops: Frames that sinks lost, since the start.
        drops: Frames of live sources that were overwritten before detection, since the start.
        draw: Mean seconds of drawing a live picture; 0 where none was drawn.
        encode: Mean seconds of encoding it; 0 where none was.
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
    """What came of a stream lately. Times are seconds of the monotonic clock, None where nothing came.

    Attributes:
        last_frame: When the newest frame came.
        last_result: When the newest result came.
        waiting_since: When the oldest frame came that has no result, nor has one after it.
        source_fps: Frames that came, a second.
        result_fps: Results that came, a second.
    """

    last_frame: Optional[float] = None
    last_result: Optional[float] = None
    waiting_since: Optional[float] = None
    source_fps: float = 0.0
    result_fps: float = 0.0
