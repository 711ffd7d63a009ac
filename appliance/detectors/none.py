"""The detector of an appliance without a model: it finds nothing, and frames still flow."""

from typing import Mapping

import numpy as np

from appliance.core.detector import Detector, Raw
from appliance.core.frame import Detections


class NoDetector(Detector):
    """Returns no detections, immediately."""

    name, family, path, reason, device = "", "", "", "", "CPU"
    labels: Mapping[int, str] = {}
    workers = 1

    def front(self, image: np.ndarray) -> Raw:
        return []

    def back(self, raw: Raw, width: int, height: int) -> Detections:
        return Detections.empty()

    def close(self) -> None:
        pass
