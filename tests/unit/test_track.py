"""What a track knows: label, score, path, speed, best picture."""

import numpy as np
import pytest

from appliance.tracking import TrackSettings
from appliance.tracking.best_picture import BestPicture
from appliance.tracking.track import MOST_POINTS, Track

SIZE = (1000, 500)
BOX = (400.0, 200.0, 450.0, 300.0)


def new_track():
    return Track(0, TrackSettings(confirm=0.4, threshold=0.7))


def seen(track, frames):
    """Take in frames (time, score or None, class id)."""
    for time, score, class_id in frames:
        if score is None:
            track.miss(time)
        else:
            track.see(time, np.array(BOX), score, class_id, SIZE)
    return track


def moved(box, x, y=0.0, scale=1.0):
    middle, bottom = (box[0] + box[2]) / 2 + x, box[3] + y
    width, height = (box[2] - box[0]) * scale, (box[3] - box[1]) * scale
    return (middle - width / 2, bottom - height, middle + width / 2, bottom)


def test_the_label_is_that_of_the_largest_sum_of_scores():
    track = seen(new_track(), [(0.0, 0.9, 3), (0.1, 0.5, 8), (0.2, 0.3, 8)])
    assert track.class_id == 3
    assert seen(track, [(0.3, 0.2, 8)]).class_id == 8


def test_a_single_sight_has_no_score_whatever_its_own():
    assert seen(new_track(), [(0.0, 0.99, 1)]).median == 0.0
    assert seen(new_track(), [(0.0, 0.99, 1), (0.2, 0.7, 1)]).median == 0.7


@pytest.mark.parametrize("fps", [4, 25, 100])
def test_the_score_is_the_median_of_the_last_second_in_which_a_miss_counts_nothing(fps):
    track, rng, entries = new_track(), np.random.RandomState(fps), []
    for frame in range(6 * fps):
        time = frame / fps
        score = None if rng.rand() < 0.4 and frame else float(rng.rand())
        entries.append((time, score or 0.0))
        seen(track, [(time, score, 1)])
        recent = [value for at, value in entries if at > time - 1.0]
        recent += [0.0] * (3 - len(recent))
        assert track.median == pytest.approx(np.median(recent))


def test_a_track_is_confirmed_after_its_time_and_stays_so():
    track = seen(new_track(), [(0.0, 0.8, 1), (0.2, 0.8, 1), (0.3, 0.8, 1)])
    assert not track.is_confirmed
    assert seen(track, [(0.4, 0.8, 1)]).is_confirmed
    assert seen(track, [(1.0 + n / 10, None, 1) for n in range(20)]).is_confirmed
    assert track.median == 0.0


def test_a_track_whose_score_is_low_is_not_confirmed_however_old_it_is():
    assert not seen(new_track(), [(n / 10, 0.6, 1) for n in range(50)]).is_confirmed


@pytest.mark.parametrize("fps", [5, 25, 100])
def test_a_path_has_a_point_for_each_hundredth_of_the_diagonal(fps):
    track = new_track()
    for frame in range(4 * fps + 1):
        track.see(frame / fps, np.array(moved(BOX, 60.0 * frame / fps)), 0.9, 1, SIZE)
    steps = np.hypot(*np.diff([((x1 + x2) * 500, y2 * 500) for _, x1, _, x2, y2 in track.path], axis=0).T)
    diagonal = np.hypot(*SIZE)
    assert steps.min() >= 0.0099 * diagonal
    assert steps.max() <= 0.0101 * diagonal + 60.0 / fps
    assert track.path[0] == (0.0, 0.4, 0.4, 0.45, 0.6)


def test_a_path_has_a_point_where_the_size_has_changed():
    track = new_track()
    for frame, scale in enumerate([1.0, 1.05, 1.09, 1.11, 1.0, 0.95]):
        track.see(frame / 10, np.array(moved(BOX, 0.0, scale=scale)), 0.9, 1, SIZE)
    assert [round(point[0], 1) for point in track.path] == [0.0, 0.3, 0.4]


def test_a_path_is_bounded_and_keeps_its_ends():
    track = new_track()
    for frame in range(20000):
        track.see(frame / 10, np.array(moved(BOX, 300.0 * np.sin(frame / 10))), 0.9, 1, SIZE)
    assert len(track.path) <= MOST_POINTS
    assert track.path[0][0] == 0.0
    assert track.path[-1][0] > 1990.0
    assert [point[0] for point in track.path] == sorted(point[0] for point in track.path)


@pytest.mark.parametrize("fps", [5, 25, 100])
def test_the_speed_is_measured_over_true_time(fps):
    track, rng = new_track(), np.random.RandomState(1)
    for frame in range(3 * fps):
        if rng.rand() < 0.7:
            track.see(frame / fps, np.array(moved(BOX, 90.0 * frame / fps)), 0.9, 1, SIZE)
    assert track.speed == pytest.approx(90.0 / np.hypot(*SIZE), rel=0.15)


def test_what_jumps_about_in_its_place_is_slow():
    track, rng = new_track(), np.random.RandomState(1)
    speeds = []
    for frame in range(1000):
        track.see(frame / 25, np.array(moved(BOX, *rng.normal(0, 3, 2))), 0.9, 1, SIZE)
        speeds.append(track.speed)
    assert np.mean(speeds[50:]) < 0.006


def test_the_best_picture_is_not_at_the_edge_if_a_better_one_is_not():
    best = BestPicture()
    assert best.see(0.0, 0.95, (0.0, 100.0, 200.0, 400.0), SIZE)
    assert best.see(1.0, 0.6, (300.0, 100.0, 340.0, 180.0), SIZE)
    assert not best.see(2.0, 0.99, (800.0, 100.0, 1000.0, 400.0), SIZE)
    assert (best.time, best.score) == (1.0, 0.6)


def test_the_best_picture_is_replaced_only_by_a_larger_or_surer_one():
    best = BestPicture()
    best.see(0.0, 0.8, moved(BOX, 0.0), SIZE)
    assert not best.see(1.0, 0.84, moved(BOX, 0.0), SIZE)
    assert best.see(2.0, 0.86, moved(BOX, 0.0), SIZE)
    assert not best.see(3.0, 0.86, moved(BOX, 0.0, scale=1.04), SIZE)
    assert best.see(4.0, 0.86, moved(BOX, 0.0, scale=1.06), SIZE)
    assert not best.see(5.0, 0.91, moved(BOX, 0.0), SIZE)  # surer, but smaller by as much


def test_a_track_tells_of_a_better_picture_in_its_own_frame_alone():
    track = seen(new_track(), [(0.0, 0.5, 1)])
    assert track.has_better_picture
    assert not seen(track, [(0.1, None, 1)]).has_better_picture
    assert seen(track, [(0.2, 0.9, 1)]).has_better_picture
    time, score, box = track.best
    assert (time, score, tuple(box)) == (0.2, 0.9, BOX)
