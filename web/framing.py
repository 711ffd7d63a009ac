"""The sites that may show the dashboard in a frame: only those in the setting `framed_by`."""

from typing import Dict


def frame_headers(framed_by: str) -> Dict[str, str]:
    """Return the response headers; X-Frame-Options, for old browsers, cannot name an origin.

    Args:
        framed_by: "self" and origins, separated by spaces.
    """
    words = framed_by.split()
    ancestors = " ".join("'self'" if word == "self" else word for word in words) or "'none'"
    headers = {"Content-Security-Policy": "frame-ancestors " + ancestors}
    if not framed_by_others(framed_by):
        headers["X-Frame-Options"] = "SAMEORIGIN" if words else "DENY"
    return headers


def framed_by_others(framed_by: str) -> bool:
    """Return whether another site may show the dashboard in a frame."""
    return any(word != "self" for word in framed_by.split())
