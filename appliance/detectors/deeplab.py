"""DeepLab: semantic segmentation, a class for every pixel."""

from typing import Mapping, Optional

import numpy as np

from appliance.core.detector import Detector, Raw
from appliance.core.frame import Segmentation
from appliance.detectors.family import Family, ModelInfo
from appliance.engines.base import Engine
from appliance.graph.read.frozen import Graph
from appliance.graph.recognise.family import SEGMENTATION_OUTPUT
from appliance.graph.recognise.output_heads import segmentation_classes, segmentation_side
from appliance.zoo.labels import builtin_labels

PASCAL_LABELS = 21
USUAL_SIDE = 513
"""The longer side in DeepLab's demonstration, in pixels; for a graph that takes any size."""


class SegmentationDetector(Detector):
    """Runs the graph in one part; its input and output are resized outside of it."""

    path = "whole"

    def __init__(self, about: ModelInfo, front: Engine, side: int) -> None:
        """Make a detector.

        Args:
            about: What is known about the model.
            front: The graph.
            side: Length in pixels of the longer side of the graph's input.
        """
        self.name, self.family, self.labels, self.reason = about.name, about.family, about.labels, about.reason
        self.engine, self.device, self.workers = front.name, front.device, front.workers
        self._front = front
        self._side = side

    def front(self, image: np.ndarray) -> Raw:
        import cv2

        return self._front.run(cv2.cvtColor(fit(image, self._side), cv2.COLOR_BGR2RGB)[np.newaxis])

    def back(self, raw: Raw, width: int, height: int) -> Segmentation:
        return Segmentation(upsample_nearest(raw[0][0].astype(np.uint8), width, height))

    def close(self) -> None:
        self._front.close()


def fit(image: np.ndarray, side: int) -> np.ndarray:
    """Resize an image so that its longer side is `side`, as DeepLab's demonstration does; small images are enlarged.

    Enlarging costs nothing, as the graph pads smaller images anyway, and gives the network more cells. To shrink, the
    mean of the pixels is used (INTER_AREA), which is smooth like the antialiasing of the demonstration.
    """
    import cv2

    height, width = image.shape[:2]
    longer = max(width, height)
    if longer == side:
        return image
    size = (max(1, round(width * side / longer)), max(1, round(height * side / longer)))
    resized: np.ndarray = cv2.resize(image, size, interpolation=cv2.INTER_AREA if longer > side else cv2.INTER_LINEAR)
    return resized


def upsample_nearest(class_map: np.ndarray, width: int, height: int) -> np.ndarray:
    """Resize a class map: every pixel gets the class of the nearest one.

    cv2.INTER_NEAREST is off by half a pixel.
    """
    rows, columns = _nearest(class_map.shape[0], height), _nearest(class_map.shape[1], width)
    spread_out: np.ndarray = class_map.take(columns, axis=1).take(rows, axis=0)
    return spread_out


def _nearest(size: int, wanted: int) -> np.ndarray:
    """Return, for each of `wanted` pixels, the index of the nearest of `size` pixels by their centres."""
    nearest: np.ndarray = ((np.arange(wanted) + 0.5) * (size / wanted)).astype(np.intp)
    return nearest


def _recognise(graph: Graph) -> bool:
    return True  # no other family has this output


def _class_ids(graph: Graph) -> Optional[range]:
    classes = segmentation_classes(graph, SEGMENTATION_OUTPUT)
    return None if classes is None else range(classes)


def _default_labels(ids: Optional[range]) -> Mapping[int, str]:
    """Return the labels of PASCAL VOC if the graph has that number of classes."""
    return builtin_labels("pascal") if ids == range(PASCAL_LABELS) else {}


def _make_detector(about: ModelInfo, front: Engine, back: Optional[Engine], threshold: float, graph: Graph) -> Detector:
    return SegmentationDetector(about, front, segmentation_side(graph, SEGMENTATION_OUTPUT) or USUAL_SIDE)


FAMILY = Family(
    key="deeplab",
    title="DeepLab",
    outputs=(SEGMENTATION_OUTPUT,),
    recognise=_recognise,
    class_ids=_class_ids,
    make_detector=_make_detector,
    default_labels=_default_labels,
    model_types=("deeplab_v3",),
)
