"""What was tuned is a layer of settings: for one graph, on one machine, below all that somebody sets."""

import dataclasses
import logging
import os
from pathlib import Path

import pytest

from appliance.board.machine import machine_facts
from appliance.board.tuned import apply_tuned
from appliance.cli.bench import command
from appliance.cli.bench.engines import with_engine
from appliance.core.engine_facts import EngineFacts
from appliance.core.errors import ConfigError
from appliance.core.files import hash_file
from appliance.settings import Layer, Profile, load_settings
from appliance.settings.tuned import Tuned, read_tuned, tuned_path, write_tuned

SETTINGS = {"engine": "tensorflow", "worker_threads": 3, "batch": 8, "xla": True}
UNDER = {"split_model": True, "exact": False}


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A working directory with a graph, and a tensorflow as far as anybody looks."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(EngineFacts, "is_installed", lambda engine: engine.name != "openvino")
    (tmp_path / "state").mkdir()
    (tmp_path / "graph.pb").write_bytes(b"a graph")
    return tmp_path


def entry(folder, **changes):
    fields = dict(
        graph=hash_file(folder / "graph.pb"),
        machine=machine_facts(),
        settings=SETTINGS,
        under=UNDER,
        measured={"fps": {"1 stream": 31.5}},
        versions={"tensorflow": "2.21.0"},
        date="2026-11-24 12:50",
    )
    return Tuned(**dict(fields, **changes))


def keep(folder, **changes):
    write_tuned(tuned_path("state"), {"cats": entry(folder, **changes)})


def applied(overrides=None, text=None, environ=None, profile=None, model="cats"):
    if text is not None:
        Path("config.yml").write_text(text)
    loaded = load_settings(None, environ or {}, overrides or {}, profile)
    return apply_tuned(loaded, model, Path("graph.pb"))


def chosen(loaded):
    return {key: getattr(loaded.settings, key) for key in SETTINGS}


DEFAULTS = {"engine": "auto", "worker_threads": 0, "batch": 0, "xla": None}


def test_it_is_read_as_it_was_written_and_damage_is_named(here):
    path = tuned_path("state")
    assert read_tuned(path) == {}
    entries = {"cats": entry(here), "Katzen für 2": entry(here, settings={"engine": "openvino"}, date="2026-11-24 1:0")}
    write_tuned(path, entries)
    assert read_tuned(path) == entries
    assert path.read_text(encoding="utf-8").startswith("# The fastest settings for each model on this machine")
    for text in ("", "version: 1", "version: 2\nmodels: {}", "[", "version: 1\nmodels: {cats: {graph: a}}", "\x00"):
        path.write_text(text)
        with pytest.raises(ConfigError, match=r"^state/tuned.yml: not as `tune` wrote it$"):
            read_tuned(path)
    for damage in (
        {"under": list(UNDER)},
        {"under": {}},
        {"machine": {"cores": 2, 9: 2}},
        {"machine": ["cores"]},
        {"settings": {}},
        {"under": dict(UNDER, listen="0.0.0.0:80")},
        {"settings": None},
        {"settings": {1: 2, "engine": "auto"}},
        {"versions": "2"},
    ):
        write_tuned(path, {"cats": entry(here, **damage)})
        with pytest.raises(ConfigError, match=r"^state/tuned.yml: not as `tune` wrote it$"):
            read_tuned(path)
    for settings, said in (
        ({"engine": "abacus"}, "engine must be one of"),
        ({"engine": "auto", "worker_threads": -1}, "worker_threads must be"),
        ({"engine": "auto", "listen": "0.0.0.0:80"}, "listen is nothing that is tuned"),
    ):
        write_tuned(path, {"cats": entry(here, settings=settings)})
        with pytest.raises(ConfigError, match="^state/tuned.yml: " + said):
            read_tuned(path)


def test_it_holds_for_its_model_and_says_so(here, caplog):
    keep(here)
    with caplog.at_level(logging.INFO):
        loaded = applied()
    assert chosen(loaded) == SETTINGS
    assert {loaded.origins[key] for key in SETTINGS} == {"tuned (state/tuned.yml)"}
    assert {loaded.layers[key] for key in SETTINGS} == {Layer.TUNED}
    assert caplog.messages == ["cats: tuned on 2026-11-24 12:50: tensorflow, 3 workers, up to 8 frames together, XLA"]
    assert chosen(applied(model="dogs")) == DEFAULTS


@pytest.mark.parametrize(
    "said, changes",
    [
        ("for another graph of this name", {"graph": "0" * 64}),
        ("on another machine (cores 64, now {cores})", {"cores": 64}),
        ("on another machine (cpu Z80, now {cpu}; gpu VGA, now {gpu})", {"cpu": "Z80", "gpu": "VGA"}),
        ("with exact: true", {"under": {"split_model": True, "exact": True}}),
        ("for the engine openvino, which is not installed any more", {"settings": {"engine": "openvino"}}),
    ],
)
def test_it_does_not_hold_elsewhere(here, caplog, said, changes):
    facts = machine_facts()
    if not set(changes) & {field.name for field in dataclasses.fields(Tuned)}:
        changes = {"machine": dict(facts, **changes)}
    keep(here, **changes)
    with caplog.at_level(logging.INFO):
        assert chosen(applied()) == DEFAULTS
    assert caplog.messages == [
        f"cats was tuned on 2026-11-24 12:50 {said.format(**facts)}: not used; `splitlens tune` measures again"
    ]


@pytest.mark.parametrize(
    "under, overrides, said",
    [
        ({"engine": "tensorflow", "worker_threads": 1}, {}, "with engine: tensorflow, worker_threads: 1"),
        ({"engine": "tensorflow", "worker_threads": 1}, {"engine": "tensorflow"}, "with worker_threads: 1"),
        ({"engine": "tensorflow"}, {}, "with engine: tensorflow"),
        ({"engine": "tensorflow"}, {"engine": "auto"}, "for the engine tensorflow, and --engine asks for auto"),
        ({"xla": True}, {}, "with xla: true"),
        ({"xla": True}, {"xla": "false"}, "with xla: true"),
        ({"engine": "tensorflow", "worker_threads": 1}, {"engine": "tensorflow", "worker_threads": "1"}, ""),
        ({"engine": "tensorrt"}, {"model_type": "trt_v1"}, ""),
        ({"xla": True}, {"xla": "true"}, ""),
    ],
)
def test_what_was_set_while_it_was_tuned_has_to_be_set_again(here, caplog, under, overrides, said):
    free = {key: value for key, value in SETTINGS.items() if key not in under}
    keep(here, settings=free, under=dict(UNDER, **under))
    with caplog.at_level(logging.INFO):
        loaded = applied(overrides)
    if said:
        assert Layer.TUNED not in loaded.layers.values()
        assert caplog.messages[-1] == (
            f"cats was tuned on 2026-11-24 12:50 {said}: not used; `splitlens tune` measures again"
        )
    else:
        assert {key for key, layer in loaded.layers.items() if layer == Layer.TUNED} == set(free)
        assert {key: getattr(loaded.settings, key) for key in free} == free


@pytest.mark.parametrize(
    "ways",
    [
        {"overrides": {"worker_threads": "1"}},
        {"environ": {"SPLITLENS_WORKER_THREADS": "1"}},
        {"text": "worker_threads: 1\n"},
    ],
)
def test_whatever_somebody_sets_wins(here, ways):
    keep(here)
    loaded = applied(**ways)
    assert chosen(loaded) == dict(SETTINGS, worker_threads=1)
    assert "tuned" not in loaded.origins["worker_threads"]


def test_a_profile_lies_below_it(here):
    keep(here)
    profile = Profile("mine", {"worker_threads": 9, "engine": "tensorrt"}, Path("mine.yml"))
    assert chosen(applied(profile=profile)) == SETTINGS


def test_the_bench_gets_the_engine_that_its_row_names(here, caplog, monkeypatch):
    monkeypatch.setattr(command, "load", lambda loaded, force: apply_tuned(loaded, "cats", Path("graph.pb")))
    keep(here)
    # A profile lies below what was tuned.
    loaded = load_settings(None, {}, {}, Profile("mine", {"engine": "openvino"}, Path("mine.yml")))
    with caplog.at_level(logging.INFO):
        other = command.load_other(with_engine(loaded, "openvino"), False)
        whole = command.load_other(with_engine(loaded, "tensorflow", split_model=False), False)
        same = command.load_other(with_engine(loaded, "tensorflow"), False)
    assert chosen(other) == dict(DEFAULTS, engine="openvino") and other.origins["engine"] == "bench"
    assert chosen(whole) == dict(DEFAULTS, engine="tensorflow")
    assert chosen(same) == SETTINGS
    assert caplog.messages == []


@pytest.mark.parametrize(
    "text, said",
    [
        ("engine: auto\n", "for the engine tensorflow, and config.yml line 1 asks for auto"),
        ("engine: openvino\n", "for the engine tensorflow, and config.yml line 1 asks for openvino"),
        ("width: 9\nmodel_type: trt_v1\n", "for the engine tensorflow, and config.yml line 2 asks for tensorrt"),
        ("exact: true\n", "with exact: false"),
        ("split_model: false\n", "with split_model: true"),
    ],
)
def test_it_holds_as_a_whole_or_not_at_all(here, caplog, text, said):
    keep(here)
    with caplog.at_level(logging.INFO):
        loaded = applied(text=text)
    assert Layer.TUNED not in loaded.layers.values()
    assert said in caplog.text


def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(str(tmp_path / "tuned.yml"))
    with pytest.raises(ConfigError, match="not as `tune` wrote it"):
        read_tuned(tmp_path / "tuned.yml")


def test_a_damaged_file_stops_nobody(here, caplog):
    tuned_path("state").write_text("cats: 9\n")
    assert chosen(applied()) == DEFAULTS
    assert caplog.messages == [
        "state/tuned.yml: not as `tune` wrote it. Nothing of it is used; delete it, or `splitlens tune` again"
    ]


def test_what_a_machine_is(tmp_path):
    (tmp_path / "proc").mkdir()
    (tmp_path / "dev").mkdir()
    (tmp_path / "proc" / "cpuinfo").write_text("processor\t: 0\nmodel name\t: Z80 @ 4 MHz\n")
    assert (machine_facts(tmp_path)["cpu"], machine_facts(tmp_path)["gpu"]) == ("Z80 @ 4 MHz", "none")
    card = tmp_path / "proc" / "driver" / "nvidia" / "gpus" / "0000:01:00.0"
    card.mkdir(parents=True)
    (card / "information").write_text("Model: \t\t NVIDIA H200\n")
    assert machine_facts(tmp_path)["gpu"] == "none", "a container may see the driver without the card"
    (tmp_path / "dev" / "nvidia0").write_text("")
    assert machine_facts(tmp_path)["gpu"] == "NVIDIA H200"
