"""JSON Schema of a stream's zones, lines and masks, as they are written in `config.yml`."""

from typing import Any, Dict

from appliance.core.names import PLACE_NAME
from appliance.schema.filters import LIMITS
from appliance.schema.hours import MOST_HOURS
from appliance.schema.parts import LONGEST_LABEL, MOST_LABELS
from appliance.schema.places import (
    ANCHORS,
    FASTEST,
    LONGEST_HOLD,
    LONGEST_SIDE,
    LONGEST_TIME,
    MOST_PLACES,
    SHORTEST_SIDE,
)
from appliance.schema.polygons import MOST_POINTS

JsonSchema = Dict[str, Any]

_TEXT: JsonSchema = {"type": "string", "minLength": 1}
_SHARE: JsonSchema = {"type": "number", "minimum": 0, "maximum": 1}
_POINT: JsonSchema = {"anyOf": [{"type": "array", "minItems": 2, "maxItems": 2, "items": _SHARE}, _TEXT]}
_POLYGON: JsonSchema = {
    "description": 'corners in shares of the picture: [[x, y], ...], or the text "x1,y1,x2,y2,..."',
    "anyOf": [{"type": "array", "minItems": 3, "maxItems": MOST_POINTS + 1, "items": _POINT}, _TEXT],
}
_LABELS: JsonSchema = {
    "description": "names of classes; by default all",
    "anyOf": [
        {
            "type": "array",
            "minItems": 1,
            "maxItems": MOST_LABELS,
            "items": {"type": "string", "minLength": 1, "maxLength": LONGEST_LABEL},
        },
        _TEXT,
    ],
}
_HOURS = {"type": "string", "pattern": "^ *[0-9]{1,2}:[0-9]{2} *- *[0-9]{1,2}:[0-9]{2} *$"}


def places_schema() -> Dict[str, JsonSchema]:
    """Return the schemas of the fields of `Places`, by key, in draft 7."""
    mask = _group({"polygon": _POLYGON, "labels": _LABELS}, "polygon")
    private = _group({"polygon": _POLYGON}, "polygon")
    return {
        "zones": _named("areas in which things are noticed, by name", _zone()),
        "lines": _named("lines that count what crosses them, by name", _line()),
        "ignore": _list("polygons in which detections are dropped", mask),
        "privacy": _list("polygons that are black in every picture", private),
    }


def _zone() -> JsonSchema:
    limits = {key: _number(*bounds) for key, bounds in LIMITS.items()}
    return _group(
        {
            "polygon": _POLYGON,
            "labels": _LABELS,
            "filters": {"type": "object", "additionalProperties": _group(limits)},
            "inertia": {"description": "seconds", **_number(0, LONGEST_TIME)},
            "loiter": {"description": "seconds; 0 = not noticed", **_number(0, LONGEST_TIME)},
            "min_speed": {"description": "km/h; needs sides", **_number(0, FASTEST)},
            "sides": {
                "description": "lengths of the four sides on the ground, in metres",
                "anyOf": [
                    {"type": "array", "minItems": 4, "maxItems": 4, "items": _number(SHORTEST_SIDE, LONGEST_SIDE)},
                    _TEXT,
                ],
            },
            "active": {
                "description": 'times of day: "22:00-06:00", or a list of some',
                "anyOf": [_HOURS, {"type": "array", "minItems": 1, "maxItems": MOST_HOURS, "items": _HOURS}],
            },
            "alert": {"description": "whether what enters makes an alert", "type": "boolean"},
        },
        "polygon",
    )


def _line() -> JsonSchema:
    return _group(
        {
            "from": _POINT,
            "to": _POINT,
            "labels": _LABELS,
            "anchor": {"enum": list(ANCHORS)},
            "hold": {"description": "seconds", **_number(0, LONGEST_HOLD)},
        },
        "from",
        "to",
    )


def _number(minimum: float, maximum: float) -> JsonSchema:
    return {"type": "number", "minimum": minimum, "maximum": maximum}


def _group(properties: Dict[str, JsonSchema], *required: str) -> JsonSchema:
    """Return the schema of a group of keys. A key without a value counts as not set, unless it is required."""
    return {
        "type": "object",
        "additionalProperties": False,
        "required": list(required),
        "properties": {
            key: schema if key in required else {"anyOf": [schema, {"type": "null"}]}
            for key, schema in properties.items()
        },
    }


def _named(description: str, schema: JsonSchema) -> JsonSchema:
    return {
        "description": description,
        "type": ["object", "null"],
        "maxProperties": MOST_PLACES,
        "propertyNames": {"pattern": f"^{PLACE_NAME}$"},
        "additionalProperties": schema,
    }


def _list(description: str, schema: JsonSchema) -> JsonSchema:
    one = {"anyOf": [schema, *_POLYGON["anyOf"]]}
    return {
        "description": description,
        "anyOf": [{"type": "array", "maxItems": MOST_PLACES, "items": one}, one, {"type": "null"}],
    }
