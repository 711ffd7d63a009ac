"""Draw results into a copy of the frame's image."""

import dataclasses
from functools import lru_cache
from typing import Callable, List, Optional, Tuple

import cv2
import numpy as np

from appliance.contract.events import StreamCounts
from appliance.core.frame import Frame, Result, Statistics, Timings
from appliance.drawing.colours import BLACK, WHITE, Colour, class_colour, text_colour
from appliance.drawing.lettering import Style, style_for, text_size, write_text
from appliance.drawing.places import draw_places
from appliance.drawing.regions import draw_legend, draw_masks, draw_segmentation
from appliance.schema.places import NO_PLACES, Places

Area = Tuple[int, int, int, int]  # x_min, y_min, x_max, y_max


class Overlay:
    """Draws detections, zones and lines, and statistics in the upper left corner.

    Boxes have label, number of the track and score; those that stand still are thin and dashed. Masks and
    segmentations are translucent, the latter with a legend.

    Attributes:
        vis_text: Whether to draw statistics; this and the next two may be changed at any time.
        show_boxes: Whether to draw boxes, masks and their labels.
        show_zones: Whether to draw zones and lines.

    Args:
        vis_text: As the attribute.
        statistics: Returns them.
        mask_size: Width and height to which a picture with masks is resized; None draws at the frame's own size.
        max_width: Wider frames are drawn at this width, with their height in proportion.
        drawn: Called with every frame that was drawn.
        places: Returns the zones and lines.
        counts: Returns what is in them; None if nothing is counted.
    """

    def __init__(
        self,
        vis_text: bool,
        statistics: Callable[[], Statistics],
        mask_size: Optional[Tuple[int, int]] = None,
        max_width: Optional[int] = None,
        drawn: Callable[[Frame], None] = lambda frame: None,
        places: Callable[[], Places] = lambda: NO_PLACES,
        counts: Callable[[], Optional[StreamCounts]] = lambda: None,
    ) -> None:
        self._drawn, self._places, self._counts = drawn, places, counts
        self.vis_text = vis_text
        self.show_boxes = self.show_zones = True
        self._max_width = max_width
        self._statistics = statistics
        self._mask_size = mask_size

    def size(self, result: Result) -> Tuple[int, int]:
        """Return width and height of the picture that `draw` returns."""
        if self._mask_size is not None and result.detections.masks is not None:
            return self._mask_size
        height, width = result.frame.image.shape[:2]
        if self._max_width is not None and width > self._max_width:
            return self._max_width, max(1, round(height * self._max_width / width))
        return width, height

    def draw(self, result: Result) -> np.ndarray:
        """Return a new picture, uint8 [height, width, 3], BGR, of `size`; the frame's own image is unchanged."""
        if not self.show_boxes:
            result = result.keep(np.zeros(len(result.detections.scores), np.bool_))
        resized = _resized(result, *self.size(result))
        picture: np.ndarray = resized.frame.image.copy() if resized is result else resized.frame.image
        result = resized
        height, width = picture.shape[:2]
        style = style_for(width, height)
        taken: List[Area] = []
        found = result.detections
        boxes = [_pixels(box, width, height) for box in found.boxes]
        colours = [class_colour(int(class_id)) for class_id in found.class_ids]
        draw_segmentation(picture, result)
        places = self._places() if self.show_zones else NO_PLACES
        names = draw_places(picture, places, self._counts(), style) if places.zones or places.lines else []
        # From the worst to the best, so that the best lie on top; all boxes above all masks, all labels above these.
        if found.masks is not None:
            draw_masks(picture, found.masks, colours, style.line)
        tracks = [result.track(number) for number in range(len(boxes))]
        for box, colour, track in reversed(list(zip(boxes, colours, tracks))):
            if track is not None and track.is_stationary:
                _draw_dashed_box(picture, box, colour, style)
            else:
                _draw_box(picture, box, colour, style.line)
        draw_legend(picture, result, style)
        if self.vis_text:
            taken.append(_draw_statistics(picture, style, self._statistics()))
        labels = []
        for text, (x, y) in names:
            tile = _label_tile(text, BLACK, style)
            place = place_label((x, y, x, y), tile.shape[1], tile.shape[0], width, height, style.line, taken)
            taken.append(place)
            labels.append((place, tile))
        for box, colour, text in zip(boxes, colours, _texts(result)):
            tile = _label_tile(text, colour, style)
            place = place_label(box, tile.shape[1], tile.shape[0], width, height, style.line, taken)
            taken.append(place)
            labels.append((place, tile))
        for (x_min, y_min, x_max, y_max), tile in reversed(labels):
            target = picture[y_min:y_max, x_min:x_max]
            target[:] = tile[: target.shape[0], : target.shape[1]]
        self._drawn(result.frame)
        return picture


def _texts(result: Result) -> List[str]:
    """Return what is written at each box: "person 17 · 0.94", "car 4 · still", or "person 0.94" without a track."""
    texts = []
    for number, (class_id, score) in enumerate(zip(result.detections.class_ids, result.detections.scores)):
        label, track = result.label(int(class_id)), result.track(number)
        if track is None:
            texts.append(f"{label} {score:.2f}")
        else:
            texts.append(f"{label} {track.number} · {'still' if track.is_stationary else f'{score:.2f}'}")
    return texts


def _resized(result: Result, width: int, height: int) -> Result:
    """Return the result as if it had been found in a frame of this size."""
    image, found = result.frame.image, result.detections
    old_height, old_width = image.shape[:2]
    if (old_width, old_height) == (width, height):
        return result
    boxes = found.boxes * np.array([width / old_width, height / old_height] * 2, np.float32)
    masks, segmentation = None, result.segmentation
    if found.masks is not None:
        masks = np.zeros((len(found.masks), height, width), np.bool_)
        for mask, target in zip(found.masks, masks):
            target[:] = cv2.resize(mask.view(np.uint8), (width, height), interpolation=cv2.INTER_NEAREST)
    if segmentation is not None:
        class_map = cv2.resize(segmentation.class_map, (width, height), interpolation=cv2.INTER_NEAREST)
        segmentation = dataclasses.replace(segmentation, class_map=class_map)
    # Below half the size INTER_LINEAR leaves out pixels, and edges flicker.
    shrinks = 2 * width < old_width
    interpolation = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    frame = dataclasses.replace(result.frame, image=cv2.resize(image, (width, height), interpolation=interpolation))
    return dataclasses.replace(
        result, frame=frame, detections=dataclasses.replace(found, boxes=boxes, masks=masks), segmentation=segmentation
    )


def _pixels(box: np.ndarray, width: int, height: int) -> Area:
    x_min, y_min, x_max, y_max = (round(float(side)) for side in box)
    return (
        min(max(x_min, 0), width - 1),
        min(max(y_min, 0), height - 1),
        min(max(x_max, 0), width - 1),
        min(max(y_max, 0), height - 1),
    )


def _draw_box(picture: np.ndarray, box: Area, colour: Colour, line: int) -> None:
    """Draw four filled strips: four times as fast as cv2.rectangle, and with square corners."""
    height, width = picture.shape[:2]
    x_min, y_min, x_max, y_max = box
    out, into = line // 2, line - line // 2
    left, top = max(x_min - out, 0), max(y_min - out, 0)
    right, bottom = min(x_max + into, width), min(y_max + into, height)
    picture[top : y_min + into, left:right] = colour
    picture[max(y_max - out, 0) : bottom, left:right] = colour
    picture[top:bottom, left : x_min + into] = colour
    picture[top:bottom, max(x_max - out, 0) : right] = colour


def _draw_dashed_box(picture: np.ndarray, box: Area, colour: Colour, style: Style) -> None:
    """Draw a thin box of dashes, for what stands still."""
    width, dash = max(1, style.line // 2), 4 * style.line
    x_min, y_min, x_max, y_max = box
    for x in range(x_min, x_max + 1, 2 * dash):
        for y in (y_min, y_max):
            picture[y : y + width, x : min(x + dash, x_max + 1)] = colour
    for y in range(y_min, y_max + 1, 2 * dash):
        for x in (x_min, x_max):
            picture[y : min(y + dash, y_max + 1), x : x + width] = colour


@lru_cache(maxsize=256)
def _label_tile(text: str, colour: Colour, style: Style) -> np.ndarray:
    """Return a picture of a label. Cached: drawing text takes far longer than copying it; 100 kB each at 4K."""
    text_width, cap_height, descent = text_size(text, style)
    height = cap_height + descent + style.margin
    tile = np.full((height, text_width + 2 * style.margin, 3), colour, np.uint8)
    origin = (style.margin, cap_height + style.margin // 2 + 1)
    write_text(tile, text, origin, text_colour(colour), style)
    tile.setflags(write=False)
    return tile


def place_label(
    box: Area, width: int, height: int, image_width: int, image_height: int, line: int, taken: List[Area]
) -> Area:
    """Return the position where a label overlaps least with those already placed; above the box if that is free.

    A label larger than the picture is cut off at the right and the bottom.
    """
    x_min, y_min, x_max, y_max = box
    out, into = line // 2, line - line // 2
    left, right = x_min - out, x_max + into - width
    above, below = y_min - out - height, y_max + into
    inside_top, inside_bottom = y_min + into, y_max - out - height
    best, best_cost = (0, 0, 0, 0), float("inf")
    for x, y in (
        (left, above), (left, inside_top), (right, above), (right, inside_top),
        (left, below), (right, below), (left, inside_bottom), (right, inside_bottom),
        (right + width, y_min), (left - width, y_min),
        (right + width, inside_bottom), (left - width, inside_bottom),
    ):  # fmt: skip
        x_moved = max(min(x, image_width - width), 0)
        y_moved = max(min(y, image_height - height), 0)
        place = (x_moved, y_moved, min(x_moved + width, image_width), min(y_moved + height, image_height))
        # A place beyond the edge is moved inside, where it hides part of the box: only if nothing is better.
        cost = sum(_overlap(place, other) for other in taken) + width * abs(y_moved - y)
        if cost < best_cost:
            best, best_cost = place, cost
        if not cost:
            break
    return best


def _overlap(a: Area, b: Area) -> int:
    if a[0] >= b[2] or b[0] >= a[2] or a[1] >= b[3] or b[1] >= a[3]:
        return 0
    return (min(a[2], b[2]) - max(a[0], b[0])) * (min(a[3], b[3]) - max(a[1], b[1]))


def _draw_statistics(picture: np.ndarray, style: Style, statistics: Statistics) -> Area:
    """Draw the statistics on a darkened panel. Returns its area, empty if there is nothing to show yet."""
    if statistics.timings is None:
        return 0, 0, 0, 0
    height, width = picture.shape[:2]
    tile = _statistics_tile(tuple(_statistics_words(statistics)), style, width, height // 4)
    panel = picture[: tile.shape[0], : tile.shape[1]]
    visible = tile[: panel.shape[0], : panel.shape[1]]
    cv2.scaleAdd(panel, 0.4, visible, panel)
    return 0, 0, panel.shape[1], panel.shape[0]


def _statistics_words(statistics: Statistics) -> List[str]:
    """Return the parts between which a line may be broken."""
    timings: Timings = statistics.timings or Timings(0, 0, 0, 0, 0, 0)
    times = (("total", timings.total), ("cap", timings.cap), ("gpu", timings.front), ("cpu", timings.back),
             ("lost", timings.lost))  # fmt: skip
    words = [f"{statistics.fps:.1f} FPS"]
    words += [f"{name} {seconds * 1000:.1f}" for name, seconds in times]
    words[-1] += " ms"
    return words


@lru_cache(maxsize=8)
def _statistics_tile(words: Tuple[str, ...], style: Style, width: int, height: int) -> np.ndarray:
    """Return white text on black: FPS in the first line, below it as many timings as the height allows."""
    gap = "   "

    def text_width(text: str) -> int:
        return text_size(text, style)[0] + 2 * style.margin

    _, cap_height, descent = text_size("X", style)
    line_height = cap_height + descent + style.margin // 2
    lines = [words[0], words[1]]
    for word in words[2:]:
        if text_width(lines[-1] + gap + word) <= width:
            lines[-1] += gap + word
        else:
            lines.append(word)
    lines = lines[: max(1, (height - style.margin) // line_height)]
    size = (len(lines) * line_height + style.margin, max(text_width(line) for line in lines), 3)
    tile = np.zeros(size, np.uint8)
    for number, line in enumerate(lines):
        origin = (style.margin, style.margin + number * line_height + cap_height)
        write_text(tile, line, origin, WHITE, style)
    tile.setflags(write=False)
    return tile
