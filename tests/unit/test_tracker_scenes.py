"""The tracker on drawn scenes: who crosses, is hidden, comes in or stands gets one id; noise gets none."""

import numpy as np
import pytest

from appliance.core.frame import Detections
from appliance.tracking import Tracker

WIDTH, HEIGHT = 1280, 720
RATES = (5, 25)


def crossing(random):
    height = random.uniform(120, 300)
    speeds, above = height * random.uniform(0.5, 1.0, 2), random.uniform(-0.1, 0.1) * height
    return 6, lambda t: [
        box(640 + speeds[0] * (t - 3), 360, height),
        box(640 - speeds[1] * (t - 3), 360 + above, height),
    ]


def pillar_walking_on(random):
    height = random.uniform(100, 220)
    speed = height * random.uniform(0.4, 0.9)
    return 8, lambda t: [box(640 + speed * (t - 3.5), 360, height)] if not 2 < t < 5 else [None]


def pillar_waiting(random):
    height = random.uniform(100, 220)
    speed = height * random.uniform(0.4, 0.9)
    return 8, lambda t: [box(640 + speed * (t - 2 if t < 2 else t - 4.6), 360, height) if not 2 < t < 5 else None]


def entry_at_the_edge(random):
    height = random.uniform(100, 280)
    speed = height * random.uniform(0.4, 0.9)
    return 5, lambda t: [box(speed * t - 0.2 * height, 360, height)]


def box(x, y, height):
    return np.array([x - 0.2 * height, y - height / 2, x + 0.2 * height, y + height / 2])


def detect(random, truth, noise=0.0):
    """Boxes with 10 % of misses and 3 % of jitter, inside the picture; and who is in each, -1: nobody."""
    boxes, who = [], []
    for number, true in enumerate(truth):
        jitter = random.normal(0, 0.03, 4)
        if random.rand() < 0.1 or true is None:
            continue
        sides = np.tile(true[2:] - true[:2], 2)
        seen = np.clip(true + sides * jitter, 0, [WIDTH, HEIGHT, WIDTH, HEIGHT])
        if np.prod(seen[2:] - seen[:2]) > 0.3 * sides[0] * sides[1]:
            boxes.append(seen)
            who.append(number)
    for _ in range(random.poisson(noise)):
        height = random.uniform(60, 200)
        boxes.append(box(random.uniform(100, WIDTH - 100), random.uniform(100, HEIGHT - 100), height))
        who.append(-1)
    count = len(boxes)
    return Detections(np.array(boxes, np.float32).reshape(-1, 4), np.full(count, 0.8), np.ones(count, np.int32)), who


def has_one_id_each(scene, rate, seed):
    random = np.random.RandomState(seed)
    seconds, truth = scene(random)
    tracker, ids = Tracker(), {}
    for k in range(seconds * rate):
        detections, who = detect(random, truth(k / rate))
        for number, found in zip(who, tracker.update(k / rate, detections, (WIDTH, HEIGHT))):
            ids.setdefault(number, set()).add(found)
    known = [found - {None} for found in ids.values()]
    return all(len(one) == 1 for one in known) and len(set.union(*known)) == len(known)


@pytest.mark.parametrize("rate", [*RATES, pytest.param(100, marks=pytest.mark.heavy)])
@pytest.mark.parametrize(
    ("scene", "share"),
    [(crossing, 1.0), (pillar_walking_on, 0.9), (pillar_waiting, 0.9), (entry_at_the_edge, 0.95)],
)
def test_each_person_has_one_id(scene, share, rate):
    runs = 20 if rate == 5 else 5
    good = sum(has_one_id_each(scene, rate, seed) for seed in range(runs))
    assert good >= share * runs


def test_ten_minutes_of_noise_have_no_event():
    random = np.random.RandomState(1)
    tracker, rate = Tracker(), 5
    for k in range(600 * rate):
        tracker.update(k / rate, detect(random, [], noise=0.2 / rate)[0], (WIDTH, HEIGHT))
        assert not any(track.is_confirmed for track in tracker.tracks.values())


def test_a_parked_car_whose_box_jumps_and_is_missed_in_bursts_is_one_track():
    random = np.random.RandomState(2)
    tracker, missed_until = Tracker(), 0.0
    for k in range(5 * 300):
        if random.rand() < 0.01:
            missed_until = k / 5 + random.uniform(1, 8)
        car = None if k / 5 < missed_until else np.array([540.0, 340.0, 740.0, 460.0]) + random.normal(0, 4, 4)
        tracker.update(k / 5, detect(random, [car])[0], (WIDTH, HEIGHT))
    assert [track.id for track in tracker.take_ended()] + list(tracker.tracks) == [1]
