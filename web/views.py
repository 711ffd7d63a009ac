"""The pages: dashboard, sign-in, sign-out; and health checks for monitoring."""

import re
from typing import Any, Optional

from flask import (
    Blueprint,
    Response,
    jsonify,
    make_response,
    redirect,
    render_template,
    request,
    send_from_directory,
    url_for,
)

from appliance import __version__
from appliance.contract.answers import Health, Readiness
from appliance.contract.codec import encode
from appliance.contract.roles import Role
from appliance.contract.states import LOADING, NO_MODEL, NO_RESULTS, NOT_LIVE, STARTING, STOPPING
from web.accounts import TooManyAttempts
from web.accounts.devices import LASTING_SECONDS
from web.accounts.sessions import LONGEST_SECONDS
from web.cookies import FORM, SESSION, find_cookie, set_cookie
from web.dashboard import dashboard, identity
from web.events import drop_session
from web.framing import framed_by_others
from web.roles import Denied, needs

pages = Blueprint("pages", __name__)

_NOT_READY = {
    STARTING: "The streams are being opened.",
    LOADING: "The model is being loaded.",
    NO_MODEL: "No model is loaded.",
    NO_RESULTS: "Frames come, and the model gives no results.",
    NOT_LIVE: "No stream gives frames.",
    STOPPING: "The daemon is stopping.",
}
_OWN_PATH = re.compile(r"/(?![/\\])[\x21-\x7e]*")


@pages.route("/")
@needs(Role.VIEWER)
def index() -> Any:
    who = identity()
    return _render(
        "index.html",
        user=who.name,
        role=who.role.name.lower(),
        version=__version__,
        sign_in=dashboard().options.sign_in,
    )


@pages.route("/live/<name>")
@pages.route("/events")
@pages.route("/events/<name>")
@pages.route("/recordings")
@pages.route("/streams/<name>/zones")
@pages.route("/system")
@pages.route("/settings")
@pages.route("/settings/<name>")
@needs(Role.VIEWER)
def view(name: str = "") -> Any:
    """Return the page: the same for the address of each view, which its scripts read (web/static/js/routes.js)."""
    del name
    return index()


@pages.route("/login", methods=["GET"])
@needs(Role.ANONYMOUS)
def login() -> Any:
    target = _own_path(request.args.get("next", ""))
    if not dashboard().options.sign_in or _is_signed_in():
        return redirect(request.script_root + target)
    return _render("login.html", error=None, name="", next=target)


@pages.route("/login", methods=["POST"])
@needs(Role.ANONYMOUS)
def sign_in() -> Any:
    here = dashboard()
    name, password = request.form.get("name", "").strip(), request.form.get("password", "")
    target = _own_path(request.form.get("next", ""))
    if not here.options.sign_in:
        return redirect(request.script_root + target)
    if not here.guard.has_own_form(request):
        raise Denied(403, "The page is out of date, or the browser takes no cookies; load it again.")
    try:
        account = here.guard.sign_in(name, password, request.remote_addr or "", request.cookies)
    except TooManyAttempts as error:
        response = _render("login.html", error=str(error), name=name, next=target)
        response.headers["Retry-After"] = str(int(error.seconds) + 1)
        return response, error.status
    if account is None:
        return _render("login.html", error="The user or the password is wrong.", name=name, next=target), 401
    _end_session()
    response = make_response(redirect(request.script_root + target))
    _set_cookie(response, SESSION, here.sessions.add(account), LONGEST_SECONDS)
    if here.guard.devices.find(account.name, request.cookies) is None:
        name, value = here.guard.devices.make(account.name)
        _set_cookie(response, name, value, LASTING_SECONDS)
    return response


@pages.route("/logout", methods=["POST"])
@needs(Role.VIEWER)
def sign_out() -> Any:
    _end_session()
    response = make_response(redirect(url_for("pages.login")))
    _set_cookie(response, SESSION, "", 0)
    return response


@pages.route("/healthz")
@needs(Role.ANONYMOUS)
def health() -> Any:
    return jsonify(encode(Health(True)))


@pages.route("/readyz")
@needs(Role.ANONYMOUS)
def ready() -> Any:
    """Return whether at least one stream is being detected. Public, so without details."""
    client = dashboard().daemon
    if not client.is_up or client.state is None:
        return jsonify(encode(Readiness(False, reason="The daemon does not answer."))), 503
    daemon = client.state.daemon
    if not daemon.ready:
        return jsonify(encode(Readiness(False, daemon.status, _NOT_READY[daemon.status]))), 503
    return jsonify(encode(Readiness(True, daemon.status)))


@needs(Role.ANONYMOUS)
def static_file(filename: str) -> Any:
    """Return styles and scripts of the pages; the login page needs them too."""
    return send_from_directory("static", filename)


def _render(template: str, **values: Any) -> Any:
    guard = dashboard().guard
    has_form = guard.has_own_form(request)
    form_cookie = find_cookie(request.cookies, FORM) if has_form else guard.make_form_cookie()
    token = guard.csrf_token(request, form_cookie)
    response = make_response(render_template(template, csrf_token=token, **values))
    if not has_form:
        _set_cookie(response, FORM, form_cookie, None, "Strict")
    return response


def _is_signed_in() -> bool:
    token = find_cookie(request.cookies, SESSION)
    return bool(token) and dashboard().sessions.find(token) is not None


def _end_session() -> None:
    token = find_cookie(request.cookies, SESSION)
    if token:
        dashboard().sessions.remove(token)
        drop_session(dashboard().socketio, token)


def _own_path(target: str) -> str:
    """Return the path if it leads to a page of ours, otherwise the first page's."""
    return target if _OWN_PATH.fullmatch(target) else "/"


def _set_cookie(response: Response, name: str, value: str, seconds: Optional[int], same_site: str = "Lax") -> None:
    set_cookie(request, response, name, value, seconds, same_site, framed_by_others(dashboard().options.framed_by))
