"""Which sites may show the dashboard in a frame: none but those that the setting `framed_by` names."""

from typing import Dict


def frame_headers(framed_by: str) -> Dict[str, str]:
    """The response headers for browsers; X-Frame-Options, for old ones, cannot name an origin.

    Args:
        framed_by: "self" and origins, with spaces between.
    """
    words = framed_by.split()
    ancestors = " ".join("'self'" if word == "self" else word for word in words) or "'none'"
    headers = {"Content-Security-Policy": "frame-ancestors " + ancestors}
    if not framed_by_others(framed_by):
        headers["X-Frame-Options"] = "SAMEORIGIN" if words else "DENY"
    return headers


def framed_by_others(framed_by: str) -> bool:
    """Whether another site may show the dashboard in a frame."""
    return any(word != "self" for word in framed_by.split())
