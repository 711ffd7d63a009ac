"""Fold batch norms into the convolutions in front of them.

A multiplication and an addition per channel behind a convolution become part of its weights and one BiasAdd: that saves
passes over the result, and TensorFlow fuses convolution, BiasAdd and Relu. Results differ by float32 rounding, so this
is for the fast path only.
"""

from dataclasses import dataclass
from typing import Any, Callable, Dict, Iterator, List, Optional, Sequence, Set, Tuple

import numpy as np

from appliance.graph.read.frozen import DT_FLOAT, Graph, Tensor, make_const, make_node, parse_input, type_attribute

# The axes of the weights, [height, width, a, b], that are the channels of the result.
_CHANNEL_AXES = {"Conv2D": (3,), "DepthwiseConv2dNative": (2, 3)}
_NORMS = frozenset({"FusedBatchNorm", "FusedBatchNormV2", "FusedBatchNormV3"})
# Arithmetic that older graphs do with the constants of a batch norm, in float64.
_ARITHMETIC: Dict[str, Callable[..., np.ndarray]] = {
    "Identity": lambda a: a,
    "Rsqrt": lambda a: 1 / np.sqrt(a),
    "Add": np.add,
    "AddV2": np.add,
    "Sub": np.subtract,
    "Mul": np.multiply,
}
# Of constants that are computed with: how many arithmetic operations deep, and how many numbers in all.
_DEEPEST = 50
_MOST_ELEMENTS = 2**28


@dataclass(frozen=True)
class _Affine:
    """result * scale + shift; float64 [channels]."""

    scale: np.ndarray
    shift: np.ndarray


def fold_batch_norms(graph: Graph, outputs: Sequence[Tensor]) -> Graph:
    """Return the graph with every batch norm folded that can be; `outputs` keep their names.

    A graph trained for INT8 is left as it is: its weights and results are rounded to steps.
    """
    if any(node.op.startswith("FakeQuant") for node in graph.nodes.values()):
        return graph
    folding = _Folding(graph, outputs)
    replaced: Dict[str, List[Any]] = {}
    with np.errstate(all="ignore"):  # what is not finite is looked for
        for name in graph.nodes:
            if graph.op(name) in _CHANNEL_AXES:
                replaced.update(folding.fold(name))
    if not replaced:
        return graph
    return graph.with_nodes(_needed(graph, replaced, outputs))


def _needed(graph: Graph, replaced: Dict[str, List[Any]], outputs: Sequence[Tensor]) -> Iterator[Any]:
    """Return the nodes that remain. Computed before a graph is made of them: large ones are not copied twice."""
    nodes = {node.name: node for name, old in graph.nodes.items() for node in replaced.get(name, [old])}
    needed: Set[str] = set()
    waiting = [tensor.node for tensor in outputs]
    while waiting:
        name = waiting.pop()
        if name not in needed:
            needed.add(name)
            waiting.extend(parse_input(text).node for text in nodes[name].input)
    return (node for name, node in nodes.items() if name in needed)


class _Folding:
    def __init__(self, graph: Graph, outputs: Sequence[Tensor]) -> None:
        self._graph = graph
        self._outputs = {tensor.node for tensor in outputs}
        self._values: Dict[str, Optional[np.ndarray]] = {}
        self._elements = 0
        read = [tensor for inputs in graph.inputs.values() for tensor in inputs] + list(outputs)
        self._with_more: Set[str] = {tensor.node for tensor in read if tensor.output > 0}

    def fold(self, conv: str) -> Dict[str, List[Any]]:
        """Return what replaces a convolution and the last node folded into it; empty if nothing is folded."""
        node = self._graph.nodes[conv]
        if node.attr["T"].type != DT_FLOAT or not _is_channels_last(node):
            return {}
        source = self._graph.inputs[conv][1]
        weights = self._value(source)
        if weights is None or self._is_in_loop(source.node):
            return {}
        axes = _CHANNEL_AXES[node.op]
        shape = [size if axis in axes else 1 for axis, size in enumerate(weights.shape)]
        last, affine = self._behind(conv, int(np.prod(shape)))
        if last is None:
            return {}
        scaled = (weights * affine.scale.reshape(shape)).astype(np.float32)
        shift = affine.shift.astype(np.float32)
        if not (np.isfinite(scaled).all() and np.isfinite(shift).all()):
            return {}
        bias = make_const(last + "/shift", shift)
        replaced = {last: [bias, make_node(last, "BiasAdd", [conv, bias.name], T=type_attribute(DT_FLOAT))]}
        if (affine.scale != 1).any():
            if self._is_shared(source.node):
                return {}  # a copy for each reader would take more memory than it saves time
            const = make_const(conv + "/scaled", scaled)
            copy = type(node)()
            copy.CopyFrom(node)
            copy.input[1] = const.name
            replaced[conv] = [const, copy]
        return replaced

    def _behind(self, conv: str, channels: int) -> Tuple[Optional[str], _Affine]:
        """Return the last node that can be folded and the combined factor and shift; None if only a BiasAdd follows."""
        whole = _Affine(np.ones(channels), np.zeros(channels))
        name, last, ops = conv, None, []
        seen: Set[str] = set()
        while name not in self._outputs and len(self._graph.consumers[name]) == 1 and name not in seen:
            seen.add(name)
            following = self._graph.consumers[name][0]
            step = self._step(following, Tensor(name), channels)
            if step is None or following in self._with_more:
                break
            whole = _Affine(whole.scale * step.scale, whole.shift * step.scale + step.shift)
            name = following
            if self._graph.op(name) != "Identity":
                last = name
                ops.append(self._graph.op(name))
        return (None if ops == ["BiasAdd"] else last), whole

    def _step(self, name: str, source: Tensor, channels: int) -> Optional[_Affine]:
        """Return what a node does to its input; None unless it is the same for a whole channel."""
        node, inputs = self._graph.nodes[name], self._graph.inputs[name]
        if any(tensor.output < 0 for tensor in inputs) or not _is_channels_last(node) or source not in inputs:
            return None
        vectors = [self._vector(tensor, channels) for tensor in inputs if tensor != source]
        others = [vector for vector in vectors if vector is not None]
        if len(others) < len(vectors):
            return None
        one, zero = np.ones(channels), np.zeros(channels)
        if node.op == "Identity":
            return _Affine(one, zero)
        if node.op in _NORMS and inputs[0] == source and len(others) == 4 and _is_inference(node):
            gamma, beta, mean, variance = others
            epsilon = node.attr["epsilon"].f if "epsilon" in node.attr else 1e-4
            scale = gamma / np.sqrt(variance + epsilon)
            return _Affine(scale, beta - mean * scale)
        if len(others) != 1:
            return None
        if node.op == "Mul":
            return _Affine(others[0], zero)
        if node.op in ("Add", "AddV2", "BiasAdd"):
            return _Affine(one, others[0])
        if node.op == "Sub":
            return _Affine(one, -others[0]) if inputs[0] == source else _Affine(-one, others[0])
        return None

    def _vector(self, tensor: Tensor, channels: int) -> Optional[np.ndarray]:
        """Return a constant as one number per channel."""
        value = self._value(tensor)
        if (
            value is None
            or value.ndim > 4
            or value.shape not in ((), (1,) * value.ndim, (1,) * (value.ndim - 1) + (channels,))
        ):
            return None
        return np.broadcast_to(value.reshape(-1), (channels,))

    def _value(self, tensor: Tensor, deep: int = 0) -> Optional[np.ndarray]:
        """Return a float32 constant, or what arithmetic makes of constants, as float64; None for anything else."""
        if tensor.output != 0 or deep > _DEEPEST:
            return None
        name = tensor.node
        if name not in self._values:
            self._values[name] = None
            value = self._computed(name, deep)
            self._elements += 0 if value is None else value.size
            self._values[name] = value if self._elements <= _MOST_ELEMENTS else None
        return self._values[name]

    def _computed(self, name: str, deep: int) -> Optional[np.ndarray]:
        inputs, op = self._graph.data_inputs(name), self._graph.op(name)
        if op == "Const":
            value = self._graph.constant(name)
            return None if value is None or value.dtype != np.float32 else value.astype(np.float64)
        if op not in _ARITHMETIC:
            return None
        found = [self._value(one, deep + 1) for one in inputs]
        values = [value for value in found if value is not None]
        if len(values) < len(found):
            return None
        if self._elements + np.broadcast(*values).size > _MOST_ELEMENTS:
            return None
        result: np.ndarray = _ARITHMETIC[op](*values)
        return result

    def _is_in_loop(self, name: str) -> bool:
        """Return whether a constant may belong to a loop; a new one would have to as well."""
        inputs = [tensor for node in self._graph.ancestors([name]) for tensor in self._graph.inputs[node]]
        return any(tensor.output < 0 for tensor in inputs)

    def _is_shared(self, name: str) -> bool:
        """Return whether other nodes use these weights too."""
        seen: Set[str] = set()
        while len(self._graph.consumers[name]) == 1 and name not in seen:
            seen.add(name)
            if not self._graph.inputs[name]:
                return False
            name = self._graph.inputs[name][0].node
        return True


def _is_channels_last(node: Any) -> bool:
    return "data_format" not in node.attr or node.attr["data_format"].s == b"NHWC"


def _is_inference(node: Any) -> bool:
    return "is_training" in node.attr and not node.attr["is_training"].b
