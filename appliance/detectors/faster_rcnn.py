"""Faster R-CNN: boxes, in two stages."""

from appliance.detectors.boxes import make_box_detector
from appliance.detectors.family import Family
from appliance.graph.recognise.family import DETECTION_OUTPUTS, has_two_stages

FAMILY = Family(
    key="faster_rcnn",
    title="Faster R-CNN",
    outputs=DETECTION_OUTPUTS,
    recognise=has_two_stages,
    rank=20,
    make_detector=make_box_detector,
    candidates="proposals",
    model_types=("faster_v2",),
)
