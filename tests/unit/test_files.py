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
        synced.append((os.readlink("/proc/self/fd/{}".format(descriptor)), sorted(os.listdir(str(tmp_path)))))

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


def test_a_damaged_file_is_kept_beside(tmp_path):
    path = tmp_path / "state.json"
    path.write_bytes(b"\xff")
    assert keep_damaged(path).read_bytes() == b"\xff" == path.read_bytes()
