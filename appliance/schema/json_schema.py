"""Make JSON Schema from the rows of the schema: for editors, the OpenAPI document and the dashboard's form."""

from dataclasses import fields
from typing import Any, Dict

from appliance.core.names import STREAM_NAME
from appliance.schema.keep import KEEP_PATTERN, Keep
from appliance.schema.places_schema import places_schema
from appliance.schema.setting import BOOLEAN, BY_LABEL, CAMERA, INTEGER, LABELS, NUMBER, POWER_MODE, STREAMS, Setting
from appliance.schema.settings import LABEL_SETTINGS, SETTINGS, STREAM_SETTINGS
from appliance.schema.values import LONGEST_LABEL, MOST_LABELS
from appliance.schema.web_values import KEEP

JsonSchema = Dict[str, Any]


def value_schema(setting: Setting) -> JsonSchema:
    """Return the schema of one setting's values, for every kind but STREAMS.

    Returns:
        A schema with `description`, and with `title` and `default` if the row has them. It uses only keywords that
        draft 7, draft 2020-12 and OpenAPI 3.1 have in common.
    """
    schema = _type(setting)
    if setting.title:
        schema["title"] = setting.title
    unit = f", in {setting.unit}" if setting.unit else ""
    schema["description"] = setting.description + unit
    if setting.default is not None:
        schema["default"] = setting.default
    return schema


def _type(setting: Setting) -> JsonSchema:
    if setting.kind == BOOLEAN:
        return {"type": "boolean"}
    if setting.kind == INTEGER:
        return {"type": "integer", **_range(setting)}
    if setting.kind == NUMBER:
        return {"type": "number", **_range(setting)}
    if setting.kind == LABELS:
        label = {"type": "string", "minLength": 1, "maxLength": LONGEST_LABEL}
        return {"type": "array", "maxItems": MOST_LABELS, "items": label}
    if setting.kind in (CAMERA, POWER_MODE):
        return {"anyOf": [{"type": "integer", **_range(setting)}, {"type": "string", "minLength": 1}]}
    if setting.kind == BY_LABEL:
        own = {key: _type(one) for key, one in LABEL_SETTINGS.items()}
        return {
            "type": "object",
            "maxProperties": MOST_LABELS,
            "additionalProperties": {"type": "object", "additionalProperties": False, "properties": own},
        }
    if setting.kind == KEEP:
        duration = {"anyOf": [{"type": "string", "pattern": KEEP_PATTERN}, {"const": 0}]}
        classes = {one.name: duration for one in fields(Keep)}
        return {
            "anyOf": [
                {"type": "string", "minLength": 1},
                {"type": "object", "additionalProperties": False, "properties": classes},
            ]
        }
    if setting.choices:
        return {"type": "string", "enum": list(setting.choices)}
    return {"type": "string", "minLength": 1}


def _range(setting: Setting) -> JsonSchema:
    bounds = {"minimum": setting.minimum, "maximum": setting.maximum}
    return {key: bound for key, bound in bounds.items() if bound is not None}


def config_schema() -> JsonSchema:
    """Return the schema of `config.yml`, in draft 7, which editors support.

    A key without a value counts as not set, so null is allowed everywhere. YAML's true and false are booleans here; the
    loader also accepts what the original project accepted as such.
    """
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "config.yml of Splitlens",
        "type": "object",
        "additionalProperties": False,
        "properties": {key: _in_file(setting) for key, setting in SETTINGS.items()},
    }


def _in_file(setting: Setting) -> JsonSchema:
    if setting.kind == STREAMS:
        return {
            "description": setting.description,
            "type": ["object", "null"],
            "minProperties": 1,
            "propertyNames": {"pattern": f"^{STREAM_NAME}$"},
            "additionalProperties": {"anyOf": [*_SOURCE["anyOf"], _stream()]},
        }
    schema = value_schema(setting)
    if setting.kind == LABELS:
        item = {key: schema.pop(key) for key in ("type", "maxItems", "items")}
        schema["anyOf"] = [item, {"type": "string", "minLength": 1}]
    if "anyOf" in schema:
        schema["anyOf"] = schema["anyOf"] + [{"type": "null"}]
    else:
        schema["type"] = [schema["type"], "null"]
    if "enum" in schema:
        schema["enum"] = schema["enum"] + [None]
    return schema


def _stream() -> JsonSchema:
    own = {key: _without_default(_in_file(setting)) for key, setting in STREAM_SETTINGS.items()}
    source = {"description": "a camera as for camera_input, or the path of a movie", **_SOURCE}
    model = {"description": "name or path of a model of its own", "type": "string", "minLength": 1}
    return {
        "type": "object",
        "required": ["source"],
        "additionalProperties": False,
        "properties": {"source": source, "model": model, **places_schema(), **own},
    }


def _without_default(schema: JsonSchema) -> JsonSchema:
    """Remove the default from a stream's setting: if it is left out there, the general value applies."""
    return {key: content for key, content in schema.items() if key != "default"}


_SOURCE: JsonSchema = {"anyOf": [{"type": "integer", "minimum": 0, "maximum": 255}, {"type": "string", "minLength": 1}]}
