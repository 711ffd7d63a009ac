"""Files are the old one or the new one; what is read has bounds."""

import os

import pytest

from appliance.core.files import keep_damaged, read_json, replacing, write_json, write_text


def test_a_new_file_is_private_and_whole(tmp_path):
    path = tmp_path / "folder" / "state.json"
    write_json(path, {"a": 1})
    assert read_json(path) == {"a": 1}
    assert path.stat().st_mode & 0o777 == 0o600
    assert [entry.name for entry in path.parent.iterdir()] == ["state.json"]


def test_what_fails_leaves_the_old_file_and_nothing_beside_it(tmp_path):
    path = tmp_path / "state.json"
    write_text(path, "old")
    with pytest.raises(RuntimeError), replacing(path) as file:
        file.write(b"half")
        raise RuntimeError
    assert path.read_text() == "old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["state.json"]


def test_file_and_folder_are_brought_to_the_disk_before_it_returns(tmp_path, monkeypatch):
    synced = []

    def note(descriptor):
        synced.append((os.readlink(f"/proc/self/fd/{descriptor}"), sorted(os.listdir(str(tmp_path)))))

    monkeypatch.setattr("appliance.core.files.os.fsync", note)
    write_text(tmp_path / "a", "1")
    assert len(synced) == 2
    assert synced[0][0].endswith(".new")  # the file, under the name that it has until it is whole
    assert synced[1] == (str(tmp_path), ["a"])  # then the folder, with the new name in it


@pytest.mark.parametrize("data", [b"", b"{", b"\xff", b"[" * 100000, b"1" * 101])
def test_what_is_no_json_or_too_long_is_a_value_error(tmp_path, data):
    path = tmp_path / "state.json"
    path.write_bytes(data)
    with pytest.raises(ValueError):
        read_json(path, most_bytes=100)


def test_numbers_that_no_double_holds_are_infinite(tmp_path):
    path = tmp_path / "state.json"
    path.write_text(f"[1{'0' * 400}, -1{'0' * 5000}, 12]")
    assert read_json(path) == [float("inf"), float("-inf"), 12]


@pytest.mark.parametrize(
    "make",
    [
        lambda path: path.mkdir(),
        lambda path: path.symlink_to(path),
        lambda path: path.symlink_to("/dev/zero"),
        lambda path: os.mkfifo(str(path)),
    ],
)
def test_what_is_no_file_is_a_value_error_and_moved_aside(tmp_path, make):
    path = tmp_path / "state.json"
    make(path)
    with pytest.raises(ValueError) as problem:
        read_json(path)
    assert keep_damaged(path, str(problem.value)).endswith(f". It is kept as {path}.damaged")
    assert [entry.name for entry in tmp_path.iterdir()] == ["state.json.damaged"]
    write_json(path, 1)
    assert read_json(path) == 1
    assert "It is kept as" in keep_damaged(path, "it is no JSON")


def test_a_damaged_file_is_kept_beside(tmp_path):
    path = tmp_path / "state.json"
    path.write_bytes(b"\xff")
    said = keep_damaged(path, "it is no text")
    assert said == f"{path} is damaged: it is no text. It is kept as {path}.damaged"
    assert path.read_bytes() == b"\xff"
    write_json(path, 1)
    assert path.with_name("state.json.damaged").read_bytes() == b"\xff"


def test_what_is_damaged_over_and_over_fills_no_disk_and_the_first_copy_stays(tmp_path):
    path = tmp_path / "state.json"
    for number in range(10):
        write_text(path, f"damage {number}")
        keep_damaged(path, "it is no JSON")
        assert keep_damaged(path, "it is no JSON").endswith("It was kept before")
    kept = sorted(entry.read_text() for entry in tmp_path.iterdir() if entry != path)
    assert kept == ["damage 0", "damage 1", "damage 2", "damage 3", "damage 9"]


def test_where_no_copy_can_be_kept_the_sentence_says_so(tmp_path):
    assert "It cannot be kept (No such file or directory)" in keep_damaged(tmp_path / "none" / "a", "it is no JSON")
