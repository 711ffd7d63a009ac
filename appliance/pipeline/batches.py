"""A batch of frames between front and back, and its conversion to results."""

import time
from dataclasses import dataclass
from typing import Any, Dict, List, Mapping, Sequence

from appliance.core.detector import Detector
from appliance.core.frame import Detections, Frame, Prediction, Result, Segmentation, Timings
from appliance.pipeline.frame_queue import Batch
from appliance.pipeline.stream_pipeline import StreamPipeline


@dataclass(frozen=True)
class InferredBatch:
    """A batch that went through the front; its detector stays acquired.

    Attributes:
        batch: The frames.
        raw: The result of the front for all of them.
        front_seconds: How long the front took.
        left_front_at: When it was done, in seconds of the monotonic clock.
    """

    batch: Batch[StreamPipeline]
    raw: Any
    front_seconds: float
    left_front_at: float

    @property
    def detector(self) -> Detector:
        """The detector used."""
        return self.batch.detector


@dataclass(frozen=True)
class PostprocessedBatch:
    """A batch that went through the back, too.

    Attributes:
        inferred: The batch.
        predictions: What was found, one per frame.
        send_seconds: How long it waited for the back.
        back_seconds: How long the back took.
    """

    inferred: InferredBatch
    predictions: Sequence[Prediction]
    send_seconds: float
    back_seconds: float

    @property
    def detector(self) -> Detector:
        """The detector used."""
        return self.inferred.detector

    def results(self, now: float) -> Dict[StreamPipeline, List[Result]]:
        """Return the results of each stream, in the order of its frames. now: seconds of the monotonic clock."""
        found: Dict[StreamPipeline, List[Result]] = {}
        labels = self.detector.labels
        for (pipeline, frame), prediction in zip(self.inferred.batch.frames, self.predictions):
            result = _result(frame, prediction, self._timings(frame, now), labels)
            found.setdefault(pipeline, []).append(result)
        return found

    def _timings(self, frame: Frame, now: float) -> Timings:
        front_seconds = self.inferred.front_seconds
        total = now - frame.captured_at + frame.capture_seconds
        return Timings(
            total=total,
            cap=frame.capture_seconds,
            front=front_seconds,
            back=self.back_seconds,
            lost=max(0.0, total - frame.capture_seconds - front_seconds - self.back_seconds),
            send=self.send_seconds,
        )


def infer(batch: Batch[StreamPipeline]) -> InferredBatch:
    """Call the front."""
    started = time.monotonic()
    raw = batch.detector.infer([frame.image for _, frame in batch.frames])
    ended = time.monotonic()
    return InferredBatch(batch, raw, ended - started, ended)


def postprocess(inferred: InferredBatch) -> PostprocessedBatch:
    """Call the back."""
    started = time.monotonic()
    sizes = [frame.image.shape[1::-1] for _, frame in inferred.batch.frames]
    predictions = inferred.detector.postprocess(inferred.raw, sizes)
    return PostprocessedBatch(inferred, predictions, started - inferred.left_front_at, time.monotonic() - started)


def _result(frame: Frame, prediction: Prediction, timings: Timings, labels: Mapping[int, str]) -> Result:
    if isinstance(prediction, Segmentation):
        return Result(frame, Detections.empty(), timings, labels, prediction)
    return Result(frame, prediction, timings, labels)
