"""What is asked about events goes through the whole dashboard to the real database, and the answer back."""

import types

import cv2
import numpy as np
import pytest

from appliance.contract.errors import NOT_FOUND, Refused
from appliance.contract.event_commands import EVENT_COMMANDS
from appliance.contract.event_messages import ALERT, IN, Crossing
from appliance.daemon import event_commands
from appliance.events.store import EventStore
from tests.stored_events import NOON, a_path, a_review, an_event

EVENTS = [
    an_event(NOON + 1, 1, zones=["door"], lines=[Crossing("gate", IN, NOON + 2)], severity=ALERT),
    an_event(NOON + 60, 2, label="car"),
    an_event(NOON + 120, 3, label="dog", zones=["Tür"]),
]
STORED = ("list_events", "get_event", "star_event", "list_reviews", "see_review", "get_counts", "get_heatmap")


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    made = EventStore(tmp_path_factory.mktemp("events") / "events.db", lambda: NOON + 3600)
    for event in EVENTS:
        made.put(event, a_path(event))
    for number in (1, 2):
        made.put_review(a_review(NOON + number, number, events=[EVENTS[0].id]))
    made.flush()
    yield made
    made.close()


@pytest.fixture
def ask(here, store, monkeypatch):
    """A function that sends a request in a role, to a daemon whose events are in the database."""

    def get_stream(name):
        if name != "main":
            raise Refused(NOT_FOUND, f"There is no stream {name}.")
        return types.SimpleNamespace(newest=None)

    appliance = types.SimpleNamespace(
        event_store=store,
        streams=types.SimpleNamespace(get=get_stream),
        alert_labels=lambda stream: ["person", "car"],
    )
    for command in EVENT_COMMANDS:
        if command.name in (*STORED, "replay_zones"):
            monkeypatch.setattr(here.daemon, "do_" + command.name, answer_of(appliance, command.request))

    def send(method, path, role="operator", **options):  # viewers may not ask so often
        return here.client(role).open("/api/v1/" + path, method=method, **options)

    return send


def answer_of(appliance, request):
    return lambda **fields: event_commands.EVENT_HANDLERS[request](appliance, request(**fields))


def ids(answer):
    assert answer.status_code == 200, answer.json
    return [int(event["id"][-6:]) for event in answer.json["events"]]


def test_events_are_listed_by_every_parameter_and_in_pages(ask):
    for query, numbers in (
        ("", [3, 2, 1]),
        ("?label=car", [2]),
        ("?zone=T%C3%BCr&stream=main", [3]),
        ("?line=gate&severity=alert&min_score=0.8", [1]),
        ("?text=TUR", [3]),
        (f"?after={NOON + 30}&before={NOON + 90}", [2]),
        ("?starred=1", []),
        ("?starred=0&limit=1", [3]),
    ):
        assert ids(ask("GET", "events" + query)) == numbers, query
    first = ask("GET", "events?limit=2")
    assert ids(ask("GET", "events?limit=2&cursor=" + first.json["cursor"])) == [1]


@pytest.mark.parametrize(
    "query",
    [
        "min_score=2", "min_score=nan", "min_score=x", "limit=0", "limit=201", "limit=1.5", "after=-1", "before=1e300",
        "after=inf", "severity=loud", "cursor=x", "cursor=-5", "cursor=" + "9" * 100, "cursor=%00", "text=",
        "text=" + "x" * 201, "text=a%00b", "zone=%0a", "label=" + "x" * 101, "stream=Main", "starred=perhaps",
        "colour=red", "label=person&label=car", "limit=1_0", "limit=%205",
    ],
)  # fmt: skip
def test_what_cannot_be_asked_is_refused_in_one_sentence_with_its_name(ask, query):
    answer = ask("GET", f"events?{query}")
    assert answer.status_code == 400 and answer.json["kind"] == "invalid"
    assert query.partition("=")[0] in answer.json["error"].lower() and "\n" not in answer.json["error"]


@pytest.mark.parametrize(
    "query", ["text=%ff%fe", "text=%f0%9f%90%95", "zone='%20OR%201=1", "label=%25", "text=%EF%BF%BD"]
)
def test_what_may_be_asked_though_it_is_strange_finds_nothing(ask, query):
    assert ids(ask("GET", "events?" + query)) == []


def test_one_event_comes_with_its_path(ask):
    answer = ask("GET", f"events/{EVENTS[0].id}").json
    assert answer["event"]["lines"] == [{"line": "gate", "direction": "in", "time": NOON + 2}]
    assert len(answer["path"]) == 5 and answer["path"][1][0] == 1.0
    assert ask("GET", "events/1.0-000001").status_code == 404
    assert ask("GET", "events/..%2f..%2fetc").status_code in (400, 404)


def test_an_operator_gives_stars_and_a_viewer_cannot(ask):
    path = f"events/{EVENTS[1].id}/star"
    assert ask("PUT", path, "viewer", json={"on": True}).status_code == 403
    assert ask("PUT", path, json={"on": True}).json["event"]["starred"] is True
    assert ids(ask("GET", "events?starred=1")) == [2]
    assert ask("PUT", path, json={"on": False}).json["event"]["starred"] is False


def test_each_user_marks_what_he_or_she_has_seen_and_nobody_for_another(ask):
    path = f"reviews/{a_review(NOON + 1, 1).id}/seen"
    assert ask("PUT", path, "viewer", json={"on": True}).json["review"]["seen"] is True

    def unseen(role):
        return [int(review["id"][-1]) for review in ask("GET", "reviews?unseen=1", role).json["reviews"]]

    assert (unseen("viewer"), unseen("operator")) == ([2], [2, 1])
    assert ask("PUT", path, json={"on": True, "user": "robot"}).status_code == 400
    assert ask("GET", "reviews?user=robot").status_code == 400
    assert unseen("operator") == [2, 1]
    assert ask("PUT", "reviews/1.0-000009/seen", json={"on": True}).status_code == 404


def test_counts_and_heat_maps_are_shown(ask):
    rows = ask("GET", f"counts?after={NOON - 3600}&line=gate").json["counts"]
    assert [(row["label"], row["entered"], row["left"]) for row in rows] == [("person", 1, 0)]
    assert ask("GET", "counts?group=week").status_code == 400
    answer = ask("GET", f"heatmap.png?stream=main&after={NOON - 3600}")
    image = cv2.imdecode(np.frombuffer(answer.data, np.uint8), cv2.IMREAD_UNCHANGED)
    assert image.shape == (360, 640, 4) and image[:, :, 3].max() > 100 and len(answer.data) < 100000


def test_zones_are_tried_on_stored_tracks(ask):
    times = {"stream": "main", "after": NOON, "before": NOON + 3600}
    right = {"polygon": [[0.21, 0], [1, 0], [1, 1], [0.21, 1]], "alert": True}
    answer = ask("POST", "zones/replay", json=dict(times, zones={"right": right}))
    assert answer.status_code == 200, answer.json
    assert (answer.json["tracks"], answer.json["is_complete"]) == (3, True)
    assert answer.json["alerts"] == [EVENTS[0].start, EVENTS[1].start]
    assert {one["zone"] for one in answer.json["happenings"]} == {"right"}
    for body, status in (
        (dict(times, zones={"right": {"polygon": [[0, 0], [1, 1]]}}), 400),
        (dict(times, zones={"right": dict(right, colour="red")}), 400),
        (dict(times, stream="none"), 404),
        (dict(times, zones=[1]), 400),
    ):
        answer = ask("POST", "zones/replay", json=body)
        assert answer.status_code == status and answer.json["error"].endswith(".")


def test_only_one_tries_zones_at_a_time(ask):
    body = {"stream": "main", "zones": {}}
    with event_commands._replaying:
        answer = ask("POST", "zones/replay", json=body)
        assert answer.status_code == 409 and "tried out already" in answer.json["error"]
    assert ask("POST", "zones/replay", json=body).status_code == 200
