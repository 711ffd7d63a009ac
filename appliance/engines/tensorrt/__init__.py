"""TensorRT: runs the networks of SSD models on an NVIDIA GPU; the engine is built for this GPU once.

Built by TensorFlow's own converter if TensorFlow has it, otherwise by TensorRT's Python module.
"""

from typing import TYPE_CHECKING

from appliance.engines.description import BenchFacts, EngineDescription, EngineOptions, Front, TuneFacts

if TYPE_CHECKING:
    from appliance.engines.base import Engine


def _build_front(front: Front, options: EngineOptions) -> "Engine":
    from appliance.engines.tensorrt.build import build_front

    return build_front(front, options)


ENGINE = EngineDescription(
    name="tensorrt",
    title="TensorRT",
    module="tensorrt",
    auto_when="where model_type is trt_v1",
    note="TensorRT takes SSD models, and minutes to build an engine, once",
    precisions=("FP32", "FP16", "INT8"),
    needs="an NVIDIA GPU",
    model_type="trt_v1",
    build_front=_build_front,
    version=("tensorrt", "__version__"),
    tune=TuneFacts(on_gpu=True, is_slow_to_load=True),
    bench=BenchFacts(is_measured=False),
)
