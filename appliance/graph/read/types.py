"""The data types of a graph's tensors, read from its nodes."""

from typing import Dict, Tuple, Union

from appliance.graph.read.frozen import DT_FLOAT, DT_INT32, Graph, Tensor
from appliance.graph.read.loops import is_list

DT_RESOURCE, DT_VARIANT = 20, 21
_BOOL, _INT64 = 10, 9
# Where an operation's type stands: a number, or the attribute that holds it.
_Type = Union[int, str]
# Most operations: the first of these attributes that there is. Tout lists a type for each output.
_USUAL = ("dtype", "element_dtype", "DstT", "Tparams", "Tout", "T", "Tidx")
# The others: one for all outputs, or one for each.
_SPECIAL: Dict[str, Union[_Type, Tuple[_Type, ...]]] = {
    "Shape": "out_type",
    "ShapeN": "out_type",
    "Size": "out_type",
    "Rank": DT_INT32,
    "Where": _INT64,
    "ArgMax": "output_type",
    "ArgMin": "output_type",
    "TopK": ("T", DT_INT32),
    "TopKV2": ("T", DT_INT32),
    "Unique": ("T", "out_idx"),
    "ResizeBilinear": DT_FLOAT,
    "ResizeBicubic": DT_FLOAT,
    "CropAndResize": DT_FLOAT,
    "NonMaxSuppression": DT_INT32,
    "NonMaxSuppressionV2": DT_INT32,
    "NonMaxSuppressionV3": DT_INT32,
    "NonMaxSuppressionV4": DT_INT32,
    "NonMaxSuppressionV5": (DT_INT32, "T", DT_INT32),
    "CombinedNonMaxSuppression": (DT_FLOAT, DT_FLOAT, DT_FLOAT, DT_INT32),
    "TensorArraySizeV3": DT_INT32,
    "TensorListLength": DT_INT32,
}
_SPECIAL.update(
    (op, _BOOL)
    for op in (
        "Greater",
        "GreaterEqual",
        "Less",
        "LessEqual",
        "Equal",
        "NotEqual",
        "All",
        "Any",
        "LogicalAnd",
        "LogicalOr",
        "LogicalNot",
        "IsFinite",
        "IsInf",
        "IsNan",
    )
)
# What an attribute is where it is left out.
_DEFAULTS = {"out_type": DT_INT32, "out_idx": DT_INT32, "output_type": _INT64, "T": DT_FLOAT}


class UnknownTypeError(Exception):
    """The type of a tensor cannot be determined; the message names the tensor."""


def output_type(graph: Graph, tensor: Tensor) -> int:
    """Return the DataType number of a tensor. Raises UnknownTypeError."""
    attributes = graph.nodes[tensor.node].attr
    if is_list(graph.op(tensor.node)):
        return DT_VARIANT
    kind = _SPECIAL.get(graph.op(tensor.node))
    if isinstance(kind, tuple):
        kind = kind[tensor.output]
    if kind is None:
        kind = next((key for key in _USUAL if key in attributes), None)
    if kind is None:
        raise UnknownTypeError(f"{tensor} ({graph.op(tensor.node)})")
    if isinstance(kind, int):
        return kind
    value = attributes[kind] if kind in attributes else None
    if value is not None and value.list.type:
        return int(value.list.type[tensor.output])
    return int(value.type) if value is not None else _DEFAULTS[kind]
