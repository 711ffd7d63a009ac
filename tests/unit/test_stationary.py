"""What stands still, told by boxes and pictures: a parked car is one event however long it stands."""

from collections import Counter

import numpy as np
import pytest

from appliance.core.frame import Detections
from appliance.tracking import Tracker, TrackSettings
from tests.parked_car import SIZE, Street


def watch(street, seconds, fps, dropped=0.3, with_images=True):
    """The confirmed tracks of the parked car, and when each began and ceased to stand still.

    One that took a box of it for a moment, as a car that passes before it may do, is none of them.
    """
    tracker, tracks, sights, changes = Tracker(TrackSettings()), {}, Counter(), []
    for moment in street.frames(seconds, fps, dropped, with_images):
        before = {number: track.is_stationary for number, track in tracker.tracks.items()}
        ids = tracker.update(moment.time, moment.detections, SIZE, moment.image)
        if moment.car >= 0 and ids[moment.car] is not None:
            tracks[ids[moment.car]] = tracker.tracks[ids[moment.car]]
            sights[ids[moment.car]] += 1
        for number, track in tracker.tracks.items():
            if track.is_stationary != before.get(number, False):
                changes.append((number, track.is_stationary, moment.time))
    return [track for track in tracks.values() if track.is_confirmed and sights[track.id] > 5], changes


def only_car(street, seconds, fps, with_images=True):
    tracks, changes = watch(street, seconds, fps, with_images=with_images)
    assert len(tracks) == 1
    assert [is_still for number, is_still, _ in changes if number == tracks[0].id] == [True]
    assert tracks[0].is_stationary
    return tracks[0]


@pytest.mark.parametrize("with_images", [True, False])
def test_a_parked_car_is_one_track_with_bursts_of_misses_cars_before_it_and_light(with_images):
    only_car(Street(2), 240, 5, with_images)


@pytest.mark.heavy
@pytest.mark.parametrize(("seed", "fps"), [(3, 5), (1, 15)])
def test_a_parked_car_keeps_its_track_for_an_hour(seed, fps):
    tracker, sights, still = Tracker(TrackSettings()), Counter(), []
    for moment in Street(seed).frames(3600, fps, 0.3):
        ids = tracker.update(moment.time, moment.detections, SIZE, moment.image)
        if moment.car >= 0 and ids[moment.car] is not None:
            sights[ids[moment.car]] += 1
        if 1 in tracker.tracks and tracker.tracks[1].is_stationary not in still[-1:]:
            still.append(tracker.tracks[1].is_stationary)
    assert still == [False, True]
    assert sights[1] > 0.99 * sum(sights.values())


@pytest.mark.parametrize("fps", [5, 15])
@pytest.mark.parametrize("with_images", [True, False])
def test_a_car_that_drives_away_moves_at_once_and_stays_the_same_track(fps, with_images):
    tracks, changes = watch(Street(4, leaves=30.0), 34, fps, dropped=0.0, with_images=with_images)
    assert len(tracks) == 1
    assert [is_still for number, is_still, _ in changes if number == tracks[0].id] == [True, False]
    assert changes[1][2] < 32.5


def test_who_walks_is_never_stationary():
    tracker = Tracker(TrackSettings())
    for index in range(200):
        box = np.array([[20 + index, 50, 50 + index, 130]], np.float32)
        tracker.update(index / 10, Detections(box, np.array([0.9], np.float32), np.array([1], np.int32)), SIZE)
        assert not any(track.is_stationary for track in tracker.tracks.values())
