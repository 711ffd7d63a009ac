"""The handlers of the commands, one function each."""

import base64
import threading
from typing import Any, Callable, Dict, Optional, Type

import cv2

from appliance.bus import Message
from appliance.contract import requests
from appliance.contract.answers import Recordings, SourcePicture, StateAnswer
from appliance.contract.codec import encode_message
from appliance.contract.errors import CONFLICT, FAILED, INVALID, NOT_FOUND, Refused
from appliance.contract.parsing import parse_message
from appliance.core.errors import SourceError
from appliance.core.frame import Frame
from appliance.daemon.admission import allowed_source
from appliance.daemon.appliance import Appliance
from appliance.daemon.event_commands import EVENT_HANDLERS
from appliance.recording.storage import NoSuchRecording, StillRecording
from appliance.sources.open import open_stream_source
from appliance.sources.privacy import PrivacyMask

TEST_SECONDS = 15.0
TEST_WIDTH = 640
MOST_TESTS = 3
"""Maximum number of concurrent tests: other commands need threads, too."""

_testing = threading.BoundedSemaphore(MOST_TESTS)

Handler = Callable[[Appliance, Any], Any]
"""Takes the appliance and a request of the contract; returns its answer. May raise Refused, SplitlensError."""


def dispatch(appliance: Appliance, message: Message) -> Message:
    """Handle a message; returns the fields of the answer. Raises Refused, or another SplitlensError."""
    request = parse_message(message)
    return encode_message(HANDLERS[type(request)](appliance, request))


def _get_state(appliance: Appliance, request: requests.GetState) -> StateAnswer:
    return _state(appliance)


def _set_model(appliance: Appliance, request: requests.SetModel) -> StateAnswer:
    appliance.models.set_shared(request.model)
    return _state(appliance)


def _cancel_model(appliance: Appliance, request: requests.CancelModel) -> StateAnswer:
    appliance.models.cancel()
    return _state(appliance)


def _get_model(appliance: Appliance, request: requests.GetModel) -> StateAnswer:
    row = appliance.catalogue.row(request.model)
    if row is None or not row.in_catalogue:
        raise Refused(NOT_FOUND, "The catalogue has no model of this name.")
    if row.installed:
        raise Refused(CONFLICT, f"{row.name} is installed.")
    appliance.catalogue.fetch(row.name)
    return _state(appliance)


def _set_stream(appliance: Appliance, request: requests.SetStream) -> StateAnswer:
    appliance.streams.set(request.stream, request.source, request.model)
    return _state(appliance)


def _reset_stream(appliance: Appliance, request: requests.ResetStream) -> StateAnswer:
    appliance.streams.reset(request.stream)
    return _state(appliance)


def _remove_stream(appliance: Appliance, request: requests.RemoveStream) -> StateAnswer:
    appliance.streams.remove(request.stream)
    return _state(appliance)


def _test_source(appliance: Appliance, request: requests.TestSource) -> SourcePicture:
    """Return one frame of a source; of one in use the newest: many cameras cannot be opened twice."""
    source = allowed_source(request.source, appliance.streams.known_sources())
    private = PrivacyMask(lambda: appliance.streams.private(source))
    for stream in appliance.streams.all():
        newest = stream.newest if stream.current.source == source else None
        if newest is not None:
            return _picture(private.copy(newest.frame))
    settings = appliance.settings_for_tests(TEST_SECONDS)
    frame: Optional[Frame] = None
    if not _testing.acquire(blocking=False):
        raise Refused(CONFLICT, f"{MOST_TESTS} sources are being tried out already; wait for one of them.")
    try:
        with open_stream_source(source, settings, patient=False) as opened:
            frame = opened.read()
    except SourceError as error:
        raise Refused(FAILED, str(error)) from error
    finally:
        _testing.release()
    if frame is None:
        raise Refused(FAILED, "The source ended before its first frame.")
    return _picture(private(frame))


def _change_settings(appliance: Appliance, request: requests.ChangeSettings) -> StateAnswer:
    appliance.live.change(request.settings)
    return _state(appliance)


def _change_stream_settings(appliance: Appliance, request: requests.ChangeStreamSettings) -> StateAnswer:
    appliance.streams.change_settings(request.stream, request.settings)
    return _state(appliance)


def _record(appliance: Appliance, request: requests.Record) -> StateAnswer:
    appliance.streams.record(request.stream, request.on)
    return _state(appliance)


def _set_power(appliance: Appliance, request: requests.SetPower) -> StateAnswer:
    if request.mode is None and request.clocks is None:
        raise Refused(INVALID, "mode or clocks must say what to set.")
    appliance.power.set(request.mode, request.clocks)
    return _state(appliance)


def _list_recordings(appliance: Appliance, request: requests.Request) -> Recordings:
    return Recordings(appliance.storage.list())


def _delete_recording(appliance: Appliance, request: requests.DeleteRecording) -> Recordings:
    try:
        appliance.storage.delete(request.name)
    except NoSuchRecording as error:
        raise Refused(NOT_FOUND, str(error)) from error
    except StillRecording as error:
        raise Refused(CONFLICT, str(error)) from error
    return _list_recordings(appliance, request)


HANDLERS: Dict[Type[requests.Request], Handler] = {
    requests.GetState: _get_state,
    requests.SetModel: _set_model,
    requests.CancelModel: _cancel_model,
    requests.GetModel: _get_model,
    requests.SetStream: _set_stream,
    requests.ResetStream: _reset_stream,
    requests.RemoveStream: _remove_stream,
    requests.TestSource: _test_source,
    requests.ChangeSettings: _change_settings,
    requests.ChangeStreamSettings: _change_stream_settings,
    requests.Record: _record,
    requests.SetPower: _set_power,
    requests.ListRecordings: _list_recordings,
    requests.DeleteRecording: _delete_recording,
    **EVENT_HANDLERS,
}


def _state(appliance: Appliance) -> StateAnswer:
    return StateAnswer(appliance.reporter.state())


def _picture(frame: Frame) -> SourcePicture:
    height, width = frame.image.shape[:2]
    image = frame.image
    if width > TEST_WIDTH:
        size = (TEST_WIDTH, max(1, round(height * TEST_WIDTH / width)))
        image = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    jpeg = cv2.imencode(".jpg", image)[1].tobytes()
    return SourcePicture(base64.b64encode(jpeg).decode("ascii"), width, height)
