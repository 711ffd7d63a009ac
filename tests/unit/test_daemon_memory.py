"""What operators changed: kept, forgotten when the configuration is newer, never half written."""

import json

import pytest

from appliance.daemon.memory import Memory


def test_a_change_is_recalled_by_the_next_process(tmp_path):
    Memory(tmp_path).keep("det_th", 0.7, 0.5)
    memory = Memory(tmp_path)
    assert memory.recall("det_th", 0.5) == 0.7
    assert memory.recall("model", "a") == "a"


def test_a_newer_configuration_wins(tmp_path):
    memory = Memory(tmp_path)
    memory.keep("det_th", 0.7, 0.5)
    assert memory.recall("det_th", 0.6) == 0.6


def test_a_value_that_is_the_configured_one_is_forgotten(tmp_path):
    memory = Memory(tmp_path)
    memory.keep("det_th", 0.7, 0.5)
    memory.keep("det_th", 0.5, 0.5)
    assert json.loads((tmp_path / "appliance.json").read_text())["changes"] == {}


def test_keys_are_listed_by_their_beginning(tmp_path):
    memory = Memory(tmp_path)
    memory.keep("stream:door", [0, None], None)
    memory.keep("record:door", True, False)
    assert memory.keys("stream:") == {"door": [0, None]}


def test_where_it_cannot_be_written_the_change_holds_and_is_told(tmp_path):
    (tmp_path / "file").write_text("")
    memory = Memory(tmp_path / "file")
    memory.keep("det_th", 0.7, 0.5)
    assert memory.recall("det_th", 0.5) == 0.7
    assert "until the next restart" in memory.problem


@pytest.mark.parametrize("text", ["", "[]", "{", '{"version": 2, "changes": {}}', '{"version": 1}',
                                  '{"version": 1, "changes": {"a": 1}}', '{"version": 1, "changes": []}'])
def test_a_damaged_file_is_kept_aside(tmp_path, text):
    path = tmp_path / "appliance.json"
    path.write_text(text)
    memory = Memory(tmp_path)
    assert memory.recall("a", 5) == 5
    assert path.with_name("appliance.json.damaged").read_text() == text
    memory.keep("a", 6, 5)
    assert Memory(tmp_path).recall("a", 5) == 6
