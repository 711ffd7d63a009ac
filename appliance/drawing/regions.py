"""Draw regions of any shape: instance masks, and segmentations with a legend."""

from functools import lru_cache
from typing import List, Optional, Sequence, Tuple

import cv2
import numpy as np

from appliance.core.frame import Result
from appliance.drawing.class_areas import percent, shares
from appliance.drawing.colours import WHITE, Colour, class_colour
from appliance.drawing.lettering import Style, text_size, write_text

OPACITY = 0.5
"""Of a colour; the picture shines through with the rest."""
LEGEND_HEIGHT = 0.7
"""The most of the picture's height that a legend takes; above it are the statistics."""

_Row = Tuple[str, Optional[Colour]]


def draw_masks(picture: np.ndarray, masks: np.ndarray, colours: Sequence[Colour], line: int) -> None:
    """Colour a picture where masks, bool [n, height, width], are true, and draw their outlines.

    Smaller masks lie on top of larger ones and hide them completely.
    """
    coloured, outline = picture.copy(), np.zeros(picture.shape[:2], np.uint8)
    areas = [np.count_nonzero(mask) for mask in masks]
    for index in sorted(range(len(masks)), key=lambda index: -areas[index]):
        mask, colour = masks[index].view(np.uint8), colours[index]
        left, top, width, height = cv2.boundingRect(mask)
        part = np.s_[top : top + height, left : left + width]
        coloured[part][masks[index][part]] = colour
        outline[part][masks[index][part]] = 0
        contours = cv2.findContours(mask[part], cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE, offset=(left, top))[0]
        cv2.drawContours(coloured, contours, -1, colour, line)
        cv2.drawContours(outline, contours, -1, 1, line)
    cv2.addWeighted(picture, 1 - OPACITY, coloured, OPACITY, 0, picture)
    cv2.copyTo(coloured, outline, picture)


def draw_segmentation(picture: np.ndarray, result: Result) -> None:
    """Colour every pixel by its class; the background is unchanged."""
    if result.segmentation is None:
        return
    class_map = result.segmentation.class_map
    coloured = cv2.applyColorMap(class_map, _palette())
    if result.is_background(0):
        np.copyto(coloured, picture, where=(class_map == 0)[..., np.newaxis])
    cv2.addWeighted(picture, 1 - OPACITY, coloured, OPACITY, 0, picture)


@lru_cache(maxsize=1)
def _palette() -> np.ndarray:
    colours: np.ndarray = np.array([class_colour(number) for number in range(256)], np.uint8)[:, np.newaxis]
    return colours


def draw_legend(picture: np.ndarray, result: Result, style: Style) -> None:
    """Draw colour, name and share of each class on a darkened panel at the lower left, as many as fit."""
    height, width = picture.shape[:2]
    entries = shares(result)
    if not entries:
        return
    rows: List[_Row] = [
        (f"{result.label(class_id)} {percent(share)}", class_colour(class_id)) for class_id, share in entries
    ]
    _, cap_height, descent = text_size("X", style)
    pitch = cap_height + descent + style.margin // 2
    room = max(1, (int(height * LEGEND_HEIGHT) - style.margin) // pitch)
    if len(rows) > room:
        hidden = len(rows) - room + 1
        rows = [*rows[: room - 1], (f"{hidden} more", None)]
    _draw_rows(picture, rows, pitch, cap_height, style)


def _draw_rows(picture: np.ndarray, rows: List[_Row], pitch: int, cap_height: int, style: Style) -> None:
    height, width = picture.shape[:2]
    text_left = 2 * style.margin + cap_height
    panel_width = min(width, text_left + max(text_size(text, style)[0] for text, _ in rows) + style.margin)
    panel_top = height - min(height, len(rows) * pitch + style.margin)
    panel = picture[panel_top:, :panel_width]
    panel[:] = cv2.convertScaleAbs(panel, alpha=0.35)
    for number, (text, colour) in enumerate(rows):
        top = panel_top + style.margin + number * pitch
        if colour is not None:
            picture[top : top + cap_height, style.margin : style.margin + cap_height] = colour
        write_text(picture, text, (text_left, top + cap_height), WHITE, style)
