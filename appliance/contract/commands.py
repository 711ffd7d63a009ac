"""What can be asked for: the table of commands and that of questions. Everything else is made from them.

A command goes to the daemon, by the bus; by Socket.IO under its name, by REST under its method and path. A question is
answered by the dashboard from what it has heard. A new one is a row here, a dataclass in requests.py or answers.py, and
a function in appliance/daemon/commands.py or web/api.py; then `make generated`.
"""

from dataclasses import dataclass, field
from typing import Any, Dict, Mapping, Optional, Tuple

from appliance.contract import answers, events, requests, state
from appliance.contract.fields import STREAM_NAME, FieldType
from appliance.contract.roles import Role


@dataclass(frozen=True)
class Http:
    """Where REST has a command.

    Attributes:
        method: PUT, say.
        path: Below /api/v1, its parameters in braces.
        parameters: The command's field for a parameter of another name.
        body: The one field that the whole body is; None where the body has all fields that are not in the path.
        answer: The message that is sent back, where it is not all that the daemon answers.
    """

    method: str
    path: str
    parameters: Mapping[str, str] = field(default_factory=dict)
    body: Optional[str] = None
    answer: Any = None


@dataclass(frozen=True)
class Command:
    """A command to the daemon.

    Attributes:
        name: As the bus and Socket.IO have it.
        request: The dataclass of its fields.
        answer: The dataclass of its answer.
        role: Who may give it; None for the dashboard alone.
        http: Where REST has it.
        help: What it does, in a line.
        detail: More of that.
        seconds: How long the answer may take.
    """

    name: str
    request: Any
    answer: Any
    role: Optional[Role]
    http: Optional[Http]
    help: str
    detail: str = ""
    seconds: float = 5.0


@dataclass(frozen=True)
class Question:
    """What the dashboard answers by itself, to GET.

    Attributes:
        name: Under which ANSWERS of web/api.py has its function.
        path: Below /api/v1.
        answer: The dataclass of the answer.
        help: What it is, in a line.
        needs_daemon: Whether there is no answer while the daemon is down.
        parameters: What stands in the path.
    """

    name: str
    path: str
    answer: Any
    help: str
    needs_daemon: bool = True
    parameters: Mapping[str, FieldType] = field(default_factory=dict)


COMMANDS: Tuple[Command, ...] = (
    Command(
        "get_state", requests.GetState, answers.StateAnswer, None, None, "Everything that the daemon says of itself"
    ),
    Command(
        "set_model",
        requests.SetModel,
        answers.StateAnswer,
        Role.OPERATOR,
        Http("PUT", "/model", answer=state.State),
        "Switch to another model",
        "Answers at once; `wanted`, `stage` and `error` in the state tell how it goes. The old one runs until the new "
        "one is ready.",
    ),
    Command(
        "cancel_model",
        requests.CancelModel,
        answers.StateAnswer,
        Role.OPERATOR,
        Http("POST", "/model/cancel", answer=state.State),
        "Give up loading a model",
        "The old one runs on. What loads the new one cannot be ended; what it gives is not used.",
    ),
    Command(
        "get_model",
        requests.GetModel,
        answers.StateAnswer,
        Role.OPERATOR,
        Http("PUT", "/models/{model}", answer=state.State),
        "Get a model of the catalogue",
        "Answers at once; the model's `download` in the state tells how far it is.",
    ),
    Command(
        "set_stream",
        requests.SetStream,
        answers.StateAnswer,
        Role.OPERATOR,
        Http("PUT", "/streams/{name}", {"name": "stream"}, answer=state.State),
        "Give a stream another source, or add one",
    ),
    Command(
        "reset_stream",
        requests.ResetStream,
        answers.StateAnswer,
        Role.OPERATOR,
        Http("POST", "/streams/{name}/reset", {"name": "stream"}, answer=state.State),
        "Back to the source and model that the config file gives",
    ),
    Command(
        "remove_stream",
        requests.RemoveStream,
        answers.StateAnswer,
        Role.OPERATOR,
        Http("DELETE", "/streams/{name}", {"name": "stream"}, answer=state.State),
        "Remove a stream that was added here",
    ),
    Command(
        "test_source",
        requests.TestSource,
        answers.SourcePicture,
        Role.OPERATOR,
        Http("POST", "/sources/test"),
        "Take one picture from a source, which may take half a minute",
        seconds=30.0,
    ),
    Command(
        "change_settings",
        requests.ChangeSettings,
        answers.StateAnswer,
        Role.OPERATOR,
        Http("PATCH", "/settings", body="settings", answer=answers.SettingsAnswer),
        "Change some; null is back to what is configured",
    ),
    Command(
        "change_stream_settings",
        requests.ChangeStreamSettings,
        answers.StateAnswer,
        Role.OPERATOR,
        Http("PATCH", "/streams/{name}/settings", {"name": "stream"}, body="settings", answer=state.State),
        "Change some for one stream; null is back to what is configured for it, or holds for all",
    ),
    Command(
        "record",
        requests.Record,
        answers.StateAnswer,
        Role.OPERATOR,
        Http("PUT", "/streams/{name}/recording", {"name": "stream"}, answer=state.State),
        "Start or stop recording",
        seconds=10.0,
    ),
    Command(
        "set_power",
        requests.SetPower,
        answers.StateAnswer,
        Role.OPERATOR,
        Http("PUT", "/power", answer=state.State),
        "Change the power mode, or whether the clocks are held at the highest of it, or both",
        "Takes up to a minute. A mode that needs a restart of the board is not set; the error says how to.",
        seconds=70.0,  # the board's commands take their time: the helper gives mode and clocks 30 seconds each
    ),
    Command(
        "list_recordings",
        requests.ListRecordings,
        answers.Recordings,
        Role.VIEWER,
        Http("GET", "/recordings"),
        "The recordings, newest first",
        seconds=10.0,
    ),
    Command(
        "delete_recording",
        requests.DeleteRecording,
        answers.Recordings,
        Role.OPERATOR,
        Http("DELETE", "/recordings/{name}"),
        "Delete a recording",
        seconds=10.0,
    ),
)

COMMAND_OF_NAME: Dict[str, Command] = {command.name: command for command in COMMANDS}
PAGE_COMMANDS: Tuple[Command, ...] = tuple(command for command in COMMANDS if command.role is not None)
"""Those that a person may give."""
COMMAND_OF_REQUEST: Dict[Any, Command] = {command.request: command for command in COMMANDS}

QUESTIONS: Tuple[Question, ...] = (
    Question("state", "/state", state.State, "Everything that the daemon says of itself"),
    Question("streams", "/streams", answers.Streams, "The streams"),
    Question("stream", "/streams/{name}", state.Stream, "One stream", parameters={"name": STREAM_NAME}),
    Question("models", "/models", answers.Models, "The models that are installed, and those of the catalogue"),
    Question("model", "/model", state.RunningModel, "The model that all streams without one of their own share"),
    Question(
        "settings",
        "/settings",
        answers.SettingsAnswer,
        "The settings that can be changed while it runs, and what is configured",
    ),
    Question("power", "/power", answers.PowerAnswer, "The power mode and the clocks of a Jetson"),
    Question("statistics", "/statistics", events.Statistics, "The newest figures"),
    Question(
        "history",
        "/statistics/history",
        answers.History,
        "The last half hour, a point every two seconds",
        needs_daemon=False,
    ),
    Question(
        "detections",
        "/detections",
        answers.NewestDetections,
        "The newest detections of every stream",
        needs_daemon=False,
    ),
    Question("logs", "/logs", answers.Log, "The daemon's last 1000 log lines", needs_daemon=False),
)
