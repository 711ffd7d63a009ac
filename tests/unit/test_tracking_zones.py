"""Zones that notice what enters them, leaves them and stays."""

import time as clock

import numpy as np
import pytest

from appliance.contract.event_messages import ENTERED, EXITED, LOITERING
from appliance.schema.filters import Filter
from appliance.schema.hours import is_active, parse_hours
from appliance.schema.places import Line, Places, Zone
from appliance.tracking.ground import GroundPlane
from appliance.tracking.places import PlaceWatcher
from appliance.tracking.sighting import Sighting

SIZE = (1000, 500)
ZONE = Zone("yard", ((0.4, 0.4), (0.8, 0.4), (0.8, 0.9), (0.4, 0.9)))


def box_at(x, y, width=0.04, height=0.2):
    return (x - width / 2, y - height, x + width / 2, y)


def noticed(zone, path, label="person", score=0.9, wall=0.0):
    """Let a track follow a path of (time, x, y), (time, None) where it is not seen; returns (type, time) of each."""
    watcher, found, box = PlaceWatcher(Places(zones={zone.name: zone})), [], None
    for time, *at in path:
        box = box if at[0] is None else at[0] if isinstance(at[0], tuple) else box_at(*at)
        found += watcher.update(time, [Sighting(1, label, box, score, at[0] is not None)], SIZE, wall + time)
    found += watcher.update(path[-1][0] + 5, [], SIZE, wall)
    assert all((one.zone, one.track, one.label) == (zone.name, 1, label) for one in found)
    return [(one.type, round(one.time, 2)) for one in found]


def through(fps, speed=0.1):
    """From the left through the zone, in at 2 s and out at 6 s."""
    return [(n / fps, 0.2 + speed * n / fps, 0.6) for n in range(8 * fps + 1)]


@pytest.mark.parametrize("fps", [5, 25, 100])
def test_a_walk_through_a_zone_is_told_when_it_happened_at_every_frame_rate(fps):
    assert noticed(ZONE, through(fps)) == [
        (ENTERED, pytest.approx(2.0, abs=0.02)),
        (EXITED, pytest.approx(6.0, abs=0.21)),
    ]


@pytest.mark.parametrize("fps", [5, 25, 100])
def test_inertia_is_seconds_inside_and_outside(fps):
    def visit(seconds):
        return [(n / fps, 0.6 if 1 <= n / fps < 1 + seconds else 0.3, 0.6) for n in range(5 * fps)]

    zone = Zone("yard", ZONE.polygon, inertia=1.0)
    assert noticed(zone, visit(0.9)) == []
    assert [one[0] for one in noticed(zone, visit(1.5))] == [ENTERED, EXITED]


def test_what_jumps_about_on_the_border_is_told_once():
    rng = np.random.RandomState(3)
    path = [(n / 25, 0.4 + 0.02 * np.tanh((n - 250) / 60) + rng.normal(0, 0.005), 0.6) for n in range(500)]
    assert [one[0] for one in noticed(ZONE, path)] == [ENTERED, EXITED]
    assert noticed(ZONE, path)[1] == (EXITED, pytest.approx(499 / 25, abs=0.01))


def test_with_no_inertia_the_first_sight_inside_counts():
    zone = Zone("yard", ZONE.polygon, inertia=0.0)
    assert noticed(zone, [(0.0, 0.3, 0.6), (0.2, 0.5, 0.6), (0.4, 0.3, 0.6)]) == [(ENTERED, 0.2), (EXITED, 0.4)]


def test_who_is_hidden_for_a_while_stays_inside():
    path = through(25)
    hidden = [(time, None) if 3 < time < 5 else (time, x, y) for time, x, y in path]
    assert [one[0] for one in noticed(ZONE, hidden)] == [ENTERED, EXITED]


def test_a_track_that_ends_inside_leaves_with_its_last_sight():
    assert noticed(ZONE, through(25)[:100] + [(4.5, None)]) == [(ENTERED, 2.0), (EXITED, 3.96)]


@pytest.mark.parametrize("fps", [4, 30])
def test_loitering_is_told_once_after_its_seconds(fps):
    zone = Zone("yard", ZONE.polygon, loiter=3.0)
    assert [one for one in noticed(zone, through(fps)) if one[0] == LOITERING] == [
        (LOITERING, pytest.approx(5.0, abs=0.05))
    ]
    assert LOITERING not in dict(noticed(Zone("yard", ZONE.polygon, loiter=4.5), through(fps)))


def test_only_the_labels_of_a_zone_enter():
    assert noticed(Zone("yard", ZONE.polygon, ("car",)), through(25)) == []
    assert len(noticed(Zone("yard", ZONE.polygon, ("car",)), through(25), "car")) == 2


@pytest.mark.parametrize(
    "limits, passes",
    [
        (Filter(min_score=0.9, min_area=0.008, max_area=0.008, min_ratio=0.4, max_ratio=0.4), True),
        (Filter(min_score=0.91), False),
        (Filter(min_area=0.0081), False),
        (Filter(max_area=0.0079), False),
        (Filter(min_ratio=0.41), False),
        (Filter(max_ratio=0.39), False),
    ],
)
def test_the_filter_of_a_label_applies_to_that_label(limits, passes):
    stay = [(n / 25, (0.5, 0.25, 0.54, 0.45)) for n in range(50)]
    nudge = Filter(
        *(
            None if one is None else one * (1 - 1e-9 if key.startswith("min") else 1 + 1e-9)
            for key, one in vars(limits).items()
        )
    )
    zone = Zone("yard", ZONE.polygon, filters={"person": nudge if passes else limits})
    assert bool(noticed(zone, stay)) == passes
    assert noticed(zone, stay, "dog")


@pytest.mark.parametrize(
    "hours, inside, outside",
    [
        ("22:00-06:00", ["22:00", "23:59", "00:00", "05:59"], ["21:59", "06:00", "12:00"]),
        ("08:00-18:00", ["08:00", "17:59"], ["07:59", "18:00", "00:00"]),
        ("00:00-24:00", ["00:00", "23:59"], []),
        (["06:00-07:00", "22:00-23:00"], ["06:30", "22:30"], ["12:00", "23:30"]),
    ],
)
def test_times_of_day_may_go_over_midnight(hours, inside, outside):
    parsed = parse_hours((), hours)
    for text in inside + outside:
        hour, minute = map(int, text.split(":"))
        assert is_active(parsed, 60 * hour + minute) == (text in inside), text


def test_outside_of_its_hours_a_zone_notices_nothing():
    night = Zone("yard", ZONE.polygon, active=((22 * 60, 6 * 60),))
    assert noticed(night, through(25), wall=clock.mktime((2026, 6, 1, 12, 0, 0, 0, 0, -1))) == []
    assert len(noticed(night, through(25), wall=clock.mktime((2026, 6, 1, 23, 0, 0, 0, 0, -1)))) == 2
    ends = clock.mktime((2026, 6, 2, 5, 59, 56, 0, 0, -1))  # four seconds before its hours end
    assert noticed(night, through(25), wall=ends) == [(ENTERED, 2.0), (EXITED, 4.0)]


EDGE = Zone("door", ((0.3, 0.7), (0.7, 0.7), (0.7, 1.0), (0.3, 1.0)))


@pytest.mark.parametrize("low", [1.0, 0.996, 0.999])
def test_a_zone_at_the_lower_edge_keeps_people_whose_feet_are_cut_off(low):
    path = [(n / 10, (0.4 + n / 500, 0.6, 0.5 + n / 500, low)) for n in range(50)]
    assert noticed(EDGE, path) == [(ENTERED, 0.0), (EXITED, 4.9)]
    almost = Zone("door", ((0.3, 0.7), (0.7, 0.7), (0.7, 0.992), (0.3, 0.992)))
    assert [one[0] for one in noticed(almost, path)] == [ENTERED, EXITED]


def test_a_zone_at_a_side_keeps_people_who_are_half_out_of_the_picture():
    strip = Zone("exit", ((0.0, 0.2), (0.06, 0.2), (0.06, 0.9), (0.0, 0.9)))
    # The middle of what is still seen is outside of the strip, where the feet are no longer.
    path = [(n / 10, (0.0, 0.3, 0.14, 0.8)) for n in range(30)]
    assert [one[0] for one in noticed(strip, path)] == [ENTERED, EXITED]
    mirrored = Zone("exit", tuple((1 - x, y) for x, y in strip.polygon))
    assert [one[0] for one in noticed(mirrored, [(time, (0.86, 0.3, 1.0, 0.8)) for time, _ in path])] == [
        ENTERED,
        EXITED,
    ]
    assert noticed(strip, [(time, (0.02, 0.3, 0.16, 0.8)) for time, _ in path]) == []


def test_a_zone_in_the_middle_does_not_notice_who_is_cut_off_elsewhere():
    assert noticed(ZONE, [(n / 10, (0.45, 0.6, 0.55, 1.0)) for n in range(30)]) == []


def test_the_ground_of_a_zone_is_measured_in_perspective():
    # Seen from above a rectangle of 10 m x 20 m; in the picture the far side is half as wide.
    ground = GroundPlane(((0.3, 0.5), (0.7, 0.5), (0.9, 0.9), (0.1, 0.9)), (10.0, 20.0, 10.0, 20.0))
    corners = [ground.position(corner) for corner in ((0.3, 0.5), (0.7, 0.5), (0.9, 0.9), (0.1, 0.9))]
    sides = [np.hypot(*np.subtract(corners[n], corners[n - 1])) for n in (1, 2, 3, 0)]
    assert sides == pytest.approx([10.0, 20.0, 10.0, 20.0])
    assert np.dot(np.subtract(corners[1], corners[0]), np.subtract(corners[3], corners[0])) == pytest.approx(
        0, abs=1e-9
    )
    middle = ground.position((0.5, 0.6333333333))  # where the diagonals cross
    assert middle == pytest.approx(tuple(np.mean(corners, axis=0)), abs=1e-6)


@pytest.mark.parametrize("fps", [5, 25, 100])
def test_speed_is_measured_in_kilometres_an_hour(fps):
    polygon = ((0.3, 0.5), (0.7, 0.5), (0.9, 0.9), (0.1, 0.9))
    ground, rng = GroundPlane(polygon, (10.0, 20.0, 10.0, 20.0)), np.random.RandomState(fps)
    far, near = ground.position((0.5, 0.5)), ground.position((0.5, 0.9))
    heights = np.linspace(0.5, 0.9, 4001)
    reach = [np.hypot(*np.subtract(ground.position((0.5, y)), near)) for y in heights]
    assert np.hypot(*np.subtract(far, near)) == pytest.approx(20.0)

    def drive(kmh):
        for n in range(int(20.0 / (kmh / 3.6) * fps)):
            y = float(np.interp(kmh / 3.6 * n / fps, reach[::-1], heights[::-1]))
            yield n / fps, box_at(0.5 + rng.normal(0, 0.001), min(0.9, y + rng.normal(0, 0.0005)), 0.1, 0.1)

    def watch(kmh, min_speed=None):
        zone = Zone("road", polygon, min_speed=min_speed, sides=(10.0, 20.0, 10.0, 20.0), inertia=0.2)
        watcher, speeds, types = PlaceWatcher(Places(zones={"road": zone})), [], []
        for time, box in drive(kmh):
            types += [one.type for one in watcher.update(time, [Sighting(1, "car", box)], SIZE, 0.0)]
            speeds.append(watcher.speed_of(1))
        return speeds[-1], types

    assert watch(18.0)[0] == pytest.approx(18.0, rel=0.12)
    assert watch(18.0, 15.0)[1] == [ENTERED] and watch(18.0, 25.0)[1] == []


def test_what_is_changed_elsewhere_does_not_make_somebody_enter_again():
    line, other = Line("gate", (0.0, 0.1), (0.1, 0.1)), Zone("other", EDGE.polygon)
    watcher = PlaceWatcher(Places(zones={"yard": ZONE}, lines={"gate": line}))

    def stand(start):
        return [
            (one.type, one.zone)
            for n in range(20)
            for one in watcher.update(start + n / 10, [Sighting(1, "person", box_at(0.6, 0.8))], SIZE, 0.0)
        ]

    assert stand(0.0) == [(ENTERED, "yard")] and watcher.zones_of(1) == ["yard"]
    watcher.replace(Places(zones={"other": other, "yard": ZONE}))
    assert stand(2.0) == [(ENTERED, "other")] and watcher.zones_of(1) == ["other", "yard"]
    watcher.replace(Places(zones={"yard": Zone("yard", EDGE.polygon)}))
    assert stand(4.0) == [(ENTERED, "yard")]


def test_twenty_objects_ten_zones_and_five_lines_are_watched_together():
    rng = np.random.RandomState(1)
    zones = {
        f"z{n}": Zone(
            f"z{n}",
            tuple(
                (0.5 + 0.5 * np.cos(a) * (n + 1) / 10, 0.5 + 0.5 * np.sin(a) * (n + 1) / 10)
                for a in np.arange(8) * np.pi / 4
            ),
        )
        for n in range(10)
    }
    lines = {f"l{n}": Line(f"l{n}", (n / 5 + 0.1, 0.0), (n / 5 + 0.1, 1.0)) for n in range(5)}
    watcher, found = PlaceWatcher(Places(zones, lines)), []
    starts = rng.uniform(0.1, 0.9, (20, 2))
    for frame in range(500):
        moved = starts + 0.2 * np.sin(frame / 50 + np.arange(40).reshape(20, 2))
        found += watcher.update(frame / 25, [Sighting(n, "person", box_at(*moved[n])) for n in range(20)], SIZE, 0.0)
    entered, exited = ([one for one in found if one.type == type] for type in (ENTERED, EXITED))
    inside = sum(len(watcher.zones_of(n)) for n in range(20))
    assert len(entered) - len(exited) == inside > 0 and len(found) > len(entered) + len(exited) > 100
