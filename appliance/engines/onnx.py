"""Convert a front's network to ONNX, by tf2onnx."""

import importlib
import logging
from typing import Any

from appliance.core.errors import ModelError
from appliance.graph.rewrite.backbone import Network
from appliance.graph.rewrite.fake_quant import expand_fake_quant

# Supported by the parser of TensorRT 8.0 and later.
OPSET = 13


def to_onnx(network: Network) -> bytes:
    """Return an ONNX model with the same inputs and outputs, by name, as the network. Raises ModelError."""
    try:
        import tensorflow as tf

        tf2onnx: Any = importlib.import_module("tf2onnx")
    except ImportError as error:
        raise ModelError(
            f"Building a TensorRT engine takes TensorFlow and tf2onnx, and one cannot be imported ({error}). "
            "`pip install -r requirements/tensorrt.txt` brings tf2onnx; once built, an engine needs neither."
        ) from error
    logging.getLogger("tf2onnx").setLevel(logging.ERROR)
    graph = expand_fake_quant(network.graph)
    message = tf.compat.v1.GraphDef.FromString(graph.message.SerializeToString())
    try:
        model, _ = tf2onnx.convert.from_graph_def(
            message,
            input_names=[str(network.input)],
            output_names=[str(tensor) for tensor in network.outputs],
            opset=OPSET,
        )
    except Exception as error:  # tf2onnx raises whatever its parts raise
        raise ModelError(
            f"tf2onnx {tf2onnx.__version__} cannot write this model as ONNX ({error}). Run it with --engine tensorflow."
        ) from error
    for value in model.graph.output:
        _check_fixed(value)
    data: bytes = model.SerializeToString()
    return data


def _check_fixed(value: Any) -> None:
    sizes = value.type.tensor_type.shape.dim
    if any(not size.HasField("dim_value") or size.dim_value < 1 for size in sizes):
        raise ModelError(
            f"The size of {value.name} depends on the picture, which TensorRT cannot take. Run this model with "
            "--engine tensorflow."
        )
