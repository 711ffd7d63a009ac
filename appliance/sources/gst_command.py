"""Turn GStreamer pipeline strings into a gst-launch-1.0 command, and parse what it prints about the frames."""

import functools
import re
import shlex
import shutil
import subprocess
from dataclasses import dataclass
from typing import List, Optional, Tuple

from appliance.core.errors import SourceError
from appliance.core.gst import LAUNCHER
from appliance.core.redact import redact

SINK = "splitlens"
# Seconds that a pipeline may take to release its camera, before it is killed.
ORDERLY_END = 5.0


@dataclass(frozen=True)
class PictureFormat:
    """The format of a pipeline's frames.

    Attributes:
        width: Pixels.
        height: Pixels.
        fps: None if the pipeline does not declare it.
    """

    width: int
    height: int
    fps: Optional[float]


def find_launcher() -> str:
    """Return the path of gst-launch-1.0. Raises SourceError."""
    path = shutil.which(LAUNCHER)
    if path is None:
        raise SourceError(
            f"GStreamer pipelines need {LAUNCHER}, which is not installed; on Debian and Ubuntu: apt-get install "
            "gstreamer1.0-tools gstreamer1.0-plugins-base gstreamer1.0-plugins-good"
        )
    return path


@functools.lru_cache(maxsize=1)
def gstreamer_version() -> Tuple[int, int]:
    """Return the version of gst-launch-1.0, such as (1, 22). Raises SourceError if it is missing or unknown."""
    try:
        done = subprocess.run(
            [find_launcher(), "--version"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=20,
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise SourceError(f"{LAUNCHER} does not work: {error}") from error
    found = re.search(rb"GStreamer (\d{1,4})\.(\d{1,4})", done.stdout)
    if found is None:
        raise SourceError(f"{LAUNCHER} does not say which version it is")
    return int(found.group(1)), int(found.group(2))


def is_pipeline(text: str) -> bool:
    """Return whether a text is a pipeline: elements separated by exclamation marks."""
    return re.search(r"\s!\s", text) is not None


def split_pipeline(pipeline: str) -> List[List[str]]:
    """Return the words of each part between two `!`; the last part is the appsink.

    Quotes work as in a shell, but no shell is involved. Raises SourceError if the pipeline does not end in an appsink.
    """
    try:
        words = shlex.split(pipeline)
    except ValueError as error:
        raise SourceError("GStreamer pipeline: a quote is opened and not closed") from error
    parts: List[List[str]] = [[]]
    for word in words:
        if word == "!":
            parts.append([])
        else:
            parts[-1].append(word)
    if not any(parts[:-1]) or parts[-1][:1] != ["appsink"] or any("=" not in word for word in parts[-1][1:]):
        end = re.split(r"\s!\s", redact(pipeline))[-1].strip()
        raise SourceError(
            f'GStreamer pipeline: it has to end in " ! appsink" (with its properties, if any), not in "{end}"'
        )
    return parts


def launch_words(pipeline: str, descriptor: int) -> List[str]:
    """Return the arguments for gst-launch-1.0 to write raw BGR to `descriptor` in place of the pipeline's appsink.

    Raises SourceError as `split_pipeline` does.
    """
    words: List[str] = []
    for part in split_pipeline(pipeline)[:-1]:
        words += part + ["!"]
    return words + [
        "videoconvert",
        "!",
        "video/x-raw,format=BGR",
        "!",
        "fdsink",
        "name=" + SINK,
        f"fd={descriptor}",
        "sync=false",
    ]


def read_caps(line: str) -> Optional[PictureFormat]:
    """Return the format of the frames at the pipeline's end if this line of `gst-launch-1.0 -v` has it."""
    if f"GstFdSink:{SINK}.GstPad:sink: caps = video/x-raw" not in line:
        return None
    size = [re.search(rf"\b{key}=\(int\)(\d+)", line) for key in ("width", "height")]
    rate = re.search(r"\bframerate=\(fraction\)(\d+)/(\d+)", line)
    if size[0] is None or size[1] is None:
        return None
    fps = int(rate.group(1)) / int(rate.group(2)) if rate and int(rate.group(2)) else None
    return PictureFormat(int(size[0].group(1)), int(size[1].group(1)), fps or None)
