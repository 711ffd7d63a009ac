"""The appliance with stand-ins for its engines, for the tests of what it does when one hangs.

    python -m tests.hanging daemon START

Every model finds one thing in each frame. One whose name begins with "hangs" does so HANGS_AT times, and never returns
from the call after these; one whose name begins with "slow" takes its time for each. "fails" takes no frame, and
"crashes" ends the process when it is loaded.
"""

import ctypes
import os
import signal
import sys
import threading
import time
from typing import Any, List

import numpy as np

import appliance.daemon.models as models
from appliance.cli.main import main
from appliance.core.detector import Detector
from appliance.core.errors import ModelError
from appliance.core.frame import Detections
from appliance.settings import LoadedSettings, chosen_model


class StandIn(Detector):
    """An engine that is called by one thread."""

    family, path, reason, engine, device, workers = "ssd", "fast", "", "stand-in", "CPU", 1
    labels = {1: "thing"}

    def __init__(self, name: str) -> None:
        self.name = name
        self._calls = 0
        self._hangs_at = int(os.environ["HANGS_AT"]) if name.startswith("hangs") else None

    def front(self, image: np.ndarray) -> List[Any]:
        self._calls += 1
        if self._hangs_at is not None and self._calls > self._hangs_at:
            ctypes.CDLL(None).pause()  # in C, as a driver's: nothing of Python ends it
            threading.Event().wait()
        if self.name == "fails":
            raise ModelError("the graph takes no such frame.")
        if self.name.startswith("slow"):
            time.sleep(0.5)
        return []

    def back(self, raw: List[Any], width: int, height: int) -> Detections:
        return Detections(np.array([[0, 0, width, height]], np.float32), np.ones(1, np.float32), np.ones(1, np.int32))

    def close(self) -> None:
        pass


def load(loaded: LoadedSettings, force: bool = False) -> Detector:
    if chosen_model(loaded) == "crashes":
        os.kill(os.getpid(), signal.SIGSEGV)
        threading.Event().wait()
    return StandIn(chosen_model(loaded))


if __name__ == "__main__":
    setattr(models, "load", load)  # noqa: B010
    sys.exit(main())
