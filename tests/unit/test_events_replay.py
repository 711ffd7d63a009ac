"""Zones and lines are tried on stored tracks: what would have happened, and when an alert would have been."""

import time

import numpy as np
import pytest

from appliance.contract.event_messages import CROSSED, ENTERED, EXITED, IN, LOITERING
from appliance.events import replay as replay_module
from appliance.events.replay import replay
from appliance.events.stored_track import StoredTrack
from appliance.schema.places import parse_places

BEGIN = 1_700_000_000.0
SPAN = (BEGIN - 3600, BEGIN + 3600)
RIGHT_HALF = {"polygon": [[0.5, 0], [1, 0], [1, 1], [0.5, 1]]}


def walk(number=1, label="person", start=BEGIN, seconds=10.0, stands=0.0):
    """From left to right through the picture; the path has a point for every hundredth of the way."""
    times = np.linspace(start, start + seconds, 101)
    x = np.linspace(0.0, 0.9, 101)
    path = np.stack([times, x, np.full(101, 0.3), x + 0.1, np.full(101, 0.6)], 1)
    return StoredTrack(f"{start:.6f}-{number:06d}", "main", label, start, start + seconds + stands, 0.8, path)


def run(tracks, zones=None, lines=None, labels=("person", "car")):
    places = parse_places({"zones": zones or {}, "lines": lines or {}})
    return replay([tracks], places, labels, (640, 360), SPAN)


def test_what_walks_through_a_zone_and_over_a_line_would_have_entered_and_crossed():
    found = run([walk()], {"right": RIGHT_HALF}, {"middle": {"from": [0.6, 0.9], "to": [0.6, 0.1]}})
    assert [(one.type, one.zone, one.line, one.direction) for one in found.happenings] == [
        (ENTERED, "right", None, None),
        (CROSSED, None, "middle", IN),
        (EXITED, "right", None, None),
    ]
    entered, crossed, left = (one.time - BEGIN for one in found.happenings)
    assert entered == pytest.approx(5.0, abs=0.2) and crossed == pytest.approx(6.1, abs=0.2)
    assert left == pytest.approx(10.0, abs=0.01)
    assert (found.alerts, found.tracks, found.is_complete) == ([BEGIN], 1, True)
    assert (found.after, found.before) == SPAN


def test_only_what_enters_a_zone_of_alerts_would_have_been_an_alert():
    far = {"polygon": [[0.5, 0], [1, 0], [1, 0.2], [0.5, 0.2]], "alert": True}
    near = dict(RIGHT_HALF, alert=True)
    tracks = [walk(1), walk(2, "car", BEGIN + 60), walk(3, "dog", BEGIN + 120)]
    assert run(tracks, {"far": far, "right": RIGHT_HALF}).alerts == []
    assert run(tracks, {"far": far, "near": near}).alerts == [BEGIN, BEGIN + 60]
    assert run(tracks).alerts == [BEGIN, BEGIN + 60]
    assert run(tracks, {"near": dict(near, labels=["car"])}).alerts == [BEGIN + 60]


def test_who_stands_still_at_one_point_of_the_path_loiters():
    zones = {"right": dict(RIGHT_HALF, loiter=60)}
    assert LOITERING not in [one.type for one in run([walk()], zones).happenings]
    loitering = [one for one in run([walk(stands=300.0)], zones).happenings if one.type == LOITERING]
    assert [one.time - BEGIN for one in loitering] == [pytest.approx(65.0, abs=0.3)]


def test_tracks_that_are_followed_together_do_not_disturb_each_other():
    zones, lines = {"right": dict(RIGHT_HALF, loiter=5)}, {"middle": {"from": [0.6, 0.9], "to": [0.6, 0.1]}}
    tracks = [walk(number, start=BEGIN + 3 * number, seconds=4.0 + number, stands=9.0 * number) for number in range(5)]
    alone = [one for track in tracks for one in run([track], zones, lines).happenings]
    assert run(tracks, zones, lines).happenings == sorted(alone, key=lambda one: (one.time, one.track))


def test_a_zone_with_times_of_day_is_watched_at_those_of_each_track(monkeypatch):
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    # BEGIN is 22:13:20. The third is there before and stays.
    zones = {"right": dict(RIGHT_HALF, active="23:00-24:00")}
    tracks = [walk(1), walk(2, start=BEGIN + 3600), walk(3, start=BEGIN + 60, stands=7200.0)]
    entered = [(one.track[-1], one.time - BEGIN) for one in run(tracks, zones).happenings if one.type == ENTERED]
    monkeypatch.undo()
    time.tzset()
    assert [track for track, _ in entered] == ["3", "2"]
    assert entered[0][1] == pytest.approx(46 * 60 + 40, abs=61)


def test_where_zones_have_times_of_day_most_tracks_are_followed_together_all_the_same(monkeypatch):
    """Each alone, a replay of a day came no further than its first 250 tracks."""
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    followed = []
    follow = replay_module._follow
    monkeypatch.setattr(
        replay_module, "_follow", lambda tracks, *more: followed.append(len(tracks)) or follow(tracks, *more)
    )
    # BEGIN is 22:13:20. One of them is there when it is 23:00; another one stays for longer than is left until then.
    zones = {"right": dict(RIGHT_HALF, active="23:00-06:00")}
    tracks = [walk(number, start=BEGIN + 60 * number) for number in range(40)]
    tracks += [walk(40, start=BEGIN + 46.5 * 60, stands=20.0)] + [walk(41, start=BEGIN - 7200, stands=3600.0)]
    tracks += [walk(number, start=BEGIN + 3600 + number) for number in range(50, 90)]
    found = run(tracks, zones)
    monkeypatch.undo()
    time.tzset()
    assert sorted(followed) == [1, 40, 41]
    entered = [int(one.track[-2:]) for one in found.happenings if one.type == ENTERED]
    assert entered == [40, *range(50, 90)] and found.is_complete


def test_a_replay_that_takes_too_long_ends_and_says_up_to_when_it_looked():
    groups = [[walk(number, start=BEGIN + number)] for number in range(5)]
    now = [0.0]

    def rest(seconds):
        assert seconds == 0.0
        now[0] += 8.0

    found = replay(groups, parse_places({}), ("person",), (640, 360), SPAN, lambda: now[0], rest)
    assert (found.tracks, found.is_complete, found.before, found.alerts) == (2, False, BEGIN + 2, [BEGIN, BEGIN + 1])


def test_a_replay_lists_no_more_than_it_may(monkeypatch):
    monkeypatch.setattr(replay_module, "MOST_HAPPENINGS", 3)
    groups = [[walk(number, start=BEGIN + 60 * number)] for number in range(5)]
    found = replay(groups, parse_places({"zones": {"right": RIGHT_HALF}}), (), (640, 360), SPAN)
    assert (len(found.happenings), found.is_complete, found.tracks) == (4, False, 2)
