"""What happens to tracks, as lines of a file."""

import json
import os

import pytest

from appliance.core.sink import OutputClosed
from appliance.events.event_lines import EventLines
from appliance.events.stream_tracker import Rules, StreamTracker
from appliance.outputs.lines_file import LinesFile
from appliance.schema.places import parse_places
from appliance.tracking.settings import TrackSettings
from tests.events import a_report, a_result, play, walking

LEFT_TO_RIGHT = walking((0.1, 0.6), (0.9, 0.6), 4.0)


def make(path, is_live):
    """The lines of a file, and the tracker whose reports they are of, with a line in the middle of the picture."""
    lines = EventLines(LinesFile(str(path)), is_live)
    places = parse_places({"lines": {"A": {"from": [0.5, 0.9], "to": [0.5, 0.1]}}})
    rules = Rules(TrackSettings(), places, frozenset())
    tracker = StreamTracker("main", is_live, lambda labels: rules, lines.report)
    lines.end = tracker.end
    return lines, tracker


def types(path):
    return [json.loads(line)["type"] for line in path.read_text().splitlines()]


@pytest.mark.parametrize("is_live", [False, True])
def test_each_happening_is_a_line_and_what_goes_on_at_the_end_has_left(tmp_path, is_live):
    lines, tracker = make(tmp_path / "events.jsonl", is_live)
    for result in play(tracker.follow, [(1, LEFT_TO_RIGHT)], 3.5):
        lines.write(result)
    assert types(tmp_path / "events.jsonl") == ["detected", "crossed"]
    lines.close()
    assert types(tmp_path / "events.jsonl") == ["detected", "crossed", "left"]
    crossed = json.loads((tmp_path / "events.jsonl").read_text().splitlines()[1])
    assert set(crossed) == {"type", "stream", "time", "track", "label", "line", "direction"}
    assert (crossed["stream"], crossed["label"], crossed["line"], crossed["direction"]) == ("main", "person", "A", "in")
    assert lines.totals.of("main", {}, ["A"]).crossings["A"]["person"].entered == 1


def test_a_movie_waits_for_its_lines_and_they_have_the_same_order_in_each_run(tmp_path):
    texts = []
    for name in ("first", "second"):
        lines, tracker = make(tmp_path / name, False)
        play(tracker.follow, [(1, LEFT_TO_RIGHT), (3, walking((0.9, 0.9), (0.1, 0.9), 3.0))], 12.0)
        assert types(tmp_path / name).count("left") == 2  # without one call of `write`
        lines.close()
        texts.append((tmp_path / name).read_text())
    assert texts[0] == texts[1]


def test_a_reader_that_has_gone_ends_it_quietly():
    reading, writing = os.pipe()
    os.close(reading)
    lines = EventLines(LinesFile("-", writing), False)
    try:
        with pytest.raises(OutputClosed) as caught:
            lines.report(a_report(1, happenings=[("detected", 0.0, {})]))
        assert caught.value.exit_code == 0
        lines.close()
    finally:
        os.close(writing)


def test_a_file_that_cannot_be_written_is_closed_all_the_same(tmp_path):
    file = LinesFile("/dev/full")
    lines = EventLines(file, True)
    assert lines.report(a_report(1, happenings=[("detected", 0.0, {})]))
    with pytest.raises(Exception, match="no space left"):
        lines.write(a_result(0.0, []))
    lines.report(a_report(2, happenings=[("detected", 0.0, {})]))
    with pytest.raises(Exception, match="no space left"):
        lines.close()
    with pytest.raises(ValueError):
        file.write({})
