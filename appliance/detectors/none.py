"""The detector of an appliance that has no model yet: it finds nothing, so that pictures move all the same."""

from typing import Mapping

import numpy as np

from appliance.core.detector import Detector, Raw
from appliance.core.frame import Detections


class NoDetector(Detector):
    """Finds nothing, at once."""

    name, family, path, reason, device = "", "", "", "", "CPU"
    labels: Mapping[int, str] = {}
    workers = 1

    def front(self, image: np.ndarray) -> Raw:
        return []

    def back(self, raw: Raw, width: int, height: int) -> Detections:
        return Detections.empty()

    def close(self) -> None:
        pass
