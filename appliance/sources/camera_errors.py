"""Find out why a camera failed from the output of FFmpeg, OpenCV and GStreamer."""

import re
from typing import Match, Optional, Sequence

from appliance.core.redact import redact

REMEDIES = {
    "400": "; check the address",
    "401": "; user name or password is missing or wrong",
    "403": "; this user may not see this stream",
    "404": "; there is no stream at this path of the address",
    "453": "; the camera serves no more viewers",
    "461": "; it refuses TCP or UDP: is rtsp_transport right (auto takes either), and does UDP get through to here?",
    "503": "; the camera serves no more viewers, or is starting",
}
NETWORK = {
    "connection refused": "; nothing listens there: is the camera on, and is the port right?",
    "no route to host": "; is the camera on, and in this network?",
    "network is unreachable": "; is this machine in the camera's network?",
    "connection timed out": "; is the camera on, and is the address right?",
}


# Without the host name that was tried: with a slash in the password, it is a part of that.
UNKNOWN_HOST = (
    "its host name is not known; is it spelled right, and are / # ? @ in the password written as %2F %23 %3F %40?"
)


def status(number: str, words: str) -> str:
    """Return what an HTTP or RTSP error status means."""
    return " ".join(f"the server answers {number} {words}".split()) + REMEDIES.get(number, "")


def network(words: str) -> str:
    """Return the system's error message, with a remedy."""
    words = words.lower()
    return words + NETWORK.get(words, "")


def _status(match: Match[str]) -> str:
    return status(match.group("number"), match.group("words"))


def _network(match: Match[str]) -> str:
    return network(match.group(1))


def _host(match: Match[str]) -> str:
    return UNKNOWN_HOST


def _element(match: Match[str]) -> str:
    name = match.group(1)
    if name.startswith(("nv", "omx")):
        remedy = "it exists on Jetson boards only, and needs NVIDIA's plugins"
    else:
        remedy = "is its name right, and its plugin package installed?"
    return f'GStreamer has no element "{name}": {remedy}'


def _pipeline(match: Match[str]) -> str:
    return f"GStreamer cannot build the pipeline: {match.group(1).strip().rstrip('.')}"


def _gstreamer(match: Match[str]) -> str:
    words, detail = match.group("words").strip().rstrip("."), match.group("detail")
    return f"GStreamer: {words}{f' ({detail})' if detail else ''}"


# The first match is the reason.
TABLE = (
    (re.compile(r"method \w+ failed: (?P<number>[45]\d\d) \(?(?P<words>[\w -]+)"), _status),  # FFmpeg, RTSP
    (re.compile(r"HTTP error (?P<number>[45]\d\d) (?P<words>[\w -]*)"), _status),  # FFmpeg, HTTP
    (re.compile(r"^(?P<words>[A-Z][\w -]+) \((?P<number>[45]\d\d)\)", re.MULTILINE), _status),  # GStreamer
    (re.compile(f"({'|'.join(NETWORK)})", re.IGNORECASE), _network),
    (re.compile("Failed to resolve hostname "), _host),
    (re.compile(r"no element \"([^\"]+)\""), _element),
    (re.compile(r"erroneous pipeline: (.*)"), _pipeline),
    (re.compile(r"pipeline could not be constructed: (.*)"), _pipeline),
    # Its second line begins with the element's path; the third, if any, is the system's message.
    (
        re.compile(
            r"ERROR: from element [^:]+(?::[^ :]+)*: (?P<words>.*)"
            r"(?:\nAdditional debug info:\n.*(?:\n(?P<detail>(?!ERROR|WARNING|Setting).+))?)?"
        ),
        _gstreamer,
    ),
)


def explain(lines: Sequence[str]) -> Optional[str]:
    """Return the reason in these lines of output, without credentials; None if there is none."""
    text = "\n".join(lines)
    for pattern, say in TABLE:
        match = pattern.search(text)
        if match:
            return redact(say(match))
    return None
