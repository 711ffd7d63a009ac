"""The setting `streams`: cameras by name, each with a source, and optionally a model and settings of its own.

streams:
  door: rtsp://camera/1
  yard:
    source: 0
    model: pedestrian_ssdlite
    det_th: 0.3
    zones: {drive: {polygon: [[0.1, 0.5], [0.6, 0.5], [0.6, 1]]}}
"""

import re
from typing import Dict, List, Mapping, Tuple, Union

import yaml

from appliance.core.names import STREAM_NAME, STREAM_NAME_RULE
from appliance.core.redact import redact
from appliance.schema.places import NO_PLACES, PLACES, Places, parse_places, places_as_data
from appliance.schema.setting import Values
from appliance.schema.settings import SETTINGS, STREAM_SETTINGS
from appliance.schema.stream_setting import EXAMPLE, StreamSetting
from appliance.schema.values import BadValue
from appliance.settings.bounded_yaml import compose
from appliance.settings.messages import did_you_mean, nearest
from appliance.settings.nested import parse_nested
from appliance.settings.yaml_values import is_empty, value_from_node

FIELDS = ("source", "model")
"""Fields of a stream besides STREAM_SETTINGS."""


def streams_from_text(text: str) -> Dict[str, StreamSetting]:
    """Parse streams as written on the command line or in an environment variable.

    Raises:
        BadValue: The text follows the name of the setting.
    """
    try:
        node = compose(text)
    except yaml.YAMLError:
        node = None
    if node is None:
        raise BadValue(f"must be written like {EXAMPLE}")
    return streams_from_node(node)


def streams_from_node(node: yaml.Node) -> Dict[str, StreamSetting]:
    """Parse streams from YAML, in the order of the file.

    Raises:
        BadValue: The text follows the name of the setting: "must name ...", "(line 3) door: ...".
    """
    if not isinstance(node, yaml.MappingNode) or not node.value:
        raise BadValue(f"must name each stream with its source, like {EXAMPLE}")
    streams: Dict[str, StreamSetting] = {}
    for key_node, value_node in node.value:
        name, _, place = _key(key_node)
        if not re.fullmatch(STREAM_NAME, name):
            raise BadValue(f"{place}cannot have a stream called {redact(name)[:40]!r}: {STREAM_NAME_RULE}")
        if name in streams:
            raise BadValue(f"{place}has two streams called {name}")
        streams[name] = _stream(name, place, value_node)
    return streams


def _stream(name: str, start: str, node: yaml.Node) -> StreamSetting:
    """Parse one stream. start: the beginning of a message, which says where its name stands."""
    if not isinstance(node, yaml.MappingNode):
        return StreamSetting(_source(_text(f"{start}{name}: source", node)))
    fields: Dict[str, str] = {}
    settings: Values = {}
    places: List[Tuple[yaml.Node, yaml.Node]] = []
    lines: Dict[str, int] = {}
    for key_node, value_node in node.value:
        key, line, place = _key(key_node)
        place = f"{place}{name}: "
        if key in fields or key in lines:
            raise BadValue(f"{place}{key} is set twice; keep one of the two")
        if key in FIELDS:
            fields[key] = _text(place + key, value_node)
            continue
        if key not in STREAM_SETTINGS and key not in PLACES:
            raise BadValue(place + _no_part(key))
        lines[key] = line
        if key in PLACES:
            places.append((key_node, value_node))
            continue
        if not is_empty(value_node):
            try:
                settings[key] = value_from_node(STREAM_SETTINGS[key], value_node)
            except BadValue as error:
                raise BadValue(f"{place}{key} {error}") from None
    if "source" not in fields:
        raise BadValue(f"{start}{name}: a stream needs a source: a camera, an address or a movie")
    return StreamSetting(_source(fields["source"]), fields.get("model"), settings, lines, _places(name, node, places))


def _places(name: str, stream: yaml.Node, pairs: List[Tuple[yaml.Node, yaml.Node]]) -> Places:
    if not pairs:
        return NO_PLACES
    try:
        return parse_nested(yaml.MappingNode(stream.tag, pairs, stream.start_mark), parse_places)
    except BadValue as error:
        raise BadValue(f"{name}: {error}") from None


def _no_part(key: str) -> str:
    if key in SETTINGS:
        return f"{key} cannot differ from stream to stream; set it for all, outside `streams`"
    hint = did_you_mean(nearest(key, [*FIELDS, *PLACES, *STREAM_SETTINGS])) or (
        "it has source, model and the settings that docs/settings.md lists for streams"
    )
    return f"{redact(key)} is no part of a stream; {hint}"


def _key(node: yaml.Node) -> Tuple[str, int, str]:
    """Return the text of a key, its line number, and that number as the beginning of a sentence."""
    line = node.start_mark.line + 1
    return str(node.value) if isinstance(node, yaml.ScalarNode) else "", line, f"(line {line}) "


def _text(what: str, node: yaml.Node) -> str:
    text = node.value.strip() if isinstance(node, yaml.ScalarNode) else ""
    if not text or "\0" in text:
        raise BadValue(f"{what} must be a text")
    return str(text)


def _source(text: str) -> Union[int, str]:
    return int(text) if re.match(r"\d{1,3}$", text) else text


def show_streams(streams: Mapping[str, StreamSetting]) -> str:
    """Format streams on one line, as they could be written, without credentials."""
    shown: Dict[str, object] = {}
    for name, stream in streams.items():
        source = stream.source if isinstance(stream.source, int) else redact(stream.source)
        model = {} if stream.model is None else {"model": stream.model}
        places = {key: value for key, value in places_as_data(stream.places).items() if value}
        rest = {**model, **stream.settings, **places}
        shown[name] = {"source": source, **rest} if rest else source
    return as_yaml(shown)


def as_yaml(value: object) -> str:
    """Format a value on one line, as it could be written in a config file."""
    text: str = yaml.safe_dump(value, default_flow_style=True, sort_keys=False, allow_unicode=True, width=10**6)
    return text.strip()
