"""The dashboard's cookies: their names, how they are found, and which paths and protocols they are set for.

Over https a cookie has a name of its own. A browser does not tell ports and schemes apart, and lets no page that came
by http replace a cookie of https: who went from one to the other at the same host could not sign in any more.
"""

from typing import Mapping, Optional

from werkzeug.wrappers import Request, Response

SESSION = "splitlens_session"
FORM = "splitlens_form"
_SECURE = "__Secure-"  # browsers take such a name over https only


def find_cookie(cookies: Mapping[str, str], name: str) -> str:
    """The value of a cookie; "" where there is none."""
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
        request: What is answered.
        response: The answer.
        name: Of the cookie.
        value: Of the cookie.
        seconds: How long it is kept; None until the browser ends.
        same_site: Strict, Lax or None, as browsers know it.
        is_framed: Whether other sites may show the dashboard.
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
    """A proxy that ends TLS may not say so; the browser's Origin, which was checked, does."""
    return request.is_secure or request.headers.get("Origin", "").startswith("https://")
