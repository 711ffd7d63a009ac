"""Write web/static/js/api.d.ts: `python -m tools.make_api_types`. A test fails if the file is out of date."""

from pathlib import Path
from typing import Any, Dict, List

from appliance.contract.answers import History, StateAnswer
from appliance.contract.command import Command
from appliance.contract.commands import PAGE_COMMANDS
from appliance.contract.events import PAGE_EVENTS
from appliance.contract.schemas import Schemas

FILE = Path(__file__).resolve().parents[1] / "web" / "static" / "js" / "api.d.ts"
HEAD = """\
// The messages between the server and the page. Made from appliance/contract by tools/make_api_types.py: do not edit.
"""
PLAIN = {"string": "string", "boolean": "boolean", "integer": "number", "number": "number", "null": "null"}
WIDTH = 120


def make_types() -> str:
    """Return the content of the file."""
    schemas = Schemas()
    events = {topic: type_of(schemas.of(message)) for topic, message in PAGE_EVENTS.items()}
    schemas.of(History)  # the page reads it by REST
    commands = {command.name: command_type(command, schemas) for command in PAGE_COMMANDS}
    parts = [HEAD]
    for name, schema in sorted(schemas.components.items()):
        if schema.get("type") == "object":
            parts.append(interface(name, members(schema), schema.get("description", "")))
        else:
            parts.append(comment(schema.get("description", ""), "") + f"export type {name} = {type_of(schema)};\n")
    parts.append(interface("Events", [f"{topic}: {kind};" for topic, kind in events.items()], "What the server sends."))
    rows = [f"{name}: {kind};" for name, kind in commands.items()]
    parts.append(interface("Commands", rows, "What can be asked for: the fields to send, and what the answer has."))
    return "\n".join(parts)


def command_type(command: Command, schemas: Schemas) -> str:
    """Return the fields and the answer of a command. The answer leaves out the state, which comes as an event."""
    fields = [f"{one.name}{'' if one.is_required else '?'}: {type_of(schemas.of_field(one))}" for one in command.fields]
    answer = "object" if command.answer is StateAnswer else type_of(schemas.of(command.answer))
    return f"{{ fields: {'{ ' + '; '.join(fields) + ' }' if fields else 'object'}; answer: {answer} }}"


def members(schema: Dict[str, Any]) -> List[str]:
    """Return the lines of an interface."""
    lines = []
    for name, content in schema["properties"].items():
        mark = "" if name in schema.get("required", ()) else "?"
        lines += comment(content.get("description", ""), "").splitlines()
        lines.append(f"{name}{mark}: {type_of(content)};")
    return lines


def interface(name: str, lines: List[str], description: str) -> str:
    """Return an exported interface."""
    body = "".join(f"  {line}\n" for line in lines)
    return f"{comment(description, '')}export interface {name} {{\n{body}}}\n"


def comment(text: str, indent: str) -> str:
    """Return a comment; "" for no text."""
    if not text:
        return ""
    if len(text) + 8 <= WIDTH - 2:
        return f"{indent}/** {text} */\n"
    lines, line = [], ""
    for word in text.split():
        if len(line) + len(word) + 6 > WIDTH - 2:
            lines.append(line)
            line = ""
        line = f"{line} {word}".strip()
    return f"{indent}/**\n" + "".join(f"{indent} * {one}\n" for one in [*lines, line]) + f"{indent} */\n"


def type_of(schema: Dict[str, Any]) -> str:
    """Return a JSON Schema as a type."""
    if "$ref" in schema:
        return str(schema["$ref"].rpartition("/")[2])
    for key in ("anyOf", "oneOf"):
        if key in schema:
            return " | ".join(type_of(one) for one in schema[key])
    if "enum" in schema:
        return " | ".join("null" if one is None else f'"{one}"' for one in schema["enum"])
    kinds = schema["type"]
    if isinstance(kinds, list):
        return " | ".join(type_of(dict(schema, type=kind)) for kind in kinds)
    if kinds == "array":
        if "prefixItems" in schema:
            return f"[{', '.join(type_of(one) for one in schema['prefixItems'])}]"
        item = type_of(schema["items"])
        return f"({item})[]" if " | " in item and not item.startswith("[") else f"{item}[]"
    if kinds == "object":
        if schema.get("additionalProperties") is True:
            return "Record<string, unknown>"
        if schema.get("additionalProperties"):
            return f"Record<string, {type_of(schema['additionalProperties'])}>"
        return "{ " + " ".join(line for line in members(schema) if not line.startswith(("/**", " *"))) + " }"
    return PLAIN[kinds]


if __name__ == "__main__":
    FILE.write_text(make_types(), encoding="utf-8")
