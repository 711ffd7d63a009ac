"""Replace the FakeQuant operations of graphs that were trained for INT8 by plain arithmetic.

ONNX has no equivalent that TensorRT takes: its own quantisation allows no zero point. The rule is that of
tensorflow/core/kernels/fake_quant_ops_functor.h: the range is nudged so that 0 is one of its steps.
"""

from dataclasses import dataclass
from typing import Any, Dict, List, Optional

import numpy as np

from appliance.graph.read.frozen import DT_FLOAT, Graph, make_const, make_node, type_attribute

_OPS = ("FakeQuantWithMinMaxVars", "FakeQuantWithMinMaxArgs")


@dataclass(frozen=True)
class Steps:
    """A quantised range, float32 each. low, high: after nudging; size: of one step."""

    low: np.float32
    high: np.float32
    size: np.float32


def expand_fake_quant(graph: Graph) -> Graph:
    """Return the graph with every FakeQuant of constant range replaced; constants are quantised at once."""
    replaced: Dict[str, List[Any]] = {}
    for name in graph.nodes:
        if graph.op(name) in _OPS:
            steps = _steps(graph, name)
            if steps is not None:
                replaced[name] = _expanded(graph, name, steps)
    if not replaced:
        return graph
    return graph.with_nodes(node for name, original in graph.nodes.items() for node in replaced.get(name, [original]))


def quantise(values: np.ndarray, steps: Steps) -> np.ndarray:
    """Return the nearest step of each value, as TensorFlow computes it in float32."""
    shifted = np.minimum(np.maximum(values, steps.low), steps.high) - steps.low
    quantised: np.ndarray = np.floor(shifted / steps.size + np.float32(0.5)) * steps.size + steps.low
    return quantised.astype(np.float32)


def make_steps(low: float, high: float, bits: int, is_narrow: bool) -> Steps:
    """Return the steps of a range as it was trained; is_narrow leaves out the lowest step."""
    first, last = np.float32(1 if is_narrow else 0), np.float32((1 << bits) - 1)
    size = (np.float32(high) - np.float32(low)) / (last - first)
    zero = first - np.float32(low) / size
    zero = first if zero < first else last if zero > last else np.float32(np.floor(zero + np.float32(0.5)))
    return Steps((first - zero) * size, (last - zero) * size, size)


def _steps(graph: Graph, name: str) -> Optional[Steps]:
    attributes = graph.nodes[name].attr
    if graph.op(name) == "FakeQuantWithMinMaxArgs":
        low, high = attributes["min"].f, attributes["max"].f
    else:
        ends = [graph.constant(tensor.node) for tensor in graph.data_inputs(name)[1:3]]
        if ends[0] is None or ends[1] is None:
            return None
        low, high = float(ends[0]), float(ends[1])
    if not low < high:
        return None
    return make_steps(low, high, int(attributes["num_bits"].i or 8), bool(attributes["narrow_range"].b))


def _expanded(graph: Graph, name: str, steps: Steps) -> List[Any]:
    source = graph.nodes[name].input[0]
    constant = graph.constant(graph.inputs[name][0].node)
    if constant is not None:
        return [make_const(name, quantise(constant, steps))]
    nodes = []
    arithmetic = [
        ("Maximum", steps.low), ("Minimum", steps.high), ("Sub", steps.low), ("RealDiv", steps.size),
        ("Add", np.float32(0.5)), ("Floor", None), ("Mul", steps.size), ("Add", steps.low),
    ]  # fmt: skip
    for index, (op, number) in enumerate(arithmetic):
        inputs = [source]
        if number is not None:
            nodes.append(make_const(f"{name}/number{index}", np.array(number, np.float32)))
            inputs.append(nodes[-1].name)
        source = f"{name}/step{index}" if index < len(arithmetic) - 1 else name
        nodes.append(make_node(source, op, inputs, T=type_attribute(DT_FLOAT)))
    return nodes
