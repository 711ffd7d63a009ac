"""Detectors that return boxes: SSD and Faster R-CNN.

There is a class for each way to run a graph: fast (own resize, own suppression) and exact (the graph's own operations,
split in two parts or whole).
"""

import logging
from typing import Dict, List, Optional, Sequence, Tuple

import numpy as np

from appliance.core.detector import Detector, Raw, to_detections
from appliance.core.errors import GpuMemoryError, ModelError
from appliance.core.frame import Detections, Prediction
from appliance.detectors.family import ModelInfo
from appliance.detectors.nms import Candidates, candidates_of, joined, suppress
from appliance.engines.base import Engine
from appliance.engines.candidates import min_score_of
from appliance.graph.read.frozen import Graph
from appliance.graph.recognise.suppression import Suppression

log = logging.getLogger(__name__)


class BoxDetector(Detector):
    """What both ways share."""

    def __init__(self, about: ModelInfo, front: Engine, threshold: float) -> None:
        self.name, self.family, self.labels, self.reason = about.name, about.family, about.labels, about.reason
        self.engine, self.device, self.batch, self.workers = front.name, front.device, front.batch, front.workers
        self._front = front
        self.threshold = threshold

    def close(self) -> None:
        self._front.close()


class FastDetector(BoxDetector):
    """The front resizes the BGR images itself; the back is `nms.suppress`.

    Above the threshold its results equal the graph's.
    """

    path = "fast"

    def __init__(self, about: ModelInfo, front: Engine, threshold: float, suppression: Suppression) -> None:
        super().__init__(about, front, threshold)
        self._suppression = suppression
        self._most = self.batch

    def batch_size_for(self, width: int, height: int) -> int:
        return min(self.batch, self._most, self._front.batch_size_for(width, height))

    def front(self, image: np.ndarray) -> Raw:
        return self.infer([image])

    def infer(self, images: Sequence[np.ndarray]) -> Raw:
        # Read once, as it may be changed meanwhile.
        min_score = min_score_of(self._suppression, self.threshold)
        parts = [part for numbers in self._groups(images) for part in self._run_group(images, numbers, min_score)]
        return parts[0][1] if len(parts) == 1 else joined(parts)

    def _run_group(
        self, images: Sequence[np.ndarray], numbers: Sequence[int], min_score: np.float32
    ) -> List[Tuple[Sequence[int], Candidates]]:
        """Return the images' candidates: from one call, or from smaller groups if the GPU runs out of memory."""
        try:
            picked = self._front.run_batch([images[number] for number in numbers], self._suppression, min_score)
        except GpuMemoryError as error:
            if len(numbers) == 1:
                raise
            half = len(numbers) // 2
            if half < self._most:
                self._most = half
                log.warning(
                    "%d frames together are too many for the GPU's memory, from now on %d at most: %s",
                    len(numbers),
                    half,
                    error,
                )
            return self._run_group(images, numbers[:half], min_score) + self._run_group(
                images, numbers[half:], min_score
            )
        if self.anchors is None:  # set by the warm-up; in some graphs the number depends on the image's shape
            self.anchors = picked.anchors
        return [(numbers, candidates_of(picked, self._suppression))]

    def _groups(self, images: Sequence[np.ndarray]) -> List[List[int]]:
        """Return groups of images, by index, that can go through the front together."""
        of_size: Dict[Tuple[int, int], List[int]] = {}
        for number, image in enumerate(images):
            of_size.setdefault((image.shape[1], image.shape[0]), []).append(number)
        groups = []
        for size, numbers in of_size.items():
            most = self.batch_size_for(*size)
            groups += [numbers[first : first + most] for first in range(0, len(numbers), most)]
        return groups

    def back(self, raw: Raw, width: int, height: int) -> Prediction:
        return self.postprocess(raw, [(width, height)])[0]

    def postprocess(self, raw: Raw, sizes: Sequence[Tuple[int, int]]) -> List[Prediction]:
        found = suppress(raw, self._suppression)
        all_sizes = np.array(sizes, np.float32)[found.images]
        detections = to_detections(found.boxes, found.scores, found.classes + self._suppression.class_offset, all_sizes)
        ends = np.searchsorted(found.images, np.arange(len(sizes) + 1)).tolist()
        return [detections.select(slice(begin, end)) for begin, end in zip(ends, ends[1:])]


class ExactDetector(BoxDetector):
    """Runs the graph's own operations only, in two parts or one."""

    def __init__(self, about: ModelInfo, front: Engine, threshold: float, back: Optional[Engine]) -> None:
        """Make a detector.

        Args:
            about: What is known about the model.
            front: The first part, or the whole graph.
            threshold: Lowest score of a detection.
            back: The second part; None if `front` is the whole graph.
        """
        super().__init__(about, front, threshold)
        self._back = back
        self.path = "exact" if back else "whole"

    def front(self, image: np.ndarray) -> Raw:
        import cv2

        return self._front.run(cv2.cvtColor(image, cv2.COLOR_BGR2RGB)[np.newaxis])

    def back(self, raw: Raw, width: int, height: int) -> Detections:
        outputs: Sequence[np.ndarray] = self._back.run(*raw) if self._back else raw
        boxes, scores, classes, count = outputs
        if boxes.ndim != 3 or boxes.shape[2] != 4 or scores.shape != boxes.shape[:2] or scores.shape != classes.shape:
            raise ModelError(
                f"{self.name}: the graph gives boxes, scores and classes of the shapes {list(boxes.shape)},"
                f" {list(scores.shape)} and {list(classes.shape)}, where [1, n, 4], [1, n] and [1, n] are needed."
                " Export it with its post-processing."
            )
        found = int(np.ravel(count)[0])
        # Graphs without a suppression return them in the order of the anchors.
        best = np.argsort(-scores[0, :found], kind="stable")
        best = best[scores[0, best] >= self.threshold]
        return to_detections(boxes[0, best], scores[0, best], classes[0, best], np.array([width, height], np.float32))

    def close(self) -> None:
        super().close()
        if self._back:
            self._back.close()


def make_box_detector(
    about: ModelInfo, front: Engine, back: Optional[Engine], threshold: float, graph: Graph
) -> Detector:
    """Make a detector; see `Family.make_detector`."""
    return ExactDetector(about, front, threshold, back)
