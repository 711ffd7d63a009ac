"""A movie that plays like a camera, with a clock that the test turns and a movie that takes the time it wants."""

import numpy as np
import pytest

from appliance.core.errors import SourceError
from appliance.core.frame import Frame
from appliance.settings import Settings
from appliance.sources import playback
from appliance.sources.kind import kind_of
from appliance.sources.open import open_stream_source
from appliance.sources.playback import LONGEST_SKIPPING, PlaybackSource


class Clock:
    def __init__(self):
        self.now = 100.0

    def monotonic(self):
        return self.now

    time = monotonic


class Movie:
    """Ten frames a second; decoding one takes `seconds`, except a late one of `hurdles`, by number."""

    fps = 10.0

    def __init__(self, clock, seconds, hurdles=None):
        self.clock, self.seconds, self.hurdles = clock, seconds, hurdles or {}
        self.number = 0

    def read(self):
        self.clock.now += self.hurdles.get(self.number, self.seconds)
        self.number += 1
        assert self.number < 100000, "it drops frames for ever"
        return Frame(np.zeros((4, 6, 3), np.uint8), self.number - 1, "x", 0.0, 0.0, 0.0)

    def close(self):
        pass


@pytest.fixture
def play(monkeypatch):
    """play(decoding seconds, hurdles): the source, its movie and its clock."""
    clock = Clock()

    class Closing:
        def is_set(self):
            return False

        def wait(self, seconds):
            clock.now += seconds
            return False

    def play(seconds, hurdles=None):
        movie = Movie(clock, seconds, hurdles)
        monkeypatch.setattr(playback, "MovieSource", lambda path: movie)
        source = PlaybackSource("x")
        source._closing = Closing()
        return source, movie, clock

    monkeypatch.setattr(playback, "time", clock)
    return play


@pytest.mark.parametrize("seconds", [0.1, 0.11, 0.15, 0.3, 2.0])
def test_a_movie_that_is_decoded_no_faster_than_it_plays_gives_a_frame_every_half_second(play, seconds):
    source, movie, clock = play(seconds)
    for _ in range(200):
        began = clock.now
        frame = source.read()
        assert clock.now - began <= LONGEST_SKIPPING + seconds
        assert frame.captured_at == clock.now, "the newest, not one that waited"
    assert source.drops + 200 == movie.number


def test_one_that_is_decoded_in_time_keeps_its_speed_and_makes_up_for_a_slow_frame(play):
    source, movie, clock = play(0.01, hurdles={50: 0.45})
    first = source.read().captured_at
    for _ in range(150):
        last = source.read().captured_at
    assert source.drops == 3
    assert last - first == pytest.approx(0.1 * (150 + source.drops))


@pytest.mark.parametrize("written", ["clip.mp4", "samples/clip.mp4", "/media/stick/clip.avi"])
def test_a_movie_that_is_not_there_is_called_a_movie(written):
    assert kind_of(written).name == "movie"
    with pytest.raises(SourceError, match=f"^{written} does not exist; mp4, avi and mkv"):
        open_stream_source(written, Settings(), patient=True)


@pytest.mark.parametrize(
    "written, kind",
    [
        (0, "index"),
        ("/dev/video7", "device"),
        ("http://camera/clip.mp4", "address"),
        ("filesrc location=clip.mp4 ! decodebin ! appsink", "gstreamer"),
    ],
)
def test_a_camera_that_is_not_there_is_no_movie(written, kind):
    assert kind_of(written).name == kind
