"""Events close in time in one stream are one review."""

from appliance.contract.event_messages import ALERT, DETECTION
from appliance.events.bus_events import ReviewChanged, ReviewEnded, ReviewStarted
from appliance.events.engine import EventEngine
from appliance.events.reviews import MOST_EVENTS
from tests.events import OFFSET, a_report


class Reviewed:
    """An engine whose news of reviews are collected as (kind, review)."""

    def __init__(self):
        self.news = []
        self.engine = EventEngine(self._take)

    def _take(self, event):
        if isinstance(event, (ReviewStarted, ReviewChanged, ReviewEnded)):
            self.news.append((type(event), event.review))

    def see(self, *reports):
        for report in reports:
            self.engine.take(report)
            self.engine.tick(report.last)

    @property
    def kinds(self):
        return [kind for kind, _ in self.news]


def test_events_close_in_time_are_one_review_and_far_ones_two():
    there = Reviewed()
    there.see(a_report(1, 0.0, 2.0, has_ended=True), a_report(2, 20.0, 21.0, label="dog", has_ended=True))
    there.see(a_report(3, 60.0, 61.0, has_ended=True))
    assert there.kinds == [ReviewStarted, ReviewChanged, ReviewEnded, ReviewStarted]
    ended = there.news[2][1]
    assert (ended.start - OFFSET, ended.end - OFFSET, ended.labels) == (0.0, 21.0, ["person", "dog"])
    assert [len(review.events) for _, review in there.news] == [1, 2, 2, 1]
    assert there.news[3][1].id != ended.id


def test_streams_have_reviews_of_their_own():
    there = Reviewed()
    there.see(a_report(1, 0.0, 1.0), a_report(2, 0.0, 1.0, stream="garden"))
    assert [(kind, review.stream) for kind, review in there.news] == [
        (ReviewStarted, "main"),
        (ReviewStarted, "garden"),
    ]
    assert len({review.id for _, review in there.news}) == 2


def test_a_review_of_detections_ends_after_30_seconds_and_one_with_an_alert_after_40():
    there = Reviewed()
    there.see(a_report(1, 0.0, 1.0), a_report(2, 0.0, 1.0, stream="garden", is_alert=True))
    there.engine.tick(31.0)
    assert there.kinds == [ReviewStarted] * 2
    there.engine.tick(31.1)
    assert there.news[-1][0] is ReviewEnded and there.news[-1][1].severity == DETECTION
    there.engine.tick(41.0)
    assert len(there.news) == 3
    there.engine.tick(41.1)
    assert there.news[-1][0] is ReviewEnded and there.news[-1][1].severity == ALERT


def test_a_review_of_detections_in_which_an_alert_begins_becomes_one():
    there = Reviewed()
    there.see(a_report(1, 0.0, 1.0, label="dog"), a_report(2, 5.0, 6.0, is_alert=True))
    there.see(a_report(3, 7.0, 8.0, label="dog"))
    assert [review.severity for _, review in there.news] == [DETECTION, ALERT, ALERT]
    assert len({review.id for _, review in there.news}) == 1


def test_a_parked_car_is_one_review_and_a_later_one_when_it_drives_off():
    there = Reviewed()
    there.see(*[a_report(1, 0.0, float(time), label="car", is_alert=True) for time in range(1, 10)])
    there.see(*[a_report(1, 0.0, float(time), label="car", is_stationary=True) for time in range(10, 3600)])
    assert there.kinds == [ReviewStarted, ReviewEnded]
    assert there.news[1][1].end - OFFSET == 9.0
    there.see(a_report(1, 0.0, 3600.0, label="car"))
    kind, review = there.news[-1]
    assert kind is ReviewStarted and review.start - OFFSET == 3600.0 and review.severity == ALERT


def test_a_track_that_ends_long_after_its_last_sight_begins_no_review():
    """So do all tracks of a camera that was lost: first the review ends, then they."""
    there = Reviewed()
    there.see(a_report(1, 0.0, 9.0, is_alert=True))
    there.engine.tick(50.0)
    there.engine.take(a_report(1, 0.0, 9.0, is_alert=True, has_ended=True))
    assert there.kinds == [ReviewStarted, ReviewEnded]


def test_a_zone_that_is_entered_is_in_the_review():
    there = Reviewed()
    there.see(a_report(1, 0.0, 1.0), a_report(1, 0.0, 2.0, [("entered", 2.0, {"zone": "door"})]))
    assert there.kinds == [ReviewStarted, ReviewChanged] and there.news[1][1].zones == ["door"]


def test_a_review_on_a_busy_street_ends_when_it_has_many_events():
    there = Reviewed()
    there.see(*[a_report(number, float(number), number + 1.0) for number in range(MOST_EVENTS + 1)])
    first, second = there.news[-2:]
    assert (first[0], len(first[1].events)) == (ReviewEnded, MOST_EVENTS)
    assert (second[0], len(second[1].events)) == (ReviewStarted, 1)


def test_closing_ends_every_review():
    there = Reviewed()
    there.see(a_report(1), a_report(2, stream="garden"))
    there.engine.close()
    assert there.kinds[2:] == [ReviewEnded] * 2
