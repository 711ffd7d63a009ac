"""The loop's detector, which can be replaced while frames are in flight."""

import threading
from typing import Callable, Dict

from appliance.core.detector import Detector


class _Use:
    """How many batches use a detector, and what to call once it is replaced and unused."""

    def __init__(self, detector: Detector) -> None:
        self.detector = detector
        self.count = 0
        self.on_unused: Callable[[], None] = lambda: None


class DetectorHandle:
    """Counts the uses of detectors, to know when a replaced one has finished its last frame.

    It closes no detector: the code that loaded one closes it.

    Attributes:
        current: The detector for the next frames.
    """

    def __init__(self, detector: Detector) -> None:
        self.current = detector
        self._uses: Dict[int, _Use] = {id(detector): _Use(detector)}
        self._changed = threading.Condition()

    def acquire(self) -> Detector:
        """Return the detector for the next batch; `release` it when that is done."""
        with self._changed:
            self._uses[id(self.current)].count += 1
            return self.current

    def release(self, detector: Detector) -> None:
        """Release a detector that was acquired for a batch."""
        with self._changed:
            use = self._uses[id(detector)]
            use.count -= 1
            is_unused = not use.count and detector is not self.current
        if is_unused:
            self._end_unused(use)

    def replace(self, detector: Detector, on_unused: Callable[[], None]) -> None:
        """Use another detector for future batches. Does nothing if it is the same.

        Args:
            detector: Loaded and warmed up.
            on_unused: Called once, when the last batch of the old detector is done, in the thread that finished it.
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
        """Return when the `on_unused` of every replaced detector has returned."""
        with self._changed:
            while len(self._uses) > 1:
                self._changed.wait()

    def close(self) -> None:
        """Call every pending `on_unused`. No batch may be in progress, though some may not have been released."""
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
            on_unused, use.on_unused = use.on_unused, lambda: None  # only one of two threads calls it
        try:
            on_unused()
        finally:
            with self._changed:
                self._uses.pop(id(use.detector), None)
                self._changed.notify_all()
