"""The loop's detector, which another can replace while frames are under way."""

import threading
from typing import Callable, Dict

from appliance.core.detector import Detector


class _Use:
    """How many batches use a detector, and what to do when it was replaced and none does."""

    def __init__(self, detector: Detector) -> None:
        self.detector = detector
        self.count = 0
        self.on_unused: Callable[[], None] = lambda: None


class DetectorHandle:
    """Counts who uses a detector, so that it is known when one that was replaced has done its last frame.

    It closes none: whoever loaded a detector closes it.

    Attributes:
        current: The detector for the next frames.
    """

    def __init__(self, detector: Detector) -> None:
        self.current = detector
        self._uses: Dict[int, _Use] = {id(detector): _Use(detector)}
        self._changed = threading.Condition()

    def acquire(self) -> Detector:
        """The detector for the next batch; to be released when that is done."""
        with self._changed:
            self._uses[id(self.current)].count += 1
            return self.current

    def release(self, detector: Detector) -> None:
        """A batch that it was acquired for is done."""
        with self._changed:
            use = self._uses[id(detector)]
            use.count -= 1
            is_unused = not use.count and detector is not self.current
        if is_unused:
            self._end_unused(use)

    def replace(self, detector: Detector, on_unused: Callable[[], None]) -> None:
        """Give the batches that come now to another detector. Nothing happens if it is the same.

        Args:
            detector: Loaded and warm.
            on_unused: Called once, when the last batch of the old one is done, by whichever thread has done that.
        """
        with self._changed:
            use = self._uses[id(self.current)]
            if detector is use.detector:
                return
            use.on_unused = on_unused
            self.current = detector
            self._uses[id(detector)] = _Use(detector)
        self._end_unused(use)

    def settle(self) -> None:
        """Return when the `on_unused` of every detector that was replaced has returned."""
        with self._changed:
            while len(self._uses) > 1:
                self._changed.wait()

    def close(self) -> None:
        """No batch is under way, though some may not have been released: call what still waits for that."""
        with self._changed:
            left = [use for use in self._uses.values() if use.detector is not self.current]
            for use in left:
                use.count = 0
        for use in left:
            self._end_unused(use)

    def _end_unused(self, use: _Use) -> None:
        with self._changed:
            if use.detector is self.current or use.count:
                return
            on_unused, use.on_unused = use.on_unused, lambda: None  # of two threads one calls it
        try:
            on_unused()
        finally:
            with self._changed:
                self._uses.pop(id(use.detector), None)
                self._changed.notify_all()
