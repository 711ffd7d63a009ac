"""Which sources the dashboard may choose."""

import re
from typing import Sequence, Union

from appliance.bus import INVALID, Refused
from appliance.daemon.streams import source_kind
from appliance.errors import SourceError
from appliance.settings import redact
from appliance.sources.elements import check_elements

_DEVICE = re.compile(r"/dev/[\w.-]+(/[\w.-]+)*$")


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
    if text.startswith("/dev/") or ("://" not in text and "!" not in text):
        if not _DEVICE.match(text) or ".." in text.split("/"):
            raise Refused(INVALID, (
                "{!r} is no camera: give an index (0), a path under /dev, an address (rtsp, http) or a GStreamer "
                "pipeline. Movies come from the config file.").format(redact(text)[:80]))
    try:
        kind = source_kind(text)
        if kind == "gstreamer":
            check_elements(text)
    except SourceError as error:
        raise Refused(INVALID, str(error)) from error
    if kind == "movie":
        raise Refused(INVALID, "{!r} is a file; movies come from the config file.".format(redact(text)[:80]))
    return text
