"""The rows of the schema as JSON Schema: for editors, the OpenAPI document and the dashboard's form."""

from typing import Any, Dict

from appliance.schema.setting import BOOLEAN, CAMERA, INTEGER, LABELS, NUMBER, POWER_MODE, Setting
from appliance.schema.values import LONGEST_LABEL, MOST_LABELS

JsonSchema = Dict[str, Any]


def value_schema(setting: Setting) -> JsonSchema:
    """What the values of one setting look like in JSON, for every kind but STREAMS.

    Returns:
        A schema with `description`, and with `title` and `default` where the row has them. The keywords are those that
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
    if setting.choices:
        return {"type": "string", "enum": list(setting.choices)}
    return {"type": "string", "minLength": 1}


def _range(setting: Setting) -> JsonSchema:
    bounds = {"minimum": setting.minimum, "maximum": setting.maximum}
    return {key: bound for key, bound in bounds.items() if bound is not None}
