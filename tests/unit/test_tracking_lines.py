"""Lines that count what crosses them, in either direction, once."""

import math

import numpy as np
import pytest

from appliance.contract.event_messages import CROSSED, IN, OUT
from appliance.schema.places import Line, Places
from appliance.tracking.places import PlaceWatcher
from appliance.tracking.sighting import Sighting

SIZE = (640, 480)
LINE = Line("A", (0.5, 0.2), (0.5, 0.8))


def box_at(x, y, width=0.06, height=0.2):
    """A box whose bottom centre is there."""
    return (x - width / 2, y - height, x + width / 2, y)


def crossings(line, path, label="person", size=SIZE):
    """Walk along a path of (time, x, y), or (time, None) where the track is not seen; returns the crossings."""
    watcher, found, box = PlaceWatcher(Places(lines={line.name: line})), [], None
    for time, *at in path:
        seen = at[0] is not None
        box = box_at(*at) if seen else box
        found += watcher.update(time, [Sighting(1, label, box, 0.9, seen)], size, 0.0)
    assert all((one.type, one.line, one.track, one.label) == (CROSSED, line.name, 1, label) for one in found)
    return [(one.direction, round(one.time, 3)) for one in found]


def walk(points, fps=25, speed=0.2, start=0.0):
    """A path through points, at a speed in widths of the picture a second."""
    path, time = [(start, *points[0])], start
    for (x1, y1), (x2, y2) in zip(points, points[1:]):
        seconds = math.hypot(x2 - x1, y2 - y1) / speed
        steps = max(1, round(seconds * fps))
        path += [(time + n / fps, x1 + (x2 - x1) * n / steps, y1 + (y2 - y1) * n / steps) for n in range(1, steps + 1)]
        time += steps / fps
    return path


@pytest.mark.parametrize("fps", [5, 25, 100])
def test_who_walks_over_a_line_is_counted_at_that_time_by_direction(fps):
    # From start to end the line points down: somebody who walks along it has smaller x to the right.
    ((direction, time),) = crossings(LINE, walk([(0.3, 0.5), (0.7, 0.5)], fps))
    assert direction == OUT and 1.0 <= time <= 1.0 + 1.01 / fps
    ((direction, time),) = crossings(LINE, walk([(0.7, 0.5), (0.3, 0.5)], fps))
    assert direction == IN and 1.0 <= time <= 1.0 + 1.01 / fps


def test_in_is_where_the_cross_product_of_the_issue_goes_from_below_zero_to_above_it():
    line = Line("A", (0.34, 0.28), (0.295, 0.56))

    def s(x, y):
        return (line.end[0] - line.start[0]) * (y - line.start[1]) - (line.end[1] - line.start[1]) * (x - line.start[0])

    assert s(0.5, 0.4) < 0 < s(0.1, 0.4)
    assert [one[0] for one in crossings(line, walk([(0.5, 0.4), (0.1, 0.4)]))] == [IN]


@pytest.mark.parametrize("way", [[(0.3, 0.85), (0.7, 0.85)], [(0.3, 0.5), (0.49, 0.5)], [(0.3, 0.1), (0.7, 0.19)]])
def test_who_passes_beside_a_line_has_not_crossed_it(way):
    assert crossings(LINE, walk(way)) == []


def test_who_goes_around_the_end_of_a_line_and_back_over_it_has_crossed_once():
    assert [one[0] for one in crossings(LINE, walk([(0.3, 0.5), (0.4, 0.9), (0.6, 0.9), (0.6, 0.5), (0.3, 0.5)]))] == [
        IN
    ]


def test_who_turns_back_at_once_has_not_crossed():
    assert crossings(LINE, walk([(0.3, 0.5), (0.51, 0.5), (0.3, 0.5)])) == []
    assert len(crossings(LINE, walk([(0.3, 0.5), (0.6, 0.5), (0.3, 0.5)]))) == 2


@pytest.mark.parametrize("fps", [5, 25, 100])
def test_who_stands_on_a_line_for_long_counts_once(fps):
    rng = np.random.RandomState(fps)
    path = walk([(0.3, 0.5), (0.5, 0.5)], fps)
    path += [(path[-1][0] + n / fps, 0.5 + rng.normal(0, 0.004), 0.5) for n in range(1, 60 * fps)]
    path += walk([(0.5, 0.5), (0.7, 0.5)], fps, start=path[-1][0] + 1 / fps)
    assert [one[0] for one in crossings(LINE, path)] == [OUT]


def test_who_crosses_and_was_away_may_cross_again():
    away = walk([(0.3, 0.5), (0.55, 0.5), (0.45, 0.5), (0.55, 0.5), (0.3, 0.5)])
    assert [one[0] for one in crossings(LINE, away)] == [OUT, IN, OUT, IN]


def test_a_gap_in_which_nobody_is_seen_hides_no_crossing():
    path = walk([(0.3, 0.5), (0.7, 0.5)])
    hidden = [(time, None) if 0.7 < time < 1.4 else (time, x, y) for time, x, y in path]
    assert [one[0] for one in crossings(LINE, hidden)] == [OUT]


def test_who_is_not_seen_again_behind_a_line_has_crossed_it():
    path = walk([(0.3, 0.5), (0.51, 0.5)])
    gone = path + [(path[-1][0] + n / 25, None) for n in range(1, 50)]
    assert [one[0] for one in crossings(LINE, gone)] == [OUT]
    back = path + [(path[-1][0] + n / 25, None) for n in range(1, 20)] + [(path[-1][0] + 0.8, 0.48, 0.5)]
    assert crossings(LINE, back) == []


def test_only_the_labels_of_a_line_count():
    line = Line("A", LINE.start, LINE.end, labels=("car",))
    assert crossings(line, walk([(0.3, 0.5), (0.7, 0.5)]), "person") == []
    assert len(crossings(line, walk([(0.3, 0.5), (0.7, 0.5)]), "car")) == 1


def test_the_anchor_says_which_point_of_a_box_must_cross():
    low = Line("A", (0.2, 0.5), (0.8, 0.5))
    down = walk([(0.5, 0.45), (0.5, 0.65)])
    times = {}
    for anchor, reached in (("bottom_center", 0.5), ("center", 0.6), ("corners", 0.7)):
        found = crossings(
            Line("A", low.start, low.end, anchor=anchor), [*down, *walk([(0.5, 0.65), (0.5, 0.9)], start=1.0)]
        )
        ((direction, times[anchor]),) = found
        assert direction == IN
        assert times[anchor] == pytest.approx((reached - 0.45) / 0.2, abs=0.05)


def test_lines_with_several_anchors_keep_their_names():
    anchors = ("center", "bottom_center", "corners", "center", "bottom_center")
    heights = (0.5, 0.6, 0.55, 0.4, 0.95)
    lines = {f"L{n}": Line(f"L{n}", (0.2, y), (0.8, y), anchor=anchors[n]) for n, y in enumerate(heights)}
    watcher, found = PlaceWatcher(Places(lines=lines)), []
    for time, x, y in walk([(0.5, 0.45), (0.5, 0.9)]):
        found += watcher.update(time, [Sighting(1, "person", box_at(x, y))], SIZE, 0.0)
    assert sorted(one.line for one in found) == ["L0", "L1", "L2", "L3"]


def test_a_hold_of_nothing_counts_at_the_first_sight_beyond():
    line = Line("A", LINE.start, LINE.end, hold=0.0)
    assert crossings(line, [(0.0, 0.45, 0.5), (0.04, 0.55, 0.5)]) == [(OUT, 0.04)]


@pytest.mark.parametrize("seed", range(20))
def test_jittered_walks_are_counted_exactly(seed):
    rng = np.random.RandomState(seed)
    angle, fps = rng.uniform(0, 2 * np.pi), rng.choice([5, 12, 25, 60])
    middle, along = np.array([0.5, 0.5]), 0.3 * np.array([np.cos(angle), np.sin(angle)])
    across = np.array([-along[1], along[0]]) / 0.3
    line = Line("L", tuple(middle - along), tuple(middle + along))
    watcher, expected = PlaceWatcher(Places(lines={"L": line})), []
    paths = {}
    for track in range(1, 21):
        crosses = rng.rand() < 0.6
        direction = rng.choice([-1, 1])
        offset = rng.uniform(-0.7, 0.7) if crosses else rng.choice([-1, 1]) * rng.uniform(1.25, 1.5)
        begin, end = ((middle + along * offset + across * direction * far) for far in (-0.18, 0.18))
        turns = rng.rand() < 0.2
        points = [begin, middle + along * offset - across * direction * 0.05, begin] if turns else [begin, end]
        paths[track] = walk([tuple(point) for point in points], fps, rng.uniform(0.05, 0.2))
        if crosses and not turns:
            expected.append((track, IN if direction > 0 else OUT))
    found = []
    for frame in range(max(map(len, paths.values())) + 2 * fps):
        sightings = []
        for track, path in paths.items():
            _, x, y = path[min(frame, len(path) - 1)]
            x, y = np.array([x, y]) + rng.normal(0, 0.006, 2)
            sightings.append(Sighting(track, "person", box_at(x, y), 0.9, rng.rand() > 0.15))
        found += watcher.update(frame / fps, sightings, (500, 500), 0.0)
    assert sorted((one.track, one.direction) for one in found) == sorted(expected)
