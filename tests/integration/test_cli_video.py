"""`video`: the recording, the lines, and every way in which a run may end."""

import re
import signal

import cv2
import numpy as np
import pytest

from tests.command import MODELS, STATISTICS, count_frames, count_lines, finish, read_json_lines, run, start
from tests.waiting import wait_until

FRAMES = 24


@pytest.fixture(scope="module")
def clip(tmp_path_factory, samples):
    """The busiest second of the street clip, as Motion JPEG."""
    path = tmp_path_factory.mktemp("clip") / "busy.avi"
    movie = cv2.VideoCapture(str(samples / "bikes.mp4"), cv2.CAP_FFMPEG)
    frames = [movie.read()[1] for _ in range(150 + FRAMES)][150:]
    movie.release()
    height, width = frames[0].shape[:2]
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"MJPG"), 25.0, (width, height))
    for frame in frames:
        writer.write(frame)
    writer.release()
    return path


@pytest.fixture(scope="module")
def recorded(tmp_path_factory, samples, coco_model):
    """A run over the first 40 frames of the street clip: where, and how it ended."""
    here = tmp_path_factory.mktemp("video")
    words = ("--json", "found.jsonl", "--max-frames", "40", "--fps-interval", "0.2", "--det-interval", "10")
    return here, run(here, "video", str(samples / "bikes.mp4"), "--save-to-file", *(MODELS + words))


def only_movie(here):
    (movie,) = (here / "output_movie").glob("output_*.avi")
    assert re.match(r"output_\d{10}\.avi$", movie.name)
    return movie


@pytest.mark.boards
def test_a_run_is_recorded_with_every_frame(recorded, samples):
    here, ended = recorded
    assert ended.code == 0, ended.err
    path = only_movie(here)
    movie = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG)
    assert movie.get(cv2.CAP_PROP_FPS) == 25.0
    source = cv2.VideoCapture(str(samples / "bikes.mp4"), cv2.CAP_FFMPEG)
    for _ in range(40):
        before, after = source.read()[1], movie.read()[1]
        # The same picture, but for the boxes and the text.
        assert before.shape == after.shape
        assert np.median(abs(before.astype(int) - after)) < 4
    assert not movie.read()[0]
    assert f"movie: ./output_movie/{path.name}\n" in ended.out


@pytest.mark.boards
def test_the_summary_is_printed_and_lies_beside_the_movie(recorded):
    here, ended = recorded
    summary = only_movie(here).with_suffix(".txt")
    text = summary.read_text(encoding="utf-8")
    assert text in ended.out
    assert re.search(r"model: ssdlite_mobilenet_v2_coco_2018_05_09 \(fast path, \w+ on the CPU\)\nframes: 40 in ", text)
    assert re.search(r"^  car: in 1\d of 40 frames, up to \d at once$", text, re.MULTILINE)
    assert ended.out.endswith(f"summary: ./output_movie/{summary.name}\n")


@pytest.mark.boards
def test_the_lines_of_a_movie_follow_its_time(recorded):
    here, _ = recorded
    lines = read_json_lines((here / "found.jsonl").read_text())
    assert [line["frame"] for line in lines] == list(range(40))
    np.testing.assert_allclose([line["time"] for line in lines], np.arange(40) / 25, atol=0.001)
    assert {(line["width"], line["height"]) for line in lines} == {(640, 272)}


@pytest.mark.boards
def test_the_console_has_the_originals_lines(recorded):
    _, ended = recorded
    said = ended.out.splitlines()
    statistics = [line for line in said if line.startswith("FPS:")]
    assert len(statistics) >= 2 and all(STATISTICS.match(line) for line in statistics)
    assert [line.split(":")[0] for line in said if line.startswith("frame ")] == [
        "frame 0",
        "frame 10",
        "frame 20",
        "frame 30",
    ]
    assert "40 of 40 frames, 100 %" in said


@pytest.mark.boards
def test_fast_exact_and_whole_find_the_same(tmp_path, clip, coco_model):
    ways = [(), ("--exact",), ("--no-split-model",)]
    started = [start(tmp_path, "video", str(clip), "--det-th", "0.1", "--json", "-", *(MODELS + way)) for way in ways]
    ended = [finish(process) for process in started]
    paths = [re.search(r"model: \S+ \((\w+) path", one.err) for one in ended]
    assert [path and path.group(1) for path in paths] == ["fast", "exact", "whole"]
    fast, exact, whole = (read_json_lines(one.out) for one in ended)
    assert [len(way) for way in (fast, exact, whole)] == [FRAMES] * 3
    assert sum(len(line["detections"]) for line in whole) > 2 * FRAMES
    for way in (fast, exact):
        for line, of_whole in zip(way, whole):
            assert line["frame"] == of_whole["frame"]
            found, expected = line["detections"], of_whole["detections"]
            assert [one["label"] for one in found] == [one["label"] for one in expected]
            for one, other in zip(found, expected):
                assert one["score"] == pytest.approx(other["score"], abs=1e-4)
                # 1e-4 of the picture, and what two decimals leave.
                assert one["box"] == pytest.approx(other["box"], abs=640e-4 + 0.01)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_a_run_with_every_file_whole(tmp_path, samples, coco_model, number):
    process = start(tmp_path, "video", str(samples / "bikes.mp4"), "--save-to-file", "--json", "found.jsonl", *MODELS)
    wait_until(lambda: count_lines(tmp_path / "found.jsonl") >= 10)
    process.send_signal(number)
    ended = finish(process)
    assert ended.code == 0, ended.err
    assert f"{number.name}: finishing the frames under way\n" in ended.out
    lines = read_json_lines((tmp_path / "found.jsonl").read_text())
    assert [line["frame"] for line in lines] == list(range(len(lines)))
    assert 10 <= len(lines) < 250
    movie = only_movie(tmp_path)
    assert count_frames(movie) == len(lines)
    assert f"frames: {len(lines)} in " in movie.with_suffix(".txt").read_text(encoding="utf-8")


def test_a_killed_run_leaves_what_it_did(tmp_path, samples, coco_model):
    process = start(tmp_path, "video", str(samples / "bikes.mp4"), "--save-to-file", "--json", "found.jsonl", *MODELS)
    wait_until(lambda: count_lines(tmp_path / "found.jsonl") >= 10)
    process.kill()
    assert finish(process).code == -signal.SIGKILL
    lines = read_json_lines((tmp_path / "found.jsonl").read_text())
    # The files are written by threads of their own, a few frames apart.
    assert abs(count_frames(only_movie(tmp_path)) - len(lines)) <= 3


@pytest.mark.boards
def test_ctrl_c_while_the_model_loads_ends_it_at_once(tmp_path, samples, coco_model):
    process = start(tmp_path, "video", str(samples / "bikes.mp4"), *MODELS)
    assert process.stderr.readline().startswith("Loading ")
    process.send_signal(signal.SIGINT)
    assert finish(process) == (-signal.SIGINT, "", "")


@pytest.mark.parametrize("words, first", [(("--json", "-"), '{"frame": 0, '), (("--det-interval", "1"), "frame 0: ")])
def test_a_reader_that_goes_away_ends_it_quietly(tmp_path, samples, coco_model, words, first):
    process = start(tmp_path, "video", str(samples / "bikes.mp4"), *(MODELS + words))
    assert process.stdout.readline().startswith(first)
    process.stdout.close()
    process.stdout = None
    ended = finish(process)
    assert ended.code == 0
    assert "rror" not in ended.err and "Broken" not in ended.err and "ignored" not in ended.err


def test_a_movie_that_is_cut_off_is_used_as_far_as_it_goes(tmp_path, clip, coco_model):
    data = clip.read_bytes()
    (tmp_path / "cut.avi").write_bytes(data[: len(data) // 2])
    ended = run(tmp_path, "video", "cut.avi", "--json", "found.jsonl", *MODELS)
    assert ended.code == 0, ended.err
    frames = count_lines(tmp_path / "found.jsonl")
    assert 8 <= frames <= 16
    warning = f"warning: cut.avi is cut off or damaged: it ends after frame {frames - 1} "
    assert warning in ended.err and f"declares {FRAMES} frames" in ended.err
