"""The operations that a graph may hold, held against TensorFlow's own register of them."""

import pytest

from appliance.graph.read.checks import allowed_operations

pytestmark = pytest.mark.boards

# Text that an allowed operation takes as an attribute, where any text may stand: what it is for.
TEXTS = {
    "container": "where a resource of this process lives",
    "shared_name": "the name of such a resource",
    "tensor_array_name": "a name within this process",
    "frame_name": "the name of a loop",
    "message": "is written to the log",
    "equation": "of an Einsum",
    "config": "how a function is optimised",
    "config_proto": "how a function is optimised",
    "executor_type": "which of TensorFlow's own executors",
    "noise": "uniform, gaussian or zero",
    "interpolation": "of an image",
    "fill_mode": "of an image",
    "kernel_type": "of a resize",
    "data_format": "the order of dimensions",
    "padding": "SAME or VALID",
    "direction": "of a list",
    "dct_method": "of a JPEG",
    "activation_mode": "of a convolution",
    "fused_ops": "operations in one kernel",
    "mode": "of a quantization",
    "bad_indices_policy": "an error or none",
    "input_quant_mode": "of a quantization",
    "output_quant_mode": "of a quantization",
    "round_mode": "of a rounding",
}
# Text that it takes as a value.
TEXT_INPUTS = {"DecodeBmp", "DecodeImage", "DecodeJpeg", "DecodePng"}


def registered():
    from tensorflow.core.framework import op_def_pb2
    from tensorflow.python.client import pywrap_tf_session

    found = op_def_pb2.OpList()
    found.ParseFromString(pywrap_tf_session.TF_GetBuffer(pywrap_tf_session.TF_GetAllOpList()))
    return {op.name: op for op in found.op}


def test_no_allowed_operation_takes_a_text_that_could_name_a_file():
    string = 7
    unexplained = []
    for name, op in registered().items():
        if name in allowed_operations():
            unexplained += [
                f"{name}.{one.name}"
                for one in op.attr
                if "string" in one.type and not one.HasField("allowed_values") and one.name not in TEXTS
            ]
            if name not in TEXT_INPUTS:
                unexplained += [f"{name}({one.name})" for one in op.input_arg if one.type == string]
    assert not unexplained


def test_allowed_operations_are_spelt_as_tensorflow_spells_them():
    unknown = allowed_operations() - set(registered())
    assert unknown <= {"Conv", "Conv2DBackpropInputV2"}  # newer than the TensorFlow of some boards
