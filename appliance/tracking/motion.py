"""Where tracked objects are expected: a Kalman filter of constant velocity over true elapsed time, for all at once.

Lengths are in box sizes, the root of the box's area, so that near and far objects are treated alike. Both axes have the
same noise, so one covariance (position, position-velocity, velocity) serves both.
"""

from typing import List, Tuple

import numpy as np

FADE_SECONDS = 12.0
"""Time constant with which the speed of an unseen object fades."""
ACCELERATION = 0.6
"""Process noise of the centre, box sizes / s^1.5."""
SIZE_DRIFT = 0.13
"""Process noise of the size: its logarithm, a root second."""
CENTRE_NOISE, SIZE_NOISE = 0.057, 0.072
"""Measurement noise: of the centre in box sizes, of the size's logarithm."""
FIRST_SPEED = 1.4
"""Standard deviation of a new object's speed, box sizes a second."""


class Motion:
    """The states of n objects, in arrays of n rows.

    Attributes:
        centre: float64 [n, 2], pixels.
        speed: float64 [n, 2], pixels a second.
        log_size: float64 [n, 2], logarithms of width and height in pixels.
        covariance: float64 [n, 3], of position and velocity along one axis, in box sizes and seconds.
        size_variance: float64 [n].
    """

    def __init__(self) -> None:
        self.centre = np.zeros((0, 2))
        self.speed = np.zeros((0, 2))
        self.log_size = np.zeros((0, 2))
        self.covariance = np.zeros((0, 3))
        self.size_variance = np.zeros(0)

    def arrays(self) -> Tuple[np.ndarray, ...]:
        """All that is known, n rows each."""
        return self.centre, self.speed, self.log_size, self.covariance, self.size_variance

    def pin(self, row: int, box: List[float]) -> None:
        """Let an object be where it is known to stand, whatever was measured. box: pixels."""
        known = np.array([box])
        self.centre[row], self.log_size[row], self.speed[row] = centres_of(known)[0], log_sizes(known)[0], 0.0
        self.covariance[row] = (CENTRE_NOISE**2, 0.0, FIRST_SPEED**2)  # it may drive off in any direction

    def scale(self) -> np.ndarray:
        """Box sizes in pixels, float64 [n]."""
        scale: np.ndarray = np.exp(self.log_size.mean(axis=1))
        return scale

    def boxes(self) -> np.ndarray:
        """float64 [n, 4], pixels, (x_min, y_min, x_max, y_max)."""
        half = np.exp(self.log_size) / 2
        return np.concatenate([self.centre - half, self.centre + half], axis=1)

    def add(self, boxes: np.ndarray) -> None:
        """Append objects that were seen for the first time. boxes: [m, 4]."""
        count = len(boxes)
        self.centre = np.concatenate([self.centre, centres_of(boxes)])
        self.speed = np.concatenate([self.speed, np.zeros((count, 2))])
        self.log_size = np.concatenate([self.log_size, log_sizes(boxes)])
        first = np.tile([CENTRE_NOISE**2, 0.0, FIRST_SPEED**2], (count, 1))
        self.covariance = np.concatenate([self.covariance, first])
        self.size_variance = np.concatenate([self.size_variance, np.full(count, SIZE_NOISE**2)])

    def keep(self, which: np.ndarray) -> None:
        """Forget all others. which: bool [n]."""
        self.centre, self.speed, self.log_size = self.centre[which], self.speed[which], self.log_size[which]
        self.covariance, self.size_variance = self.covariance[which], self.size_variance[which]

    def predict(self, seconds: float, held: np.ndarray) -> None:
        """Move all by so much time. held: bool [n], those that stand still."""
        fade = np.exp(-seconds / FADE_SECONDS)
        self.speed[held] = 0.0
        self.centre += self.speed * (FADE_SECONDS * (1 - fade))
        self.speed *= fade
        position, cross, velocity = self.covariance.T
        noise = ACCELERATION**2
        self.covariance = np.stack(
            [
                position + 2 * seconds * cross + seconds**2 * velocity + noise * seconds**3 / 3,
                cross + seconds * velocity + noise * seconds**2 / 2,
                velocity + noise * seconds,
            ],
            axis=1,
        )
        self.size_variance += SIZE_DRIFT**2 * seconds

    def correct(self, rows: List[int], boxes: np.ndarray) -> None:
        """Take in measurements. rows: which objects; boxes: [len(rows), 4]."""
        position, cross, velocity = self.covariance[rows].T
        total = position + CENTRE_NOISE**2
        gain, speed_gain = position / total, cross / total
        error = centres_of(boxes) - self.centre[rows]
        self.centre[rows] += gain[:, np.newaxis] * error
        self.speed[rows] += speed_gain[:, np.newaxis] * error
        self.covariance[rows] = np.stack(
            [position * (1 - gain), cross * (1 - gain), velocity - speed_gain * cross], axis=1
        )
        size_gain = self.size_variance[rows] / (self.size_variance[rows] + SIZE_NOISE**2)
        self.log_size[rows] += size_gain[:, np.newaxis] * (log_sizes(boxes) - self.log_size[rows])
        self.size_variance[rows] *= 1 - size_gain


def centres_of(boxes: np.ndarray) -> np.ndarray:
    """float64 [n, 2] of boxes float64 [n, 4]."""
    centres: np.ndarray = (boxes[:, :2] + boxes[:, 2:]) / 2
    return centres


def log_sizes(boxes: np.ndarray) -> np.ndarray:
    """Logarithms of width and height, float64 [n, 2], of boxes float64 [n, 4]."""
    sizes: np.ndarray = np.log(np.maximum(boxes[:, 2:] - boxes[:, :2], 1.0))
    return sizes
