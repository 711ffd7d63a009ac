"""Addresses without their credentials, for whatever is shown or logged."""

import re
from typing import Match

HIDDEN = "***"

_STARTS_AS_ADDRESS = re.compile(r"\s*[a-z][a-z0-9+.-]*://", re.IGNORECASE)

# An address inside a longer text. A quoted one may hold spaces. A scheme has its bound: without one, every letter of a
# long word begins a search to the word's end.
_QUOTED_ADDRESS = re.compile(
    r"""(?P<start>(?P<quote>["'])[a-z][a-z0-9+.-]{0,30}://)(?P<rest>.*?)(?=(?P=quote)|$)""", re.IGNORECASE
)
_BARE_ADDRESS = re.compile(r"""(?P<start>[a-z][a-z0-9+.-]{0,30}://)(?P<rest>[^\s"']*)""", re.IGNORECASE)

# name=value in the query, the path (user=admin_password=x_channel=1), or after #!:: (SRT). Single letters need a sign
# before them. The value ends where the next name begins.
_FIELD = re.compile(
    r"""((?<![a-z0-9])(?:user|usr|username|userpwd|loginuse|login|pass|[a-z0-9]{0,30}(?:passwd|password|passphrase|token"""
    r"""|secret)|pwd|pw|loginpas|auth|authbasic|key|api_?key|jwt|sid|session(?:_?id)?|sig|signature)=|(?<=[?&;,:])[up]=)"""
    r"""(?:(?![_,;/][a-z]+=)[^&\s"'])*""",
    re.IGNORECASE,
)

# Properties of rtspsrc, souphttpsrc, srtsrc and their kin: name = (type) value. Quotes may stand around the value, the
# name, or both.
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

# user:password@ behind an address that was written wrong (rtsp:/user:password@host), or behind none at all. It is
# looked for once a word.
_AT = re.compile(r"""(?<![^\s"'])[^\s"']+@""")
_ADDRESS = re.compile(r"[a-z0-9]://", re.IGNORECASE)

# Behind an @ in what looks like a path: "127.0.0.1", "camera/1", "camera:554". "video@2" is only a path.
_HOST = re.compile(r"[^\s/:.\[]*[./:\[][\w:]")


# user:password without the @ and what follows, which is a host and its port where it begins with digits. A sentence's
# colon may stand behind a host.
_HALF = re.compile(r"\A[^\s/?#:\[\]*,]+:(?!\d{1,5}(?:\W|$))[^\s/?#:.,;)][^\s/?#]*")


def redact(address: str) -> str:
    """The camera address or GStreamer string with user names, passwords and keys replaced by ***.

    A password that was not percent-encoded may hold / # ? or @, so what could be one is hidden up to the
    last @ (and sometimes a bit of the path with it).
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
    """Whether what follows a `scheme://` looks like user:password cut off before its @."""
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
    """`rest` is what follows `scheme://`."""
    _before, at, after = rest.rpartition("@")
    if not at:
        return _HALF.sub(HIDDEN, rest, 1)
    authority = re.split(r"[/?#]", rest, maxsplit=1)[0]
    if "@" not in authority and ":" not in authority and not _HOST.match(after):
        return rest  # an @ in the path of an address without credentials
    return HIDDEN + "@" + after
