"""The setting `streams`: several cameras by name, each with its source and, if it wants, a model of its own.

streams:
  door: rtsp://camera/1
  yard:
    source: 0
    model: pedestrian_ssdlite
"""

import re
from typing import Any, Dict, Mapping, NamedTuple, Optional, Union

import yaml

from appliance.core.names import STREAM_NAME, STREAM_NAME_RULE
from appliance.settings.bounded_yaml import compose
from appliance.settings.messages import did_you_mean, nearest
from appliance.settings.redact import redact

EXAMPLE = "{door: rtsp://camera/1, yard: {source: 0, model: pedestrian_ssdlite}}"


class StreamSetting(NamedTuple):
    """One stream as it was configured. source: as for camera_input, or a movie. model: None is the shared one."""

    source: Union[int, str]
    model: Optional[str] = None


class BadStreams(ValueError):
    """The text goes on after the name of the setting: "must be ...", "door: ..."."""


def streams_from_text(text: str) -> Dict[str, StreamSetting]:
    """Streams as written on the command line or in a variable. Raises BadStreams."""
    try:
        node = compose(text)
    except yaml.YAMLError:
        node = None
    if node is None:
        raise BadStreams(f"must be written like {EXAMPLE}")
    return streams_from_node(node)


def streams_from_node(node: yaml.Node) -> Dict[str, StreamSetting]:
    """Streams from YAML, in the order in which they stand there. Raises BadStreams."""
    if not isinstance(node, yaml.MappingNode) or not node.value:
        raise BadStreams(f"must name each stream with its source, like {EXAMPLE}")
    streams: Dict[str, StreamSetting] = {}
    for key_node, value_node in node.value:
        name = key_node.value if isinstance(key_node, yaml.ScalarNode) else ""
        place = f"(line {key_node.start_mark.line + 1}) "
        if not re.fullmatch(STREAM_NAME, name):
            raise BadStreams(f"{place}cannot have a stream called {redact(str(name))[:40]!r}: {STREAM_NAME_RULE}")
        if name in streams:
            raise BadStreams(f"{place}has two streams called {name}")
        streams[name] = _stream(name, place, value_node)
    return streams


def _stream(name: str, place: str, node: yaml.Node) -> StreamSetting:
    fields: Dict[str, Any] = {}
    if isinstance(node, yaml.MappingNode):
        for key_node, value_node in node.value:
            key = key_node.value if isinstance(key_node, yaml.ScalarNode) else ""
            place = f"(line {key_node.start_mark.line + 1}) "
            if key not in StreamSetting._fields:
                hint = did_you_mean(nearest(str(key), StreamSetting._fields)) or "it has source and model"
                raise BadStreams(f"{place}{name}: {redact(str(key))} is no part of a stream; {hint}")
            fields[key] = _text(name, place, key, value_node)
    else:
        fields["source"] = _text(name, place, "source", node)
    if "source" not in fields:
        raise BadStreams(f"{place}{name}: a stream needs a source: a camera, an address or a movie")
    source = fields["source"]
    if re.match(r"\d{1,3}$", source):
        fields["source"] = int(source)
    return StreamSetting(**fields)


def _text(name: str, place: str, key: str, node: yaml.Node) -> str:
    text = node.value.strip() if isinstance(node, yaml.ScalarNode) else ""
    if not text or "\0" in text:
        raise BadStreams(f"{place}{name}: {key} must be a text")
    return str(text)


def show_streams(streams: Mapping[str, StreamSetting]) -> str:
    """As they could be written in one line, without credentials."""
    shown: Dict[str, Any] = {}
    for name, stream in streams.items():
        source = stream.source if isinstance(stream.source, int) else redact(stream.source)
        shown[name] = source if stream.model is None else {"source": source, "model": stream.model}
    text: str = yaml.safe_dump(shown, default_flow_style=True, sort_keys=False, allow_unicode=True, width=10**6)
    return text.strip()
