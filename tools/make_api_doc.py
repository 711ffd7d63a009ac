"""Write docs/commands.md: `python -m tools.make_api_doc`. A test fails if the page is out of date."""

from pathlib import Path
from typing import Any, List, Sequence

from appliance.contract.command import Command
from appliance.contract.commands import PAGE_COMMANDS, QUESTIONS
from appliance.contract.events import PAGE_EVENTS
from appliance.contract.hints import list_item
from appliance.contract.openapi import BASE_PATH
from appliance.contract.schemas import Schemas

PAGE = Path(__file__).resolve().parents[1] / "docs" / "commands.md"

_HEAD = f"""\
<!-- Made by tools/make_api_doc.py from appliance/contract: change it there. -->

# Commands and messages

What the [API](api.md) has, in tables. The paths are below `{BASE_PATH}`; the whole description is at
`{BASE_PATH}/openapi.json`.
"""
_COMMANDS = """\
## Commands

Over Socket.IO: an event of this name with one object of all fields. Over REST: the fields that are not in the path are
the body. A field in brackets may be left out. The answer is the new [state](#state) unless another is named.
"""
_QUESTIONS = """\
## Questions

Over REST only. A viewer may ask all of them.
"""
_EVENTS = """\
## Events

What Socket.IO sends to every page.
"""


def make_page() -> str:
    """Return the text of docs/commands.md."""
    commands = [_command(command) for command in PAGE_COMMANDS]
    questions = [(f"`GET {one.path}`", _name(one.answer), one.help) for one in QUESTIONS]
    events = [(f"`{topic}`", _name(message), _first_line(message)) for topic, message in PAGE_EVENTS.items()]
    parts = [
        _HEAD,
        _COMMANDS,
        _table(("command", "REST", "fields", "who", "what it does"), commands),
        _QUESTIONS,
        _table(("question", "answer", "what it is"), questions),
        _EVENTS,
        _table(("event", "message", "what it is"), events),
        "## Messages\n",
    ]
    schemas = Schemas()
    answers = [command.answer for command in PAGE_COMMANDS] + [question.answer for question in QUESTIONS]
    for message in answers + list(PAGE_EVENTS.values()):
        schemas.of(message)
    for name, schema in sorted(schemas.components.items()):
        if schema.get("type") == "object" and name not in ("StateAnswer", "Settings"):
            rows = [_member(schemas, schema, member) for member in schema["properties"]]
            text = schema.get("description", "")
            parts += [f"### {name}\n\n{text}\n", _table(("field", "type", "what it is"), rows)]
    return "\n".join(parts)


def _command(command: Command) -> Sequence[str]:
    names = [f"`{one.name}`" if one.is_required else f"[`{one.name}`]" for one in command.fields]
    rest = f"`{command.http.method} {command.http.path}`" if command.http else ""
    role = command.role.name.lower() if command.role is not None else ""
    answer = "" if command.answer.__name__ == "StateAnswer" else f" Answer: {_name(command.answer)}."
    return f"`{command.name}`", rest, ", ".join(names), role, f"{command.help}. {command.detail}".strip() + answer


def _member(schemas: Schemas, message: Any, name: str) -> Sequence[str]:
    content = message["properties"][name]
    mark = "" if name in message["required"] else ", or absent"
    return f"`{name}`", _type(content) + mark, content.get("description", "")


def _type(schema: Any) -> str:
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f"[{name}](settings.md)" if name == "Settings" else f"[{name}](#{name.lower()})"
    if "anyOf" in schema:
        return " or ".join(_type(one) for one in schema["anyOf"])
    if "enum" in schema:
        return ", ".join(f"`{word}`" for word in schema["enum"])
    if isinstance(schema["type"], list):
        return " or ".join(_type(dict(schema, type=one)) for one in schema["type"])
    if schema["type"] == "array":
        if "prefixItems" in schema:
            return f"list of {len(schema['prefixItems'])}"
        return f"list of {_type(schema['items'])}"
    if schema["type"] == "object":
        content = schema["additionalProperties"]
        return "object" if content is True else f"{_type(content)} by name"
    return str(schema["type"])


def _name(message: Any) -> str:
    item = list_item(message)
    name = (item or message).__name__
    return f"{'list of ' if item else ''}[{name}](#{name.lower()})"


def _first_line(message: Any) -> str:
    return str((list_item(message) or message).__doc__.splitlines()[0])


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines: List[Sequence[str]] = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |\n" for line in lines)


if __name__ == "__main__":
    PAGE.write_text(make_page(), encoding="utf-8")
