"""Write annotated pictures below an output directory, by the paths they came from."""

import os
from pathlib import Path

import cv2

from appliance.core.errors import OutputError
from appliance.core.files import replacing
from appliance.core.frame import PICTURE_EXTENSIONS, Result
from appliance.core.sink import JPEG_QUALITY, Sink, cannot_write, make_writable_directory
from appliance.drawing.overlay import Overlay


def output_path(output_dir: str, source: str) -> str:
    """Return where the picture of `source` goes: the same path and name below `output_dir`, never outside of it.

    A drive, a leading "/" and leading ".." are dropped: "/data/a.jpg" and "../data/a.jpg" give "data/a.jpg".
    """
    path = os.path.normpath(os.path.splitdrive(source)[1])
    parts = [part for part in path.split(os.sep) if part not in ("", os.curdir, os.pardir)]
    return os.path.join(output_dir, *parts)


class ImageWriter(Sink):
    """Writes one file per frame, in the format of its extension (jpg, jpeg, png).

    The output of an earlier run is replaced atomically.

    Attributes:
        written: Number of files.
    """

    name = "images"

    def __init__(self, output_dir: str, overlay: Overlay) -> None:
        self.written = 0
        self._output_dir = output_dir
        self._overlay = overlay
        make_writable_directory(output_dir)

    def write(self, result: Result) -> None:
        source = result.frame.source
        path = output_path(self._output_dir, source)
        extension = os.path.splitext(path)[1].lower()
        if extension not in PICTURE_EXTENSIONS:
            raise OutputError(f"{path}: pictures are written as jpg, jpeg or png only. Rename the input.")
        if os.path.realpath(path) == os.path.realpath(source):
            raise OutputError(f"{path}: the output would replace its own input. Choose another output.")
        options = [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY] if extension != ".png" else []
        data = cv2.imencode(extension, self._overlay.draw(result), options)[1].tobytes()
        try:
            # Of thousands of pictures none is worth the wait for the disk.
            with replacing(Path(path), 0o666, durable=False) as file:
                file.write(data)
        except OSError as problem:
            kept = f"Pictures written before it: {self.written}." if self.written else ""
            raise cannot_write(path, problem, kept) from problem
        self.written += 1
