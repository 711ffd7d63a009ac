"""A drawn street with a parked car, for hours: what its detector says of it, and what the camera sees."""

from typing import Iterator, List, NamedTuple, Optional, Tuple

import numpy as np

from appliance.core.frame import Detections

SIZE = (320, 180)
CAR = (130.0, 80.0, 190.0, 116.0)
CAR_CLASS, TRUCK_CLASS = 3, 8
PERIOD, PASSING = 45.0, 4.0
"""Seconds from one passing car to the next, and those it takes from edge to edge."""


class Moment(NamedTuple):
    """A frame: capture time, detections, picture, and which detection is the parked car (-1: none)."""

    time: float
    detections: Detections
    image: Optional[np.ndarray]
    car: int


class Street:
    """A car that is parked from the start, seen by a detector that misses it, jumps and is blinded for a while.

    Args:
        seed: Of everything that is by chance.
        leaves: When the car drives away, in seconds; None: it stays.
    """

    def __init__(self, seed: int, leaves: Optional[float] = None) -> None:
        self._rng = np.random.RandomState(seed)
        self._leaves = leaves
        self._street = self._texture(SIZE[1], SIZE[0], 90, 25)
        self._cars = [self._texture(36, 60, 60, 45), self._texture(40, 70, 140, 45)]
        self._blind_until = 0.0

    def frames(self, seconds: float, fps: float, dropped: float = 0.0, with_images: bool = True) -> Iterator[Moment]:
        """Yield what is seen. dropped: share of the frames that do not arrive."""
        rng = self._rng
        for index in range(int(seconds * fps)):
            time = index / fps
            if rng.rand() < dropped:
                continue
            if rng.rand() < 1 / (120 * fps):
                self._blind_until = time + rng.uniform(5, 40)
            shown = self._cars_at(time)
            detections, car = self._detect(shown, time)
            yield Moment(time, detections, self._draw(shown, time) if with_images else None, car)

    def _cars_at(self, time: float) -> List[Tuple[int, Tuple[float, ...]]]:
        """The cars, from back to front: number and box."""
        x_min, y_min, x_max, y_max = CAR
        away = 0.0 if self._leaves is None else 12 * max(0.0, time - self._leaves) ** 2
        cars: List[Tuple[int, Tuple[float, ...]]] = [(0, (x_min + away, y_min, x_max + away, y_max))]
        since = (time + PERIOD / 2) % PERIOD
        if since < PASSING:
            x = -70 + (SIZE[0] + 70) / PASSING * since
            cars.append((1, (x, 84.0, x + 70, 124.0)))
        return cars

    def _detect(self, shown: List[Tuple[int, Tuple[float, ...]]], time: float) -> Tuple[Detections, int]:
        rng, boxes, classes, who = self._rng, [], [], []
        for number, box in shown:
            x_min, y_min, x_max, y_max = box
            hidden = max((min(x_max, other[2]) - max(x_min, other[0])) / (x_max - x_min) for _, other in shown[-1:])
            is_hidden = number == 0 and len(shown) > 1 and hidden > 0.3
            if is_hidden or rng.rand() < 0.15 or (number == 0 and time < self._blind_until):
                continue
            size = np.array([x_max - x_min, y_max - y_min])
            centre = np.array([x_min + x_max, y_min + y_max]) / 2 + rng.normal(0, 0.04, 2) * size
            if rng.rand() < 0.03:  # it takes a part or a shadow for the car
                centre += (rng.choice([-0.35, 0.35]) * size[0], 0)
            half = size * (1 + rng.normal(0, 0.04, 2)) / 2
            found = np.concatenate([centre - half, centre + half])
            found = found.clip(0, [SIZE[0], SIZE[1]] * 2)
            if (found[2] - found[0]) * (found[3] - found[1]) > 0.3 * size.prod():
                boxes.append(found)
                classes.append(TRUCK_CLASS if number == 0 and rng.rand() < 0.1 else CAR_CLASS)
                who.append(number)
        scores = rng.uniform(0.45, 0.9, len(boxes)).astype(np.float32)
        order = np.argsort(-scores)
        car = int(np.flatnonzero(np.array(who)[order] == 0)[0]) if 0 in who else -1
        found = np.array(boxes, np.float32).reshape(-1, 4)
        return Detections(found[order], scores[order], np.array(classes, np.int32)[order]), car

    def _draw(self, shown: List[Tuple[int, Tuple[float, ...]]], time: float) -> np.ndarray:
        picture = self._street.copy()
        for number, box in shown:
            left, top = int(box[0]), int(box[1])
            texture = self._cars[number]
            from_left, to_right = max(0, -left), max(0, min(texture.shape[1], SIZE[0] - left))
            if to_right > from_left:
                picture[top : top + len(texture), left + from_left : left + to_right] = texture[:, from_left:to_right]
        day = 0.7 + 0.5 * np.sin(time / 400)
        picture *= day
        if time % 70 < 5:  # headlights sweep over the street
            x = int(time % 70 * 80)
            picture[70:140, max(0, x - 90) : x] += 70
        if time % 600 > 300:  # the shadow of a house
            picture[:, : int(60 + (time % 600 - 300) / 3)] *= 0.5
        noise = self._rng.randint(0, 12, picture.shape, np.int8)
        return np.repeat((picture + noise).clip(0, 255).astype(np.uint8)[..., np.newaxis], 3, axis=2)

    def _texture(self, height: int, width: int, mean: float, contrast: float) -> np.ndarray:
        coarse = self._rng.normal(mean, contrast, (height // 4 + 1, width // 4 + 1)).astype(np.float32)
        return np.repeat(np.repeat(coarse, 4, axis=0), 4, axis=1)[:height, :width].clip(0, 255)
