"""Events from real pictures: of a movie on the command line, and of the daemon until after its restart."""

import pytest

from appliance import bus
from tests.command import MODELS, read_json_lines, run
from tests.daemon import Daemon
from tests.waiting import wait_until

COCO = "ssdlite_mobilenet_v2_coco_2018_05_09"
FRAMES = 60
"""Of the street clip: two cars and somebody who comes nearer."""
CONFIG = """
streams:
  yard:
    source: 0
    zones: {all: {polygon: "0,0,1,0,1,1,0,1", inertia: 0.1}}
    lines: {A: {from: [0.5, 0], to: [0.5, 1]}}
"""


@pytest.fixture(scope="module")
def told(tmp_path_factory, samples, coco_model):
    """A run with events and detections: how it ended, and both."""
    here = tmp_path_factory.mktemp("events")
    (here / "config.yml").write_text(CONFIG)
    words = ("--stream", "yard", "--events", "-", "--json", "found.jsonl", "--max-frames", str(FRAMES), *MODELS)
    ended = run(here, "video", str(samples / "bikes.mp4"), *words)
    return ended, read_json_lines(ended.out), read_json_lines((here / "found.jsonl").read_text())


@pytest.mark.boards
def test_what_happens_in_a_movie_is_one_json_line_each(told):
    ended, lines, _ = told
    assert ended.code == 0, ended.err
    assert {line["stream"] for line in lines} == {"yard"} and {line["type"] for line in lines} <= {
        *("detected", "entered", "exited", "left", "stationary", "active", "crossed")
    }
    by_track = {}
    for line in lines:
        by_track.setdefault(line["track"], []).append(line)
    assert len(by_track) >= 2
    for track, own in by_track.items():
        assert [line["type"] for line in (own[0], own[-1])] == ["detected", "left"]
        assert track.startswith(f"{own[0]['time']:.6f}-")
        assert 0 <= own[0]["time"] <= own[-1]["time"] <= FRAMES / 25
        assert {"entered", "exited"} <= {line["type"] for line in own if line.get("zone") == "all"}
    assert "zone all: " in ended.err and "line A: in: " in ended.err


@pytest.mark.boards
def test_detections_name_the_tracks_of_these_events_and_none_is_below_the_threshold(told):
    _, lines, found = told
    assert len(found) == FRAMES
    detections = [detection for line in found for detection in line["detections"]]
    assert {line["track"] for line in lines} <= {detection.get("track") for detection in detections}
    assert min(detection["score"] for detection in detections) >= 0.5
    assert not any(detection["stationary"] for detection in detections if "track" in detection)


def test_masks_of_the_stream_black_and_drop_and_without_events_main_changes_nothing(tmp_path, samples, coco_model):
    everywhere = "0,0,1,0,1,1,0,1"
    (tmp_path / "config.yml").write_text(
        f'streams:\n  main: {{source: 0, ignore: ["{everywhere}"]}}\n  yard: {{source: 0, privacy: ["{everywhere}"]}}\n'
    )
    found = {}
    for name, words in {"alone": (), "yard": ("--stream", "yard"), "main": ("--events", "events.jsonl")}.items():
        ended = run(
            tmp_path,
            "video",
            str(samples / "bikes.mp4"),
            *("--json", f"{name}.jsonl", "--max-frames", "10", *MODELS, *words),
        )
        assert ended.code == 0, ended.err
        lines = read_json_lines((tmp_path / f"{name}.jsonl").read_text())
        found[name] = sum(len(line["detections"]) for line in lines)
    assert found["alone"] > 0 and found["yard"] == found["main"] == 0
    assert (tmp_path / "events.jsonl").read_text() == ""


@pytest.mark.parametrize(
    "words, code, sentence",
    [
        (("--stream", "yrad"), 2, "--stream yrad: there is no such stream; did you mean yard?"),
        (("--events", "-", "--json", "-"), 2, "--json and --events cannot both write to standard output"),
        (("--events", "/dev/full"), 5, "/dev/full: no space left."),
        (("--events", "missing/events.jsonl"), 5, "missing/events.jsonl: no such directory."),
    ],
)
def test_what_cannot_be_is_said_with_its_exit_code(tmp_path, samples, coco_model, words, code, sentence):
    (tmp_path / "config.yml").write_text(CONFIG)
    ended = run(tmp_path, "video", str(samples / "bikes.mp4"), *words, "--max-frames", str(FRAMES), *MODELS)
    assert ended.code == code and sentence in ended.err


@pytest.mark.parametrize(
    "words, sentence",
    [
        (("--events", "movie.avi"), "--events movie.avi would overwrite the source; name another file."),
        (("--json", "./movie.avi"), "--json ./movie.avi would overwrite the source; name another file."),
        (("--json", "link.avi"), "--json link.avi would overwrite the source; name another file."),
        (("--json", "a.jsonl", "--events", "./a.jsonl"), "--json and --events cannot both write to ./a.jsonl; name"),
    ],
)
def test_no_output_takes_the_place_of_the_movie_or_of_the_other(tmp_path, words, sentence):
    movie = tmp_path / "movie.avi"
    movie.write_bytes(b"a movie")
    (tmp_path / "link.avi").symlink_to(movie)
    ended = run(tmp_path, "video", str(movie), *words, *MODELS)
    assert ended.code == 2 and sentence in ended.err
    assert movie.read_bytes() == b"a movie"


def test_an_event_of_the_daemon_is_told_listed_and_still_there_after_a_restart(tmp_path, samples, coco_model):
    config = f"model: {COCO}\nstreams:\n  main:\n    source: {samples / 'bikes.mp4'}\n"
    config += '    zones: {all: {polygon: "0,0,1,0,1,1,0,1", inertia: 0.1}}\n'
    with Daemon(tmp_path, config=config) as daemon:
        listener = bus.EventSubscriber(daemon.run_dir, ("event",))
        try:
            topic, message = wait_until(lambda: listener.receive(1.0))
        finally:
            listener.close()
        event = message["event"]
        assert (topic, message["type"], event["stream"], event["end"]) == ("event", "new", "main", None)
        daemon.events("statistics", lambda message: message["streams"]["main"]["counts"]["entries"]["all"])
        daemon.events("detections", lambda message: any("track" in one for one in message["detections"]))
        wait_until(lambda: event["id"] in [one["id"] for one in daemon.ask("list_events")["events"]])
        daemon.stop()
    with Daemon(tmp_path, config=config) as daemon:
        found = wait_until(lambda: {one["id"]: one for one in daemon.ask("list_events")["events"]}.get(event["id"]))
        assert found["end"] is not None and found["zones"] == ["all"] and found["review"] == event["review"]
        reviews = {one["id"]: one for one in daemon.ask("list_reviews")["reviews"]}
        assert reviews[event["review"]]["end"] is not None and event["id"] in reviews[event["review"]]["events"]
        happenings = daemon.ask("get_event", id=event["id"])["happenings"]
        assert [one["type"] for one in happenings if one["type"] in ("detected", "left")] == ["detected", "left"]
