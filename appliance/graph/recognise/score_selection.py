"""Select the scores above the threshold with operations at the end of a front, so that a GPU returns a few numbers.

All scores of one image would be two thirds of a megabyte.
"""

from dataclasses import dataclass

import numpy as np

from appliance.graph.read.frozen import (
    DT_FLOAT,
    DT_INT32,
    DT_INT64,
    Graph,
    Tensor,
    make_const,
    make_node,
    make_placeholder,
    type_attribute,
)


@dataclass(frozen=True)
class ScoreSelectionGraph:
    """A graph that can also select scores. `engines.candidates.PickedScores` describes what it gives.

    Attributes:
        threshold: float32, fed.
        positions: int64 [n, 1].
        scores: float32 [n].
        boxes: float32 [n, 4], where all classes share them.
        own_boxes: float32 [n, 4], where each class has its own.
    """

    graph: Graph
    threshold: Tensor
    positions: Tensor
    scores: Tensor
    boxes: Tensor
    own_boxes: Tensor


def with_score_selection(graph: Graph, boxes: Tensor, scores: Tensor, classes: int) -> ScoreSelectionGraph:
    """Return the same graph with the operations that select scores added to it."""
    number, index = type_attribute(DT_FLOAT), type_attribute(DT_INT64)
    prefix = scores.node + "/picking/"
    nodes = list(graph.nodes.values())

    def add(name: str, op: str, *inputs: str, **attributes: object) -> str:
        nodes.append(make_node(prefix + name, op, inputs, **attributes))
        return prefix + name

    def constant(name: str, value: np.ndarray) -> str:
        nodes.append(make_const(prefix + name, value))
        return prefix + name

    def reshape(name: str, values: Tensor, shape: str) -> str:
        return add(name, "Reshape", str(values), shape, T=number, Tshape=type_attribute(DT_INT32))

    def gather(name: str, values: str, where: str) -> str:
        return add(name, "GatherNd", values, where, Tparams=number, Tindices=index)

    threshold = prefix + "threshold"
    nodes.append(make_placeholder(threshold, DT_FLOAT, []))
    flat = reshape("flat", scores, constant("flat/shape", np.array([-1], np.int32)))
    positions = add("positions", "Where", add("above", "GreaterEqual", flat, threshold, T=number))
    table = reshape("table", boxes, constant("table/shape", np.array([-1, 4], np.int32)))
    row = add("row", "FloorDiv", positions, constant("classes", np.array(classes, np.int64)), T=index)
    found = gather("scores", flat, positions), gather("boxes", table, row), gather("own_boxes", table, positions)
    return ScoreSelectionGraph(graph.with_nodes(nodes), *(Tensor(name) for name in (threshold, positions, *found)))
