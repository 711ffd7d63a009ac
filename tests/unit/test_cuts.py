"""Cuts of a movie, and what is none."""

import numpy as np
import pytest

from appliance.core.frame import Detections
from appliance.tracking import Tracker
from appliance.tracking.cuts import Cuts


def scene(seed, height=180, width=320):
    """A picture with some large shapes, float64."""
    rng = np.random.RandomState(seed)
    picture = np.full((height, width, 3), 90.0)
    for _ in range(120):
        y, x = rng.randint(height), rng.randint(width)
        picture[y : y + rng.randint(5, 40), x : x + rng.randint(5, 60)] = rng.randint(20, 200, 3)
    return picture


def frame(picture, rng=None, noise=3.0):
    """The picture as a camera gives it."""
    rng = rng or np.random.RandomState(0)
    return (picture + rng.normal(0, noise, picture.shape)).clip(0, 255).astype(np.uint8)


def cuts_in(frames, fps=25):
    cuts = Cuts()
    return [index for index, image in enumerate(frames) if cuts.see(index / fps, image)]


@pytest.mark.parametrize("fps", [5, 25])
def test_a_cut_is_noticed_in_its_first_frame(fps):
    rng = np.random.RandomState(1)
    frames = [frame(scene(seed), rng) for seed in (1, 2, 1, 3) for _ in range(6)]
    assert cuts_in(frames, fps) == [6, 12, 18]


def test_light_that_changes_is_no_cut():
    rng, picture = np.random.RandomState(1), scene(1)
    frames = [frame(picture * gain + offset, rng) for gain, offset in [(1, 0), (1, 0), (0.4, 0), (1.2, 20), (0.5, 60)]]
    assert cuts_in(frames) == []


def test_a_flash_is_no_cut_though_the_picture_is_white():
    rng, picture = np.random.RandomState(1), scene(1)
    white = np.full(picture.shape, 255.0)
    assert cuts_in([frame(p, rng) for p in (picture, picture, white, white, picture, picture * 3, picture)]) == []


def test_headlights_over_half_of_a_dark_picture_are_no_cut():
    rng, picture = np.random.RandomState(1), scene(1) * 0.5
    frames = []
    for step in range(20):
        lit = picture.copy()
        lit[60:, step * 8 : 160 + step * 8] += np.linspace(40, 160, 160)[np.newaxis, :, np.newaxis]
        frames.append(frame(lit, rng))
    assert cuts_in(frames) == []


def test_someone_who_hides_half_of_the_picture_is_no_cut():
    rng, picture, near = np.random.RandomState(1), scene(1), scene(5)
    frames = [frame(picture, rng)] * 3
    for left in (180, 100, 100, 0):
        shown = picture.copy()
        shown[:, left : left + 140] = near[:, :140]
        frames.append(frame(shown, rng))
    assert cuts_in(frames, fps=5) == []


def test_the_noise_of_a_dark_night_is_no_cut():
    rng = np.random.RandomState(1)
    assert cuts_in([frame(np.full((180, 320, 3), 40.0), rng, noise=25.0) for _ in range(50)]) == []


def test_black_between_two_shots_hides_no_cut():
    rng, black = np.random.RandomState(1), np.zeros((180, 320, 3))
    pictures = [scene(1)] * 3 + [black] * 5 + [scene(2)] * 3
    assert cuts_in([frame(picture, rng, noise=1.0) for picture in pictures]) == [8]


def test_a_cut_ends_all_tracks_and_the_next_shot_has_its_own():
    rng, tracker = np.random.RandomState(1), Tracker()
    person = Detections(
        np.array([[100, 50, 140, 150]], np.float32), np.array([0.9], np.float32), np.array([1], np.int32)
    )
    ids = []
    for index, seed in enumerate([1] * 5 + [2] * 5):
        ids += tracker.update(index / 25, person, (320, 180), frame(scene(seed), rng))
    assert ids == [None, 1, 1, 1, 1, None, 2, 2, 2, 2]
    assert [track.id for track in tracker.take_ended()] == [1]
