"""Which GStreamer pipelines the dashboard may send. A pipeline is code, so every word of it is checked."""

import functools
import re
from pathlib import Path
from typing import Dict, List, NoReturn, Union

import yaml

from appliance.core.errors import SourceError
from appliance.core.redact import redact
from appliance.sources.device import allowed_camera
from appliance.sources.gst_command import gstreamer_version, split_pipeline

_FILE = Path(__file__).with_name("elements.yml")

Property = Union[str, int, List[str]]
"""The values that a property may have, as in elements.yml."""

MOST_CHARACTERS = 4096
# Each element needs threads and memory; the longest useful pipelines have a dozen.
MOST_ELEMENTS = 32
# Largest width or height, in pixels, and frame rate in caps.
LARGEST_SIDE = 8192
HIGHEST_RATE = 1000

# Input from outside may name only these media types, which are followed by fields.
_CAPS = re.compile(
    r"((?:video|image|application)/[\w.-]+(?:\([\w:]+\))?)((?:\s*,\s*[\w-]+\s*=\s*[^\s,]+)*)\s*,?", re.ASCII
)
_VALUE = re.compile(r"(?:\([a-z]+\))?([\w.+-]+|\d{1,9}/\d{1,9})", re.ASCII)
# gst-launch joins its words and parses them again by its own rules: these characters end a value, and what follows
# would become elements.
_ENDS_VALUE = re.compile(r"""[!;"'\\\x00-\x1f\x7f]""")
_FIRST_WITH_RANKS = (1, 18)


def check_elements(pipeline: str) -> None:
    """Raise SourceError unless a pipeline has only allowed elements with their allowed properties, and caps."""
    if len(pipeline) > MOST_CHARACTERS:
        raise SourceError(f"GStreamer pipeline: longer than {MOST_CHARACTERS} characters")
    parts = split_pipeline(pipeline)[:-1]  # the appsink, with its properties, is replaced by our own sink
    if len(parts) > MOST_ELEMENTS:
        raise SourceError(f"GStreamer pipeline: more than {MOST_ELEMENTS} elements")
    for part in parts:
        for word in part:
            if _ENDS_VALUE.search(word):
                _refuse(word, "holds ! ; \\ or quotes, which no value in a pipeline from the dashboard may")
        if part and "/" in part[0]:
            _check_caps(" ".join(part))
        else:
            _check_element(part)


def _check_element(part: List[str]) -> None:
    element = part[0] if part else ""
    properties = _allowed().get(element)
    if properties is None:
        _refuse(element, "is no element that a pipeline from the dashboard may have")
    if element in ("decodebin", "parsebin") and gstreamer_version() < _FIRST_WITH_RANKS:
        _refuse(
            element,
            "cannot be used from the dashboard where GStreamer is older than 1.18: name demuxer and "
            "decoder (rtph264depay ! h264parse ! avdec_h264)",
        )
    for word in part[1:]:
        key, sign, value = word.partition("=")
        if not sign or key not in properties:
            _refuse(word, f"is no property of {element} that a pipeline from the dashboard may set")
        _check_value(word, properties[key], value)


def _check_value(word: str, kind: Property, value: str) -> None:
    """Check a property's value.

    Args:
        word: The word of the pipeline.
        kind: The property's row of elements.yml.
        value: The value.
    """
    if kind == "caps":
        _check_caps(value)
    elif kind == "camera":
        if not allowed_camera(value):
            _refuse(word, "is no camera: it has to be a video device, such as /dev/video0")
    elif kind == "text":
        if not value or len(value) > 200:
            _refuse(word, "needs a text of up to 200 characters")
    elif isinstance(kind, int):
        if not re.match(r"\d{1,9}\Z", value, re.ASCII) or int(value) > kind:
            _refuse(word, f"has to be a whole number from 0 to {kind}")
        if word.startswith("max-size-buffers=") and not int(value):
            _refuse(word, "has to be at least 1: 0 is no limit at all")
    elif isinstance(kind, list):
        scheme, sign, rest = value.partition("://")
        if not sign or scheme.lower() not in kind or not re.match(r"[^\s/]\S*\Z", rest):
            _refuse(word, f"has to be an address that begins with {':// or '.join(kind)}:// and has no spaces")
    elif not _VALUE.fullmatch(value):
        _refuse(word, "has to be a number or a name")


def _check_caps(caps: str) -> None:
    found = _CAPS.fullmatch(caps.strip())
    if found is None:
        _refuse(caps, "is neither an element nor caps like video/x-raw,width=640,height=480")
    for field in found.group(2).split(",")[1:]:
        key, value = (side.strip() for side in field.split("=", 1))
        fits = _VALUE.fullmatch(value)
        if fits is None:
            _refuse(field.strip(), "has to be one number or name: no list, range or text")
        if key in ("width", "height") and not (fits.group(1).isdigit() and int(fits.group(1)) <= LARGEST_SIDE):
            _refuse(field.strip(), f"has to be a whole number up to {LARGEST_SIDE}")
        if key in ("framerate", "max-framerate") and not _is_rate(fits.group(1)):
            _refuse(field.strip(), f"has to be up to {HIGHEST_RATE} frames a second")


def _is_rate(text: str) -> bool:
    above, _sign, below = text.partition("/")
    return above.isdigit() and (below or "1").isdigit() and int(above) <= HIGHEST_RATE * max(1, int(below or "1"))


def _refuse(what: str, why: str) -> NoReturn:
    raise SourceError(f"GStreamer pipeline: {redact(what)[:80]!r} {why}; one in the config file may have any")


@functools.lru_cache(maxsize=1)
def _allowed() -> Dict[str, Dict[str, Property]]:
    elements: Dict[str, Dict[str, Property]] = yaml.safe_load(_FILE.read_text(encoding="utf-8"))["elements"]
    return elements
