"""A movie that plays like a camera, in a loop. From the configuration only: the dashboard must not open files."""

import os
import re
from typing import Optional

from appliance.sources.gst_command import is_pipeline
from appliance.sources.kind import SourceKind, StreamSource, is_file_name

# A file name's ending, which no other accepted source has.
_ENDING = re.compile(r"\.[A-Za-z]\w{1,4}$")


def _recognises(text: str) -> bool:
    return os.path.isfile(text) or _is_missing(text)


def _is_missing(text: str) -> bool:
    """Return whether it is the path of a missing file, such as a movie on a disk that is mounted later.

    A path without an ending, as links to devices have, does not count.
    """
    if "://" in text or is_pipeline(text) or text.startswith("/dev/") or os.path.exists(text):
        return False
    return _ENDING.search(text) is not None and (os.sep in text or is_file_name(text))


def _check(text: str) -> Optional[str]:
    from appliance.sources.movie import MovieSource

    if not os.path.exists(text):
        return f"there is no {text} now"
    MovieSource(text).close()
    return None


def _open(text: str) -> StreamSource:
    from appliance.sources.playback import PlaybackSource

    return PlaybackSource(text)


KIND = SourceKind(
    name="movie",
    title="movie",
    accepts="a movie (/videos/yard.mp4)",
    examples=("/videos/yard.mp4", "yard.avi"),
    order=0,
    is_camera=False,
    is_admitted=False,
    recognises=_recognises,
    check=_check,
    open=_open,
)
