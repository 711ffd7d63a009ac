"""The place where the loop's detector sits, so that another can take it while frames are under way."""

import threading
from typing import Dict, Tuple

from appliance.core.interfaces import SplitDetector


class DetectorHandle:
    """Counts who uses a detector. One that was replaced is closed when its last frame is done."""

    def __init__(self, detector: SplitDetector) -> None:
        self.current = detector
        self._users: Dict[int, Tuple[SplitDetector, int]] = {id(detector): (detector, 0)}
        self._changed = threading.Condition()

    def acquire(self) -> SplitDetector:
        """The detector for the next frames; to be released when they are done."""
        with self._changed:
            return self._count(self.current, 1)

    def release(self, detector: SplitDetector) -> None:
        """Frames that it was acquired for are done."""
        with self._changed:
            self._count(detector, -1)
            is_left = self._is_left(detector)
        if is_left:
            self._close(detector)

    def replace(self, detector: SplitDetector) -> None:
        """Frames that come now go to another detector. Nothing happens if it is the same."""
        with self._changed:
            old, self.current = self.current, detector
            self._users.setdefault(id(detector), (detector, 0))
            is_left = self._is_left(old)
        if is_left:
            self._close(old)

    def settle(self) -> None:
        """Until every detector that was replaced is closed."""
        with self._changed:
            while len(self._users) > 1:
                self._changed.wait()

    def close(self) -> None:
        """Close every detector that is still open. No frame is under way."""
        with self._changed:
            left, self._users = [detector for detector, _ in self._users.values()], {}
        for detector in left:
            detector.close()

    def _count(self, detector: SplitDetector, change: int) -> SplitDetector:
        _, users = self._users[id(detector)]
        self._users[id(detector)] = (detector, users + change)
        return detector

    def _close(self, detector: SplitDetector) -> None:
        try:
            detector.close()
        finally:
            with self._changed:
                del self._users[id(detector)]
                self._changed.notify_all()

    def _is_left(self, detector: SplitDetector) -> bool:
        return detector is not self.current and not self._users[id(detector)][1]
