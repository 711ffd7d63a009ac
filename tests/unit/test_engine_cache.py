"""Built engines are kept, found again, and never mistaken."""

import logging

import pytest

from appliance.engines.cache import Built, EngineCache

FACTS = {"kind": "tensorrt", "graph": "aa", "precision": "FP16", "tensorrt": "8.5.2", "gpu": "Orin", "pictures": ""}
BUILT = Built(b"\x00\nplan\n\xff", {"window": [0.0, 1.0]})


def test_an_engine_comes_back_as_it_was_built(tmp_path):
    cache = EngineCache(tmp_path / "models" / ".engines")
    assert cache.read(FACTS) is None
    cache.write(FACTS, BUILT)
    assert EngineCache(tmp_path / "models" / ".engines").read(FACTS) == BUILT
    assert [path.suffix for path in (tmp_path / "models" / ".engines").iterdir()] == [".engine"]


@pytest.mark.parametrize("fact", sorted(FACTS))
def test_whatever_it_was_built_for_another_is_not_taken(tmp_path, fact):
    cache = EngineCache(tmp_path)
    cache.write(FACTS, BUILT)
    assert cache.read(dict(FACTS, **{fact: "other"})) is None


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data[:-1],
        lambda data: data[:-1] + b"\xfe",
        lambda data: b"",
        lambda data: b"\xff" * 100,
        lambda data: b"[]\n" + data,
        lambda data: b"{}\n" + data,
        lambda data: data.replace(b"Orin", b"Nano"),
        lambda data: data.replace(b"splitlens engine 1", b"splitlens engine 9"),
    ],
)
def test_a_damaged_or_foreign_file_is_said_and_replaced(tmp_path, caplog, damage):
    cache = EngineCache(tmp_path)
    cache.write(FACTS, BUILT)
    path = cache.path(FACTS)
    path.write_bytes(damage(path.read_bytes()))
    assert cache.read(FACTS) is None
    assert "damaged or of something else; it is built anew" in caplog.text
    cache.write(FACTS, BUILT)
    assert cache.read(FACTS) == BUILT


def test_a_folder_that_cannot_be_written_to_costs_only_time(tmp_path, caplog):
    (tmp_path / "file").write_text("")
    with caplog.at_level(logging.WARNING):
        EngineCache(tmp_path / "file" / "engines").write(FACTS, BUILT)
    assert "cannot be kept" in caplog.text and "builds it again" in caplog.text


def test_a_write_that_fails_leaves_nothing_behind(tmp_path, monkeypatch):
    def fail(handle):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", fail)
    EngineCache(tmp_path).write(FACTS, BUILT)
    assert list(tmp_path.iterdir()) == []
