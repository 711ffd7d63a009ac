"""Recognise box operations that the Object Detection API writes column by column: clipping and rescaling."""

from typing import Callable, List, Optional

from appliance.graph.read.backtrace import follow
from appliance.graph.read.frozen import Graph, Tensor

Origin = Callable[[Tensor], Tensor]


def clipped(graph: Graph, tensor: Tensor, origin: Origin) -> Optional[List[Tensor]]:
    """Recognise a clip: every column of the boxes is max(min(column, upper side), lower side).

    Args:
        graph: The graph.
        tensor: The boxes.
        origin: Returns where a value comes from, through views.

    Returns:
        [boxes, window], or None for anything else.
    """
    columns = _columns(graph, tensor)
    if columns is None:
        return None
    found = set()
    for index, maximum in enumerate(columns):
        if graph.op(maximum.node) != "Maximum":
            return None
        minimum, low = graph.inputs[maximum.node][:2]
        if graph.op(minimum.node) != "Minimum":
            return None
        column, high = graph.inputs[minimum.node][:2]
        if column.output != index or graph.op(column.node) != "Split":
            return None
        # Sides 0 and 1 of the window are its low ones, 2 and 3 its high ones.
        if (_side(graph, low), _side(graph, high)) != (index % 2, index % 2 + 2):
            return None
        if origin(low) != origin(high):
            return None
        found.add((graph.inputs[column.node][1], origin(low)))
    return list(found.pop()) if len(found) == 1 else None


def rescaled(graph: Graph, tensor: Tensor, origin: Origin) -> Optional[List[Tensor]]:
    """Return [boxes, window] if this is (boxes - window's corner) * 1 / (window's height or width); else None."""
    columns = _columns(graph, tensor)
    if columns is None:
        return None
    found = set()
    for index, product in enumerate(columns):
        if graph.op(product.node) != "Mul":
            return None
        scale, column = graph.inputs[product.node][:2]
        if column.output != index or graph.op(column.node) != "Split" or graph.op(scale.node) != "RealDiv":
            return None
        one, side = graph.inputs[scale.node][:2]
        moved = graph.inputs[column.node][1]
        if graph.constant(one.node) != 1.0 or graph.op(side.node) != "Sub" or graph.op(moved.node) != "Sub":
            return None
        boxes, corner = graph.inputs[moved.node][:2]
        windows = {origin(end) for end in graph.inputs[side.node][:2]} | {origin(corner)}
        if len(windows) != 1:
            return None
        found.add((boxes, windows.pop()))
    return list(found.pop()) if len(found) == 1 else None


def _side(graph: Graph, tensor: Tensor) -> Optional[int]:
    """Return which element of a window this is, unpacked or sliced out of it."""
    if graph.op(tensor.node) == "Unpack":
        return tensor.output
    if graph.op(tensor.node) == "StridedSlice":
        begin = graph.constant(graph.inputs[tensor.node][1].node)
        if begin is not None and begin.size == 1:
            return int(begin.ravel()[0])
    return None


def _columns(graph: Graph, tensor: Tensor) -> Optional[List[Tensor]]:
    """Return the four tensors that are concatenated to boxes; None if a tensor is not made that way."""
    if graph.op(tensor.node) != "ConcatV2":
        return None
    columns = graph.data_inputs(tensor.node)[:-1]
    return columns if len(columns) == 4 else None


def origin_until(graph: Graph, stop: Callable[[Tensor], bool]) -> Origin:
    """Make a function that follows views back to where `stop` holds, or to the tensor that computes the value."""
    return lambda tensor: follow(graph, tensor, stop)[0]
