"""Which sources the dashboard may choose."""

import re
from typing import Sequence, Union

from appliance.bus import INVALID, Refused
from appliance.core.errors import SourceError
from appliance.settings import redact
from appliance.sources.device import allowed_camera
from appliance.sources.elements import check_elements
from appliance.sources.open import camera_kind


def allowed_source(source: Union[int, str], known: Sequence[Union[int, str]]) -> Union[int, str]:
    """The source that is meant by what came from the dashboard. Raises Refused.

    known: what is in use or configured. Credentials are hidden in the dashboard: one of these that comes back as it
    was shown means what it was. Movies, and pipelines of any elements, come from the configuration only.
    """
    text = str(source).strip()
    if re.match(r"\d{1,3}$", text):
        return int(text)
    for candidate in known:
        if text in (str(candidate), redact(str(candidate))):
            return candidate
    if "***" in text:
        raise Refused(INVALID, "Write the address with its password: *** stands for one that is not shown.")
    try:
        kind = camera_kind(text)
    except SourceError:
        kind = ""
    if not kind or (kind == "device" and not allowed_camera(text)):
        # The same for what is there and what is not: nobody is to learn here which files this machine has.
        raise Refused(
            INVALID,
            f"{redact(text)[:80]!r} is no camera: give an index (0), the path of a video device (/dev/video0), an"
            " address (rtsp, http) or a GStreamer pipeline. Movies come from the config file.",
        )
    if kind == "address" and re.search(r"\s", text):
        raise Refused(INVALID, f"{redact(text)[:80]!r}: an address has no spaces; write %20 for each.")
    if kind == "gstreamer":
        try:
            check_elements(text)
        except SourceError as error:
            raise Refused(INVALID, str(error)) from error
    return text
