"""The place where the loop's detector sits, so that another can take it while frames are under way."""

import threading
from typing import Dict, Tuple

from appliance.pipeline.parts import SplitDetector


class DetectorSlot:
    """Counts who uses a detector. One that was replaced is closed when its last frame is done."""

    def __init__(self, detector: SplitDetector) -> None:
        self.current = detector
        self._users: Dict[int, Tuple[SplitDetector, int]] = {id(detector): (detector, 0)}
        self._changed = threading.Condition()

    def acquire(self) -> SplitDetector:
        """The detector for the next frame; to be released when the frame is done."""
        with self._changed:
            return self._count(self.current, 1)

    def release(self, detector: SplitDetector) -> None:
        """A frame of this detector is done."""
        with self._changed:
            self._count(detector, -1)
            is_left = self._forget_unused(detector)
        if is_left:
            detector.close()

    def replace(self, detector: SplitDetector) -> None:
        """Frames that come now go to another detector. Nothing happens if it is the same."""
        with self._changed:
            old, self.current = self.current, detector
            self._users.setdefault(id(detector), (detector, 0))
            is_left = self._forget_unused(old)
        if is_left:
            old.close()

    def empty(self) -> None:
        """Close the detector when its last frame is done, and have none. Nobody may `acquire` until `replace`."""
        with self._changed:
            while any(users for _, users in self._users.values()):
                self._changed.wait()
        self.close()

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

    def _forget_unused(self, detector: SplitDetector) -> bool:
        self._changed.notify_all()
        if detector is self.current or id(detector) not in self._users or self._users[id(detector)][1]:
            return False
        del self._users[id(detector)]
        return True
