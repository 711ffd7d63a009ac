"""Make JSON Schema from the dataclasses of messages."""

import dataclasses
from typing import Any, Dict, List

from appliance.contract.fields import JsonObject, reference
from appliance.contract.hints import Field, dict_value, fields_of, list_item, options, tuple_items

_PLAIN = {str: "string", bool: "boolean", int: "integer", float: "number", type(None): "null"}


class Schemas:
    """Makes the schemas of types, and collects those of all dataclasses in them.

    Attributes:
        components: The schemas that others refer to, by name.
    """

    def __init__(self) -> None:
        self.components: Dict[str, JsonObject] = {}

    def of(self, hint: Any) -> JsonObject:
        """Return the schema of a type used in messages."""
        if dataclasses.is_dataclass(hint):
            return self._reference(hint)
        if options(hint):
            return self._any_of([self.of(option) for option in options(hint)])
        if list_item(hint) is not None:
            return {"type": "array", "items": self.of(list_item(hint))}
        if dict_value(hint) is not None:
            return {"type": "object", "additionalProperties": self.of(dict_value(hint))}
        if tuple_items(hint):
            items = tuple_items(hint)
            return {
                "type": "array",
                "prefixItems": [self.of(item) for item in items],
                "minItems": len(items),
                "maxItems": len(items),
            }
        return {"type": _PLAIN[hint]}

    def of_field(self, field: Field) -> JsonObject:
        """Return the schema of a message's field."""
        if field.type is not None:
            if field.type.component:
                self.components.setdefault(field.type.component, dict(field.type.schema))
            schema = dict(reference(field.type))
        elif field.choices:
            schema = {"type": "string", "enum": list(field.choices)}
        else:
            schema = self.of(field.hint)
            if field.absent:
                schema = _without_null(schema)
        return dict(schema, description=field.help) if field.help else schema

    def of_message(self, message: Any) -> JsonObject:
        """Return the schema of a dataclass, written out."""
        fields = fields_of(message)
        schema: JsonObject = {
            "type": "object",
            "required": [field.name for field in fields if field.is_required],
            "properties": {field.name: self.of_field(field) for field in fields},
        }
        if message.__doc__:
            schema["description"] = message.__doc__.split("\n")[0]
        return schema

    def _reference(self, message: Any) -> JsonObject:
        name: str = message.__name__
        if name not in self.components:
            self.components[name] = {}  # a message may contain others of the same type
            self.components[name] = self.of_message(message)
        return {"$ref": "#/components/schemas/" + name}

    def _any_of(self, schemas: List[JsonObject]) -> JsonObject:
        if all(set(schema) == {"type"} for schema in schemas):
            return {"type": [schema["type"] for schema in schemas]}
        return {"anyOf": schemas}


def _without_null(schema: JsonObject) -> JsonObject:
    """Remove null from a schema: a field that is left out when None is never null."""
    if "anyOf" in schema:
        left = [one for one in schema["anyOf"] if one != {"type": "null"}]
        return left[0] if len(left) == 1 else {"anyOf": left}
    left = [one for one in schema["type"] if one != "null"]
    return dict(schema, type=left[0] if len(left) == 1 else left)
