"""GStreamer pipeline strings as data: what to start for one, and what gst-launch-1.0 says about its pictures."""

import re
import shlex
import shutil
from typing import List, NamedTuple, Optional

from appliance.errors import SourceError
from appliance.settings.redact import redact

LAUNCHER = "gst-launch-1.0"
SINK = "splitlens"
# Seconds that a pipeline may take to release its camera, before it is killed.
ORDERLY_END = 5.0


class Picture(NamedTuple):
    """width, height: pixels. fps: None where the pipeline does not declare it."""

    width: int
    height: int
    fps: Optional[float]


def find_launcher() -> str:
    """Path of gst-launch-1.0. Raises SourceError."""
    path = shutil.which(LAUNCHER)
    if path is None:
        raise SourceError(
            "GStreamer pipelines need {}, which is not installed; on Debian and Ubuntu: apt-get install "
            "gstreamer1.0-tools gstreamer1.0-plugins-base gstreamer1.0-plugins-good".format(LAUNCHER))
    return path


def launch_words(pipeline: str, descriptor: int) -> List[str]:
    """The arguments of gst-launch-1.0 that make `pipeline` write raw BGR to `descriptor` in place of its
    appsink.

    Quotes work as in a shell; there is none. Raises SourceError where the pipeline does not end in an
    appsink.
    """
    try:
        words = shlex.split(pipeline)
    except ValueError as error:
        raise SourceError("GStreamer pipeline: a quote is opened and not closed") from error
    last = len(words) - words[::-1].index("!") if "!" in words else 0
    if last < 2 or words[last:last + 1] != ["appsink"] or any("=" not in word for word in words[last + 1:]):
        end = re.split(r"\s!\s", redact(pipeline))[-1].strip()
        raise SourceError("GStreamer pipeline: it has to end in \" ! appsink\" (with its properties, if any), "
                          "not in \"{}\"".format(end))
    return words[:last] + ["videoconvert", "!", "video/x-raw,format=BGR", "!",
                           "fdsink", "name=" + SINK, "fd={}".format(descriptor), "sync=false"]


def read_caps(line: str) -> Optional[Picture]:
    """The pictures that arrive at the pipeline's end, if this line of `gst-launch-1.0 -v` tells."""
    if "GstFdSink:{}.GstPad:sink: caps = video/x-raw".format(SINK) not in line:
        return None
    size = [re.search(r"\b{}=\(int\)(\d+)".format(key), line) for key in ("width", "height")]
    rate = re.search(r"\bframerate=\(fraction\)(\d+)/(\d+)", line)
    if size[0] is None or size[1] is None:
        return None
    fps = int(rate.group(1)) / int(rate.group(2)) if rate and int(rate.group(2)) else None
    return Picture(int(size[0].group(1)), int(size[1].group(1)), fps or None)
