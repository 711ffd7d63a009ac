"""Which H.264 encoder this machine has. What is known of them is in encoders.yml."""

import functools
import logging
import shutil
import subprocess
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Dict, List

import yaml

from appliance.core.errors import OutputError
from appliance.core.gst import INSPECTOR, LAUNCHER, english_environment

AUTO, AVI, MP4 = "auto", "avi", "mp4"
ENCODERS_FILE = Path(__file__).with_name("encoders.yml")
NEEDED = {
    "videoconvert": "gstreamer1.0-plugins-base",
    "matroskademux": "gstreamer1.0-plugins-good",
    "capssetter": "gstreamer1.0-plugins-good",
    "videocrop": "gstreamer1.0-plugins-good",
    "mp4mux": "gstreamer1.0-plugins-good",
    "h264parse": "gstreamer1.0-plugins-bad",
}
"""Elements that a pipeline to MP4 has beside the encoder, and the Debian packages that bring them."""
TRIAL_SECONDS = 20.0

_BITS_A_PIXEL = 0.12
_SD_LINES = 576
_FEWEST_BITS, _MOST_BITS = 500 * 1000, 25 * 1000 * 1000

log = logging.getLogger(__name__)
_looking = threading.Lock()


@dataclass(frozen=True)
class Encoder:
    """element: GStreamer's name of it. template: as `words` of encoders.yml."""

    element: str
    template: str

    def words(self, width: int, height: int, fps: float) -> List[str]:
        """The part of a pipeline that encodes pictures of this size and rate, a whole picture about every second."""
        bits = int(min(max(width * height * fps * _BITS_A_PIXEL, _FEWEST_BITS), _MOST_BITS))
        # Players take a large picture for BT.709 where the file does not say, and not every encoder says it.
        colorimetry = "bt709" if height > _SD_LINES else "bt601"
        values = {"bits": bits, "kbits": bits // 1000, "keyframe": max(1, round(fps)), "colorimetry": colorimetry}
        return self.template.format_map(values).split()


@functools.lru_cache(maxsize=1)
def find_encoder() -> Encoder:
    """The best encoder that works here. The first call takes some seconds. Raises OutputError, with what to install."""
    if shutil.which(LAUNCHER) is None or shutil.which(INSPECTOR) is None:
        raise OutputError(
            "MP4 needs GStreamer, which is not installed; on Debian and Ubuntu: apt-get install gstreamer1.0-tools "
            "gstreamer1.0-plugins-base gstreamer1.0-plugins-good gstreamer1.0-plugins-bad gstreamer1.0-plugins-ugly. "
            "AVI needs nothing."
        )
    missing = [element for element in NEEDED if not _exists(element)]
    if missing:
        raise OutputError(
            f"MP4 needs GStreamer's {', '.join(missing)}; on Debian and Ubuntu: apt-get install"
            f" {' '.join(sorted({NEEDED[element] for element in missing}))}. AVI needs nothing."
        )
    broken: List[str] = []
    for row in known_encoders():
        encoder = Encoder(row["element"], row["words"])
        if not _exists(encoder.element):
            continue
        if _works(encoder):
            log.info("MP4 is encoded by %s", encoder.element)
            return encoder
        broken.append(encoder.element)
    packages = sorted({row["package"] for row in known_encoders() if "package" in row})
    found = f"{' nor '.join(broken)} does not work here" if broken else "GStreamer has none here"
    raise OutputError(
        f"MP4 needs an H.264 encoder, and {found}; on Debian and Ubuntu one of these brings one:"
        f" {', '.join(packages)}. AVI needs none."
    )


def resolve_format(wanted: str) -> str:
    """Return AVI or MP4 for a value of `record_format`. The first time AUTO takes as long as `find_encoder`."""
    if wanted != AUTO:
        return wanted
    with _looking:  # or several streams would look at once
        return _best_format()


@functools.lru_cache(maxsize=1)
def _best_format() -> str:
    try:
        find_encoder()
    except OutputError as missing:
        log.info("Recordings are AVI here, which browsers cannot play as they are. %s", missing)
        return AVI
    return MP4


def known_encoders() -> List[Dict[str, str]]:
    """The rows of encoders.yml."""
    rows: List[Dict[str, str]] = yaml.safe_load(ENCODERS_FILE.read_text(encoding="utf-8"))
    return rows


def _exists(element: str) -> bool:
    return _succeeds([INSPECTOR, "--exists", element])


def _works(encoder: Encoder) -> bool:
    """Whether it encodes some pictures. One that is installed may lack its hardware, or the right to use it."""
    pipeline = (
        [
            "videotestsrc",
            "num-buffers=10",
            "!",
            "video/x-raw,format=I420,width=320,height=240,framerate=30/1",
            "!",
            "videoconvert",
            "!",
        ]
        + encoder.words(320, 240, 30.0)
        + ["!", "h264parse", "!", "mp4mux", "!", "fakesink"]
    )
    return _succeeds([LAUNCHER, "-q"] + pipeline)


def _succeeds(command: List[str]) -> bool:
    try:
        return (
            subprocess.run(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env=english_environment(),
                timeout=TRIAL_SECONDS,
                start_new_session=True,
            ).returncode
            == 0
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
