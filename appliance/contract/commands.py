"""The tables of commands and questions, from which the rest of the interface is generated.

A command goes to the daemon, over the bus; clients send it by Socket.IO under its name, or by REST under its method
and path. A question is answered by the dashboard from the events that it received. The commands about recorded events
are in event_commands.py. To add one, add a row here, a dataclass in requests.py or answers.py, and a function in
appliance/daemon/commands.py or web/api.py; then run `make generated`.
"""

from typing import Any, Dict, Tuple

from appliance.contract import answers, events, requests, state
from appliance.contract.command import Command, Http, Question
from appliance.contract.event_commands import EVENT_COMMANDS
from appliance.contract.fields import STREAM_NAME
from appliance.contract.roles import Role

COMMANDS: Tuple[Command, ...] = (
    Command("get_state", requests.GetState, answers.StateAnswer, None, None, "The whole state of the daemon"),
    Command(
        "set_model",
        requests.SetModel,
        answers.StateAnswer,
        Role.OPERATOR,
        Http("PUT", "/model", answer=state.State),
        "Switch to another model",
        "Answers at once; `wanted`, `stage` and `error` in the state show the progress. The old model runs until "
        "the new one is ready.",
    ),
    Command(
        "cancel_model",
        requests.CancelModel,
        answers.StateAnswer,
        Role.OPERATOR,
        Http("POST", "/model/cancel", answer=state.State),
        "Give up loading a model",
        "The old model keeps running. The load itself cannot be interrupted; its result is discarded.",
    ),
    Command(
        "get_model",
        requests.GetModel,
        answers.StateAnswer,
        Role.OPERATOR,
        Http("PUT", "/models/{model}", answer=state.State),
        "Download a model of the catalogue",
        "Answers at once; the model's `download` in the state shows the progress.",
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
        "Restore the source and model of the config file",
    ),
    Command(
        "remove_stream",
        requests.RemoveStream,
        answers.StateAnswer,
        Role.OPERATOR,
        Http("DELETE", "/streams/{name}", {"name": "stream"}, answer=state.State),
        "Remove a stream that is not in the config file",
    ),
    Command(
        "test_source",
        requests.TestSource,
        answers.SourcePicture,
        Role.OPERATOR,
        Http("POST", "/sources/test"),
        "Take one picture from a source; this may take half a minute",
        seconds=30.0,
    ),
    Command(
        "change_settings",
        requests.ChangeSettings,
        answers.StateAnswer,
        Role.OPERATOR,
        Http("PATCH", "/settings", body="settings", answer=answers.SettingsAnswer),
        "Change settings; null restores the configured value",
    ),
    Command(
        "change_stream_settings",
        requests.ChangeStreamSettings,
        answers.StateAnswer,
        Role.OPERATOR,
        Http("PATCH", "/streams/{name}/settings", {"name": "stream"}, body="settings", answer=state.State),
        "Change settings of one stream; null restores its configured value, or the general one",
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
        "Change the power mode, or whether the clocks are held at their maximum, or both",
        "Takes up to a minute. A mode that requires a reboot is not set; the error says how to set it.",
        seconds=70.0,  # the board's commands are slow: the helper allows 30 seconds each for mode and clocks
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
) + EVENT_COMMANDS

COMMAND_OF_NAME: Dict[str, Command] = {command.name: command for command in COMMANDS}
PAGE_COMMANDS: Tuple[Command, ...] = tuple(command for command in COMMANDS if command.role is not None)
"""The commands that users may send."""
COMMAND_OF_REQUEST: Dict[Any, Command] = {command.request: command for command in COMMANDS}

QUESTIONS: Tuple[Question, ...] = (
    Question("state", "/state", state.State, "The whole state of the daemon"),
    Question("streams", "/streams", answers.Streams, "The streams"),
    Question("stream", "/streams/{name}", state.Stream, "One stream", parameters={"name": STREAM_NAME}),
    Question("models", "/models", answers.Models, "The installed models, and those of the catalogue"),
    Question("model", "/model", state.RunningModel, "The model shared by all streams without one of their own"),
    Question(
        "settings",
        "/settings",
        answers.SettingsAnswer,
        "The settings that can be changed at run time, and their configured values",
    ),
    Question("power", "/power", answers.PowerAnswer, "The power mode and the clocks of a Jetson"),
    Question("statistics", "/statistics", events.Statistics, "The newest statistics"),
    Question(
        "history",
        "/statistics/history",
        answers.History,
        "The last half hour, one point every two seconds",
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
