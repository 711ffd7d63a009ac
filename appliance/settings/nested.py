"""Convert YAML nodes that hold groups in groups to plain data, and remember in which line each part stands."""

from typing import Any, Callable, Dict, Tuple, TypeVar

import yaml

from appliance.schema.errors import BadPart, BadValue, Path, name_of

T = TypeVar("T")

_TAG = "tag:yaml.org,2002:"


def parse_nested(node: yaml.Node, parse: Callable[[Any], T]) -> T:
    """Parse a group of values. Raises BadValue, with the line: "(line 7) zones.yard.polygon has ..."."""
    lines: Dict[Path, int] = {}
    data = _convert(node, (), lines)
    try:
        return parse(data)
    except BadPart as error:
        path = error.path
        while path not in lines:
            path = path[:-1]
        raise BadValue(f"(line {lines[path]}) {error}") from None


def _convert(node: yaml.Node, path: Path, lines: Dict[Path, int]) -> Any:
    lines[path] = node.start_mark.line + 1
    if isinstance(node, yaml.SequenceNode):
        return [_convert(one, (*path, position), lines) for position, one in enumerate(node.value)]
    if not isinstance(node, yaml.MappingNode):
        return _scalar(node)
    found: Dict[str, Any] = {}
    for key_node, value_node in node.value:
        line = key_node.start_mark.line + 1
        if not isinstance(key_node, yaml.ScalarNode):
            raise BadValue(f"(line {line}) {name_of(path)} has a name that is not a single word")
        key = str(key_node.value)
        if key in found:
            raise BadValue(f"(line {line}) {name_of((*path, key[:60]))} is set twice; keep one of the two")
        found[key] = _convert(value_node, (*path, key), lines)
        lines[(*path, key)] = line
    return found


def _scalar(node: yaml.Node) -> Any:
    """Return a text, a number, true, false or None. Numbers are read from their text: 010 is ten."""
    text = str(node.value).strip()
    kind = node.tag.replace(_TAG, "")
    if kind == "null":
        return None
    if kind == "bool":
        return yaml.SafeLoader.bool_values[text.lower()]
    reads: Tuple[Callable[[str], Any], ...] = (int, float) if kind in ("int", "float") else ()
    for read in reads:
        try:
            return read(text)
        except ValueError:
            pass
    return text
