"""Reads a config file or a profile: YAML, one `key: value` a line, with the line of every value."""

import re
from pathlib import Path
from typing import Any, Dict, Iterator, List, NamedTuple, Optional

import yaml

from appliance.core.names import PROGRAM
from appliance.settings.bounded_yaml import MOST_BYTES, compose
from appliance.settings.messages import did_you_mean, nearest
from appliance.settings.redact import has_half_credentials, redact
from appliance.settings.schema import BOOLEAN, CAMERA, INTEGER, NUMBER, POWER_MODE, SETTINGS, STREAMS, Setting
from appliance.settings.streams import BadStreams, streams_from_node
from appliance.settings.values import FALSE_WORDS, TRUE_WORDS, BadValue, invalid_value, parse_text

IN_DOUBLE_QUOTES = "in double quotes \\ begins an escape; use single quotes"

# det_th = 0.5, det_th:0.5
_ALMOST_KEY = re.compile(r"(?P<key>[a-z_]{1,40})(?P<sign>[ \t]{0,40}=|:(?=[^\s]))")

_TAG = "tag:yaml.org,2002:"
_PLAIN_TAGS = [_TAG + name for name in ("str", "bool", "int", "float", "null", "timestamp")]


class Entry(NamedTuple):
    """One setting as a file has it. line: from 1."""

    value: Any
    line: int


class ConfigFile(NamedTuple):
    """What a file says.

    entries: key to value; a key without a value is left out.
    mistakes: sentences, each with file and line; the entries are to be used only if there are none.
    """

    path: Path
    entries: Dict[str, Entry]
    mistakes: List[str]


def read_config_file(path: Path) -> ConfigFile:
    """Read a file and check it against the schema. Raises nothing: what is wrong is in `mistakes`."""
    try:
        text = _read_text(path)
        root = compose(text)
    except BadValue as error:
        return ConfigFile(path, {}, [str(error)])
    except yaml.YAMLError as error:
        return ConfigFile(path, {}, [_without_colon(path, text) or _explain(path, text, error)])
    if root is None or _is_empty(root):
        return ConfigFile(path, {}, [])
    if not isinstance(root, yaml.MappingNode):
        return ConfigFile(
            path,
            {},
            [
                _without_colon(path, text)
                or (f"{path} line {_line(root)}: not a config file; write one `key: value` a line")
            ],
        )
    file = _read_mapping(path, root)
    return file._replace(mistakes=_cut_addresses(path, text, root) + file.mistakes)


def nearest_setting(word: str) -> str:
    """The end of a sentence about an unknown setting: what it may have been meant to be."""
    return did_you_mean(nearest(word, SETTINGS)) or f"`{PROGRAM} config show` lists all settings"


def _read_mapping(path: Path, root: yaml.MappingNode) -> ConfigFile:
    entries: Dict[str, Entry] = {}
    mistakes: List[str] = []
    first_line: Dict[str, int] = {}
    for key_node, value_node in root.value:
        place = f"{path} line {_line(key_node)}: "
        if not isinstance(key_node, yaml.ScalarNode):
            mistakes.append(place + "the name of a setting must be a single word")
            continue
        key = key_node.value
        setting = SETTINGS.get(key)
        if setting is None:
            hint = nearest_setting(key.lower().replace("-", "_"))
            mistakes.append(f"{place}{redact(key)} is no setting; {hint}")
            continue
        if key in first_line:
            mistakes.append(f"{place}{key} is already set in line {first_line[key]}; keep one of the two")
            continue
        first_line[key] = _line(key_node)
        if _is_empty(value_node):
            continue
        try:
            entries[key] = Entry(_value(setting, value_node), _line(key_node))
        except BadValue as error:
            mistakes.append(f"{place}{key} {error}")
    return ConfigFile(path, entries, mistakes)


def _value(setting: Setting, node: yaml.Node) -> Any:
    """The value of one node. Raises BadValue.

    Numbers are read from their text, not as YAML 1.1 would (010 is ten, 1:30 no number).
    """
    if setting.kind == STREAMS:
        try:
            return streams_from_node(node)
        except BadStreams as error:
            raise BadValue(str(error)) from None
    if not isinstance(node, yaml.ScalarNode):
        raise invalid_value(setting, "a list" if isinstance(node, yaml.SequenceNode) else "a group of settings")
    text = node.value.strip()
    is_plain = node.style is None
    if node.style == '"' and any(ord(sign) < 32 for sign in text):
        raise BadValue("has an escape in it: " + IN_DOUBLE_QUOTES)
    if node.tag not in _PLAIN_TAGS:
        raise invalid_value(setting, "something tagged " + node.tag.replace(_TAG, "!!"))
    if node.tag == _TAG + "bool":
        if setting.kind == BOOLEAN and text.lower() in yaml.SafeLoader.bool_values:
            return yaml.SafeLoader.bool_values[text.lower()]
        raise invalid_value(setting, text)
    if setting.kind == BOOLEAN and text.lower() in TRUE_WORDS + FALSE_WORDS:
        return parse_text(setting, text)  # 1, "True": the original project took whatever is true in Python
    if setting.kind == BOOLEAN or (setting.kind in (INTEGER, NUMBER) and not is_plain):
        raise invalid_value(setting, "the text " + repr(text) if node.tag == _TAG + "str" else text)
    if setting.kind in (INTEGER, NUMBER):
        return parse_text(setting, text)
    if node.tag == _TAG + "str" or (setting.kind in (CAMERA, POWER_MODE) and node.tag == _TAG + "int"):
        return parse_text(setting, text)
    raise invalid_value(setting, f"{text}; if that is a name, write '{text}'")


def _is_empty(node: yaml.Node) -> bool:
    return isinstance(node, yaml.ScalarNode) and (node.tag == _TAG + "null" or not node.value.strip())


def _line(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1


def _read_text(path: Path) -> str:
    """Raises BadValue with a whole sentence."""
    try:
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise BadValue(f"{path}: cannot be read: {error.strerror or error}") from None
    if len(data) > MOST_BYTES:
        raise BadValue(f"{path}: too large for a config file; is it the right one?")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise BadValue(f"{path} line {line}: not UTF-8 text; save the file as UTF-8") from None


def _without_colon(path: Path, text: str) -> Optional[str]:
    """Where a line that YAML cannot make sense of, or takes for the rest of the one above, lacks its `: `."""
    for number, line in enumerate(text.splitlines(), 1):
        found = _ALMOST_KEY.match(line)
        if found and found.group("key") in SETTINGS:
            what = "has = in the place of a colon" if "=" in found.group("sign") else "has no space after the colon"
            return f"{path} line {number}: {found.group('key')} {what}; write `{found.group('key')}: VALUE`"
    return None


def _cut_addresses(path: Path, text: str, root: yaml.Node) -> List[str]:
    """A sentence for every address without quotes that has a # in it: YAML takes the rest for a comment. The address
    is not shown: its end is half a password.
    """
    lines = text.splitlines()
    mistakes = []
    for node in _scalars(root):
        mark = node.end_mark
        comment = lines[mark.line][mark.column :].strip() if mark.line < len(lines) else ""
        if node.style is not None or "://" not in node.value or not comment.startswith("#") or "@" not in comment:
            continue
        if re.match(r"#\S*@", comment) or has_half_credentials(node.value):
            mistakes.append(
                f'{path} line {mark.line + 1}: an address ends at " #", where a comment begins; write it in single'
                " quotes, and # in a password as %23"
            )
    return mistakes


def _scalars(node: yaml.Node) -> Iterator[yaml.ScalarNode]:
    if isinstance(node, yaml.ScalarNode):
        yield node
    elif isinstance(node, yaml.MappingNode):
        for pair in node.value:
            for part in pair:
                yield from _scalars(part)
    elif isinstance(node, yaml.SequenceNode):
        for part in node.value:
            yield from _scalars(part)


def _explain(path: Path, text: str, error: yaml.YAMLError) -> str:
    """Where and what the YAML parser stumbled over."""
    mark = getattr(error, "problem_mark", None)
    if mark is None:  # a character that YAML does not allow
        position = int(getattr(error, "position", 0))
        line = text.count("\n", 0, position) + 1
        return f"{path} line {line}: a character that a config file cannot hold; delete it"
    place = f"{path} line {mark.line + 1}, column {mark.column + 1}: "
    problem = str(getattr(error, "problem", None) or error)
    if "escape" in problem:
        return place + IN_DOUBLE_QUOTES
    if "'\\t'" in problem:
        return place + "a tab; use spaces instead"
    if "another document" in problem:
        return place + "a second document starts here; a config file has only one `---`, at its top"
    return f"{place}not valid YAML: {problem}; write one `key: value` a line"
