"""Read the settings of a graph's class-wise non-maximum suppression (NMS) from the graph.

With them the suppression can run outside the graph, in `detectors/nms.py`. Anything that does not have the form of the
Object Detection API raises NotRecognisedError, and the graph's own back is run.
"""

from dataclasses import dataclass, replace
from typing import List, Optional, Tuple

import numpy as np

from appliance.graph.read.backtrace import NotRecognisedError, Step, follow
from appliance.graph.read.frozen import DT_FLOAT, DT_INT32, Graph, Tensor
from appliance.graph.recognise.box_transforms import clipped, origin_until, rescaled
from appliance.graph.recognise.cut import Cut
from appliance.graph.recognise.family import is_suppression
from appliance.graph.recognise.postprocessing import check_values, class_offset


@dataclass(frozen=True)
class Suppression:
    """How the back suppresses overlapping boxes.

    Attributes:
        boxes: Index of the cut tensor with the boxes: [1, n, 1 or classes, 4], (y_min, x_min, y_max, x_max).
        scores: Index of the cut tensor with the scores: [1, n, classes]. Class k has the id k + class_offset.
        window: Index of the cut tensor with the window: [1, 4]; None for the whole image, (0, 0, 1, 1).
        valid: Index of the cut tensor, int32 [1], that says how many of the n are real; None where all are.
        iou_threshold: A box is dropped if its overlap (IoU) with a better one of its class is larger.
        score_threshold: Scores at or below it never count.
        per_class: Maximum number of boxes kept per class.
        in_all: Maximum number of boxes kept.
        clip: When boxes are clipped to the window, and dropped if nothing is left of them: "before" or "after"
            the suppression, or "never".
        rescale: After a clip "before", whether boxes become fractions of the window.
        class_offset: See `scores`.
    """

    boxes: int
    scores: int
    window: Optional[int]
    valid: Optional[int]
    classes: int
    class_offset: int
    iou_threshold: float
    score_threshold: float
    per_class: int
    in_all: int
    clip: str
    rescale: bool


@dataclass(frozen=True)
class _Class:
    """The settings of one class. column: of the scores; box_column: of the boxes, 0 if classes share them."""

    boxes: int
    scores: int
    window: Optional[int]
    valid: Optional[int]
    column: int
    box_column: int
    iou_threshold: float
    score_threshold: float
    per_class: int
    clips: bool
    rescale: bool


@dataclass(frozen=True)
class _Boxes:
    """How a suppression's boxes are made from a cut tensor."""

    tensor: int
    column: int
    window: Optional[int]
    clips: bool
    rescale: bool


# NonMaxSuppression's attribute where a graph leaves it out.
DEFAULT_IOU_THRESHOLD = 0.5


def read_suppression(graph: Graph, cut: Cut) -> Suppression:
    """Read the suppression behind a cut. Raises NotRecognisedError."""
    names = [name for name in graph.nodes if name in cut.back and is_suppression(graph.op(name))]
    if not names or any(graph.op(name) == "CombinedNonMaxSuppression" for name in names):
        raise NotRecognisedError("the suppression is not done class by class")
    reader = _Reader(graph, cut)
    found = [reader.read(name) for name in names]
    first = found[0]
    if any(replace(one, column=0, box_column=0) != replace(first, column=0, box_column=0) for one in found):
        raise NotRecognisedError("the classes are not suppressed alike")
    columns = list(range(len(found)))
    if [one.column for one in found] != columns or [one.box_column for one in found] not in (
        columns,
        [0] * len(found),
    ):
        raise NotRecognisedError("the classes are not suppressed in their order")
    for output in ("detection_boxes", "detection_scores"):
        check_values(graph, output, names)
    window, clip = (first.window, "before") if first.clips else reader.later_clip(names)
    return Suppression(
        boxes=first.boxes,
        scores=first.scores,
        window=window,
        valid=first.valid,
        classes=len(found),
        class_offset=class_offset(graph, "detection_classes", names),
        iou_threshold=first.iou_threshold,
        score_threshold=first.score_threshold,
        per_class=first.per_class,
        in_all=reader.total(names),
        clip=clip,
        rescale=first.rescale,
    )


class _Reader:
    def __init__(self, graph: Graph, cut: Cut) -> None:
        self.graph = graph
        self.index = {tensor: index for index, tensor in enumerate(cut.tensors)}
        self.back = cut.back
        self._origin = origin_until(graph, self.index.__contains__)

    def read(self, name: str) -> _Class:
        inputs = self.graph.data_inputs(name)
        boxes = self._boxes(inputs[0])
        end, way = follow(self.graph, inputs[1], self.index.__contains__)
        scores = self._in_cut(end)
        limits = [value for value in (self._filter(step.node) for step in way) if value is not None]
        if len(inputs) > 4:
            limits.append(self._number(inputs[4]))
        if len(inputs) > 5 and self._number(inputs[5]) != 0.0:
            raise NotRecognisedError("the suppression is a soft one")
        return _Class(
            boxes=boxes.tensor,
            scores=scores,
            window=boxes.window,
            valid=self._valid(way),
            column=self._column(way),
            box_column=boxes.column,
            iou_threshold=self._iou_threshold(name),
            score_threshold=max(limits) if limits else float("-inf"),
            per_class=self._count(inputs[2]),
            clips=boxes.clips,
            rescale=boxes.rescale,
        )

    def _boxes(self, tensor: Tensor) -> _Boxes:
        """Walk back through views, one rescaling and one clip."""
        window: List[Optional[int]] = []
        rescale, column = False, 0
        while True:
            tensor, way = follow(self.graph, tensor, self.index.__contains__)
            column = next((step.output for step in way if self.graph.op(step.node) == "Unpack"), column)
            scaled = None if window else rescaled(self.graph, tensor, self._origin)
            clip = None if window else clipped(self.graph, tensor, self._origin)
            if scaled is not None and not rescale:
                rescale, scale_window = True, self._window(scaled[1])
                tensor = scaled[0]
            elif clip is not None:
                window.append(self._window(clip[1]))
                tensor = clip[0]
            else:
                break
        if rescale and (not window or window[0] != scale_window):
            raise NotRecognisedError("boxes are rescaled without being clipped")
        return _Boxes(self._in_cut(tensor), column, window[0] if window else None, bool(window), rescale)

    def _in_cut(self, tensor: Tensor) -> int:
        if tensor not in self.index:
            raise NotRecognisedError(f"{self.graph.op(tensor.node)} ({tensor.node}) lies before the suppression")
        return self.index[tensor]

    def _window(self, end: Tensor) -> Optional[int]:
        """Return the cut tensor that holds a window; None if it is the whole image."""
        if end in self.index:
            return self.index[end]
        value = self.graph.constant(end.node)
        if value is None or not np.array_equal(value.ravel(), np.array([0, 0, 1, 1], np.float32)):
            raise NotRecognisedError(f"boxes are clipped to an unusual window ({end.node})")
        return None

    def later_clip(self, names: List[str]) -> Tuple[Optional[int], str]:
        """Return the window to which boxes are clipped behind the suppression, and when that happens."""
        behind = self.graph.descendants(names) & self.back
        for node in self.graph.nodes:
            if node in behind and self._is_type(node, "ConcatV2", DT_FLOAT):
                clip = clipped(self.graph, Tensor(node), self._origin)
                if clip is not None:
                    return self._window(clip[1]), "after"
        return None, "never"

    def _iou_threshold(self, name: str) -> float:
        if self.graph.op(name) != "NonMaxSuppression":
            return self._number(self.graph.data_inputs(name)[3])
        attributes = self.graph.nodes[name].attr
        return float(attributes["iou_threshold"].f) if "iou_threshold" in attributes else DEFAULT_IOU_THRESHOLD

    def _filter(self, node: str) -> Optional[float]:
        """Return the constant of a "greater than" filter by which a Gather selects scores; None for any other node."""
        if self.graph.op(node) not in ("Gather", "GatherV2"):
            return None
        index = self.graph.source(self.graph.inputs[node][1].node, ("Cast", "Reshape", "Squeeze", "Where", "Identity"))
        if self.graph.op(index) != "Greater":
            raise NotRecognisedError(f"candidates are picked by {self.graph.op(index)}")
        compared, limit = self.graph.inputs[index][:2]
        # The other filter keeps boxes with an area after clipping.
        return self._number(limit) if self._origin(compared) in self.index else None

    def _column(self, way: List[Step]) -> int:
        """Return which class a Slice on this path takes from the scores."""
        for step in way:
            if self.graph.op(step.node) == "Slice":
                begin = self.graph.constant(self.graph.inputs[step.node][1].node)
                if begin is not None and begin.size == 2:
                    return int(begin[1])
        raise NotRecognisedError("a class's scores are not sliced out of all scores")

    def _valid(self, way: List[Step]) -> Optional[int]:
        """Return the cut tensor that says how many candidates are real: the size of the last Slice on this path."""
        sizes = [self.graph.inputs[step.node][2] for step in way if self.graph.op(step.node) == "Slice"]
        return self.index.get(self._origin(sizes[-1])) if sizes else None

    def _number(self, tensor: Tensor) -> float:
        value = self.graph.constant(tensor.node)
        if value is None or value.size != 1:
            raise NotRecognisedError(f"a threshold is not a constant ({tensor.node})")
        return float(value.ravel()[0])

    def _count(self, tensor: Tensor) -> int:
        """Return a constant, or the smaller of a constant and the number of candidates."""
        constants = [tensor] if self.graph.op(tensor.node) != "Minimum" else self.graph.inputs[tensor.node][:2]
        for candidate in constants:
            value = self.graph.constant(candidate.node)
            if value is not None and value.size == 1:
                return int(value.ravel()[0])
        raise NotRecognisedError(f"the number of boxes kept is not a constant ({tensor.node})")

    def total(self, names: List[str]) -> int:
        """Return the smallest constant limit on the number of boxes of all suppressions together."""
        limits = []
        for node in self.graph.descendants(names) & self.back:
            if self._is_type(node, "Minimum", DT_INT32):
                values = [self.graph.constant(tensor.node) for tensor in self.graph.inputs[node][:2]]
                limits += [int(value) for value in values if value is not None and value.size == 1]
        if not limits:
            raise NotRecognisedError("no limit on the number of detections was found")
        return min(limits)

    def _is_type(self, node: str, op: str, dtype: int) -> bool:
        return self.graph.op(node) == op and int(self.graph.nodes[node].attr["T"].type) == dtype
