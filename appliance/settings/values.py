"""Parse plain text as a value of the right type and range."""

import functools
import re
from typing import Any, List

import yaml

from appliance.schema.setting import BOOLEAN, BY_LABEL, CAMERA, INTEGER, LABELS, NUMBER, POWER_MODE, Setting
from appliance.schema.values import check_value, invalid_value
from appliance.settings.bounded_yaml import compose
from appliance.settings.nested import parse_nested

TRUE_WORDS = ("true", "yes", "on", "1")
FALSE_WORDS = ("false", "no", "off", "0")


def parse_text(setting: Setting, text: str) -> Any:
    """Parse the value of a setting from plain text: environment, command line, an unquoted YAML scalar.

    Raises:
        BadValue: Its type or range is wrong.
    """
    text = text.strip()
    if setting.kind == BOOLEAN:
        if text.lower() in TRUE_WORDS:
            return True
        if text.lower() in FALSE_WORDS:
            return False
        raise invalid_value(setting, repr(text))
    if setting.kind in (INTEGER, NUMBER):
        try:
            return check_value(setting, int(text) if setting.kind == INTEGER else float(text))
        except ValueError:  # includes BadValue; here the text can be shown as written
            raise invalid_value(setting, text if re.match(r"[+-]?[0-9.]+$", text) else repr(text)) from None
    if setting.kind == LABELS:
        return check_value(setting, _labels(setting, text))
    if setting.kind == BY_LABEL:
        return _by_label(setting, text)
    if setting.kind in (CAMERA, POWER_MODE) and re.match(r"[+-]?[0-9]{1,9}$", text):
        return check_value(setting, int(text))
    return check_value(setting, text)


def parse_by_label(setting: Setting, node: yaml.Node) -> Any:
    """Return values by label, from YAML. Raises BadValue."""
    return parse_nested(node, functools.partial(check_value, setting))


def _by_label(setting: Setting, text: str) -> Any:
    try:
        node = compose(text)
    except yaml.YAMLError:
        node = None
    if not isinstance(node, yaml.MappingNode):
        raise invalid_value(setting, repr(text))
    return parse_by_label(setting, node)


def _labels(setting: Setting, text: str) -> List[str]:
    """Split names at commas; a name that contains a comma needs YAML's brackets and quotes."""
    if not text.startswith("["):
        return [label.strip() for label in text.split(",")]
    try:
        node = compose(text)
    except yaml.YAMLError:
        node = None
    if not isinstance(node, yaml.SequenceNode) or not all(isinstance(one, yaml.ScalarNode) for one in node.value):
        raise invalid_value(setting, repr(text))
    return [one.value.strip() for one in node.value]
