"""The user's images that calibrate an INT8 engine: they set the range of every value."""

import hashlib
import logging
from pathlib import Path
from typing import List, Optional

import cv2
import numpy as np

from appliance.core.errors import ConfigError

log = logging.getLogger(__name__)

_SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".bmp"})
# More images do not improve the ranges and only prolong the build.
MOST = 500


class Pictures:
    """At most MOST images of a folder, spread evenly over its sorted names, and read one at a time."""

    def __init__(self, folder: Optional[str]) -> None:
        """Raises ConfigError if the folder does not exist or has no images."""
        if folder is None:
            raise ConfigError(
                "precision_model is INT8, which needs calibration_images: a folder with some hundred pictures of "
                "what the camera will see. FP16 needs none."
            )
        try:
            found = sorted(
                path for path in Path(folder).iterdir() if path.suffix.lower() in _SUFFIXES and path.is_file()
            )
        except OSError as error:
            raise ConfigError(f"calibration_images: {folder} cannot be read: {error.strerror}") from error
        step = max(1.0, len(found) / MOST)
        self.paths: List[Path] = [found[int(index * step)] for index in range(min(len(found), MOST))]
        self.paths = [path for path in self.paths if cv2.imread(str(path)) is not None]
        if not self.paths:
            raise ConfigError(
                f"calibration_images: no picture in {folder} can be read (jpg, png, bmp). INT8 needs some hundred"
                " pictures of what the camera will see."
            )
        if len(self.paths) < 50:
            log.warning("calibration_images: %d pictures are few for INT8; some hundred are better", len(self.paths))

    def __len__(self) -> int:
        return len(self.paths)

    def read(self, index: int) -> np.ndarray:
        """Return an image, uint8 [height, width, 3], BGR. Raises ConfigError if it was deleted."""
        picture = cv2.imread(str(self.paths[index]))
        if picture is None:
            raise ConfigError(f"calibration_images: {self.paths[index]} cannot be read any more")
        return picture

    def digest(self) -> str:
        """Return a hash of all images."""
        found = hashlib.sha256()
        for path in self.paths:
            found.update(hashlib.sha256(path.read_bytes()).digest())
        return found.hexdigest()
