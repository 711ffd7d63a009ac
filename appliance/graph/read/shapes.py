"""Infer the shapes of a graph's tensors from its constants, without running it.

Covers what lies between image and cut: convolutions, views, arithmetic, and the arithmetic on shapes that reshapes use.
Everything that depends on anything else has no known shape.
"""

from dataclasses import dataclass
from typing import Any, Callable, Dict, Iterable, List, Optional, Sequence, Tuple

import numpy as np

from appliance.graph.read.frozen import Graph, Tensor

Shape = Tuple[Optional[int], ...]
# A constant with more elements is not computed with.
_MOST = 64
_MOST_SIDES = 32  # numpy's
_MOST_OUTPUTS = 10000


@dataclass(frozen=True)
class Known:
    """What is known of one tensor. value: only for small tensors that do not depend on the image's contents."""

    shape: Optional[Shape]
    value: Optional[np.ndarray] = None


_NOTHING = Known(None)
_SAME = frozenset(
    {
        "Identity",
        "Relu",
        "Relu6",
        "Elu",
        "LeakyRelu",
        "Sigmoid",
        "Tanh",
        "Exp",
        "Sqrt",
        "Rsqrt",
        "Square",
        "Neg",
        "Abs",
        "Round",
        "Floor",
        "Cast",
        "Softmax",
        "BiasAdd",
        "FusedBatchNorm",
        "FusedBatchNormV2",
        "FusedBatchNormV3",
        "FakeQuantWithMinMaxVars",
        "ReverseV2",
        "ZerosLike",
        "OnesLike",
        "StopGradient",
    }
)
_BROADCAST: Dict[str, Callable[..., Any]] = {
    "Add": np.add,
    "AddV2": np.add,
    "Sub": np.subtract,
    "Mul": np.multiply,
    "RealDiv": np.divide,
    "FloorDiv": np.floor_divide,
    "FloorMod": np.mod,
    "Minimum": np.minimum,
    "Maximum": np.maximum,
    "Pow": np.power,
}
_OF_VALUES: Dict[str, Callable[[Any, List[Any]], Any]] = {
    "Identity": lambda attr, given: given[0],
    "Cast": lambda attr, given: given[0],
    "Pack": lambda attr, given: np.stack(given, attr["axis"].i),
    "ConcatV2": lambda attr, given: np.concatenate(given[:-1], int(given[-1])),
    "ExpandDims": lambda attr, given: np.expand_dims(given[0], int(given[1])),
    "Range": lambda attr, given: _arange(*(int(one) for one in given)),
    "Reshape": lambda attr, given: given[0].reshape(given[1].tolist()),
    "Squeeze": lambda attr, given: given[0].squeeze(),
    "Prod": lambda attr, given: np.prod(given[0], axis=tuple(given[1].ravel().tolist()), keepdims=attr["keep_dims"].b),
    "Slice": lambda attr, given: given[0][_slices(given[1], given[2])],
    "StridedSlice": lambda attr, given: given[0][_strides(attr, given)],
}


def find_shapes(graph: Graph, tensors: Iterable[Tensor]) -> List[Optional[Shape]]:
    """Return the shapes of tensors; None where a shape, or a dimension of it, is unknown."""
    wanted = list(tensors)
    known: Dict[str, List[Known]] = {}
    for name in _in_order(graph, [tensor.node for tensor in wanted]):
        given = [_of(known, tensor) for tensor in graph.data_inputs(name)]
        try:
            known[name] = [one if _is_possible(one.shape) else _NOTHING for one in _infer(graph, name, given)]
        except (ArithmeticError, IndexError, MemoryError, TypeError, ValueError):
            known[name] = [_NOTHING]
    return [_of(known, tensor).shape for tensor in wanted]


def _is_possible(shape: Optional[Shape]) -> bool:
    return shape is None or (len(shape) <= _MOST_SIDES and all(side is None or side < 2**63 for side in shape))


def _of(known: Dict[str, List[Known]], tensor: Tensor) -> Known:
    found = known.get(tensor.node, [])
    return found[tensor.output] if tensor.output < len(found) else _NOTHING


def _in_order(graph: Graph, names: Sequence[str]) -> List[str]:
    """Sort these nodes and their ancestors topologically, ignoring the edges back to earlier iterations of loops."""
    needed = graph.ancestors(names)
    missing = {
        name: {tensor.node for tensor in graph.data_inputs(name) if graph.op(tensor.node) != "NextIteration"}
        for name in needed
    }
    ready = [name for name in graph.nodes if name in needed and not missing[name]]
    for name in ready:
        for consumer in set(graph.consumers[name]) & needed:
            if name in missing[consumer]:
                missing[consumer].remove(name)
                if not missing[consumer]:
                    ready.append(consumer)
    return ready


def _infer(graph: Graph, name: str, given: List[Known]) -> List[Known]:
    node = graph.nodes[name]
    op, attr = node.op, node.attr
    if op == "Const":
        sides = tuple(int(side.size) for side in attr["value"].tensor.tensor_shape.dim)
        return [Known(sides, graph.constant(name) if np.prod(sides, dtype=np.int64) <= _MOST else None)]
    if op == "Placeholder":
        dims = attr["shape"].shape
        return [Known(None if dims.unknown_rank else tuple(None if d.size < 0 else int(d.size) for d in dims.dim))]
    values = [one.value for one in given]
    if op == "Pack" and any(value is not None and value.shape == () for value in values):
        # A shape of which some sides are not known; nothing can be computed with it, but Reshape takes it.
        values = [np.array(None, object) if value is None else value for value in values]
    if op == "Rank" and given[0].shape is not None:
        return [Known((), np.array(len(given[0].shape)))]
    if op in ("Shape", "Size"):
        shape = given[0].shape
        if shape is None or None in shape:
            return [_NOTHING]
        value = np.array(shape, np.int64) if op == "Shape" else np.array(np.prod(np.array(shape, np.int64)))
        return [Known(value.shape, value)]
    if all(value is not None for value in values) and (op in _OF_VALUES or op in _BROADCAST):
        value = np.asarray(_OF_VALUES[op](attr, values) if op in _OF_VALUES else _BROADCAST[op](*values))
        return [Known(value.shape, value if value.size <= _MOST else None)]
    return [Known(shape) for shape in _shapes(op, attr, [one.shape for one in given], values)]


def _shapes(op: str, attr: Any, given: List[Optional[Shape]], values: List[Any]) -> List[Optional[Shape]]:
    """Return the shapes of an operation's outputs. values: of its inputs, None where unknown."""
    first = given[0] if given else None
    if op in _SAME:
        return [first]
    if op == "Reshape" and values[1] is not None:
        return [_reshaped(first, values[1].tolist())]
    if op in _BROADCAST or op in ("Greater", "Less", "Equal", "Select"):
        return [_broadcast(given)]
    if op in ("ConcatV2", "Concat"):
        parts, axis = (given[:-1], values[-1]) if op == "ConcatV2" else (given[1:], values[0])
        return [_concatenated(parts, int(axis))]
    if first is None:
        return [None]
    if op in ("Conv2D", "DepthwiseConv2dNative", "MaxPool", "AvgPool"):
        return [_window(op, attr, first, given[1] if len(given) > 1 else None)]
    if op in ("ResizeBilinear", "ResizeNearestNeighbor") and values[1] is not None:
        return [(first[0], *(int(side) for side in values[1]), first[3])]
    if op == "ResizeBilinear" or op == "ResizeNearestNeighbor":
        return [(first[0], None, None, first[3])]
    return _view(op, attr, first, given, values)


def _view(op: str, attr: Any, first: Shape, given: List[Optional[Shape]], values: List[Any]) -> List[Optional[Shape]]:
    if op == "ExpandDims":
        axis = int(values[1])
        axis += len(first) + 1 if axis < 0 else 0
        return [(*first[:axis], 1, *first[axis:])]
    if op == "Squeeze":
        axes = {axis % len(first) for axis in attr["squeeze_dims"].list.i}
        return [tuple(side for axis, side in enumerate(first) if (axis not in axes if axes else side != 1))]
    if op == "Transpose":
        return [tuple(first[axis] for axis in values[1])]
    if op == "Tile":
        return [tuple(None if side is None else side * int(n) for side, n in zip(first, values[1]))]
    if op in ("Pad", "PadV2", "MirrorPad"):
        return [tuple(None if side is None else side + int(sum(p)) for side, p in zip(first, values[1]))]
    if op == "Pack":
        axis = attr["axis"].i % (len(first) + 1)
        return [(*first[:axis], len(given), *first[axis:])]
    if op == "Unpack":
        axis = attr["axis"].i % len(first)
        return [(*first[:axis], *first[axis + 1 :])] * min(attr["num"].i, _MOST_OUTPUTS)
    if op in ("Slice", "StridedSlice") and None not in first:
        picture = np.broadcast_to(np.zeros(()), [side for side in first if side is not None])
        picked = picture[_slices(*values[1:3]) if op == "Slice" else _strides(attr, values)]
        return [picked.shape]
    return [None]


def _arange(start: int, limit: int, step: int) -> np.ndarray:
    numbers = range(start, limit, step)
    if len(numbers) > _MOST:
        raise ValueError("too many numbers to compute with")
    return np.array(numbers, np.int64)


def _slices(begin: np.ndarray, size: np.ndarray) -> Tuple[slice, ...]:
    return tuple(slice(int(b), None if s < 0 else int(b + s)) for b, s in zip(begin, size))


def _strides(attr: Any, values: List[Any]) -> Tuple[Any, ...]:
    """Return the numpy index that a StridedSlice stands for."""
    index: List[Any] = []
    for axis, (begin, end, step) in enumerate(zip(*(value.tolist() for value in values[1:4]))):
        bit = 1 << axis
        if attr["ellipsis_mask"].i & bit:
            index.append(Ellipsis)
        elif attr["new_axis_mask"].i & bit:
            index.append(None)
        elif attr["shrink_axis_mask"].i & bit:
            index.append(begin)
        else:
            is_open = attr["begin_mask"].i & bit, attr["end_mask"].i & bit
            index.append(slice(None if is_open[0] else begin, None if is_open[1] else end, step))
    return tuple(index)


def _reshaped(shape: Optional[Shape], target: List[Optional[int]]) -> Shape:
    rest = None
    if shape is not None and None not in shape and None not in target and -1 in target:
        given, kept = np.array(shape, np.int64), np.array(target, np.int64)
        rest = int(np.prod(given) // -np.prod(kept))
    return tuple(rest if side == -1 else side for side in target)


def _broadcast(shapes: List[Optional[Shape]]) -> Optional[Shape]:
    known = [shape for shape in shapes if shape is not None]
    if len(known) < len(shapes):
        return None
    rank = max(len(shape) for shape in known)
    sides = zip(*((1,) * (rank - len(shape)) + shape for shape in known))
    return tuple(next((side for side in column if side != 1), 1) for column in sides)


def _concatenated(parts: List[Optional[Shape]], axis: int) -> Optional[Shape]:
    known = [shape for shape in parts if shape is not None]
    if len(known) < len(parts):
        return None
    axis %= len(known[0])
    sides = [shape[axis] for shape in known]
    total = None if None in sides else sum(side for side in sides if side is not None)
    return (*known[0][:axis], total, *known[0][axis + 1 :])


def _window(op: str, attr: Any, image: Shape, kernel: Optional[Shape]) -> Optional[Shape]:
    """Return the output shape of a convolution or pooling over an image [n, height, width, channels]."""
    if attr["data_format"].s not in (b"", b"NHWC"):
        return None
    channels = image[3]
    sizes: Sequence[Optional[int]] = [int(side) for side in attr["ksize"].list.i][1:3]
    if not sizes and kernel is not None:
        sizes = kernel[:2]
        per_channel = op == "DepthwiseConv2dNative"
        channels = kernel[3] if not per_channel else (kernel[2] or 0) * (kernel[3] or 0)
    dilations = [int(side) for side in attr["dilations"].list.i] or [1, 1, 1, 1]
    sides: List[Optional[int]] = []
    for axis in (1, 2):
        side, size, step = image[axis], sizes[axis - 1], int(attr["strides"].list.i[axis])
        if side is None or size is None:
            sides.append(None)
        elif attr["padding"].s == b"SAME":
            sides.append(-(-side // step))
        else:
            sides.append(-(-(side - (size - 1) * dilations[axis]) // step))
    return (image[0], *sides, channels)
