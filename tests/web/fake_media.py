"""Pictures and clips that the stand-in for the daemon shows: drawn scenes, recorded by the project's own writer."""

import os
import tempfile
from pathlib import Path
from typing import Any, Dict, Sequence, Tuple

import cv2
import numpy as np

from appliance.recording.encoders import find_encoder
from appliance.recording.mp4 import Mp4Movie

Box = Sequence[float]
PathPoint = Tuple[float, float, float, float, float]

WIDTH, HEIGHT, FPS = 480, 270, 8.0
BEFORE_SECONDS, AFTER_SECONDS = 3.0, 2.0
"""What a clip has before and after the event's path."""
GROUNDS = ((96, 110, 96), (110, 104, 100), (84, 96, 116), (70, 84, 70))
COLORS = {"person": (70, 90, 200), "car": (50, 50, 190), "dog": (150, 160, 170), "bicycle": (120, 80, 60)}


def draw_scene(place: str, label: str, box: Any) -> np.ndarray:
    """Draw a place, the same for the same name, with an object in it; box: shares of the picture, or None."""
    ground = GROUNDS[sum(map(ord, place)) % len(GROUNDS)]
    image: np.ndarray = np.full((HEIGHT, WIDTH, 3), ground, np.uint8)
    image[: HEIGHT // 3] = [min(255, value + 70) for value in ground]
    shed = 60 + sum(map(ord, place)) % 200
    cv2.rectangle(image, (shed, 30), (shed + 120, HEIGHT // 2), (130, 150, 170), -1)
    cv2.rectangle(image, (shed + 45, 70), (shed + 75, HEIGHT // 2), (60, 70, 60), -1)
    if box is not None:
        x_min, y_min, x_max, y_max = (round(share * side) for share, side in zip(box, (WIDTH, HEIGHT) * 2))
        color = COLORS.get(label, (120, 120, 60))
        if label == "person":
            head = max(2, (x_max - x_min) // 5)
            cv2.circle(image, ((x_min + x_max) // 2, y_min + head), head, (150, 180, 220), -1)
            y_min += 2 * head
        cv2.rectangle(image, (x_min, y_min), (x_max, y_max), color, -1)
    return image


def cut(image: np.ndarray, box: Box) -> np.ndarray:
    """Cut out an object with something around it."""
    x_min, y_min, x_max, y_max = box
    margin = 0.25 * (y_max - y_min)
    left, right = max(0.0, x_min - margin), min(1.0, x_max + margin)
    top, bottom = max(0.0, y_min - margin / 2), min(1.0, y_max + margin / 2)
    return image[int(top * HEIGHT) : int(bottom * HEIGHT), int(left * WIDTH) : int(right * WIDTH)]


def box_at(path: Sequence[PathPoint], seconds: float) -> Any:
    """Return the box on the path at this moment; None before it and after it."""
    for one, other in zip(path, path[1:]):
        if one[0] <= seconds < other[0]:
            share = (seconds - one[0]) / (other[0] - one[0])
            return [a + share * (b - a) for a, b in zip(one[1:], other[1:])]
    return None


def write_movie(path: Path, place: str, label: str, points: Sequence[PathPoint], seconds: float, before: float) -> None:
    """Record a movie of an object that goes its way. Raises OutputError where there is no encoder."""
    movie = Mp4Movie(path, WIDTH, HEIGHT, FPS, 0.0, find_encoder())
    try:
        for number in range(round(seconds * FPS)):
            movie.write(draw_scene(place, label, box_at(points, number / FPS - before)), number)
    finally:
        movie.close()


_clips: Dict[Tuple[str, str], bytes] = {}


def make_clip(path: Path, place: str, label: str, points: Sequence[PathPoint]) -> None:
    """Write the clip of an event; made once for each place and label. Raises OutputError where there is no encoder."""
    key = place, label
    if key not in _clips:
        with tempfile.TemporaryDirectory() as folder:
            made = Path(folder) / "clip.mp4"
            write_movie(made, place, label, points, BEFORE_SECONDS + points[-1][0] + AFTER_SECONDS, BEFORE_SECONDS)
            _clips[key] = made.read_bytes()
    path.parent.mkdir(exist_ok=True)
    unfinished = path.with_suffix(".part")
    unfinished.write_bytes(_clips[key])
    os.replace(str(unfinished), str(path))
