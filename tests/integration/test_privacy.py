"""Privacy masks: what is private is black in everything that leaves the program."""

import base64

import cv2
import numpy as np
import pytest

from tests.command import MODELS, run
from tests.daemon import PERSON, Daemon

WIDTH, HEIGHT = 320, 240
LIVE = (
    "videotestsrc pattern=white is-live=true ! video/x-raw,width=320,height=240,framerate=15/1 ! videoconvert ! appsink"
)
LEFT = [[0.05, 0.3], [0.35, 0.35], [0.3, 0.95], [0.1, 0.9]]
RIGHT = [[0.6, 0.3], [0.95, 0.3], [0.95, 0.9], [0.6, 0.9]]
DARK, BRIGHT = 48, 200
"""What black and white may become in a JPEG or a movie."""


def is_black(picture, polygon):
    """Whether every pixel that a polygon covers is black, though the rest of the picture is white."""
    height, width = picture.shape[:2]
    corners = np.rint(np.array(polygon) * (width, height) - 0.5).astype(np.int32)
    covered = cv2.fillPoly(np.zeros((height, width), np.uint8), [corners], 1) > 0
    assert covered.sum() > 0.05 * height * width
    assert np.median(picture) > BRIGHT, "the picture itself is not white"
    return bool(picture[covered].max() < DARK)


def decode(jpeg):
    return cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)


def movie_pictures(path):
    movie = cv2.VideoCapture(str(path))
    found = []
    while True:
        ready, picture = movie.read()
        if not ready:
            return found
        found.append(picture)


def white_movie(path, frames=30):
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"MJPG"), 10.0, (WIDTH, HEIGHT))
    for _ in range(frames):
        writer.write(np.full((HEIGHT, WIDTH, 3), 255, np.uint8))
    writer.release()
    return path


@pytest.fixture(scope="module")
def daemon(tmp_path_factory, person_model):
    """Two streams of white pictures, the one from a reader process, the other from a movie."""
    folder = tmp_path_factory.mktemp("private")
    white_movie(folder / "white.avi")
    config = f"""model: {PERSON}
vis_text: false
streams:
  door:
    source: '{LIVE}'
    live_width: 160
    record_format: avi
    privacy: [{LEFT}]
  yard:
    source: {folder / "white.avi"}
    record_overlay: true
    privacy: [{LEFT}]
"""
    with Daemon(folder, config=config) as daemon:
        daemon.until_ready()
        daemon.until(lambda state: all(row["status"] in ("live", "slow") for row in state["streams"]))
        yield daemon


def recorded(daemon, stream):
    daemon.ask("record", stream=stream, on=True)
    daemon.until(lambda state: (daemon.stream(stream)["recording"] or {}).get("seconds", 0) > 1)
    daemon.ask("record", stream=stream, on=False)
    (name,) = (row["name"] for row in daemon.ask("list_recordings")["recordings"] if row["stream"] == stream)
    pictures = movie_pictures(daemon.folder / "recordings" / name)
    daemon.ask("delete_recording", name=name)
    assert pictures
    return pictures


@pytest.mark.boards
@pytest.mark.parametrize("stream", ["door", "yard"])
def test_in_live_pictures_and_recordings_it_is_black(daemon, stream):
    assert all(is_black(decode(jpeg), LEFT) for jpeg in daemon.pictures(3, stream))
    assert all(is_black(picture, LEFT) for picture in recorded(daemon, stream))


@pytest.mark.parametrize("stream", ["door", "yard"])
def test_when_a_source_is_tried_out_it_is_black(daemon, stream):
    source = {"door": LIVE, "yard": str(daemon.folder / "white.avi")}[stream]
    assert is_black(decode(base64.b64decode(daemon.ask("test_source", source=source)["jpeg"])), LEFT)


def test_what_is_drawn_is_black_from_then_on_in_all_and_after_a_restart(daemon):
    before = daemon.stream("door")
    drawn = {"privacy": [{"polygon": RIGHT}], "zones": {"far": {"polygon": [[0.4, 0.05], [0.6, 0.05], [0.6, 0.2]]}}}
    answer = daemon.ask("set_zones", stream="door", **drawn)["streams"]
    assert answer == daemon.ask("get_zones", stream="door")["streams"]
    assert answer["door"] == {**drawn, "lines": {}, "ignore": []}
    assert set(daemon.ask("get_zones")["streams"]) == {"door", "yard"}
    jpegs = daemon.pictures(20, "door")[2:]  # one may have been drawn already, another was perhaps being drawn
    assert all(is_black(decode(jpeg), RIGHT) for jpeg in jpegs)
    assert not is_black(decode(jpegs[-1]), LEFT)
    source = base64.b64decode(daemon.ask("test_source", source=LIVE)["jpeg"])
    assert is_black(decode(source), RIGHT) and not is_black(decode(source), LEFT)
    assert daemon.stream("door")["status"] == before["status"]  # the source was not opened anew
    figures = daemon.events("statistics", lambda event: "door" in event["streams"])["streams"]["door"]
    assert figures["reconnects"] == 0
    daemon.stop()
    with daemon:
        daemon.until(lambda state: daemon.stream("door")["status"] in ("live", "slow"))
        assert daemon.ask("get_zones", stream="door")["streams"] == answer
        assert all(is_black(decode(jpeg), RIGHT) for jpeg in daemon.pictures(2, "door"))


ONE_MAIN = (
    f"vis_text: false\nstreams: {{main: {{source: 0, privacy: [{LEFT}]}}, yard: {{source: 0, privacy: [{RIGHT}]}}}}\n"
)


@pytest.mark.parametrize(
    "commands, words, polygon", [(("image", "video"), (), LEFT), (("stream",), ("--stream", "yard"), RIGHT)]
)
def test_what_runs_write_is_black(tmp_path, person_model, commands, words, polygon):
    (tmp_path / "config.yml").write_text(f"model: {PERSON}\n{ONE_MAIN}")
    white = np.full((HEIGHT, WIDTH, 3), 255, np.uint8)
    cv2.imwrite(str(tmp_path / "white.png"), white)
    white_movie(tmp_path / "white.avi", 3)
    sources = {"image": "white.png", "video": "white.avi", "stream": LIVE}
    for command in commands:
        ended = run(tmp_path, command, sources[command], "--save-to-file", "--max-frames", "3", *words, *MODELS)
        assert ended.code == 0, ended.err
    pictures = [cv2.imread(str(path)) for path in (tmp_path / "output_image").rglob("*.*")]
    movies = [path for path in (tmp_path / "output_movie").iterdir() if path.suffix in (".avi", ".mp4")]
    assert len(pictures) + len(movies) == len(commands)
    for movie in movies:
        pictures += movie_pictures(movie)
    assert pictures and all(is_black(picture, polygon) for picture in pictures)
    assert (cv2.imread(str(tmp_path / "white.png")) == 255).all()


@pytest.mark.heavy
def test_snapshots_and_clips_of_events_are_black(tmp_path, samples, coco_model):
    half = [[0.5, 0.0], [1.0, 0.0], [1.0, 1.0], [0.5, 1.0]]
    config = f"streams: {{main: {{source: {samples / 'bikes.mp4'}, record: events, privacy: [{half}]}}}}\n"
    with Daemon(tmp_path, config=config) as daemon:

        def ended_events(state):
            return [one for one in daemon.ask("list_events")["events"] if one["end"] and one["has_snapshot"]]

        daemon.until(ended_events)
        event = ended_events({})[-1]
        pictures = [decode(base64.b64decode(daemon.ask("get_snapshot", id=event["id"])["data"]))]
        daemon.until(lambda state: daemon.ask("get_event", id=event["id"])["event"]["has_clip"])
        name = daemon.ask("make_clip", id=event["id"])["name"]
        (clip,) = tmp_path.rglob(name)
        pictures += movie_pictures(clip)
    assert len(pictures) > 2
    for picture in pictures:
        width = picture.shape[1]
        assert picture[:, width // 2 :].max() < DARK < picture[:, : width // 2].max()
