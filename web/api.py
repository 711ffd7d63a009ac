"""The same as the pages' events and commands, by REST. web/openapi.yml describes it."""

import json
from functools import lru_cache
from pathlib import Path
from typing import Any, Dict

import yaml
from flask import Blueprint, jsonify, render_template, request

from appliance import __version__
from appliance.bus import INVALID, Refused
from web.access import Denied, needs
from web.accounts import Role
from web.commands import COMMANDS, build
from web.dashboard import dashboard, identity, viewer
from web.events import MOST_COMMANDS

BELOW = "/api/v1"

api = Blueprint("api", __name__, url_prefix=BELOW)

Message = Dict[str, Any]

_DESCRIPTION = Path(__file__).with_name("openapi.yml")


def _command(name: str, fields: Message) -> Message:
    """Have the daemon do it, and give its answer. Raises Refused, Unavailable; Denied for a viewer who floods it."""
    if identity().role < Role.OPERATOR and not dashboard().socketio.allows_command(viewer()):
        raise Denied(429, f"{MOST_COMMANDS} commands a second is the most; wait a little.")
    return dashboard().link.ask(build(name, fields), COMMANDS[name].seconds)


def _body(*allowed: str) -> Message:
    """The JSON object that was sent; nothing is an empty one. Raises Refused."""
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
    for name in body:
        if name not in allowed:
            raise Refused(INVALID, f"{name[:100]} is no field here; there are: {', '.join(allowed) or 'none'}.")
    return body


def _no_number(name: str) -> None:
    raise ValueError(f"{name} is no number")


@api.route("/state")
@needs(Role.VIEWER)
def state() -> Any:
    return jsonify(dashboard().link.get_state())


@api.route("/streams")
@needs(Role.VIEWER)
def streams() -> Any:
    return jsonify(streams=dashboard().link.get_state()["streams"])


@api.route("/streams/<name>")
@needs(Role.VIEWER)
def stream(name: str) -> Any:
    return jsonify(dashboard().link.get_stream(name))


@api.route("/streams/<name>", methods=["PUT"])
@needs(Role.OPERATOR)
def set_stream(name: str) -> Any:
    return jsonify(_command("set_stream", dict(_body("source", "model"), stream=name))["state"])


@api.route("/streams/<name>", methods=["DELETE"])
@needs(Role.OPERATOR)
def remove_stream(name: str) -> Any:
    return jsonify(_command("remove_stream", {"stream": name})["state"])


@api.route("/streams/<name>/reset", methods=["POST"])
@needs(Role.OPERATOR)
def reset_stream(name: str) -> Any:
    return jsonify(_command("reset_stream", {"stream": name})["state"])


@api.route("/streams/<name>/recording", methods=["PUT"])
@needs(Role.OPERATOR)
def record(name: str) -> Any:
    return jsonify(_command("record", dict(_body("on"), stream=name))["state"])


@api.route("/sources/test", methods=["POST"])
@needs(Role.OPERATOR)
def test_source() -> Any:
    return jsonify(_command("test_source", _body("source")))


@api.route("/models")
@needs(Role.VIEWER)
def models() -> Any:
    return jsonify(models=dashboard().link.get_state()["models"])


@api.route("/models/<name>", methods=["PUT"])
@needs(Role.OPERATOR)
def get_model(name: str) -> Any:
    _body()
    return jsonify(_command("get_model", {"model": name})["state"])


@api.route("/model")
@needs(Role.VIEWER)
def model() -> Any:
    return jsonify(dashboard().link.get_state()["model"])


@api.route("/model", methods=["PUT"])
@needs(Role.OPERATOR)
def set_model() -> Any:
    return jsonify(_command("set_model", _body("model"))["state"])


@api.route("/model/cancel", methods=["POST"])
@needs(Role.OPERATOR)
def cancel_model() -> Any:
    return jsonify(_command("cancel_model", {})["state"])


@api.route("/settings")
@needs(Role.VIEWER)
def settings() -> Any:
    newest = dashboard().link.get_state()
    return jsonify(settings=newest["settings"], configured=newest["configured"])


@api.route("/settings", methods=["PATCH"])
@needs(Role.OPERATOR)
def change_settings() -> Any:
    changed = _command("change_settings", {"settings": _body("det_th", "shown_classes", "max_vis_fps", "vis_text")})
    return jsonify(settings=changed["state"]["settings"], configured=changed["state"]["configured"])


@api.route("/statistics")
@needs(Role.VIEWER)
def statistics() -> Any:
    return jsonify(dashboard().link.get_statistics())


@api.route("/statistics/history")
@needs(Role.VIEWER)
def history() -> Any:
    return jsonify(dashboard().link.history.show())


@api.route("/detections")
@needs(Role.VIEWER)
def detections() -> Any:
    return jsonify(detections=dashboard().link.detections)


@api.route("/power")
@needs(Role.VIEWER)
def power() -> Any:
    return jsonify(power=dashboard().link.get_state().get("power"))


@api.route("/power", methods=["PUT"])
@needs(Role.OPERATOR)
def set_power() -> Any:
    return jsonify(_command("set_power", _body("mode", "clocks"))["state"])


@api.route("/recordings")
@needs(Role.VIEWER)
def recordings() -> Any:
    return jsonify(_command("list_recordings", {}))


@api.route("/recordings/<name>", methods=["DELETE"])
@needs(Role.OPERATOR)
def delete_recording(name: str) -> Any:
    return jsonify(_command("delete_recording", {"name": name}))


@api.route("/logs")
@needs(Role.VIEWER)
def logs() -> Any:
    return jsonify(logs=dashboard().link.logs())


@api.route("/openapi.json")
@needs(Role.VIEWER)
def description() -> Any:
    return jsonify(dict(read_description(), servers=[{"url": request.script_root + BELOW}]))


@api.route("/docs")
@needs(Role.VIEWER)
def docs() -> Any:
    return render_template("api_docs.html", api=read_description(), show=_show)


@lru_cache(maxsize=None)
def read_description() -> Message:
    """To read only. Parsing it takes so long that nobody may have it done again and again."""
    with _DESCRIPTION.open(encoding="utf-8") as file:
        content: Message = yaml.safe_load(file)
    content["info"]["version"] = __version__
    return content


def _show(value: Any) -> str:
    return json.dumps(value, indent=2)
