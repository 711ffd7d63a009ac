"""Colours for classes, and for text on them."""

import colorsys
from functools import lru_cache
from typing import Tuple

Colour = Tuple[int, int, int]  # blue, green, red

BLACK, WHITE = (0, 0, 0), (255, 255, 255)


@lru_cache(maxsize=None)
def class_colour(class_id: int) -> Colour:
    """Return the colour of a class, always the same.

    17 hues in two turns of the colour circle, so that neighbouring ids are 42 degrees apart, in three shades.
    """
    saturation, value = ((0.85, 1.0), (0.55, 1.0), (0.9, 0.7))[class_id // 17 % 3]
    red, green, blue = colorsys.hsv_to_rgb(class_id * 2 / 17.0 % 1.0, saturation, value)
    return round(blue * 255), round(green * 255), round(red * 255)


def text_colour(background: Colour) -> Colour:
    """Return black or white, whichever is easier to read on the background (WCAG 2's relative luminance)."""
    blue, green, red = ((part / 255.0) ** 2.2 for part in background)
    luminance = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    return BLACK if luminance > 0.18 else WHITE  # at 0.18 both have the same contrast
