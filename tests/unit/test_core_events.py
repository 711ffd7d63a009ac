"""The event bus inside a process."""

import logging
from dataclasses import dataclass

from appliance.core.events import EventBus


@dataclass(frozen=True)
class Rang:
    times: int


@dataclass(frozen=True)
class Stopped:
    pass


def test_an_event_reaches_those_who_subscribed_to_its_type_in_their_order():
    events, heard = EventBus(), []
    events.subscribe(Rang, lambda event: heard.append(("first", event.times)))
    events.subscribe(Rang, lambda event: heard.append(("second", event.times)))
    events.subscribe(Stopped, lambda event: heard.append("stopped"))
    events.publish(Rang(3))
    assert heard == [("first", 3), ("second", 3)]


def test_an_event_that_nobody_hears_is_no_mistake():
    EventBus().publish(Rang(1))


def test_a_handler_that_fails_is_logged_and_keeps_nobody_from_hearing(caplog):
    events, heard = EventBus(), []
    events.subscribe(Rang, lambda event: {}["bell"])
    events.subscribe(Rang, heard.append)
    with caplog.at_level(logging.ERROR):
        events.publish(Rang(1))
    assert heard == [Rang(1)]
    assert "Rang could not be handled (KeyError: 'bell')" in caplog.text


def test_a_handler_may_publish_and_subscribe():
    events, heard = EventBus(), []

    def ring(event):
        events.subscribe(Stopped, heard.append)
        events.publish(Stopped())

    events.subscribe(Rang, ring)
    events.publish(Rang(1))
    assert heard == [Stopped()]
