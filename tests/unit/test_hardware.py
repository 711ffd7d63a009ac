"""Whether there is an NVIDIA GPU: one answer for the choice of an engine, for what was tuned, and for the doctor."""

import pytest

from appliance.board.machine import machine_facts
from appliance.core.hardware import has_nvidia_gpu
from appliance.engines import choose


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
def test_openvino_is_for_pcs_without_one(monkeypatch, there):
    monkeypatch.setattr(choose, "is_x86", lambda: True)
    monkeypatch.setattr(choose, "has_nvidia_gpu", lambda: there)
    assert choose._is_for_openvino() is not there
