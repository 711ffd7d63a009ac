"""Make the OpenAPI document of the REST routes from the tables of commands and questions."""

import re
from typing import Any, Dict, Iterable, List

from appliance import __version__
from appliance.contract.answers import Error
from appliance.contract.command import Command, Http, Question
from appliance.contract.commands import PAGE_COMMANDS, QUESTIONS
from appliance.contract.fields import JsonObject
from appliance.contract.hints import Field
from appliance.contract.roles import Role
from appliance.contract.schemas import Schemas

BASE_PATH = "/api/v1"

_DESCRIPTION = (
    "What the dashboard's page can, for machines. Sign in with HTTP basic or with a token of `python -m web.accounts "
    "token` (Authorization: Bearer). A viewer may read, an operator may also change. A page that is signed in by its "
    "cookie sends the X-CSRF-Token of the page with every change. Sizes are bytes, times Unix seconds, durations "
    "seconds. A reading that the machine does not have is absent or null. Live pictures are at /streams/NAME.mjpeg and "
    "/streams/NAME.jpg, recordings at /recordings/NAME, figures for Prometheus at /metrics. An event's picture is at "
    "/api/v1/events/ID/snapshot.jpg (?bbox=1, ?crop=1, ?height=), its recording at /api/v1/events/ID/clip.mp4, and "
    "where objects stood at /api/v1/heatmap.png (?stream=, ?label=, ?after=, ?before=)."
)
_ERRORS = (
    "What is wrong and what to do about it. 400: the request itself; 401: sign in; 403: not for a viewer, or not from "
    "this page; 404: no such thing; 409: not now; 422: it was tried and did not work; 429: too many wrong passwords, "
    "Retry-After says how long to wait; 503: the daemon does not run."
)
_SIGN_IN = {
    "token": {"type": "http", "scheme": "bearer"},
    "password": {"type": "http", "scheme": "basic"},
    "cookie": {
        "type": "apiKey",
        "in": "cookie",
        "name": "splitlens_session",
        "description": "Over https __Secure-splitlens_session",
    },
}


def make_document() -> JsonObject:
    """Return the whole document."""
    schemas = Schemas()
    error = schemas.of(Error)
    paths: Dict[str, JsonObject] = {}
    for question in QUESTIONS:
        paths.setdefault(question.path, {})["get"] = _question(question, schemas)
    for command in PAGE_COMMANDS:
        if command.http is not None:
            paths.setdefault(command.http.path, {})[command.http.method.lower()] = _command(
                command, command.http, schemas
            )
    return {
        "openapi": "3.1.0",
        "info": {"title": "Splitlens", "version": __version__, "description": _DESCRIPTION},
        "servers": [{"url": BASE_PATH}],
        "security": [{name: []} for name in _SIGN_IN],
        "paths": paths,
        "components": {
            "securitySchemes": _SIGN_IN,
            "responses": {"Error": {"description": _ERRORS, "content": _json(error)}},
            "schemas": schemas.components,
        },
    }


def path_parameters(path: str) -> List[str]:
    """Return the names in braces."""
    return re.findall("{([^{}]*)}", path)


def _question(question: Question, schemas: Schemas) -> JsonObject:
    errors = [401] + [404] * bool(question.parameters) + [429] + [503] * question.needs_daemon
    operation: JsonObject = {
        "summary": question.help,
        "responses": _responses(question.answer, errors, schemas),
    }
    if question.parameters:
        operation["parameters"] = [_parameter(name, dict(kind.schema)) for name, kind in question.parameters.items()]
    return operation


def _command(command: Command, http: Http, schemas: Schemas) -> JsonObject:
    needs_all = command.role == Role.OPERATOR or command.fields
    errors = [400, 401, 403, 404, 409, 422, 429, 503] if needs_all else [401, 422, 429, 503]
    operation: JsonObject = {
        "operationId": command.name,
        "summary": command.help,
        "responses": _responses(http.answer or command.answer, errors, schemas),
    }
    if command.detail:
        operation["description"] = command.detail
    fields = {field.name: field for field in command.fields}
    parameters = []
    for name in path_parameters(http.path):
        field = fields.pop(http.parameters.get(name, name))
        parameters.append(_parameter(name, schemas.of_field(field)))
    if http.method == "GET":
        parameters += [_query_parameter(field, schemas) for field in fields.values()]
        fields = {}
    if parameters:
        operation["parameters"] = parameters
    if fields:
        body = schemas.of_field(fields[http.body]) if http.body else _body(fields, schemas)
        operation["requestBody"] = {"required": True, "content": _json(body)}
    return operation


def _body(fields: Dict[str, Field], schemas: Schemas) -> JsonObject:
    required = [name for name, field in fields.items() if field.is_required]
    schema: JsonObject = {
        "type": "object",
        "additionalProperties": False,
        "properties": {name: schemas.of_field(field) for name, field in fields.items()},
    }
    return dict(schema, required=required) if required else dict(schema, minProperties=1)


def _parameter(name: str, schema: JsonObject) -> JsonObject:
    return {"name": name, "in": "path", "required": True, "schema": schema}


def _query_parameter(field: Field, schemas: Schemas) -> JsonObject:
    return {"name": field.name, "in": "query", "required": field.is_required, "schema": schemas.of_field(field)}


def _responses(answer: Any, errors: Iterable[int], schemas: Schemas) -> JsonObject:
    responses: JsonObject = {
        "200": {"description": answer.__doc__.split("\n")[0], "content": _json(schemas.of(answer))}
    }
    for status in errors:
        responses[str(status)] = {"$ref": "#/components/responses/Error"}
    return responses


def _json(schema: JsonObject) -> JsonObject:
    return {"application/json": {"schema": schema}}
