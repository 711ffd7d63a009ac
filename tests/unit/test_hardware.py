"""Whether there is an NVIDIA GPU: one answer for the choice of an engine, for what was tuned, and for the doctor."""

import pytest

from appliance.board.machine import machine_facts
from appliance.core.hardware import Machine, has_nvidia_gpu
from appliance.engines import openvino


@pytest.mark.parametrize(
    "device, there",
    [
        ("nvidia0", True),
        ("nvidia1", True),
        ("nvhost-gpu", True),
        ("nvgpu", True),
        ("dxg", True),
        ("nvidiactl", False),
        ("nvidia-uvm", False),
        ("dri", False),
    ],
)
def test_it_is_there_where_a_device_of_it_is(tmp_path, device, there):
    (tmp_path / "dev").mkdir()
    assert not has_nvidia_gpu(tmp_path)
    (tmp_path / "dev" / device).write_text("")
    assert has_nvidia_gpu(tmp_path) is there
    assert (machine_facts(tmp_path)["gpu"] != "none") is there


@pytest.mark.parametrize("there", [True, False])
def test_openvino_is_for_pcs_without_one(there):
    assert openvino.ENGINE.suits(Machine(is_x86=True, has_nvidia_gpu=there)) is not there
    assert not openvino.ENGINE.suits(Machine(is_x86=False, has_nvidia_gpu=there))
