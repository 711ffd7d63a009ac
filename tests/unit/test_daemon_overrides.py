"""What operators changed: kept, forgotten when the configuration is newer, never half written."""

import json

import pytest

from appliance.daemon.changes import check_kept
from appliance.daemon.overrides import OverrideStore as CheckedMemory


def OverrideStore(state_dir):
    return CheckedMemory(state_dir, lambda key, value: value)


def test_a_change_is_recalled_by_the_next_process(tmp_path):
    OverrideStore(tmp_path).keep("det_th", 0.7, 0.5)
    memory = OverrideStore(tmp_path)
    assert memory.recall("det_th", 0.5) == 0.7
    assert memory.recall("model", "a") == "a"


def test_a_newer_configuration_wins(tmp_path):
    memory = OverrideStore(tmp_path)
    memory.keep("det_th", 0.7, 0.5)
    assert memory.recall("det_th", 0.6) == 0.6


def test_a_value_that_is_the_configured_one_is_forgotten(tmp_path):
    memory = OverrideStore(tmp_path)
    memory.keep("det_th", 0.7, 0.5)
    memory.keep("det_th", 0.5, 0.5)
    assert json.loads((tmp_path / "appliance.json").read_text())["changes"] == {}


def test_keys_are_listed_by_their_beginning(tmp_path):
    memory = OverrideStore(tmp_path)
    memory.keep("stream:door", [0, None], None)
    memory.keep("record:door", True, False)
    assert memory.keys("stream:") == {"door": [0, None]}


def test_where_it_cannot_be_written_the_change_holds_and_is_told(tmp_path):
    (tmp_path / "file").write_text("")
    memory = OverrideStore(tmp_path / "file")
    memory.keep("det_th", 0.7, 0.5)
    assert memory.recall("det_th", 0.5) == 0.7
    assert "until the next restart" in memory.problem


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{",
        '{"version": 2, "changes": {}}',
        '{"version": 1}',
        '{"version": 1, "changes": {"a": 1}}',
        '{"version": 1, "changes": []}',
    ],
)
def test_a_damaged_file_is_kept_aside(tmp_path, text):
    path = tmp_path / "appliance.json"
    path.write_text(text)
    memory = OverrideStore(tmp_path)
    assert memory.recall("a", 5) == 5
    assert path.with_name("appliance.json.damaged").read_text() == text
    memory.keep("a", 6, 5)
    assert OverrideStore(tmp_path).recall("a", 5) == 6


CONFIGURED = [0, "clips/street.mp4"]


@pytest.mark.parametrize(
    "key, value",
    [
        ("det_th", 0.3),
        ("max_vis_fps", 0),
        ("vis_text", False),
        ("shown_classes", ["person"]),
        ("power_mode", 2),
        ("jetson_clocks", True),
        ("model", "mine"),
        ("setting:door:det_th", 0.3),
        ("setting:door:shown_classes", []),
        ("record:door", True),
        ("stream:door", [1, None]),
        ("stream:door", ["rtsp://user:word@camera/1", "mine"]),
        ("stream:door", ["clips/street.mp4", None]),
        (
            "places:door:zones",
            {"yard": {"polygon": [[0.0, 0.0], [1.0, 0.0], [1.0, 1.0]], "filters": {"dog": {"min_area": 0.1}}}},
        ),
        ("places:door:lines", {"A": {"from": [0.1, 0.2], "to": [0.3, 0.4], "anchor": "corners"}}),
        ("places:door:ignore", [{"polygon": [[0.0, 0.0], [1.0, 0.0], [1.0, 1.0]], "labels": ["dog"]}]),
        ("places:door:privacy", [{"polygon": [[0.0, 0.0], [1.0, 0.0], [1.0, 1.0]]}]),
    ],
)
def test_what_could_be_set_is_read_back(tmp_path, key, value):
    OverrideStore(tmp_path).keep(key, value, None)
    memory = CheckedMemory(tmp_path, lambda key, value: check_kept(key, value, CONFIGURED))
    assert memory.recall(key, None) == value
    assert [path.name for path in tmp_path.iterdir()] == ["appliance.json"]


@pytest.mark.parametrize(
    "key, value",
    [
        ("det_th", "high"),
        ("det_th", float("nan")),
        ("det_th", True),
        ("max_vis_fps", "many"),
        ("vis_text", 1),
        ("shown_classes", "person"),
        ("shown_classes", [1]),
        ("model", 5),
        ("model", ""),
        ("setting:door:det_th", 3),
        ("setting:door:keep_days", 3),
        ("setting:Door!:det_th", 0.3),
        ("setting:door", 0.3),
        ("record:door", "yes"),
        ("record:../door", True),
        ("stream:door", "rtsp://camera"),
        ("stream:door", [0]),
        ("stream:door", [{}, None]),
        ("stream:door", [0, 5]),
        ("stream:Door!", [0, None]),
        ("stream:door", ["/etc/passwd", None]),
        ("stream:door", ["filesrc location=/etc/passwd ! appsink", None]),
        ("places:door:zones", {"yard": {"polygon": [[0.0, 0.0], [1.0, 0.0]]}}),
        ("places:door:zones", [1]),
        ("places:door:privacy", 3),
        ("places:door:colour", []),
        ("places:door", {}),
        ("places:Door!:privacy", []),
        ("power_mode", {}),
        ("jetson_clocks", 1),
        ("colour", "red"),
    ],
)
def test_what_could_not_be_set_is_dropped_and_a_copy_is_kept(tmp_path, key, value):
    before = OverrideStore(tmp_path)
    before.keep("vis_text" if key != "vis_text" else "det_th", {"vis_text": 0.7}.get(key, False), None)
    before.keep(key, value, None)
    text = (tmp_path / "appliance.json").read_text()
    memory = CheckedMemory(tmp_path, lambda key, value: check_kept(key, value, CONFIGURED))
    assert memory.recall(key, "configured") == "configured"
    assert memory.recall(*(("vis_text", None) if key != "vis_text" else ("det_th", None))) is not None
    assert (tmp_path / "appliance.json.damaged").read_text() == text


def test_a_file_that_is_no_text_is_kept_too(tmp_path):
    (tmp_path / "appliance.json").write_bytes(b"\xff\x00\xfe")
    assert OverrideStore(tmp_path).recall("det_th", 0.5) == 0.5
    assert (tmp_path / "appliance.json.damaged").read_bytes() == b"\xff\x00\xfe"


def test_what_is_dropped_is_told_once_and_is_right_at_the_next_start(tmp_path, caplog):
    path = tmp_path / "appliance.json"
    changes = {f"wrong {number}": {"value": 1, "over": None} for number in range(2000)}
    changes["det_th"] = {"value": 10**400, "over": 0.5}
    changes["vis_text"] = {"value": False, "over": [[[[[[True]]]]]]}
    changes["max_vis_fps"] = {"value": 5, "over": 0}
    path.write_text(json.dumps({"version": 1, "changes": changes}))
    checked = CheckedMemory(tmp_path, lambda key, value: check_kept(key, value, CONFIGURED))
    assert checked.recall("max_vis_fps", 0) == 5
    assert checked.keys("") == {"max_vis_fps": 5}
    assert "It and 2001 others are dropped" in caplog.text
    assert len(caplog.records) == 1
    assert CheckedMemory(tmp_path, lambda key, value: check_kept(key, value, CONFIGURED)).keys("") == {"max_vis_fps": 5}
    assert len(caplog.records) == 1
