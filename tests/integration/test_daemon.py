"""The daemon as `up` starts it: a real model, movies and pipelines that play, the real bus, and its end."""

import base64
import shutil
import subprocess
import threading
import time

import cv2
import numpy as np
import pytest

from appliance import bus
from appliance.contract.errors import Refused
from tests.command import ROOT, run
from tests.daemon import PERSON, Daemon
from tests.waiting import LIMIT

COCO = "ssdlite_mobilenet_v2_coco_2018_05_09"
PATTERN = "videotestsrc is-live=true ! video/x-raw,width=320,height=240,framerate=15/1 ! videoconvert ! appsink"


@pytest.fixture(scope="module")
def daemon(tmp_path_factory, samples, person_model, coco_model):
    """One for the tests that put back what they change."""
    folder = tmp_path_factory.mktemp("daemon")
    (folder / "empty").mkdir()
    config = f"model: {PERSON}\nstreams:\n  main: {samples / 'bikes.mp4'}\n"
    config += f"  door: {{source: '{PATTERN}', live_width: 160}}\n"
    with Daemon(folder, config=config) as daemon:
        daemon.until_ready()
        daemon.until(lambda state: all(row["status"] in ("live", "slow") for row in state["streams"]))
        yield daemon


def decode(jpeg):
    return cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)


def refusal(daemon, command, **fields):
    with pytest.raises(Refused) as caught:
        daemon.ask(command, **fields)
    return caught.value.kind, str(caught.value)


@pytest.mark.boards
class TestPictures:
    def test_they_move_and_have_the_streams_size_or_what_is_set_for_it_alone(self, daemon):
        first, second = (decode(jpeg) for jpeg in daemon.pictures(2))
        assert first.shape == (272, 640, 3) and (first != second).any()
        assert decode(daemon.pictures(1, "door")[0]).shape == (120, 160, 3)

    def test_nothing_is_drawn_while_nobody_looks(self, daemon):
        drawn = daemon.events("statistics", lambda event: event["streams"]["main"]["vfps"] == 0)
        assert drawn["streams"]["main"]["timings"]["draw"] is None
        assert not daemon.stream()["watched"]
        daemon.pictures(5)
        drawn = daemon.events("statistics", lambda event: event["streams"]["main"]["vfps"] > 0)
        assert drawn["streams"]["main"]["timings"]["draw"] > 0

    def test_pictures_a_second_are_limited(self, daemon):
        daemon.ask("change_settings", settings={"max_vis_fps": 2})
        began = time.monotonic()
        daemon.pictures(4)
        assert time.monotonic() - began > 0.9  # four pictures have at least three pauses, the first perhaps shorter
        assert daemon.ask("change_settings", settings={"max_vis_fps": None})["state"]["settings"]["max_vis_fps"] == 0


@pytest.mark.boards
class TestFigures:
    def test_streams_are_measured_each_for_itself(self, daemon):
        event = daemon.events("statistics", lambda event: len(event["streams"]) == 2)
        for figures in event["streams"].values():
            assert figures["fps"] > 0 and figures["timings"]["front"] > 0
            assert figures["latency"]["buckets"][-1] == ["+Inf", figures["latency"]["count"]]
            assert figures["latency"]["count"] == figures["frames"]

    def test_detections_are_told(self, daemon):
        event = daemon.events("detections", lambda event: event["stream"] == "main" and event["detections"])
        assert (event["width"], event["height"]) == (640, 272)
        assert event["detections"][0]["label"] == "person" and event["detections"][0]["score"] >= 0.5
        seen = daemon.events("statistics", lambda event: event["streams"]["main"]["seen"].get("person"))
        assert seen["streams"]["door"]["seen"].get("person", 0) == 0


def test_what_an_operator_ignores_is_dropped_at_once_and_without_opening_the_source_again(daemon):
    def detections(count):
        found = []
        daemon.events(
            "detections", lambda event: event["stream"] == "main" and (found.append(event) or len(found) >= count)
        )
        return [event["detections"] for event in found]

    daemon.ask("set_zones", stream="main", ignore=[{"polygon": "0,0,1,0,1,1,0,1"}])
    assert not any(detections(12)[2:])
    everything = daemon.ask("set_zones", stream="main", ignore=[{"polygon": "0,0,1,0,1,1,0,1", "labels": ["car"]}])
    assert everything["streams"]["main"]["ignore"][0]["labels"] == ["car"]
    assert daemon.events("detections", lambda event: event["stream"] == "main" and event["detections"])
    assert daemon.ask("set_zones", stream="main")["streams"]["main"]["ignore"] == []
    assert refusal(daemon, "set_zones", stream="main", zones={"a": {"polygon": "0,0,1,1"}}) == (
        "invalid",
        "zones.a.polygon has 2 points; a polygon needs three or more.",
    )
    assert refusal(daemon, "set_zones", stream="other")[0] == "not_found"


@pytest.mark.boards
class TestModels:
    def test_another_takes_over_while_pictures_go_on(self, daemon):
        stop, gaps = threading.Event(), []

        def watch():
            listener, last = bus.FrameSubscriber(daemon.run_dir, "main"), None
            while not stop.is_set():
                if listener.receive(0.5) is not None:
                    now = time.monotonic()
                    gaps.append(now - (last or now))
                    last = now
            listener.close()

        watcher = threading.Thread(target=watch)
        watcher.start()
        state = daemon.ask("set_model", model=COCO)["state"]
        assert (state["model"]["status"], state["model"]["wanted"], state["model"]["name"]) == ("loading", COCO, PERSON)
        state = daemon.until_ready(COCO)
        assert "bicycle" in state["model"]["labels"] and state["model"]["path"] == "fast"
        daemon.events("statistics", lambda event: "car" in event["streams"]["main"]["seen"])
        stop.set()
        watcher.join(LIMIT)
        print(f"longest gap between pictures while the model was switched: {max(gaps):.2f} s")
        assert len(gaps) > 10
        daemon.ask("set_model", model=PERSON)
        daemon.until_ready()

    def test_one_that_is_not_installed_is_refused(self, daemon):
        kind, sentence = refusal(daemon, "set_model", model="nonsense")
        assert kind == "not_found" and "nonsense is not installed" in sentence

    def test_the_catalogue_says_what_is_installed(self, daemon):
        rows = {row["name"]: row for row in daemon.state()["models"]}
        assert rows[PERSON]["installed"] and rows[COCO]["installed"]
        other = rows["ssd_mobilenet_v1_coco_2018_01_28"]
        assert not other["installed"] and other["fits"] and other["bytes"] > 10**7

    def test_what_is_installed_is_not_fetched(self, daemon):
        assert refusal(daemon, "get_model", model=PERSON)[0] == "conflict"
        assert refusal(daemon, "get_model", model="nonsense")[0] == "not_found"


@pytest.mark.boards
class TestSources:
    def test_one_frame_of_a_source_can_be_tried(self, daemon):
        answer = daemon.ask("test_source", source=PATTERN.replace("320", "400"))
        assert (answer["width"], answer["height"]) == (400, 240)
        assert decode(base64.b64decode(answer["jpeg"])).shape == (240, 400, 3)

    @pytest.mark.parametrize(
        "source, kind, words",
        [
            ("/dev/video77", "failed", "/dev/video77"),
            ("rtsp://127.0.0.1:9/none", "failed", "rtsp://127.0.0.1:9/none"),
            ("/etc/passwd", "invalid", "a device path (/dev/video0)"),
            ("/dev/../etc/passwd", "invalid", "a device path (/dev/video0)"),
            ("movie.mp4", "invalid", "Movies come from the config file"),
            ("file:///etc/passwd", "invalid", "is no camera"),
            ("filesrc location=/etc/passwd ! appsink", "invalid", "'filesrc' is no element"),
            ("videotestsrc ! tee name=t ! appsink", "invalid", "'tee' is no element"),
            ("/dev/null/x!y", "invalid", "a device path (/dev/video0)"),
            ("videotestsrc", "invalid", "is no camera"),
            ("videotestsrc ! fakesink", "invalid", "has to end in"),
            (300, "invalid", "A source is a camera's number"),
            (True, "invalid", "A source is a camera's number"),
            ("", "invalid", "A source is a camera's number"),
            ("rtsp://***@camera/1", "invalid", "*** stands for"),
        ],
    )
    def test_what_cannot_be_a_source_is_refused_with_the_reason(self, daemon, source, kind, words):
        found, sentence = refusal(daemon, "test_source", source=source)
        assert (found, words in sentence) == (kind, True), sentence

    def test_a_stream_takes_another_source_and_goes_back(self, daemon):
        daemon.ask("set_stream", stream="door", source=PATTERN.replace("320", "400"))
        daemon.until(lambda state: daemon.stream("door")["width"] == 400)
        row = daemon.stream("door")
        assert not row["is_configured"] and row["configured_source"] == PATTERN
        assert decode(daemon.pictures(1, "door")[0]).shape == (96, 160, 3)
        daemon.ask("reset_stream", stream="door")
        daemon.until(lambda state: daemon.stream("door")["width"] == 320)
        assert daemon.stream("door")["is_configured"]

    def test_a_stream_can_be_added_with_a_model_of_its_own_and_removed(self, daemon):
        daemon.ask("set_stream", stream="yard", source=str(ROOT / "samples" / "bikes.mp4"), model=COCO)
        event = daemon.events("statistics", lambda event: "bicycle" in event["streams"].get("yard", {}).get("seen", {}))
        assert "bicycle" not in event["streams"]["main"]["now"]
        assert refusal(daemon, "reset_stream", stream="yard")[0] == "conflict"
        names = [row["name"] for row in daemon.ask("remove_stream", stream="yard")["state"]["streams"]]
        assert names == ["main", "door"]

    @pytest.mark.parametrize(
        "command, fields, kind",
        [
            ("set_stream", {"stream": "The Door", "source": 0}, "invalid"),
            ("set_stream", {"stream": "../x", "source": 0}, "invalid"),
            ("set_stream", {"stream": "x", "source": 0, "model": "nonsense"}, "not_found"),
            ("remove_stream", {"stream": "main"}, "conflict"),
            ("remove_stream", {"stream": "none"}, "not_found"),
            ("record", {"stream": "main", "on": "yes"}, "invalid"),
            ("delete_recording", {"name": "../config.yml"}, "invalid"),
            ("no_such_command", {}, "invalid"),
        ],
    )
    def test_what_makes_no_sense_is_refused(self, daemon, command, fields, kind):
        assert refusal(daemon, command, **fields)[0] == kind


@pytest.mark.boards
class TestSettings:
    def test_classes_and_threshold_take_effect_while_it_runs(self, daemon):
        daemon.ask("change_settings", settings={"shown_classes": []})
        daemon.events("statistics", lambda event: event["streams"]["main"]["now"] == {})
        daemon.ask("change_settings", settings={"shown_classes": None, "det_th": 0.01})
        daemon.events("statistics", lambda event: event["streams"]["main"]["now"].get("person", 0) > 12)
        daemon.ask("change_settings", settings={"det_th": None})
        daemon.events("statistics", lambda event: event["streams"]["main"]["now"].get("person", 0) < 8)

    def test_a_stream_has_a_threshold_and_classes_of_its_own(self, daemon):
        now = lambda event: event["streams"]["main"]["now"].get("person", 0)  # noqa: E731
        daemon.ask("change_stream_settings", stream="main", settings={"det_th": 0.01})
        daemon.events("statistics", lambda event: now(event) > 12)
        assert daemon.stream()["settings"] == {"det_th": 0.01} and daemon.state()["settings"]["det_th"] == 0.5
        daemon.ask("change_stream_settings", stream="main", settings={"shown_classes": ["bicycle"]})
        daemon.events("statistics", lambda event: event["streams"]["main"]["now"] == {})
        daemon.ask("change_stream_settings", stream="main", settings={"det_th": None, "shown_classes": None})
        daemon.events("statistics", lambda event: 0 < now(event) < 8)
        assert daemon.stream()["settings"] == {}
        assert refusal(daemon, "change_stream_settings", stream="none", settings={"det_th": 0.1})[0] == "not_found"

    @pytest.mark.parametrize(
        "settings, words",
        [
            ({"det_th": 2}, "det_th must be a number from 0 to 1"),
            ({"det_th": "high"}, "det_th must be"),
            ({"max_vis_fps": -1}, "max_vis_fps must be"),
            ({"shown_classes": "person"}, "must be a list"),
            ({"model": "x"}, "model is no setting of the dashboard"),
            ({"vis_text": 1}, "vis_text must be true or false"),
            ([], "Settings are an object"),
        ],
    )
    def test_a_wrong_value_changes_nothing(self, daemon, settings, words):
        before = daemon.state()["settings"]
        if isinstance(settings, dict):
            settings = dict({"vis_text": False}, **settings)
        kind, sentence = refusal(daemon, "change_settings", settings=settings)
        assert kind == "invalid" and words in sentence
        assert daemon.state()["settings"] == before


@pytest.mark.boards
class TestRecording:
    def test_it_is_listed_played_and_deleted(self, daemon):
        daemon.ask("record", stream="main", on=True)
        daemon.until(lambda state: (daemon.stream()["recording"] or {}).get("seconds", 0) > 1)
        running = daemon.ask("list_recordings")["recordings"][0]
        assert running["recording"] and refusal(daemon, "delete_recording", name=running["name"])[0] == "conflict"
        daemon.ask("record", stream="main", on=False)
        assert daemon.stream()["recording"] is None
        rows = daemon.ask("list_recordings")["recordings"]
        assert [(row["name"], row["recording"], row["stream"]) for row in rows] == [(running["name"], False, "main")]
        path = daemon.folder / "recordings" / rows[0]["name"]
        assert path.stat().st_mode & 0o777 == 0o600 and path.parent.stat().st_mode & 0o777 == 0o700
        movie = cv2.VideoCapture(str(path))
        assert movie.read()[1].shape == (272, 640, 3)
        assert movie.get(cv2.CAP_PROP_FRAME_COUNT) / movie.get(cv2.CAP_PROP_FPS) == pytest.approx(rows[0]["seconds"])
        assert daemon.ask("delete_recording", name=rows[0]["name"])["recordings"] == []


def test_a_model_that_cannot_be_loaded_leaves_the_old_one_running(tmp_path, samples, person_model):
    models = tmp_path / "models"
    shutil.copytree(str(person_model.parent), str(models / PERSON))
    (models / "broken").mkdir()
    (models / "broken" / "frozen_inference_graph.pb").write_bytes(b"no graph at all")
    words = (str(samples / "bikes.mp4"), "--model", PERSON, "--models-dir", str(models))
    with Daemon(tmp_path, *words) as daemon:
        daemon.until_ready()
        daemon.ask("set_model", model="broken")
        state = daemon.until(lambda state: state["model"]["wanted"] is None)
        assert state["model"]["status"] == "ready" and state["model"]["name"] == PERSON
        assert "broken cannot be used" in state["model"]["error"] and "frozen graph" in state["model"]["error"]
        log = daemon.stop()
        assert "broken cannot be used" in log
    with Daemon(tmp_path, *words) as daemon:
        assert daemon.until_ready()["model"]["error"] is None


def test_without_a_model_pictures_move_and_the_page_can_say_why(tmp_path, samples):
    words = (str(samples / "bikes.mp4"), "--models-dir", str(tmp_path / "models"))
    with Daemon(tmp_path, *words) as daemon:
        state = daemon.until(lambda state: state["model"]["error"])
        assert state["model"]["status"] == "failed" and "models get" in state["model"]["error"]
        state = daemon.until(lambda state: state["streams"][0]["status"] != "starting")
        assert (state["streams"][0]["status"], state["daemon"]["status"]) == ("no_results", "no_model")
        assert "no model is loaded" in state["streams"][0]["problem"] and not state["daemon"]["ready"]
        first, second = daemon.pictures(2)
        assert first != second
        figures = daemon.events("statistics", lambda event: event["streams"]["main"]["source_fps"])["streams"]["main"]
        assert (figures["fps"], figures["timings"], figures["result_age"]) == (0.0, None, None)


def test_a_camera_that_is_not_there_is_tried_until_it_is(tmp_path, samples, person_model):
    """A link to a movie stands for a device: OpenCV opens both by their path."""
    device = tmp_path / "video9"
    config = f"model: {PERSON}\nlive_timeout: 2\nstreams:\n  cam: {device}\n"
    with Daemon(tmp_path, config=config) as daemon:
        state = daemon.until(lambda state: state["streams"][0]["status"] == "lost")
        assert str(device) in state["streams"][0]["problem"] or "no such" in state["streams"][0]["problem"].lower()
        device.symlink_to(samples / "bikes.mp4")
        daemon.until(lambda state: state["streams"][0]["status"] in ("live", "slow"))
        device.unlink()
        daemon.until(lambda state: state["streams"][0]["status"] == "lost")
        assert refusal(daemon, "test_source", source=str(device))[0] == "failed", "not an old picture"


@pytest.mark.boards
def test_what_was_changed_survives_a_restart_until_the_config_changes(tmp_path, samples, person_model):
    config = f"model: {PERSON}\ndet_th: 0.4\nstreams:\n  main: {samples / 'bikes.mp4'}\n"
    with Daemon(tmp_path, config=config) as daemon:
        daemon.ask("change_settings", settings={"det_th": 0.7, "vis_text": False})
        daemon.ask("set_stream", stream="added", source="rtsp://user:secret@127.0.0.1:9/x")
        daemon.ask("record", stream="main", on=True)
        daemon.until(lambda state: daemon.stream()["recording"])
    assert (tmp_path / "state" / "appliance.json").stat().st_mode & 0o777 == 0o600
    with Daemon(tmp_path, config=config) as daemon:
        state = daemon.state()
        assert state["settings"]["det_th"] == 0.7 and state["settings"]["vis_text"] is False
        assert [row["source"] for row in state["streams"]][1] == "rtsp://***@127.0.0.1:9/x"
        daemon.until(lambda state: daemon.stream()["recording"])
        log = daemon.stop()
        assert "secret" not in log + str(state)
    with Daemon(tmp_path, config=config.replace("0.4", "0.3")) as daemon:
        settings = daemon.state()["settings"]
        assert settings["det_th"] == 0.3 and settings["vis_text"] is False


def test_a_changed_stream_that_is_taken_out_of_the_config_is_gone(tmp_path, samples):
    config = f"streams:\n  main: {samples / 'bikes.mp4'}\n  door: {PATTERN}\n"
    with Daemon(tmp_path, "--models-dir", str(tmp_path), config=config) as daemon:
        daemon.ask("set_stream", stream="door", source="rtsp://127.0.0.1:9/x")
        daemon.ask("set_stream", stream="added", source="rtsp://127.0.0.1:9/x")
    with Daemon(tmp_path, "--models-dir", str(tmp_path), config=config[: config.index("  door")]) as daemon:
        assert [row["name"] for row in daemon.state()["streams"]] == ["main", "added"]


def test_without_a_place_for_recordings_it_detects_all_the_same(tmp_path, samples, person_model):
    (tmp_path / "recordings").write_text("no folder")
    with Daemon(tmp_path, str(samples / "bikes.mp4"), "--model", PERSON) as daemon:
        state = daemon.until_ready()
        assert "Choose another place" in state["storage"]["alarm"]
        daemon.ask("record", stream="main", on=True)
        daemon.until(lambda state: "Choose another place" in (daemon.stream()["recording_problem"] or ""))
        daemon.pictures(2)


def test_a_daemon_that_cannot_start_leaves_its_reason(tmp_path, samples):
    daemon = Daemon(tmp_path, str(samples / "bikes.mp4"), config="det_treshold: 1\n")
    ended = run(tmp_path, "daemon", str(daemon.run_dir / "daemon.json"))
    assert ended.code == 2
    words = bus.read_exit_reason(daemon.run_dir)
    assert "line 1" in words and "did you mean det_th" in words


def test_a_chosen_model_that_is_gone_is_replaced_by_the_configured_one(tmp_path, samples, person_model):
    models = tmp_path / "models"
    for name in (PERSON, "other"):
        shutil.copytree(str(person_model.parent), str(models / name))
    words = (str(samples / "bikes.mp4"), "--model", PERSON, "--models-dir", str(models))
    with Daemon(tmp_path, *words) as daemon:
        daemon.until_ready()
        daemon.ask("set_model", model="other")
        daemon.until_ready("other")
    shutil.rmtree(str(models / "other"))
    with Daemon(tmp_path, *words) as daemon:
        daemon.until_ready()
        assert "other, chosen in the dashboard, is not installed any more" in daemon.stop()


def test_a_damaged_state_file_is_kept_aside(tmp_path, samples):
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "appliance.json").write_text('{"version": 1, "changes": ')
    with Daemon(tmp_path, str(samples / "bikes.mp4"), "--models-dir", str(tmp_path)) as daemon:
        assert daemon.state()["settings"]["det_th"] == 0.5
        assert "is damaged" in daemon.stop()
    assert (tmp_path / "state" / "appliance.json.damaged").exists()


@pytest.mark.boards
def test_after_a_kill_the_recording_plays_and_the_stream_comes_back(tmp_path, samples, person_model):
    daemon = Daemon(tmp_path, str(samples / "bikes.mp4"), "--model", PERSON)
    with daemon:
        daemon.ask("record", stream="main", on=True)
        daemon.until(lambda state: (daemon.stream()["recording"] or {}).get("seconds", 0) > 4)
        name = daemon.stream()["recording"]["name"]
        daemon.kill()
        movie = cv2.VideoCapture(str(tmp_path / "recordings" / name))
        count = 0
        while movie.read()[0]:
            count += 1
        assert count > 10
        with daemon:
            daemon.pictures(2)
            daemon.until(lambda state: (daemon.stream()["recording"] or {}).get("bytes", 0) > 0)
            assert len(daemon.ask("list_recordings")["recordings"]) == 2
    readers = subprocess.run(["pgrep", "-f", str(tmp_path)], stdout=subprocess.PIPE)
    assert readers.stdout == b""
