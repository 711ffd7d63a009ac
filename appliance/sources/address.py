"""Camera addresses whose passwords were not percent-encoded."""

import re
import urllib.parse

_ADDRESS = re.compile(r"\s*([a-z][a-z0-9+.-]*://)(.*)", re.IGNORECASE | re.DOTALL)
_HOST = re.compile(r"@(?=(?:\[[0-9a-f:.%]+\]|[\w.-]+)(?::\d+)?(?:/|$))", re.IGNORECASE)
_HOST_AND_PATH = re.compile(r"@(?=(?:\[[0-9a-f:.%]+\]|[\w.-]+)(?::\d+)?/)", re.IGNORECASE)
_LONE_PERCENT = re.compile(r"%(?![0-9a-f]{2})", re.IGNORECASE)
# Characters that need no encoding in a user name or password; % is handled before.
_PLAIN = "%!$&'()*+,;=-._~"


def with_encoded_password(address: str) -> str:
    """Return the address with / # ? @ and similar characters in user name and password percent-encoded.

    Unchanged if there is no password, or if the text before the @ may be a host and a port: "camera:80/video@2".
    """
    match = _ADDRESS.match(address)
    if match is None:
        return address
    scheme, rest = match.groups()
    place = _end_of_password(rest)
    if place < 0:
        return address
    user, colon, password = rest[:place].partition(":")
    return scheme + _encoded(user) + colon + _encoded(password) + rest[place:]


def _end_of_password(rest: str) -> int:
    """Return the index of the @ after user name and password; -1 if there certainly is none."""
    authority = re.split(r"[/?#]", rest, maxsplit=1)[0]
    if "@" in authority:
        return authority.rindex("@")
    _, colon, port = authority.partition(":")
    if not colon or port.isdigit() or authority.startswith("["):
        return -1
    # A path may contain an @ too: prefer the last one that a host with a path follows.
    places = [found.start() for found in _HOST_AND_PATH.finditer(rest)]
    places = places or [found.start() for found in _HOST.finditer(rest)]
    return places[-1] if places else -1


def _encoded(text: str) -> str:
    return urllib.parse.quote(_LONE_PERCENT.sub("%25", text), safe=_PLAIN)
