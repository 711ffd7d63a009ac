"""REST: a route for each row of the contract's tables, and the OpenAPI document that is made from the same rows."""

import json
from functools import lru_cache
from typing import Any, Callable, Dict

from flask import Blueprint, Response, jsonify, render_template, request

from appliance.contract.answers import (
    History,
    Log,
    Models,
    NewestDetections,
    PowerAnswer,
    SettingsAnswer,
    StateAnswer,
    Streams,
)
from appliance.contract.codec import encode
from appliance.contract.command import Command, Http
from appliance.contract.commands import PAGE_COMMANDS, QUESTIONS
from appliance.contract.errors import INVALID, Refused
from appliance.contract.events import Statistics
from appliance.contract.fields import JsonObject
from appliance.contract.openapi import BASE_PATH, make_document, path_parameters
from appliance.contract.parsing import parse, parse_query
from appliance.contract.roles import Role
from appliance.contract.state import RunningModel, State, Stream
from web.dashboard import dashboard, identity, viewer
from web.events import MOST_COMMANDS
from web.roles import Denied, needs

api = Blueprint("api", __name__, url_prefix=BASE_PATH)


# Requests that the dashboard answers itself: a function for each row of QUESTIONS, found by its name.


def _state() -> State:
    return dashboard().daemon.get_state()


def _streams() -> Streams:
    return Streams(_state().streams)


def _stream(name: str) -> Stream:
    return dashboard().daemon.get_stream(name)


def _models() -> Models:
    return Models(_state().models)


def _model() -> RunningModel:
    return _state().model


def _settings() -> SettingsAnswer:
    return _settings_of(_state())


def _settings_of(state: State) -> SettingsAnswer:
    return SettingsAnswer(state.settings, state.configured)


def _power() -> PowerAnswer:
    return PowerAnswer(_state().power)


def _statistics() -> Statistics:
    return dashboard().daemon.get_statistics()


def _history() -> History:
    return dashboard().daemon.history.show()


def _detections() -> NewestDetections:
    return NewestDetections(dashboard().daemon.newest_detections())


def _logs() -> Log:
    return Log(dashboard().daemon.logs())


ANSWERS: Dict[str, Callable[..., Any]] = {
    "state": _state,
    "streams": _streams,
    "stream": _stream,
    "models": _models,
    "model": _model,
    "settings": _settings,
    "power": _power,
    "statistics": _statistics,
    "history": _history,
    "detections": _detections,
    "logs": _logs,
}


def _add_question(name: str, path: str) -> None:
    @needs(Role.VIEWER)
    def view(**parameters: str) -> Response:
        return jsonify(encode(ANSWERS[name](**parameters)))

    api.add_url_rule(_rule(path), name, view)


def _add_command(command: Command, role: Role, http: Http) -> None:
    @needs(role)
    def view(**parameters: str) -> Response:
        known = {http.parameters.get(name, name): value for name, value in parameters.items()}
        return jsonify(encode(_run_command(command, http, known)))

    api.add_url_rule(_rule(http.path), command.name, view, methods=[http.method])


def _rule(path: str) -> str:
    """Return a path of the contract in Flask's syntax."""
    for name in path_parameters(path):
        path = path.replace(f"{{{name}}}", f"<{name}>")
    return path


def _run_command(command: Command, http: Http, known: JsonObject) -> Any:
    """Send a command to the daemon; returns the response. Raises Refused, Unavailable, Denied."""
    # What a PUT carries is looked at though nothing can stand there: a field without effect would be taken as done.
    has_body = http.method == "PUT" or any(field.name not in known for field in command.fields)
    if http.method == "GET":
        body = parse_query(command, request.args.items(multi=True)) if command.fields else {}
    else:
        body = _body() if has_body else {}
    if command.user_field:
        known = dict(known, **{command.user_field: identity().name})
    asked = parse(command, {http.body: body} if http.body else body, known)
    if identity().role < Role.OPERATOR and not dashboard().socketio.allows_command(viewer()):
        raise Denied(429, f"{MOST_COMMANDS} commands a second is the most; wait a little.")
    answer = dashboard().daemon.ask(asked)
    if isinstance(answer, StateAnswer):
        return _settings_of(answer.state) if http.answer is SettingsAnswer else answer.state
    return answer


def _body() -> JsonObject:
    """Return the request's JSON object; an empty body is an empty object. Raises Refused."""
    data = request.get_data()
    if not data.strip():
        return {}
    if request.mimetype != "application/json":
        raise Refused(INVALID, "Send JSON, with Content-Type: application/json.")
    try:
        body = json.loads(data.decode(), parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise Refused(INVALID, f"The body is no JSON: {str(error)[:100]}.") from error
    if not isinstance(body, dict):
        raise Refused(INVALID, "Send one JSON object.")
    return body


def _no_number(name: str) -> None:
    raise ValueError(f"{name} is no number")


for _row in QUESTIONS:
    _add_question(_row.name, _row.path)
for _command in PAGE_COMMANDS:
    if _command.role is not None and _command.http is not None:
        _add_command(_command, _command.role, _command.http)


@api.route("/openapi.json")
@needs(Role.VIEWER)
def description() -> Any:
    return jsonify(dict(read_description(), servers=[{"url": request.script_root + BASE_PATH}]))


@api.route("/docs")
@needs(Role.VIEWER)
def docs() -> Any:
    return render_template("api_docs.html", api=read_description(), show=_show)


@lru_cache(maxsize=None)
def read_description() -> JsonObject:
    """Return the OpenAPI document, read-only. It is made once."""
    return make_document()


def _show(value: Any) -> str:
    return json.dumps(value, indent=2)
