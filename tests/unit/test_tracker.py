"""The tracker: which detection gets which id."""

import hashlib

import numpy as np
import pytest

from appliance.core.frame import Detections
from appliance.tracking import LabelSettings, Tracker, TrackSettings
from appliance.tracking.assignment import assign

SIZE = (1280, 720)
PERSON, CAR, TRUCK = 1, 3, 8


def shown(*rows):
    """Detections of rows (x, y, width, height, score, class id), x and y of the centre."""
    table = np.array(rows, np.float64).reshape(-1, 6)
    corners = np.concatenate([table[:, :2] - table[:, 2:4] / 2, table[:, :2] + table[:, 2:4] / 2], axis=1)
    return Detections(corners.astype(np.float32), table[:, 4].astype(np.float32), table[:, 5].astype(np.int32))


def person(x, y=360.0, score=0.9, class_id=PERSON):
    return (x, y, 60.0, 150.0, score, class_id)


def follow(tracker, frames, size=SIZE):
    """The ids of frames of (time, rows)."""
    return [tracker.update(time, shown(*rows), size) for time, rows in frames]


def test_an_id_comes_at_the_second_sight_and_stays():
    ids = follow(Tracker(), [(k / 10, [person(100 + 10 * k)]) for k in range(20)])
    assert ids == [[None]] + [[1]] * 19


def test_ids_do_not_depend_on_the_rate_of_frames():
    for rate in (4, 15, 60, 200):
        ids = follow(Tracker(), [(k / rate, [person(100 + 120 * k / rate)]) for k in range(3 * rate)])
        assert ids == [[None]] + [[1]] * (3 * rate - 1), rate


def test_who_is_hidden_for_three_seconds_is_the_same_after_it():
    tracker = Tracker()
    walk = [(k / 10, [] if 20 <= k < 50 else [person(100 + 10 * k)]) for k in range(80)]
    ids = follow(tracker, walk)
    assert {one for row in ids for one in row} == {None, 1}
    assert tracker.tracks[1].last == pytest.approx(7.9)


def test_a_track_ends_once_after_it_was_lost_for_so_long():
    tracker = Tracker(TrackSettings(lost=2.0))
    follow(tracker, [(k / 10, [person(300 + 5 * k)]) for k in range(10)])
    follow(tracker, [(2.8, [])])
    assert list(tracker.tracks) == [1]
    follow(tracker, [(3.0, [])])
    assert [track.id for track in tracker.take_ended()] == [1]
    assert tracker.take_ended() == []
    assert tracker.tracks == {}
    assert follow(tracker, [(3.1, [person(345)]), (3.2, [person(345)])]) == [[None], [2]]


def test_a_low_score_keeps_a_track_alive_and_starts_none_where_another_is():
    tracker = Tracker()
    follow(tracker, [(k / 10, [person(300)]) for k in range(5)])
    assert follow(tracker, [(0.5 + k / 10, [person(300, score=0.2)]) for k in range(30)])[-1] == [1]
    assert follow(Tracker(), [(k / 10, [person(300, score=0.2)]) for k in range(30)])[-1] == [None]


def test_objects_of_different_labels_never_exchange_ids():
    tracker = Tracker()
    ids = {PERSON: set(), CAR: set()}
    for k in range(100):
        rows = [person(200 + 9 * k), person(1100 - 9 * k, class_id=CAR)]
        rows = [row for row in rows if k % 7 != row[5]]  # one of them is missed now and then
        for row, one in zip(rows, tracker.update(k / 25, shown(*rows), SIZE)):
            ids[row[5]].add(one)
    assert ids[PERSON] - {None} != ids[CAR] - {None}
    assert len(ids[PERSON] - {None}) == len(ids[CAR] - {None}) == 1


def test_a_label_that_flickers_is_one_track_of_the_label_with_the_most_score():
    tracker = Tracker()
    frames = [(k / 10, [(600, 400, 200, 120, 0.8, TRUCK if k % 3 == 2 else CAR)]) for k in range(30)]
    assert follow(tracker, frames) == [[None]] + [[1]] * 29
    assert tracker.tracks[1].class_id == CAR


def test_the_same_object_under_two_labels_at_once_is_one_track():
    tracker = Tracker()
    car, also = (600, 400, 200, 120, 0.8, CAR), (602, 401, 204, 121, 0.6, TRUCK)
    follow(tracker, [(k / 10, [car] if k < 5 else [car, also]) for k in range(30)])
    assert list(tracker.tracks) == [1]


@pytest.mark.parametrize(
    "settings",
    [
        TrackSettings(min_score=0.95),
        TrackSettings(min_area=0.02),
        TrackSettings(max_area=0.005),
        TrackSettings(min_ratio=0.5),
        TrackSettings(max_ratio=0.3),
        TrackSettings(class_ids=frozenset([CAR])),
        TrackSettings(classes={PERSON: LabelSettings(min_area=0.02)}),
    ],
)
def test_what_the_settings_exclude_is_not_tracked(settings):
    tracker = Tracker(settings)
    assert follow(tracker, [(k / 10, [person(300)]) for k in range(10)])[-1] == [None]
    assert tracker.tracks == {}


def test_the_settings_of_a_class_hold_instead_of_the_others():
    tracker = Tracker(TrackSettings(max_area=0.001, classes={PERSON: LabelSettings(), 90: LabelSettings()}))
    frames = [(k / 10, [person(300), person(800, class_id=CAR)]) for k in range(10)]
    assert follow(tracker, frames)[-1] == [1, None]


def test_boxes_that_are_none_and_times_that_stand_or_go_back_do_no_harm():
    tracker = Tracker()
    bad = Detections(
        np.array([[np.nan, 0, 5, 5], [0, 0, np.inf, 9], [9, 9, 3, 3], [7, 7, 7, 7]], np.float32),
        np.array([0.9, 0.9, np.nan, 0.9], np.float32),
        np.array([1, -5, 1, 2**31 - 1], np.int32),
    )
    with np.errstate(all="raise"):
        for time in (0.0, 0.0, 0.1, 0.05, 0.2):
            assert tracker.update(time, bad, SIZE) == [None] * 4
            assert tracker.update(time, Detections.empty(), SIZE) == []
        assert follow(tracker, [(0.3, [person(300)]), (0.3, [person(300)]), (0.25, [person(300)])])[1:] == [[1], [1]]


def test_another_size_and_another_recording_end_all_tracks():
    tracker = Tracker()
    follow(tracker, [(k / 10 + 50, [person(300)]) for k in range(5)])
    assert follow(tracker, [(51.0, [person(300)])], size=(640, 360)) == [[None]]
    assert [track.id for track in tracker.take_ended()] == [1]
    follow(tracker, [(51.1, [person(300)])], size=(640, 360))
    assert follow(tracker, [(0.0, [person(300)])], size=(640, 360)) == [[None]]
    assert [track.id for track in tracker.take_ended()] == [2]


def test_a_tracker_keeps_nothing_of_what_is_gone():
    tracker = Tracker(TrackSettings(lost=0.5))
    for k in range(800):
        tracker.update(
            k / 5, shown(*[person(50 + 100 * n + 40 * (k // 4 % 2), 100 + 500 * (k // 8 % 2)) for n in range(9)]), SIZE
        )
        tracker.take_ended()
    assert max(tracker.tracks) > 300
    assert len(tracker._objects) < 60
    assert len(tracker.tracks) <= len(tracker._objects)


def test_a_crowd_of_two_hundred_keeps_its_ids():
    rows = np.array([(20 + 62 * (n % 20), 30 + 70 * (n // 20), 30, 60, 0.9, 1) for n in range(200)], np.float64)
    tracker = Tracker()
    for k in range(10):
        ids = tracker.update(k / 10, shown(*(rows + [k, 0, 0, 0, 0, 0])), SIZE)
    assert sorted(ids) == list(range(1, 201))


def test_ids_are_the_same_on_every_python():
    random = np.random.RandomState(5)
    tracker, text = Tracker(), ""
    x, speed = random.uniform(0, 1280, 12), random.uniform(-120, 120, 12)
    for k in range(150):
        seen = np.flatnonzero(random.rand(12) > 0.15)
        jitter = random.normal(0, 3, (12, 2))
        rows = [person((x[n] + speed[n] * k / 10 + jitter[n, 0]) % 1280, 200 + 25 * n + jitter[n, 1]) for n in seen]
        text += f"{tracker.update(k / 10, shown(*rows), SIZE)}\n"
    assert (
        hashlib.sha256(text.encode()).hexdigest() == "006753e9a8d516ca765ccec9502ba1b6f75414a604254238d96ae25df74f6f4d"
    )


def test_pairs_have_the_least_cost_that_any_have():
    random = np.random.RandomState(0)
    for _ in range(200):
        count, width = random.randint(0, 6, 2)
        cost = random.randint(0, 9, (count, width)).astype(np.float64)
        cost[random.rand(count, width) < 0.4] = np.inf
        pairs = assign(cost)
        assert len({row for row, _ in pairs}) == len({column for _, column in pairs}) == len(pairs)
        found = (-len(pairs), sum(cost[row, column] for row, column in pairs))
        assert found == least(cost, 0, frozenset())


def least(cost, row, taken):
    """(-number, cost) of the best pairs from a row on, by trying all."""
    if row == len(cost):
        return 0, 0.0
    best = least(cost, row + 1, taken)
    for column in np.flatnonzero(np.isfinite(cost[row])):
        if column not in taken:
            number, total = least(cost, row + 1, taken | {column})
            best = min(best, (number - 1, total + cost[row, column]))
    return best
