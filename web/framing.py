"""Which other pages may show the dashboard in a frame: nobody's, if the setting `framed_by` does not name them."""

from typing import Dict


def frame_headers(framed_by: str) -> Dict[str, str]:
    """framed_by: "self" and origins, with spaces between. X-Frame-Options, for old browsers, cannot name an origin."""
    words = framed_by.split()
    ancestors = " ".join("'self'" if word == "self" else word for word in words) or "'none'"
    headers = {"Content-Security-Policy": "frame-ancestors " + ancestors}
    if not framed_by_others(framed_by):
        headers["X-Frame-Options"] = "SAMEORIGIN" if words else "DENY"
    return headers


def framed_by_others(framed_by: str) -> bool:
    return any(word != "self" for word in framed_by.split())
