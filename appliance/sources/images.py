"""Images: one file, or a folder with its subfolders."""

import logging
import os
import re
import threading
import time
from typing import List, Optional, Tuple, Union

import cv2
import numpy as np

from appliance import MOST_PICTURE_PIXELS
from appliance.core.errors import SourceError
from appliance.core.frame import PICTURE_EXTENSIONS, Frame
from appliance.core.redact import redact
from appliance.core.source import Source
from appliance.sources.files import open_file

log = logging.getLogger(__name__)

MOST_BYTES = 256 * 10**6
ACCEPTED = "jpg, jpeg and png files are accepted, and folders that hold some"


class ImagesSource(Source):
    """Every image once, in natural order: 2.jpg before 10.jpg.

    An unreadable image is logged, skipped and counted in `skipped`; if all are unreadable, `read` raises SourceError.

    Args:
        path: An image, or a folder including its subfolders.
        left_out: A folder inside `path` to ignore: the run's own output.

    Raises:
        SourceError: There is no image.
    """

    def __init__(self, path: str, left_out: Optional[str] = None) -> None:
        self.name = path
        self._paths = find_pictures(path, left_out)
        self.frame_count = len(self._paths)
        self._next = 0
        self._delivered = 0
        self._closed = threading.Event()

    def read(self) -> Optional[Frame]:
        while not self._closed.is_set() and self._next < len(self._paths):
            path = self._paths[self._next]
            self._next += 1
            started = time.monotonic()
            try:
                image = read_picture(path)
            except SourceError as error:
                if self.frame_count == 1:
                    raise
                self.skipped += 1
                log.warning("%s; left out", error)
                continue
            now = time.monotonic()
            self._delivered += 1
            return Frame(image, self._delivered - 1, path, 0.0, now, now - started)
        if not self._closed.is_set() and not self._delivered:
            raise SourceError(f"{self.name}: none of its {self.frame_count} pictures can be read")
        return None

    def close(self) -> None:
        self._closed.set()


def find_pictures(path: str, left_out: Optional[str] = None) -> List[str]:
    """Return the paths of all images under `path`, as prefixed by `path`. Raises SourceError if there is none."""
    if "://" in path:
        raise SourceError(f"{redact(path)} is an address, no picture; `stream` reads addresses")
    if os.path.isfile(path):
        if not path.lower().endswith(PICTURE_EXTENSIONS):
            raise SourceError(f"{path} is no picture that can be read; {ACCEPTED}")
        return [path]
    if not os.path.isdir(path):
        raise SourceError(
            f"{path} {'is neither a file nor a folder' if os.path.exists(path) else 'does not exist'}; {ACCEPTED}"
        )
    found = []
    for folder, folders, names in os.walk(path, onerror=_cannot_list):
        found += [os.path.join(folder, name) for name in names if name.lower().endswith(PICTURE_EXTENSIONS)]
        for name in list(folders):
            inner = os.path.join(folder, name)
            if left_out is not None and os.path.realpath(inner) == os.path.realpath(left_out):
                folders.remove(name)
                log.info("%s is left out: pictures with what was found are written there", inner)
    if not found:
        raise SourceError(f"{path} holds no picture; {ACCEPTED}")
    return sorted(found, key=natural_key)


def natural_key(path: str) -> Tuple[List[List[Tuple[int, Union[int, str]]]], str]:
    """Return a sort key: folder by folder, numbers by value, letters regardless of case."""
    return [
        [(0, int(part)) if part.isdecimal() else (1, part.lower()) for part in re.split(r"(\d+)", name) if part]
        for name in path.split(os.sep)
    ], path


def read_picture(path: str) -> np.ndarray:
    """Read an image of any depth and number of channels.

    Returns:
        uint8 [height, width, 3], BGR, rotated as its EXIF data say.

    Raises:
        SourceError: It is too large, not an image, or incomplete.
    """
    try:
        with open_file(path) as file:
            data = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise SourceError(f"{path} cannot be read: {error.strerror}") from error
    if len(data) > MOST_BYTES:
        raise SourceError(f"{path} is larger than {MOST_BYTES // 10**6} MB; {ACCEPTED}")
    too_large = ""
    try:
        image: Optional[np.ndarray] = None
        if is_whole(data):
            image = cv2.imdecode(np.frombuffer(without_profile(data), np.uint8), cv2.IMREAD_COLOR)
    except cv2.error as error:
        image = None
        if "MAX_IMAGE" in str(error):
            too_large = f"has more than {MOST_PICTURE_PIXELS // 10**6} megapixels"
    if image is None:
        what = too_large or ("is damaged or no picture" if data else "is empty")
        raise SourceError(f"{path} {what}; {ACCEPTED}")
    return image


def is_whole(data: bytes) -> bool:
    """Return False for an empty file and a JPEG without its end marker; other formats are left to the decoder.

    Needed for the OpenCV of Python 3.6 (4.6), which fills missing parts with grey; OpenCV 5 refuses such an image.
    """
    if not data.startswith(b"\xff\xd8"):
        return bool(data)
    place = 2
    while data[place : place + 1] == b"\xff" and data[place + 1 : place + 2] != b"\xda":
        if data[place + 1 : place + 2] == b"\xff":
            place += 1  # a fill byte
        else:
            place += 2 + int.from_bytes(data[place + 2 : place + 4], "big")
    return b"\xff\xd9" in data[place:]


def without_profile(data: bytes) -> bytes:
    """Return the image, a PNG without its colour profile.

    OpenCV ignores the profile, and old releases of libpng print warnings about most of them.
    """
    place = 8 if data.startswith(b"\x89PNG") else len(data)
    while data[place + 4 : place + 8] not in (b"", b"IDAT"):
        end = place + 12 + int.from_bytes(data[place : place + 4], "big")
        if data[place + 4 : place + 8] == b"iCCP":
            return data[:place] + data[end:]
        place = end
    return data


def _cannot_list(error: OSError) -> None:
    log.warning("%s cannot be looked into: %s", error.filename, error.strerror)
