"""Text and line widths that suit a picture's size."""

import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import Tuple

import cv2
import numpy as np

from appliance.drawing.colours import Colour

_FONT = cv2.FONT_HERSHEY_SIMPLEX
# OpenCV 5 draws UTF-8 with a built-in outline font; before it, FONT_HERSHEY_* knows ASCII alone.
_HAS_UNICODE = int(cv2.__version__.split(".")[0]) >= 5


@dataclass(frozen=True)
class Style:
    """Line width, OpenCV's font scale and weight, and the margin around text, in pixels."""

    line: int
    scale: float
    weight: int
    margin: int


@lru_cache(maxsize=16)
def style_for(width: int, height: int) -> Style:
    """Return the style for a picture of this size in pixels."""
    side = min(width, height)
    scale = min(max(side / 1200.0, 0.3), 2.5)
    return Style(
        line=max(1, round(side / 260.0)),
        scale=scale,
        weight=max(1, round(scale * 1.4)),
        margin=max(2, round(scale * 8)),
    )


def text_size(text: str, style: Style) -> Tuple[int, int, int]:
    """Return width, height of capitals, and depth below the baseline, in pixels."""
    (width, cap_height), descent = cv2.getTextSize(_printable(text), _FONT, style.scale, style.weight)
    return int(width), int(cap_height), int(descent)


def write_text(picture: np.ndarray, text: str, origin: Tuple[int, int], colour: Colour, style: Style) -> None:
    """Write into a picture. origin: x and y of the baseline's left end."""
    cv2.putText(picture, _printable(text), origin, _FONT, style.scale, colour, style.weight, cv2.LINE_AA)


def _printable(text: str) -> str:
    """Return the text as OpenCV can show it: before 5.0 without accents, other letters as question marks."""
    if _HAS_UNICODE:
        return text
    plain = unicodedata.normalize("NFKD", text.replace(" ·", ","))
    return "".join(c for c in plain if not unicodedata.combining(c)).encode("ascii", "replace").decode("ascii")
