"""What the daemon says is what the contract promises: the web tests have a stand-in for it."""

import sys

import pytest

from appliance.contract.codec import decode, encode
from appliance.contract.events import Detections, Statistics
from appliance.contract.openapi import make_document
from appliance.contract.state import Recording, State
from tests.daemon import PERSON, Daemon

jsonschema = pytest.importorskip("jsonschema", reason="jsonschema comes with schemathesis, on Python 3.11 and newer")


@pytest.fixture(scope="module")
def described():
    """Checks an object against its dataclass, and against that one's schema in the OpenAPI document."""
    description = make_document()

    def check(message, instance):
        assert encode(decode(message, instance)) == instance
        schema = {"$ref": "#/components/schemas/" + message.__name__, "components": description["components"]}
        jsonschema.Draft202012Validator(schema).validate(instance)

    return check


@pytest.mark.skipif(sys.version_info < (3, 11), reason="once, on the newest Python")
def test_state_statistics_detections_and_recordings_are_as_described(tmp_path, samples, person_model, described):
    config = f"model: {PERSON}\nstreams:\n  main: {samples / 'bikes.mp4'}\n  lost: rtsp://127.0.0.1:9/x\n"
    with Daemon(tmp_path, config=config) as daemon:
        described(State, daemon.state())  # before the model is loaded
        described(State, daemon.until_ready())
        daemon.ask("record", stream="main", on=True)
        described(State, daemon.until(lambda state: daemon.stream()["recording"]))
        daemon.until(lambda state: daemon.stream("lost")["problem"])
        described(State, daemon.state())
        described(Statistics, daemon.events("statistics", lambda event: event["streams"]["main"]["timings"]))
        daemon.pictures(3)
        described(Statistics, daemon.events("statistics", lambda event: event["streams"]["main"]["vfps"]))
        described(Detections, daemon.events("detections", lambda event: event["detections"]))
        for recording in daemon.ask("list_recordings")["recordings"]:
            described(Recording, recording)
        daemon.ask("set_model", model="ssdlite_mobilenet_v2_coco_2018_05_09")
        described(State, daemon.state())
