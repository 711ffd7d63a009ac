"""Validate what an operator changes at run time, when it is set and when it is read back from the state folder."""

from typing import Any, List, Sequence, Union

from appliance.contract.errors import INVALID, Refused
from appliance.contract.fields import FLAG, STREAM_NAME
from appliance.daemon.admission import allowed_source
from appliance.schema.places import Places, parse_places, places_as_data
from appliance.schema.settings import LIVE_SETTINGS, SETTINGS
from appliance.schema.stream_setting import StreamSetting
from appliance.schema.values import BadValue, check_value
from appliance.settings import redact

POWER_SETTINGS = ("power_mode", "jetson_clocks")
STREAM, RECORD, SETTING, PLACES, MODEL = "stream:", "record:", "setting:", "places:", "model"
"""Keys in the file of changes: a stream's source and model, whether it is recorded, one of its own settings
(`setting:STREAM:KEY`), its zones, lines or masks (`places:STREAM:KIND`); the shared model."""

_LONGEST_MODEL = 1000


def check_setting(key: str, value: Any) -> Any:
    """Return the value for one of LIVE_SETTINGS; None is not allowed. Raises Refused."""
    if key not in LIVE_SETTINGS:
        raise Refused(
            INVALID,
            f"{redact(str(key)[:200])[:40]} cannot be changed while the appliance runs; {', '.join(LIVE_SETTINGS)}"
            " can.",
        )
    return _checked(key, value)


def check_stream_setting(key: str, value: Any) -> Any:
    """Return the value for a single stream; None for no value of its own. Raises Refused."""
    if key in LIVE_SETTINGS and not LIVE_SETTINGS[key].per_stream:
        raise Refused(INVALID, f"{key} cannot differ from stream to stream.")
    return None if value is None and key in LIVE_SETTINGS else check_setting(key, value)


def check_stream(source: Any, model: Any, known: Sequence[Union[int, str]]) -> StreamSetting:
    """Check a stream's source and model. known: as for `allowed_source`. Raises Refused."""
    if isinstance(source, bool) or not isinstance(source, (int, str)):
        raise Refused(INVALID, "A source is a number or a text.")
    if model is not None and (not isinstance(model, str) or not 0 < len(model) <= _LONGEST_MODEL):
        raise Refused(INVALID, "A model is a name.")
    return StreamSetting(allowed_source(source, known), model)


def check_places(data: Any) -> Places:
    """Return the zones, lines and masks of a stream. Raises Refused."""
    try:
        return parse_places(data)
    except BadValue as error:
        raise Refused(INVALID, f"{error}.") from error


def kept_stream(stream: StreamSetting) -> List[Any]:
    """Return a stream's source and model in the form in which they are stored and `check_kept` expects them."""
    return [stream.source, stream.model]


def check_kept(key: str, value: Any, known: Sequence[Union[int, str]]) -> Any:
    """Return the value stored under a key. known: the configured sources. Raises Refused if it is no longer allowed."""
    if key.startswith(STREAM):
        STREAM_NAME.check("stream", key[len(STREAM) :])
        if not isinstance(value, list) or len(value) != 2:
            raise Refused(INVALID, "A stream has a source and a model.")
        return kept_stream(check_stream(value[0], value[1], known))
    if key.startswith(RECORD):
        STREAM_NAME.check("stream", key[len(RECORD) :])
        return FLAG.check("record", value)
    if key.startswith(SETTING):
        stream, _, setting = key[len(SETTING) :].partition(":")
        STREAM_NAME.check("stream", stream)
        return check_stream_setting(setting, value)
    if key.startswith(PLACES):
        stream, _, kind = key[len(PLACES) :].partition(":")
        STREAM_NAME.check("stream", stream)
        return places_as_data(check_places({kind: value}))[kind]
    if key == MODEL:
        if not isinstance(value, str) or not 0 < len(value) <= _LONGEST_MODEL:
            raise Refused(INVALID, "A model is a name.")
        return value
    return _checked(key, value) if key in POWER_SETTINGS else check_setting(key, value)


def _checked(key: str, value: Any) -> Any:
    try:
        return check_value(SETTINGS[key], value)
    except BadValue as error:
        raise Refused(INVALID, f"{key} {error}") from error
