"""What the dashboard may ask of the appliance, one function a command."""

import base64
import dataclasses
import threading
from typing import Any, Callable, Dict, Optional, Union

import cv2

from appliance.bus import Message
from appliance.contract.errors import CONFLICT, FAILED, INVALID, NOT_FOUND, Refused
from appliance.core.errors import SourceError
from appliance.core.frame import Frame
from appliance.daemon.admission import allowed_source
from appliance.daemon.appliance import Appliance
from appliance.recording.storage import NoSuchRecording, StillRecording
from appliance.sources.open import open_stream_source

LONGEST_TEXT = 2000
TEST_SECONDS = 15.0
TEST_WIDTH = 640
MOST_TESTS = 3
"""At a time: other commands must find a thread."""

_testing = threading.BoundedSemaphore(MOST_TESTS)

Command = Callable[[Appliance, Message], Message]


def dispatch(appliance: Appliance, message: Message) -> Message:
    """Do what a message asks; returns the fields of the answer. Raises Refused, or another SplitlensError."""
    command = COMMANDS.get(message["command"])
    if command is None:
        raise Refused(INVALID, f"There is no such command; there are {', '.join(sorted(COMMANDS))}.")
    return command(appliance, message)


def _get_state(appliance: Appliance, message: Message) -> Message:
    return {"state": appliance.reporter.state()}


def _set_model(appliance: Appliance, message: Message) -> Message:
    appliance.models.set_shared(_text(message, "model"))
    return {"state": appliance.reporter.state()}


def _cancel_model(appliance: Appliance, message: Message) -> Message:
    appliance.models.cancel()
    return {"state": appliance.reporter.state()}


def _get_model(appliance: Appliance, message: Message) -> Message:
    name = _text(message, "model")
    row = appliance.catalogue.row(name)
    if row is None or not row["in_catalogue"]:
        raise Refused(NOT_FOUND, "The catalogue has no model of this name.")
    if row["installed"]:
        raise Refused(CONFLICT, f"{name} is installed.")
    appliance.catalogue.fetch(name)
    return {"state": appliance.reporter.state()}


def _set_stream(appliance: Appliance, message: Message) -> Message:
    model = message.get("model")
    appliance.streams.set(
        _text(message, "stream"), _source(message), None if model is None else _text(message, "model")
    )
    return {"state": appliance.reporter.state()}


def _reset_stream(appliance: Appliance, message: Message) -> Message:
    appliance.streams.reset(_text(message, "stream"))
    return {"state": appliance.reporter.state()}


def _remove_stream(appliance: Appliance, message: Message) -> Message:
    appliance.streams.remove(_text(message, "stream"))
    return {"state": appliance.reporter.state()}


def _test_source(appliance: Appliance, message: Message) -> Message:
    """One frame of a source. Of one that is in use, the newest: many cameras can be opened only once."""
    source = allowed_source(_source(message), appliance.streams.known_sources())
    for stream in appliance.streams.all():
        if stream.current.source == source and stream.newest is not None:
            return _picture(stream.newest.frame)
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
    return _picture(frame)


def _change_settings(appliance: Appliance, message: Message) -> Message:
    changes = message.get("settings")
    if not isinstance(changes, dict):
        raise Refused(INVALID, "settings must be an object of settings and their values.")
    appliance.live.change(changes)
    return {"state": appliance.reporter.state()}


def _record(appliance: Appliance, message: Message) -> Message:
    if not isinstance(message.get("on"), bool):
        raise Refused(INVALID, "on must be true or false.")
    appliance.streams.record(_text(message, "stream"), message["on"])
    return {"state": appliance.reporter.state()}


def _set_power(appliance: Appliance, message: Message) -> Message:
    mode, clocks = message.get("mode"), message.get("clocks")
    if mode is not None and (isinstance(mode, bool) or not isinstance(mode, int)):
        raise Refused(INVALID, "mode must be the id of a power mode.")
    if clocks is not None and not isinstance(clocks, bool):
        raise Refused(INVALID, "clocks must be true or false.")
    if mode is None and clocks is None:
        raise Refused(INVALID, "mode or clocks must say what to set.")
    appliance.power.set(mode, clocks)
    return {"state": appliance.reporter.state()}


def _list_recordings(appliance: Appliance, message: Message) -> Message:
    return {"recordings": [dataclasses.asdict(recording) for recording in appliance.storage.list()]}


def _delete_recording(appliance: Appliance, message: Message) -> Message:
    try:
        appliance.storage.delete(_text(message, "name"))
    except NoSuchRecording as error:
        raise Refused(NOT_FOUND, str(error)) from error
    except StillRecording as error:
        raise Refused(CONFLICT, str(error)) from error
    return _list_recordings(appliance, message)


COMMANDS: Dict[str, Command] = {
    "get_state": _get_state,
    "set_model": _set_model,
    "cancel_model": _cancel_model,
    "get_model": _get_model,
    "set_stream": _set_stream,
    "reset_stream": _reset_stream,
    "remove_stream": _remove_stream,
    "test_source": _test_source,
    "change_settings": _change_settings,
    "record": _record,
    "set_power": _set_power,
    "list_recordings": _list_recordings,
    "delete_recording": _delete_recording,
}


def _text(message: Message, field: str) -> str:
    text = message.get(field)
    if not isinstance(text, str) or not text.strip() or len(text) > LONGEST_TEXT or "\0" in text:
        raise Refused(INVALID, f"{field} must be a text of at most {LONGEST_TEXT} characters.")
    return text.strip()


def _source(message: Message) -> Union[int, str]:
    source: Any = message.get("source")
    if isinstance(source, int) and not isinstance(source, bool):
        if not 0 <= source <= 255:
            raise Refused(INVALID, "The index of a camera is a number from 0 to 255.")
        return source
    return _text(message, "source")


def _picture(frame: Frame) -> Message:
    height, width = frame.image.shape[:2]
    image = frame.image
    if width > TEST_WIDTH:
        size = (TEST_WIDTH, max(1, round(height * TEST_WIDTH / width)))
        image = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    jpeg = cv2.imencode(".jpg", image)[1].tobytes()
    return {"jpeg": base64.b64encode(jpeg).decode("ascii"), "width": width, "height": height}
