"""Request and response hooks: authentication, CSRF, security headers, error pages."""

import json
import logging
from typing import Any, Dict, Optional

from flask import Flask, Response, g, redirect, render_template, request, url_for
from werkzeug.exceptions import HTTPException

from appliance.contract.answers import Error
from appliance.contract.codec import encode
from appliance.contract.errors import DENIED, FAILED, INVALID, NOT_FOUND, UNAVAILABLE, ErrorKind, Refused, Unavailable
from appliance.contract.roles import Role
from web.access import SAFE_METHODS, Guard
from web.accounts import TooManyAttempts
from web.framing import frame_headers
from web.mjpeg import TooManyViewers
from web.roles import Denied, check_role, needed_role

REVALIDATED = "private, no-cache"
"""Cache-Control of what only the browser may keep, and has to ask about each time."""
LONGEST_BODY = 64 * 1024

_TITLES = {
    400: "That cannot be",
    401: "Sign in",
    403: "Not allowed",
    404: "Not found",
    429: "Wait a little",
    500: "The dashboard failed",
    503: "Not now",
}

log = logging.getLogger(__name__)


class OwnResponse(Response):
    """Redirects by path only: behind a proxy, only the browser knows the scheme and host."""

    autocorrect_location_header = False


def install_security(app: Flask, guard: Guard, framed_by: str) -> None:
    """Install the hooks.

    Args:
        app: The application.
        guard: Authenticates and authorises requests.
        framed_by: As in `frame_headers`.
    """
    app.config["MAX_CONTENT_LENGTH"] = LONGEST_BODY
    app.response_class = OwnResponse

    @app.before_request
    def authorise() -> None:
        guard.check_origin(request)
        if "Transfer-Encoding" in request.headers:
            raise Denied(411, "Send the body's length (Content-Length).")
        if (request.content_length or 0) > LONGEST_BODY:
            raise Denied(400, f"That is too long: {LONGEST_BODY} bytes is the most.")
        view = app.view_functions.get(request.endpoint or "")
        # Only signed-in clients are told what does not exist.
        role = Role.VIEWER if view is None else needed_role(view)
        if role is None:
            raise Denied(403, "This page is for nobody: it declares no role.")
        if role > Role.ANONYMOUS:
            g.identity = guard.identify(request)
            check_role(g.identity.role, role)
        if request.method not in SAFE_METHODS:
            guard.check_csrf(request)

    framing = frame_headers(framed_by)
    app.after_request(lambda response: _add_headers(response, framing))
    app.register_error_handler(Exception, _answer_error)


def _policy(host: str) -> str:
    return (
        "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
        f"connect-src 'self' ws://{host} wss://{host}; object-src 'none'; base-uri 'none'; form-action 'self'; "
    )


def _add_headers(response: Response, framing: Dict[str, str]) -> Response:
    headers = response.headers
    headers.update(framing)
    headers["Content-Security-Policy"] = _policy(request.headers.get("Host", "")) + framing["Content-Security-Policy"]
    headers["X-Content-Type-Options"] = "nosniff"
    # Not `no-referrer`, as browsers would then hide the Origin of a form too.
    headers["Referrer-Policy"] = "same-origin"
    if request.is_secure:  # otherwise browsers ignore it with a warning
        headers["Cross-Origin-Opener-Policy"] = "same-origin"
    headers["Cross-Origin-Resource-Policy"] = "same-origin"
    headers["Permissions-Policy"] = "camera=(), microphone=(), geolocation=()"
    if request.endpoint == "static":
        headers["Cache-Control"] = "no-cache"  # cached but revalidated, so that an update shows at once
    elif headers.get("Cache-Control") != REVALIDATED:
        headers["Cache-Control"] = "no-store"
    return response


def _answer_error(error: Exception) -> Any:
    if isinstance(error, Refused):
        return _say(error.kind.status, error.kind, str(error))
    if isinstance(error, Unavailable):
        return _say(UNAVAILABLE.status, UNAVAILABLE, str(error), {"Retry-After": "2"})
    if isinstance(error, TooManyViewers):
        return _say(UNAVAILABLE.status, UNAVAILABLE, str(error), {"Retry-After": "10"})
    if isinstance(error, TooManyAttempts):
        return _say(error.status, DENIED, str(error), {"Retry-After": str(int(error.seconds) + 1)})
    if isinstance(error, Denied):
        return _deny(error)
    if isinstance(error, HTTPException):
        return _answer_http_error(error)
    log.error("%s %s", request.method, request.path, exc_info=error)
    return _say(500, FAILED, "The dashboard failed; its log says why.")


def _deny(error: Denied) -> Any:
    if error.status != 401:
        return _say(error.status, DENIED, str(error))
    accepted = request.headers.get("Accept", "")
    if "text/html" in accepted and "Authorization" not in request.headers and request.method == "GET":
        target = request.full_path if request.query_string else request.path
        return redirect(url_for("pages.login", next=None if target == "/" else target))
    # Browsers would react to this header with their own dialog over our page.
    is_page = "image/" in accepted or request.path.startswith("/api/")
    return _say(401, DENIED, str(error), {} if is_page else {"WWW-Authenticate": 'Basic realm="Splitlens"'})


def _answer_http_error(error: HTTPException) -> Any:
    code = error.code or 500
    if code < 400:
        return error
    headers = {name: value for name, value in error.get_headers(request.environ) if name in ("Allow", "Content-Range")}
    kind = NOT_FOUND if code == 404 else INVALID
    sentence = {404: "There is nothing here.", 405: "That cannot be done here."}.get(code, error.description or "")
    return _say(code, kind, sentence, headers)


def _say(status: int, kind: ErrorKind, sentence: str, headers: Optional[Dict[str, str]] = None) -> Response:
    if "text/html" in request.headers.get("Accept", "") and not request.path.startswith("/api/"):
        page = render_template(
            "error.html", code=status, title=_TITLES.get(status, "That did not work"), message=sentence
        )
        return Response(page, status, headers)
    body = json.dumps(encode(Error(sentence, kind)))
    return Response(body, status, headers, mimetype="application/json")
