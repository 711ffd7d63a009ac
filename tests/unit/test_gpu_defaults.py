"""How many images and threads a GPU gets, where nobody said so. The engines are pretended: CI has no GPU."""

import pytest

pytest.importorskip("tensorflow")

from appliance.core.hardware import Machine
from appliance.detectors import load
from appliance.detectors.load import load_detector
from appliance.detectors.plan import ModelOptions
from appliance.engines import choose
from appliance.engines.base import Engine
from appliance.engines.choose import EngineChoice
from appliance.engines.tensorflow import build as tensorflow_build
from appliance.engines.tensorrt import build as tensorrt_build
from tests.zoo import unpack, zoo_bytes

SSD, FASTER = "ssd_mobilenet_v1_coco_2018_01_28", "faster_rcnn_inception_v2_coco_2018_01_28"


class Stop(Exception):
    """Nothing of it is run."""


@pytest.mark.parametrize(
    "name, is_x86, taken, engine, options, asked, workers",
    [
        (SSD, True, 32, "auto", {}, 32, 8),
        (SSD, True, 1, "auto", {}, 32, 2),  # the graph takes one image only
        (SSD, False, 1, "auto", {}, 1, 2),  # a Jetson
        (SSD, True, 16, "auto", {"batch": 16, "worker_threads": 3}, 16, 3),
        (SSD, True, 1, "auto", {"batch": 1}, 1, 2),
        (SSD, True, 1, "tensorrt", {}, 1, 2),
        (FASTER, True, 1, "auto", {}, 1, 2),
    ],
)
def test_a_gpu_gets_batches_where_they_help(
    name, is_x86, taken, engine, options, asked, workers, zoo_dir, tmp_path, monkeypatch
):
    found = {}

    def pretend(graph, front, session, batch):
        found["batch"] = batch
        pretended = Engine()
        pretended.batch = taken
        return pretended

    def plan_of_tensorrt(network, options, pictures, reason):
        found["batch"] = 1
        return Engine()

    def stop(detector, plan):
        found["workers"] = detector.workers
        raise Stop

    monkeypatch.setattr(choose, "this_machine", lambda: Machine(is_x86=is_x86, has_nvidia_gpu=True))
    monkeypatch.setattr(tensorflow_build, "gpu_names", lambda: ["/device:GPU:0"])
    monkeypatch.setattr(tensorflow_build, "is_x86", lambda: is_x86)
    monkeypatch.setattr(tensorflow_build, "available_cores", lambda: 16)
    monkeypatch.setattr(tensorflow_build, "_build", pretend)
    monkeypatch.setattr(tensorrt_build, "_by_tensorrt", plan_of_tensorrt)
    monkeypatch.setattr(load, "_warm", stop)
    path = unpack(zoo_bytes(zoo_dir, name), tmp_path, name)
    with pytest.raises(Stop):
        load_detector(path, name, {}, ModelOptions(engine=EngineChoice(engine), **options))
    assert found == {"batch": asked, "workers": workers}
