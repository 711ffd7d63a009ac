"""The place where the loop's detector sits, so that another can take it while frames are under way."""

import threading
from typing import Dict

from appliance.pipeline.parts import SplitDetector


class DetectorSlot:
    """Counts who uses a detector. One that was replaced is closed when its last frame is done."""

    def __init__(self, detector: SplitDetector) -> None:
        self.current = detector
        self._users: Dict[int, int] = {}
        self._lock = threading.Lock()

    def acquire(self) -> SplitDetector:
        """The detector for the next frame; to be released when the frame is done."""
        with self._lock:
            self._users[id(self.current)] = self._users.get(id(self.current), 0) + 1
            return self.current

    def release(self, detector: SplitDetector) -> None:
        """A frame of this detector is done."""
        with self._lock:
            self._users[id(detector)] -= 1
            is_left = detector is not self.current and not self._users[id(detector)]
            if is_left:
                del self._users[id(detector)]
        if is_left:
            detector.close()

    def replace(self, detector: SplitDetector) -> None:
        """Frames that come now go to another detector."""
        with self._lock:
            old, self.current = self.current, detector
            is_left = not self._users.get(id(old))
            if is_left:
                self._users.pop(id(old), None)
        if is_left:
            old.close()

    def close(self) -> None:
        """Close the current detector. No frame is under way."""
        self.current.close()
