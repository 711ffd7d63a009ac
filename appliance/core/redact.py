"""Hide the credentials in addresses that are shown or logged."""

import re
from typing import Match

HIDDEN = "***"

_STARTS_AS_ADDRESS = re.compile(r"\s*[a-z][a-z0-9+.-]*://", re.IGNORECASE)

# An address inside a longer text. A quoted one may contain spaces. The length of a scheme is limited: otherwise every
# letter of a long word would start a search to the word's end.
_QUOTED_ADDRESS = re.compile(
    r"""(?P<start>(?P<quote>["'])[a-z][a-z0-9+.-]{0,30}://)(?P<rest>.*?)(?=(?P=quote)|$)""", re.IGNORECASE
)
_BARE_ADDRESS = re.compile(r"""(?P<start>[a-z][a-z0-9+.-]{0,30}://)(?P<rest>[^\s"']*)""", re.IGNORECASE)

# name=value in the query, the path (user=admin_password=x_channel=1), or after #!:: (SRT). Single letters need a
# separator before them. The value ends where the next name begins.
_FIELD = re.compile(
    r"""((?<![a-z0-9])(?:user|usr|username|userpwd|loginuse|login|pass|[a-z0-9]{0,30}(?:passwd|password|passphrase|token"""
    r"""|secret)|pwd|pw|loginpas|auth|authbasic|key|api_?key|jwt|sid|session(?:_?id)?|sig|signature)=|(?<=[?&;,:])[up]=)"""
    r"""(?:(?![_,;/][a-z]+=)[^&\s"'])*""",
    re.IGNORECASE,
)

# Properties of rtspsrc, souphttpsrc, srtsrc and similar elements: name = (type) value. The value, the name, or both may
# be quoted.
_PROPERTY_NAMES = (
    r"(?:user-id|user-pw|proxy-id|proxy-pw|username|password|passwd|passphrase|streamid|cookies"
    r"|extra-headers)"
)
_PROPERTY = re.compile(
    r"""(?P<quote>["'])(?P<quoted>""" + _PROPERTY_NAMES + r"""\s*=)(?:\\.|(?!(?P=quote))[^\\])*(?:(?P=quote)|\\?$)"""
    r"""|(?P<bare>(?<![\w?&;,:/-])""" + _PROPERTY_NAMES + r"""["']?\s*=\s*(?:\([a-z0-9]+\)\s*)?)"""
    r"""(?:"(?:\\.|[^"\\])*(?:"|$)|'(?:\\.|[^'\\])*(?:'|$)|[<{][^>}]*(?:[>}]|$)|(?:\\.|\S)+)""",
    re.IGNORECASE | re.DOTALL,
)

# user:password@ after a malformed scheme (rtsp:/user:password@host), or without a scheme. Searched once per word.
_AT = re.compile(r"""(?<![^\s"'])[^\s"']+@""")
_ADDRESS = re.compile(r"[a-z0-9]://", re.IGNORECASE)

# What follows an @ in what looks like a path: "127.0.0.1", "camera/1", "camera:554". "video@2" is only a path.
_HOST = re.compile(r"[^\s/:.\[]*[./:\[][\w:]")


# user:password without @ and host; if the second part starts with digits, it is a host and its port instead. The colon
# of a sentence may follow a host.
_HALF = re.compile(r"\A[^\s/?#:\[\]*,]+:(?!\d{1,5}(?:\W|$))[^\s/?#:.,;)][^\s/?#]*")


def redact(address: str) -> str:
    """Return a camera address or GStreamer string with user names, passwords and keys replaced by ***.

    A password that was not percent-encoded may contain / # ? or @, so everything that could be one is hidden, up to the
    last @ (which sometimes includes a part of the path).
    """
    hidden = _PROPERTY.sub(_hide_value, address)
    if _STARTS_AS_ADDRESS.match(hidden):
        scheme, rest = hidden.split("://", 1)
        hidden = scheme + "://" + _without_user(rest)
    else:
        hidden = _QUOTED_ADDRESS.sub(_hide_user, hidden)
        hidden = _BARE_ADDRESS.sub(_hide_user, hidden)
    return _FIELD.sub(r"\g<1>" + HIDDEN, _AT.sub(_hide_word, hidden))


def has_half_credentials(address: str) -> bool:
    """Return whether what follows a `scheme://` looks like user:password cut off before its @."""
    return any(
        "@" not in found.group("rest") and _HALF.match(found.group("rest")) is not None
        for found in _BARE_ADDRESS.finditer(address)
    )


def _hide_value(match: Match[str]) -> str:
    quote = match.group("quote") or ""
    return quote + str(match.group("quoted") or match.group("bare")) + HIDDEN + quote


def _hide_word(match: Match[str]) -> str:
    word = match.group()
    return word if ":" not in word or _ADDRESS.search(word) else HIDDEN + "@"


def _hide_user(match: Match[str]) -> str:
    return str(match.group("start")) + _without_user(match.group("rest"))


def _without_user(rest: str) -> str:
    """Hide the user and password in `rest`, the part after `scheme://`."""
    _before, at, after = rest.rpartition("@")
    if not at:
        return _HALF.sub(HIDDEN, rest, 1)
    authority = re.split(r"[/?#]", rest, maxsplit=1)[0]
    if "@" not in authority and ":" not in authority and not _HOST.match(after):
        return rest  # an @ in the path of an address without credentials
    return HIDDEN + "@" + after
