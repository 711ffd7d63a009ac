"""The tracking of a stream over its sources, its settings and its failures."""

import pytest

from appliance.daemon.event_services import EventServices
from appliance.daemon.stream_tracking import StreamTracking
from appliance.schema.places import parse_places
from appliance.settings import Settings
from tests.events import a_result, play

PERSON, CAR = 1, 3


class Services(EventServices):
    """What takes the reports, without thread and database."""

    def __init__(self):
        self.reports = []

    def report(self, report):
        self.reports.append(report)
        return True

    def keep_picture(self, stream, id, image, box):
        return False


@pytest.fixture
def there():
    class There:
        live = {"det_th": 0.5, "shown_classes": None}
        places = parse_places({})
        services = Services()

        def ended(self):
            return [report.id[-6:] for report in self.services.reports if report.has_ended]

    there = There()
    there.tracking = StreamTracking("yard", Settings(), lambda: there.live, lambda: there.places, there.services)
    return there


def standing(time):
    return 0.5, 0.5


def test_the_next_source_ends_the_tracks_of_the_one_before_and_late_results_of_that_pass_untracked(there):
    first = there.tracking.begin()
    play(first, [(PERSON, standing)], 2.0)
    second = there.tracking.begin()
    assert there.ended() == ["000001"]
    late = a_result(103.0, [(PERSON, 0.8, (0.5, 0.5))])
    assert first(late) is late
    play(second, [(PERSON, standing)], 2.0, begin=104.0)
    there.tracking.end()
    assert there.ended() == ["000001", "000002"]
    assert {report.stream for report in there.services.reports} == {"yard"}


def test_live_settings_and_places_are_taken_over_without_the_loss_of_a_track(there):
    follow = there.tracking.begin()
    play(follow, [(PERSON, standing)], 2.0)
    there.live = {"det_th": 0.5, "shown_classes": ["person"]}
    there.places = parse_places({"ignore": ["0,0.8,0.3,0.8,0.3,1,0,1"]})
    there.tracking.change()
    results = play(
        follow,
        [(PERSON, standing), (CAR, lambda time: (0.8, 0.5)), (PERSON, lambda time: (0.1, 0.9))],
        2.0,
        begin=102.0,
    )
    assert there.ended() == [] and {report.label for report in there.services.reports} == {"person"}
    assert {tuple(sorted(result.detections.class_ids.tolist())) for result in results} == {(PERSON, CAR)}
    assert [ref.number for ref in results[-1].tracks if ref is not None] == [1]


def test_a_failure_is_said_once_detection_goes_on_and_it_heals_by_itself(there, caplog):
    follow = there.tracking.begin()
    play(follow, [(PERSON, standing)], 2.0)
    good, there.live = there.live, {}
    there.tracking.change()
    for result in play(lambda result: (result, follow(result)), [(PERSON, standing)], 1.0, begin=102.0):
        assert result[1] is result[0]
    assert [record.getMessage() for record in caplog.records if record.levelname == "ERROR"] == [
        "stream yard: nothing can be followed (KeyError: 'det_th')"
    ]
    assert there.ended() == ["000001"]
    there.live = good
    assert play(follow, [(PERSON, standing)], 2.0, begin=104.0)[-1].track(0).number == 2
