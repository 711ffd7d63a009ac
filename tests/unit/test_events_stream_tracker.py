"""The objects of one stream are followed through every result, and reported."""

import numpy as np
import pytest

from appliance.events.bus_events import (
    EventChanged,
    EventEnded,
    EventStarted,
    Happened,
    ReviewChanged,
    ReviewEnded,
    ReviewStarted,
)
from appliance.events.engine import EventEngine
from appliance.events.followed import MOST_HELD
from appliance.events.followed import Followed as FollowedTrack
from appliance.events.report_queue import ReportQueue
from appliance.events.stream_tracker import Rules, StreamTracker
from appliance.schema.places import NO_PLACES, parse_places
from appliance.tracking.settings import TrackSettings
from appliance.tracking.track import Track
from tests.events import OFFSET, a_result, play, walking

PERSON, CAR = 1, 3
THROUGH = walking((0.1, 0.6), (0.9, 0.6), 6.0)


def parked(time):
    return 0.5, 0.5


class Followed:
    """A stream tracker of which the reports are collected."""

    def __init__(self, takes=lambda report: True, places=None, **options):
        self.reports = []
        self.settings, self.places = TrackSettings(lost=2.0), places or NO_PLACES

        def take(report):
            self.reports.append(report)
            return takes(report)

        self.tracker = StreamTracker("main", True, self.rules, take, **options)

    def rules(self, labels):
        return Rules(self.settings, self.places, frozenset(["person"]))

    def play(self, *arguments, **options):
        return play(self.tracker.follow, *arguments, **options)

    @property
    def happened(self):
        return [(one.type, round(one.time - OFFSET, 2)) for report in self.reports for one in report.happenings]


@pytest.mark.parametrize("fps", [5, 25])
def test_a_walk_is_reported_from_its_first_sight_to_its_last(fps):
    there = Followed()
    results = there.play([(PERSON, THROUGH)], 10.0, fps=fps)
    first, *rest, last = there.reports
    assert {report.id for report in there.reports} == {f"{OFFSET + 100:.6f}-000001"}
    assert (first.first, first.offset, first.label, first.stream) == (100.0, OFFSET, "person", "main")
    assert first.last == pytest.approx(100.4, abs=0.2) and not first.has_ended
    assert last.has_ended and last.last == pytest.approx(106.0, abs=0.01)
    assert there.happened == [("detected", 100.0), ("left", pytest.approx(106.0, abs=0.01))]
    assert len(rest) == pytest.approx(6, abs=2)  # one a second, at any frame rate
    assert len(last.path) > 25 and last.box[3] - last.box[1] == pytest.approx(0.2, abs=0.01)
    marked = [result.track(0) for result in results if len(result.detections.boxes)]
    assert marked[0] is None and {ref.number for ref in marked[1:]} == {1}
    assert marked[-1].id == last.id and not marked[-1].is_stationary


def test_what_is_seen_too_shortly_is_no_event_but_its_detections_have_a_track():
    there = Followed()
    results = there.play([(PERSON, walking((0.5, 0.5), (0.5, 0.5), 0.25))], 5.0)
    assert there.reports == [] and results[1].track(0).number == 1


def test_tracks_end_with_their_source_and_nothing_follows():
    there = Followed()
    there.play([(PERSON, parked), (CAR, walking((0.1, 0.9), (0.2, 0.9), 60.0))], 2.0)
    there.tracker.end()
    there.tracker.end()
    assert [report.has_ended for report in there.reports].count(True) == 2
    late = a_result(103.0, [(PERSON, 0.8, (0.5, 0.5))])
    assert there.tracker.follow(late) is late


def test_the_tracks_of_the_next_source_have_numbers_of_their_own():
    there = Followed()
    there.play([(PERSON, parked), (CAR, walking((0.1, 0.9), (0.2, 0.9), 1.0))], 6.0)
    there.tracker.end()
    after = Followed(first_number=there.tracker.next_number)
    after.play([(PERSON, parked)], 2.0, begin=110.0)
    assert {report.id[-6:] for report in after.reports} == {"000003"}


def test_another_model_ends_the_tracks_unless_it_names_the_classes_alike():
    there = Followed()
    same, other = {1: "person", 3: "car"}, {1: "car", 3: "person"}
    for time in range(40):
        labels = same if time < 20 else {} if time == 20 else dict(same)
        there.tracker.follow(a_result(time / 10, [(PERSON, 0.8, (0.5, 0.5))] if labels else [], labels))
    assert not any(report.has_ended for report in there.reports)
    for time in range(40, 60):
        there.tracker.follow(a_result(time / 10, [(PERSON, 0.8, (0.5, 0.5))], other))
    assert [(report.label, report.id[-1]) for report in there.reports if report.has_ended] == [("person", "1")]
    assert (there.reports[-1].label, there.reports[-1].id[-1]) == ("car", "2")


def test_settings_change_without_the_loss_of_a_track():
    there = Followed()
    there.play([(PERSON, parked)], 2.0, score=0.6)
    there.settings = TrackSettings(min_score=0.7, lost=2.0)
    there.tracker.change()
    there.play([(PERSON, parked)], 2.0, begin=102.0, score=0.6)
    assert {report.id[-1] for report in there.reports} == {"1"} and not there.reports[-1].has_ended
    results = there.play([(PERSON, parked), (PERSON, lambda time: (0.1, 0.9))], 2.0, begin=104.0, score=0.6)
    assert results[-1].tracks.count(None) == 1  # it begins no track any more


def test_low_scores_keep_a_track_alive():
    there = Followed()
    there.play([(PERSON, THROUGH)], 2.0)
    results = play(there.tracker.follow, [(PERSON, lambda time: THROUGH(time + 2.0))], 3.0, begin=102.0, score=0.2)
    assert {result.track(0).number for result in results} == {1}


def test_the_best_pictures_are_handed_over_at_most_once_a_second():
    kept = []

    def keep(event, image, box):
        kept.append((event, image.shape, box.tolist()))
        return True

    there = Followed(keep_picture=keep)
    for number in range(60):
        size = 1.0 + number / 20
        result = a_result(100 + number / 20, [(PERSON, 0.8, (0.5, 0.9))])
        result.detections.boxes[0, 1] -= 40 * size
        there.tracker.follow(result)
    there.tracker.end()
    assert 2 <= len(kept) <= 5 and {event for event, _, _ in kept} == {there.reports[0].id}
    assert kept[-1][1] == (480, 640, 3) and kept[-1][2][1] < kept[0][2][1]
    assert there.reports[-1].has_snapshot


def test_what_never_looks_better_than_at_first_has_a_picture_too():
    kept = []
    there = Followed(keep_picture=lambda event, image, box: kept.append(box.tolist()) or len(kept) > 1)
    there.play([(PERSON, parked)], 5.0)
    there.tracker.end()
    assert there.reports[-1].has_snapshot and len(kept) == 2  # the first was not taken


def test_a_track_that_was_refused_is_not_reported_again():
    queue = ReportQueue(most_tracks=0)
    there = Followed(queue.put)
    there.play([(PERSON, THROUGH)], 10.0)
    assert len(there.reports) == 1


def test_a_segmentation_passes_untracked():
    there = Followed()
    result = a_result(0.0, [])
    result.segmentation = object()
    assert there.tracker.follow(result) is result


DOOR = "0.4,0.5,0.6,0.5,0.6,0.7,0.4,0.7"
"""The middle of the way."""


def moments(there, kind):
    return [one for report in there.reports for one in report.happenings if one.type == kind]


@pytest.mark.parametrize("fps", [5, 25])
def test_zones_and_lines_on_the_way_are_noticed_at_their_times(fps):
    there = Followed(
        places=parse_places(
            {
                "zones": {"door": {"polygon": DOOR, "loiter": 1.0}, "roof": {"polygon": "0,0,1,0,1,0.2,0,0.2"}},
                "lines": {"gate": {"from": [0.7, 0.9], "to": [0.7, 0.1]}},
            }
        )
    )
    there.play([(PERSON, THROUGH)], 10.0, fps=fps)
    found = [(one.type, one.zone or one.line, one.time - OFFSET - 100) for one in sum_of(there.reports)]
    about = 1.5 / fps
    assert [(kind, name) for kind, name, _ in found] == [
        ("detected", None),
        ("entered", "door"),
        ("loitering", "door"),
        ("exited", "door"),
        ("crossed", "gate"),
        ("left", None),
    ]
    assert [time for _, _, time in found] == pytest.approx([0.0, 2.25, 3.25, 3.75, 4.5, 6.0], abs=about)
    (crossing,) = moments(there, "crossed")
    assert (crossing.direction, crossing.label, crossing.track) == ("in", "person", there.reports[0].id)


def sum_of(reports):
    return [one for report in reports for one in report.happenings]


def test_who_stands_in_a_zone_at_the_end_has_left_it():
    there = Followed(places=parse_places({"zones": {"door": {"polygon": DOOR}}}))
    there.play([(PERSON, lambda time: (0.5, 0.6))], 3.0)
    assert there.tracker.zones_now() == {"door": {"person": 1}}
    there.tracker.end()
    assert [one.type for one in sum_of(there.reports)] == ["detected", "entered", "exited", "left"]
    assert there.tracker.zones_now() == {}


def test_what_comes_before_a_track_is_believed_is_told_then():
    there = Followed(places=parse_places({"zones": {"door": {"polygon": DOOR, "inertia": 0}}}))
    there.settings = TrackSettings(confirm=2.0)
    results = there.play([(PERSON, lambda time: (0.5, 0.6))], 1.5)
    assert results[-1].track(0) is not None and there.reports == [] and there.tracker.zones_now() == {}
    there.play([(PERSON, lambda time: (0.5, 0.6))], 1.5, begin=101.5)
    assert [one.type for one in there.reports[0].happenings] == ["detected", "entered"]
    assert there.reports[0].happenings[1].time == pytest.approx(OFFSET + 100.1, abs=0.11)


def test_an_alert_needs_its_label_and_where_there_are_alert_zones_one_of_them():
    there = Followed()
    there.play([(PERSON, parked), (CAR, lambda time: (0.1, 0.9))], 2.0)
    assert {report.label: report.is_alert for report in there.reports} == {"person": True, "car": False}
    there = Followed(places=parse_places({"zones": {"door": {"polygon": DOOR, "alert": True}}}))
    there.play([(PERSON, THROUGH)], 10.0)
    assert not there.reports[0].is_alert and there.reports[-1].is_alert


def test_what_stands_in_a_mask_is_dropped_before_anything_follows_it():
    there = Followed(places=parse_places({"ignore": [{"polygon": DOOR, "labels": ["car"]}]}))
    results = there.play([(PERSON, lambda time: (0.5, 0.6)), (CAR, lambda time: (0.55, 0.6))], 2.0)
    assert {tuple(result.detections.class_ids.tolist()) for result in results} == {(PERSON,)}
    assert {report.label for report in there.reports} == {"person"}


def test_zones_are_changed_without_the_loss_of_a_track():
    there = Followed(places=parse_places({"zones": {"door": {"polygon": DOOR}, "all": {"polygon": "0,0,1,0,1,1,0,1"}}}))
    there.play([(PERSON, lambda time: (0.5, 0.6))], 3.0)
    there.places = parse_places({"zones": {"all": {"polygon": "0,0,1,0,1,1,0,1"}, "new": {"polygon": DOOR}}})
    there.tracker.change()
    there.play([(PERSON, lambda time: (0.5, 0.6))], 3.0, begin=103.0)
    assert there.tracker.zones_now() == {"all": {"person": 1}, "new": {"person": 1}}
    assert [(one.type, one.zone) for one in sum_of(there.reports)] == [
        ("detected", None),
        ("entered", "door"),
        ("entered", "all"),
        ("entered", "new"),
    ]


def test_a_camera_that_hangs_ends_its_tracks_after_a_while():
    there = Followed()
    there.play([(PERSON, parked)], 3.0)
    there.tracker.check(150.0)
    assert not there.reports[-1].has_ended
    there.tracker.check(170.0)
    assert there.reports[-1].has_ended and there.reports[-1].last == pytest.approx(102.9)
    there.play([(PERSON, parked)], 3.0, begin=171.0)
    assert there.reports[-1].id[-6:] == "000002"


def test_a_zone_with_measured_sides_tells_the_highest_speed():
    road = {"polygon": [[0, 0.2], [1, 0.2], [1, 1], [0, 1]], "sides": [80, 20, 80, 20]}
    there = Followed(places=parse_places({"zones": {"road": road}}))
    there.play([(PERSON, THROUGH)], 10.0)
    assert there.reports[-1].speed == pytest.approx(0.8 * 80 / 6.0 * 3.6, rel=0.1)


def test_that_a_track_stands_still_or_moves_again_is_told_once_each():
    track = Track(1, TrackSettings(confirm=0.0))
    one = FollowedTrack("main", track, 1, OFFSET)
    told = []
    for number, is_stationary in enumerate([False, False, True, True, False, False]):
        time = 100.0 + number
        track.see(time, np.array([10.0, 10.0, 60.0, 110.0]), 0.9, PERSON, (640, 480))
        track.is_stationary = is_stationary
        one.see(track, time, "person", None)
        assert one.ref.is_stationary is is_stationary
        report = one.report(track, time, "person", (640, 480), False, False)
        told += [(happening.type, happening.time - OFFSET) for happening in report.happenings]
    assert told == [("detected", 100.0), ("stationary", 102.0), ("active", 104.0)]


def test_what_is_held_back_of_a_track_is_bounded_and_its_begin_is_told_all_the_same():
    track = Track(1, TrackSettings(confirm=0.0))
    one = FollowedTrack("main", track, 1, OFFSET)
    for number in range(MOST_HELD + 50):
        one.note("active", 100.0 + number, "person")
    track.see(99.0, np.array([10.0, 10.0, 60.0, 110.0]), 0.9, PERSON, (640, 480))
    track.see(999.0, np.array([10.0, 10.0, 60.0, 110.0]), 0.9, PERSON, (640, 480))
    track.is_confirmed = True
    one.see(track, 999.0, "person", None)
    happenings = one.report(track, 999.0, "person", (640, 480), False, False).happenings
    assert len(happenings) == MOST_HELD + 1 and happenings[0].type == "detected"


def test_a_parked_car_is_one_event_whose_review_ends_and_a_new_review_when_it_drives_off():
    news, there = [], Followed()
    engine = EventEngine(news.append)
    results = there.play([(CAR, parked)], 80.0, fps=5)
    assert results[-1].track(0).is_stationary
    there.play([(CAR, walking((0.5, 0.5), (0.95, 0.5), 6.0))], 10.0, fps=5, begin=180.0)
    assert [kind for kind, _ in there.happened] == ["detected", "stationary", "active", "left"]
    for report in there.reports:
        engine.tick(report.last)
        engine.take(report)
    kinds = [type(event) for event in news if not isinstance(event, (EventChanged, Happened, ReviewChanged))]
    assert kinds == [EventStarted, ReviewStarted, ReviewEnded, ReviewStarted, EventEnded]
    reviews = [event.review for event in news if isinstance(event, (ReviewStarted, ReviewEnded))]
    assert reviews[1].end - OFFSET == pytest.approx(110.0, abs=3.0)  # after the 10 s of `stationary`
    assert reviews[2].start - OFFSET == pytest.approx(181.0, abs=3.0)
