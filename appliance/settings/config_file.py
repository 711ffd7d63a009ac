"""Read a config file or a profile: YAML, one `key: value` per line, with the line number of every value."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Dict, Iterator, List, Optional, Tuple

import yaml

from appliance.core.names import PROGRAM
from appliance.core.redact import has_half_credentials, redact
from appliance.schema.setting import STREAMS
from appliance.schema.settings import SETTINGS
from appliance.schema.values import BadValue
from appliance.settings.bounded_yaml import MOST_BYTES, compose
from appliance.settings.messages import did_you_mean, nearest
from appliance.settings.streams import streams_from_node
from appliance.settings.yaml_values import IN_DOUBLE_QUOTES, is_empty, value_from_node

# det_th = 0.5, det_th:0.5
_ALMOST_KEY = re.compile(r"(?P<key>[a-z_]{1,40})(?P<sign>[ \t]{0,40}=|:(?=[^\s]))")


@dataclass(frozen=True)
class Entry:
    """One setting in a file. line: its line number, from 1."""

    value: Any
    line: int


@dataclass(frozen=True)
class ConfigFile:
    """The content of a file.

    Attributes:
        path: The file.
        entries: By key; a key without a value is left out.
        mistakes: Sentences, each with file and line; use the entries only if there are none.
    """

    path: Path
    entries: Dict[str, Entry]
    mistakes: List[str]


def read_config_file(path: Path) -> ConfigFile:
    """Read a file and check it against the schema. Never raises: errors are listed in `mistakes`."""
    try:
        text = _read_text(path)
        root = compose(text)
    except BadValue as error:
        return ConfigFile(path, {}, [str(error)])
    except yaml.YAMLError as error:
        return ConfigFile(path, {}, [_without_colon(path, text) or _explain(path, text, error)])
    if root is None or is_empty(root):
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
    entries, mistakes = _read_mapping(path, root)
    return ConfigFile(path, entries, _cut_addresses(path, text, root) + mistakes)


def nearest_setting(word: str) -> str:
    """Return the end of a sentence about an unknown setting, which suggests similar names."""
    return did_you_mean(nearest(word, SETTINGS)) or f"`{PROGRAM} config show` lists all settings"


def _read_mapping(path: Path, root: yaml.MappingNode) -> Tuple[Dict[str, Entry], List[str]]:
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
        if is_empty(value_node):
            continue
        try:
            read = streams_from_node(value_node) if setting.kind == STREAMS else value_from_node(setting, value_node)
            entries[key] = Entry(read, _line(key_node))
        except BadValue as error:
            mistakes.append(_placed(path, _line(key_node), f"{key} {error}"))
    return entries, mistakes


_INNER_LINE = re.compile(r"\(line (\d+)\) ")


def _placed(path: Path, line: int, mistake: str) -> str:
    """Say in front of a mistake where it is: in the innermost line that it names, or else in that of its setting."""
    inner = _INNER_LINE.findall(mistake)
    return f"{path} line {inner[-1] if inner else line}: {_INNER_LINE.sub('', mistake)}"


def _line(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1


def _read_text(path: Path) -> str:
    """Return the text of the file. Raises BadValue with a whole sentence."""
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
    """Find the line that lacks its `: `, which YAML rejects or takes for a continuation of the line above."""
    for number, line in enumerate(text.splitlines(), 1):
        found = _ALMOST_KEY.match(line)
        if found and found.group("key") in SETTINGS:
            what = "has = in the place of a colon" if "=" in found.group("sign") else "has no space after the colon"
            return f"{path} line {number}: {found.group('key')} {what}; write `{found.group('key')}: VALUE`"
    return None


def _cut_addresses(path: Path, text: str, root: yaml.Node) -> List[str]:
    """Return a sentence for every unquoted address that contains a #, which starts a comment in YAML.

    The address is not shown: its end is a part of a password.
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
    """Return where and why the YAML parser failed."""
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
