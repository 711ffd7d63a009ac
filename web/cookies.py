"""The dashboard's cookies: names, lookup, and the paths and protocols that they are set for.

Over https a cookie has another name. Browsers do not separate ports and schemes, and do not let a page loaded by http
replace a cookie of https: without it, users who change from one to the other on the same host could not sign in.
"""

from typing import Mapping, Optional

from werkzeug.wrappers import Request, Response

SESSION = "splitlens_session"
FORM = "splitlens_form"
_SECURE = "__Secure-"  # browsers take such a name over https only


def find_cookie(cookies: Mapping[str, str], name: str) -> str:
    """Return the value of a cookie; "" if there is none."""
    return cookies.get(_SECURE + name) or cookies.get(name, "")


def set_cookie(
    request: Request,
    response: Response,
    name: str,
    value: str,
    seconds: Optional[int] = None,
    same_site: str = "Lax",
    is_framed: bool = False,
) -> None:
    """Set a cookie.

    Args:
        request: The request.
        response: The response to it.
        name: The cookie's name.
        value: The cookie's value.
        seconds: Lifetime; None until the browser is closed.
        same_site: Strict, Lax or None, as in the cookie's attribute.
        is_framed: Whether other sites may show the dashboard in a frame.
    """
    is_https = _is_https(request)
    if is_https and is_framed:
        same_site = "None"  # a browser sends no other one in another site's frame
    response.set_cookie(
        (_SECURE if is_https else "") + name,
        value,
        max_age=seconds,
        path=request.script_root or "/",
        httponly=True,
        samesite=same_site,
        secure=is_https,
    )


def _is_https(request: Request) -> bool:
    """Return whether the browser uses https.

    A proxy that terminates TLS may not tell, but the browser's Origin, which was checked, does.
    """
    return request.is_secure or request.headers.get("Origin", "").startswith("https://")
