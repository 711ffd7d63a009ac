"""SSD: boxes, in one stage: one network from the resized image to the scores."""

from appliance.detectors.boxes import make_box_detector
from appliance.detectors.family import Family
from appliance.graph.read.frozen import Graph
from appliance.graph.recognise.family import DETECTION_OUTPUTS


def _recognise(graph: Graph) -> bool:
    return True  # the fallback: whatever no other family recognises


FAMILY = Family(
    key="ssd",
    title="SSD",
    outputs=DETECTION_OUTPUTS,
    recognise=_recognise,
    rank=100,
    make_detector=make_box_detector,
    is_single_stage=True,
    model_types=("nms_v0", "nms_v1", "nms_v2", "trt_v1"),
)
