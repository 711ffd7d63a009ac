"""Which GStreamer pipelines may come from the dashboard: a pipeline is code, so every word of it is looked at."""

import functools
import re
import shlex
from pathlib import Path
from typing import FrozenSet

import yaml

from appliance.errors import SourceError
from appliance.settings.redact import redact
from appliance.sources.launch import launch_words

_FILE = Path(__file__).with_name("elements.yml")

# key=value: a property of an element, or a field of caps. What a value says makes no element.
_PROPERTY = re.compile(r"[A-Za-z][\w-]*=")
# video/x-raw, video/x-raw(memory:NVMM), with or without their fields.
_CAPS = re.compile(r"(video|image|application)/[\w.-]+(\([\w:]+\))?(,\S*)?$")
# gst-launch joins its words and parses them anew, by rules of its own: there these end a value, and make elements of
# what stands behind.
_ENDS_VALUE = re.compile(r"""[!;"'\\\x00-\x1f]""")


def check_elements(pipeline: str) -> None:
    """Raises SourceError for a pipeline with anything but allowed elements, their properties and caps."""
    launch_words(pipeline, 0)
    for word in shlex.split(pipeline):
        if word != "!" and _ENDS_VALUE.search(word):
            raise SourceError(
                "GStreamer pipeline: {!r}: a value in a pipeline from the dashboard has no ! ; \\ or quotes in it; one "
                "in the config file may have any".format(redact(word)[:80]))
        if word == "!" or _PROPERTY.match(word) or _CAPS.match(word) or word in _allowed():
            continue
        raise SourceError(
            "GStreamer pipeline: {!r} is no element that a pipeline from the dashboard may have; one in the config "
            "file may have any".format(redact(word)[:80]))


@functools.lru_cache(maxsize=1)
def _allowed() -> FrozenSet[str]:
    groups = yaml.safe_load(_FILE.read_text(encoding="utf-8"))
    return frozenset(element for group in groups.values() for element in group)
