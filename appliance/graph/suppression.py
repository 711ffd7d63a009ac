"""Read the settings of a graph's class-wise non-maximum suppression out of the graph.

With them the suppression can be done outside the graph; `detectors/nms.py` does it. Whatever is not of the
Object Detection API's form raises NotRecognisedError, and the graph's own back is run.
"""

from typing import List, NamedTuple, Optional, Set, Tuple

import numpy as np

from appliance.graph.cut import Cut
from appliance.graph.family import is_suppression
from appliance.graph.frozen import DT_FLOAT, DT_INT32, Graph, Tensor
from appliance.graph.preprocessor import NotRecognisedError
from appliance.graph.trace import Step, follow


class Suppression(NamedTuple):
    """How the back suppresses.

    boxes, scores: which cut tensor holds them (index into the cut): boxes [1, n, 1 or classes, 4],
    (y_min, x_min, y_max, x_max); scores [1, n, classes]. Class k of the scores has id k + class_offset.
    window: likewise, [1, 4]; None stands for the whole image, (0, 0, 1, 1).
    count: likewise, int32 [1], how many of the n are real; None where all are.
    iou_threshold: a box is dropped where its overlap with a better one of its class is larger.
    score_threshold: scores at or under it never count. per_class, in_all: most boxes kept.
    clip: boxes are clipped to the window, and dropped where nothing is left of them: "before" or "after" the
    suppression, or "never". rescale: after a clip "before", boxes become fractions of the window.
    """

    boxes: int
    scores: int
    window: Optional[int]
    count: Optional[int]
    classes: int
    class_offset: int
    iou_threshold: float
    score_threshold: float
    per_class: int
    in_all: int
    clip: str
    rescale: bool


class _Class(NamedTuple):
    """What was read of one class's suppression. column: of the scores; box_column: of the boxes, 0 if shared."""

    boxes: int
    scores: int
    window: Optional[int]
    count: Optional[int]
    column: int
    box_column: int
    iou_threshold: float
    score_threshold: float
    per_class: int
    clips: bool
    rescale: bool


def read_suppression(graph: Graph, cut: Cut) -> Suppression:
    """The suppression behind a cut. Raises NotRecognisedError."""
    names = [name for name in graph.nodes if name in cut.back and is_suppression(graph.op(name))]
    if not names or any(graph.op(name) == "CombinedNonMaxSuppression" for name in names):
        raise NotRecognisedError("the suppression is not done class by class")
    reader = _Reader(graph, cut)
    found = [reader.read(name) for name in names]
    first = found[0]
    if any(one._replace(column=0, box_column=0) != first._replace(column=0, box_column=0) for one in found):
        raise NotRecognisedError("the classes are not suppressed alike")
    columns = list(range(len(found)))
    if [one.column for one in found] != columns or [one.box_column for one in found] not in (
        columns,
        [0] * len(found),
    ):
        raise NotRecognisedError("the classes are not suppressed in their order")
    window, clip = (first.window, "before") if first.clips else reader.later_clip(names)
    return Suppression(
        boxes=first.boxes,
        scores=first.scores,
        window=window,
        count=first.count,
        classes=len(found),
        class_offset=reader.class_offset(),
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

    def read(self, name: str) -> _Class:
        inputs = self.graph.data_inputs(name)
        boxes, way = self._walk(inputs[0])
        scores, score_way = self._walk(inputs[1])
        clips = [step.node for step in way if self.graph.op(step.node) == "Minimum"]
        scales = [step.node for step in way if self.graph.op(step.node) == "Mul"]
        window = self._window(clips[0]) if clips else None
        if scales and (not clips or not self._is_rescaling(scales[0], window)):
            raise NotRecognisedError("boxes are computed before the suppression ({})".format(scales[0]))
        if self.graph.op(name) == "NonMaxSuppression":
            iou = float(self.graph.nodes[name].attr["iou_threshold"].f)
        else:
            iou = self._number(inputs[3])
        limits = [value for value in (self._filter(step.node) for step in score_way) if value is not None]
        if len(inputs) > 4:
            limits.append(self._number(inputs[4]))
        if len(inputs) > 5 and self._number(inputs[5]) != 0.0:
            raise NotRecognisedError("the suppression is a soft one")
        return _Class(
            boxes=boxes,
            scores=scores,
            window=window,
            count=self._real_count(score_way),
            column=self._column(score_way),
            box_column=next((step.output for step in way if self.graph.op(step.node) == "Unpack"), 0),
            iou_threshold=iou,
            score_threshold=max(limits) if limits else float("-inf"),
            per_class=self._count(inputs[2]),
            clips=bool(clips),
            rescale=bool(scales),
        )

    def _walk(self, tensor: Tensor) -> Tuple[int, List[Step]]:
        """The cut tensor that a suppression's input is made of, and the steps on the way."""
        way: List[Step] = []
        end = follow(self.graph, tensor, self.index.__contains__, way)
        if end not in self.index:
            raise NotRecognisedError("{} ({}) lies before the suppression".format(self.graph.op(end.node), end.node))
        return self.index[end], way

    def _origin(self, tensor: Tensor) -> Tensor:
        """Where a value comes from: a cut tensor, or the node that makes it."""
        return follow(self.graph, tensor, self.index.__contains__, [])

    def _window(self, minimum: str) -> Optional[int]:
        end = self._origin(self.graph.inputs[minimum][1])
        if end in self.index:
            return self.index[end]
        value = self.graph.constant(end.node)
        if value is None or not np.array_equal(value.ravel(), np.array([0, 0, 1, 1], np.float32)):
            raise NotRecognisedError("boxes are clipped to an unusual window")
        return None

    def _is_rescaling(self, product: str, window: Optional[int]) -> bool:
        """Whether a coordinate is multiplied by 1 / (one side of the window - the opposite one)."""
        inverse = self.graph.inputs[product][0].node
        if self.graph.op(inverse) != "RealDiv":
            return False
        one, side = self.graph.inputs[inverse][:2]
        if self.graph.constant(one.node) != 1.0 or self.graph.op(side.node) != "Sub":
            return False
        ends = [self._origin(tensor) for tensor in self.graph.inputs[side.node][:2]]
        return all(end in self.index and self.index[end] == window for end in ends)

    def later_clip(self, names: List[str]) -> Tuple[Optional[int], str]:
        """The window to which boxes are clipped behind the suppression, and when they are."""
        behind = [node for node in self.graph.nodes if node in self.graph.descendants(names) & self.back]
        if any(self._is_type(node, "RealDiv", DT_FLOAT) for node in behind):
            raise NotRecognisedError("boxes are computed behind the suppression")
        clips = [node for node in behind if self._is_type(node, "Minimum", DT_FLOAT)]
        return (self._window(clips[0]), "after") if clips else (None, "never")

    def _filter(self, node: str) -> Optional[float]:
        """The constant of a filter "greater than" by which a Gather picks scores; None for any other node."""
        if self.graph.op(node) not in ("Gather", "GatherV2"):
            return None
        index = self.graph.inputs[node][1].node
        while self.graph.op(index) in ("Cast", "Reshape", "Squeeze", "Where", "Identity"):
            index = self.graph.inputs[index][0].node
        if self.graph.op(index) != "Greater":
            raise NotRecognisedError("candidates are picked by {}".format(self.graph.op(index)))
        compared, limit = self.graph.inputs[index][:2]
        # The other filter keeps boxes with an area after clipping.
        return self._number(limit) if self._origin(compared) in self.index else None

    def _column(self, way: List[Step]) -> int:
        """Which class a Slice on the way takes out of the scores."""
        for step in way:
            if self.graph.op(step.node) == "Slice":
                begin = self.graph.constant(self.graph.inputs[step.node][1].node)
                if begin is not None and begin.size == 2:
                    return int(begin[1])
        raise NotRecognisedError("a class's scores are not sliced out of all scores")

    def _real_count(self, way: List[Step]) -> Optional[int]:
        """The cut tensor that says how many candidates are real: the size of the last Slice on the way."""
        sizes = [self.graph.inputs[step.node][2] for step in way if self.graph.op(step.node) == "Slice"]
        end = self._origin(sizes[-1])
        return self.index.get(end)

    def _number(self, tensor: Tensor) -> float:
        value = self.graph.constant(tensor.node)
        if value is None or value.size != 1:
            raise NotRecognisedError("a threshold is not a constant ({})".format(tensor.node))
        return float(value.ravel()[0])

    def _count(self, tensor: Tensor) -> int:
        """A constant, or the smaller of a constant and the number of candidates."""
        constants = [tensor] if self.graph.op(tensor.node) != "Minimum" else self.graph.inputs[tensor.node][:2]
        for candidate in constants:
            value = self.graph.constant(candidate.node)
            if value is not None:
                return int(value)
        raise NotRecognisedError("the number of boxes kept is not a constant ({})".format(tensor.node))

    def total(self, names: List[str]) -> int:
        """The smallest constant limit on all that the suppressions gave together."""
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

    def class_offset(self) -> int:
        """What is added to the classes behind the suppression (the API: 1)."""
        offset = 0
        node = "detection_classes"
        seen: Set[str] = set()
        while node in self.back and node not in seen:
            seen.add(node)
            op = self.graph.op(node)
            if op in ("Add", "AddV2"):
                values = [self.graph.constant(tensor.node) for tensor in self.graph.inputs[node][:2]]
                known = [index for index in (0, 1) if values[index] is not None]
                if len(known) != 1:
                    break
                offset += int(float(values[known[0]]))  # type: ignore[arg-type]
                node = self.graph.inputs[node][1 - known[0]].node
            elif op in ("Identity", "Squeeze", "ExpandDims", "Reshape", "Cast"):
                node = self.graph.inputs[node][0].node
            else:
                break
        return offset
