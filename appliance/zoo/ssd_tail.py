"""Append the postprocessing of the zoo's SSD graphs of 2018 to a graph that ends at the cut.

Same steps, constants and order of results as in ssdlite_mobilenet_v2_coco_2018_05_09, for one image and without the
loop over images: for each class filter scores, clip, drop boxes without area, non-maximum suppression; then the best of
all classes, padded. Uses only operations that every TensorFlow since 1.12 has.
"""

from typing import Any, List, Sequence

import numpy as np

_FLOAT, _INT = 1, 3  # numbers of tensorflow/core/framework/types.proto
_SCOPE = "Postprocessor/BatchMultiClassNonMaxSuppression/MultiClassNonMaxSuppression/"

CLASSES = 90
SCORE_ABOVE = 1e-8
IOU_THRESHOLD = 0.6
PER_CLASS = 100
IN_ALL = 100


def append_nms(graph: Any, boxes: str, scores: str) -> None:
    """Add the nodes that turn boxes and scores of one image into the Object Detection API's four outputs.

    Args:
        graph: A GraphDef, changed in place.
        boxes: Name of a node, float32 [1, anchors, 1, 4] (y_min, x_min, y_max, x_max), 0 to 1.
        scores: Name of a node, float32 [1, anchors, classes], 0 to 1, without the background class.
    """
    build = _Builder(graph)
    image_boxes = build.unstack("unstack_1", boxes, axis=0)
    flat_boxes = build.unstack("unstack_2", image_boxes, axis=1)
    flat_scores = build.unstack("unstack_3", scores, axis=0)
    window = build.constant("window", np.array([0, 0, 1, 1], np.float32))
    edges = build.node("unstack", "Unpack", [window], T=_FLOAT, num=4, axis=0)
    parts = [_suppress(build, index, edges, flat_boxes, flat_scores) for index in range(CLASSES)]
    all_boxes = build.concat("Concatenate/concat", [part[0] for part in parts])
    all_scores = build.concat("Concatenate/concat_1", [part[1] for part in parts])
    all_classes = build.concat("Concatenate/concat_2", [part[2] for part in parts])

    # TopKV2 sorts; of equal scores the lower index, so the lower class, comes first.
    number = build.at_most(f"Minimum_{CLASSES}", IN_ALL, all_scores)
    best = build.node("SortByField/TopKV2", "TopKV2", [all_scores, number], T=_FLOAT, sorted=True)
    sorted_boxes = build.gather("SortByField/Gather/GatherV2", all_boxes, best + ":1")
    sorted_classes = build.gather("SortByField/Gather/GatherV2_1", all_classes, best + ":1")

    missing = build.node("sub", "Sub", [build.constant("sub/x", np.int32(IN_ALL)), number], T=_INT)
    padded_classes = build.pad("PadOrClipBoxList/Pad_2", sorted_classes, missing, rank=1)
    one = build.constant("class_offset/y", np.float32(1))
    results = {
        "detection_boxes": build.pad("PadOrClipBoxList/Pad", sorted_boxes, missing, rank=2),
        "detection_scores": build.pad("PadOrClipBoxList/Pad_1", best, missing, rank=1),
        # Class ids count from 1, in the padding too.
        "detection_classes": build.node("class_offset", "Add", [padded_classes, one], T=_FLOAT),
        "num_detections": build.node("ToFloat", "Cast", [number], SrcT=_INT, DstT=_FLOAT),
    }
    for name, result in results.items():
        build.output(name, build.expand(name, result))


def _clip(build: "_Builder", suffix: str, edges: str, boxes: str, scores: str) -> List[str]:
    """Clip a class's boxes to the image and drop those without area, with their scores."""
    scope = f"ClipToWindow{suffix}/"
    axis = build.constant(scope + "split/split_dim", np.int32(1))
    sides = build.node(scope + "split", "Split", [axis, boxes], T=_FLOAT, num_split=4)
    inside = []
    for index, (lowest, highest) in enumerate([("", ":2"), (":1", ":3"), ("", ":2"), (":1", ":3")]):
        number = f"_{index}" if index else ""
        side = sides + (f":{index}" if index else "")
        cut = build.node(scope + "Minimum" + number, "Minimum", [side, edges + highest], T=_FLOAT)
        inside.append(build.node(scope + "Maximum" + number, "Maximum", [cut, edges + lowest], T=_FLOAT))
    clipped = build.concat(scope + "concat", inside, axis=1)
    height = build.node(scope + "Area/sub", "Sub", [inside[2], inside[0]], T=_FLOAT)
    width = build.node(scope + "Area/sub_1", "Sub", [inside[3], inside[1]], T=_FLOAT)
    area = build.node(scope + "Area/mul", "Mul", [height, width], T=_FLOAT)
    kept = build.where_greater(scope, build.reshape(scope + "Area/Reshape", area, [-1]), 0.0)
    return [
        build.gather(scope + "Gather/GatherV2", clipped, kept),
        build.gather(scope + "Gather/GatherV2_1", scores, kept),
    ]


def _suppress(build: "_Builder", index: int, edges: str, boxes: str, scores: str) -> List[str]:
    """Return boxes, scores and class numbers (from 0) of one class after its suppression, best first."""
    suffix = f"_{index}" if index else ""
    begin = build.constant(f"Slice{suffix}/begin", np.array([0, index], np.int32))
    size = build.constant(f"Slice{suffix}/size", np.array([-1, 1], np.int32))
    column = build.node("Slice" + suffix, "Slice", [scores, begin, size], T=_FLOAT, Index=_INT)
    class_scores = build.reshape("ClassScores" + suffix, column, [-1])
    filtered = build.where_greater(f"FilterGreaterThan{suffix}/", class_scores, SCORE_ABOVE)
    gather = f"FilterGreaterThan{suffix}/Gather/GatherV2"
    above_boxes = build.gather(gather, boxes, filtered)
    above_scores = build.gather(gather + "_1", class_scores, filtered)
    candidate_boxes, candidate_scores = _clip(build, suffix, edges, above_boxes, above_scores)
    scope = f"non_max_suppression{suffix}/"
    inputs = [
        candidate_boxes,
        candidate_scores,
        build.at_most("Minimum" + suffix, PER_CLASS, candidate_scores),
        build.constant(scope + "iou_threshold", np.float32(IOU_THRESHOLD)),
        build.constant(scope + "score_threshold", np.float32(-np.inf)),
    ]
    selected = build.node(scope + "NonMaxSuppressionV3", "NonMaxSuppressionV3", inputs, T=_FLOAT)
    best_boxes = build.gather(f"Gather{suffix}/GatherV2", candidate_boxes, selected)
    best_scores = build.gather(f"Gather{suffix}/GatherV2_1", candidate_scores, selected)
    zeros = build.node("zeros_like" + suffix, "ZerosLike", [best_scores], T=_FLOAT)
    number = build.constant(f"add{suffix}/y", np.float32(index))
    return [best_boxes, best_scores, build.node("add" + suffix, "Add", [zeros, number], T=_FLOAT)]


class _Builder:
    """Adds nodes to a GraphDef, all under `_SCOPE`; each method returns the new node's name."""

    def __init__(self, graph: Any) -> None:
        self._graph = graph

    def node(self, name: str, op: str, inputs: Sequence[str], **attributes: Any) -> str:
        return self._add(_SCOPE + name, op, inputs, attributes)

    def unstack(self, name: str, source: str, axis: int) -> str:
        """Take the only slice along an axis of size one."""
        return self.node(name, "Unpack", [source], T=_FLOAT, num=1, axis=axis)

    def output(self, name: str, source: str) -> None:
        self._add(name, "Identity", [source], {"T": _FLOAT})

    def _add(self, name: str, op: str, inputs: Sequence[str], attributes: Any) -> str:
        node = self._graph.node.add(name=name, op=op, input=inputs)
        for key, value in attributes.items():
            if isinstance(value, bool):
                node.attr[key].b = value
            elif key in ("num", "num_split", "N", "axis"):
                node.attr[key].i = value
            else:
                node.attr[key].type = value
        return name

    def constant(self, name: str, value: Any) -> str:
        array = np.asarray(value)
        dtype = _FLOAT if array.dtype == np.float32 else _INT
        full_name = self.node(name, "Const", [], dtype=dtype)
        tensor = self._graph.node[-1].attr["value"].tensor
        tensor.dtype = dtype
        for side in array.shape:
            tensor.tensor_shape.dim.add(size=side)
        tensor.tensor_content = array.astype(array.dtype.newbyteorder("<")).tobytes()
        return full_name

    def reshape(self, name: str, source: str, shape: List[int], dtype: int = _FLOAT) -> str:
        wanted = self.constant(name + "/shape", np.array(shape, np.int32))
        return self.node(name, "Reshape", [source, wanted], T=dtype, Tshape=_INT)

    def expand(self, name: str, source: str) -> str:
        """Add a batch dimension in front."""
        axis = self.constant(name + "/ExpandDims/dim", np.int32(0))
        return self.node(name + "/ExpandDims", "ExpandDims", [source, axis], T=_FLOAT, Tdim=_INT)

    def gather(self, name: str, source: str, rows: str) -> str:
        axis = self.constant(name + "/axis", np.int32(0))
        return self.node(name, "GatherV2", [source, rows, axis], Tparams=_FLOAT, Tindices=_INT, Taxis=_INT)

    def concat(self, name: str, parts: List[str], axis: int = 0, dtype: int = _FLOAT) -> str:
        along = self.constant(name + "/axis", np.int32(axis))
        return self.node(name, "ConcatV2", parts + [along], T=dtype, Tidx=_INT, N=len(parts))

    def where_greater(self, scope: str, values: str, limit: float) -> str:
        """Return the indices, int32 [n], where a value is above the limit, in order."""
        bound = self.constant(scope + "Greater/y", np.float32(limit))
        above = self.node(scope + "Greater", "Greater", [values, bound], T=_FLOAT)
        where = self.node(scope + "Where", "Where", [above], T=10)  # DT_BOOL
        flat = self.reshape(scope + "Reshape", where, [-1], dtype=9)  # DT_INT64
        return self.node(scope + "Cast", "Cast", [flat], SrcT=9, DstT=_INT)

    def at_most(self, name: str, limit: int, values: str) -> str:
        """Return the number of values, at most `limit`."""
        size = self.node(name + "/Size", "Size", [values], T=_FLOAT, out_type=_INT)
        return self.node(name, "Minimum", [self.constant(name + "/x", np.int32(limit)), size], T=_INT)

    def pad(self, name: str, source: str, missing: str, rank: int) -> str:
        """Add `missing` rows of zeros at the end."""
        column = self.reshape(name + "/paddings/rows", missing, [1], dtype=_INT)
        parts = [self.constant(name + "/paddings/before", np.zeros(1, np.int32)), column]
        if rank == 2:
            parts.append(self.constant(name + "/paddings/columns", np.zeros(2, np.int32)))
        axis = self.constant(name + "/paddings/axis", np.int32(0))
        flat = self.node(name + "/paddings/concat", "ConcatV2", parts + [axis], T=_INT, Tidx=_INT, N=len(parts))
        pairs = self.reshape(name + "/paddings", flat, [rank, 2], dtype=_INT)
        return self.node(name, "Pad", [source, pairs], T=_FLOAT, Tpaddings=_INT)
