"""Parse a YAML node as the value of a setting."""

from typing import Any

import yaml

from appliance.schema.setting import BOOLEAN, BY_LABEL, CAMERA, INTEGER, LABELS, NUMBER, POWER_MODE, Setting
from appliance.schema.values import BadValue, check_value, invalid_value
from appliance.schema.web_values import FORMS, KEEP
from appliance.settings.values import FALSE_WORDS, TRUE_WORDS, parse_by_label, parse_text

IN_DOUBLE_QUOTES = "in double quotes \\ begins an escape; use single quotes"

_TAG = "tag:yaml.org,2002:"
_PLAIN_TAGS = [_TAG + name for name in ("str", "bool", "int", "float", "null", "timestamp")]


def value_from_node(setting: Setting, node: yaml.Node) -> Any:
    """Parse the value of one node, for every kind but STREAMS. Raises BadValue.

    Numbers are read from their text, not by the rules of YAML 1.1 (010 is ten, 1:30 is not a number).
    """
    if setting.kind == LABELS and isinstance(node, yaml.SequenceNode):
        return check_value(setting, [_scalar_text(setting, one) for one in node.value])
    if setting.kind == BY_LABEL and isinstance(node, yaml.MappingNode):
        return parse_by_label(setting, node)
    if setting.kind == KEEP and isinstance(node, yaml.MappingNode):
        pairs = [f"{_scalar_text(setting, key)}: {_scalar_text(setting, value)}" for key, value in node.value]
        return check_value(setting, ", ".join(pairs))
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
        if text in setting.choices:  # `record: off`
            return text
        raise invalid_value(setting, text)
    if setting.kind == BOOLEAN and text.lower() in TRUE_WORDS + FALSE_WORDS:
        return parse_text(setting, text)  # 1, "True": the original project accepted whatever is true in Python
    if setting.kind == BOOLEAN or (setting.kind in (INTEGER, NUMBER) and not is_plain):
        raise invalid_value(setting, "the text " + repr(text) if node.tag == _TAG + "str" else text)
    if setting.kind in (INTEGER, NUMBER):
        return parse_text(setting, text)
    may_be_number = (
        setting.kind in (CAMERA, POWER_MODE) or setting.kind in FORMS
    )  # listen: 8080 gets the message about its form
    if node.tag == _TAG + "str" or (may_be_number and node.tag == _TAG + "int"):
        return parse_text(setting, text)
    raise invalid_value(setting, f"{text}; if that is a name, write '{text}'")


def is_empty(node: yaml.Node) -> bool:
    """Return whether a key has no value, which counts as not set."""
    return isinstance(node, yaml.ScalarNode) and (node.tag == _TAG + "null" or not node.value.strip())


def _scalar_text(setting: Setting, node: yaml.Node) -> str:
    if not isinstance(node, yaml.ScalarNode):
        raise invalid_value(setting, "a list with more than names in it")
    return str(node.value).strip()
