"""What describes a command or a question: the row types of the tables in commands.py and event_commands.py."""

from dataclasses import dataclass, field
from typing import Any, Mapping, Optional, Tuple

from appliance.contract.fields import FieldType
from appliance.contract.hints import Field, fields_of
from appliance.contract.roles import Role


@dataclass(frozen=True)
class Http:
    """The REST route of a command.

    Attributes:
        method: Such as PUT.
        path: Below /api/v1, with parameters in braces.
        parameters: Parameter name to field name, where they differ.
        body: The field that is the whole body; None if the body has all fields that are not in the path.
        answer: The message that is returned, if not the daemon's whole answer.

    The fields of a GET request that are not in its path are its query parameters.
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
        name: Its name on the bus and in Socket.IO.
        request: The dataclass of its fields.
        answer: The dataclass of its answer.
        role: The lowest role that may send it; None if only the dashboard itself may.
        http: Its REST route; None if it has none.
        help: What it does, in one line.
        detail: Further description.
        seconds: Timeout for the answer.
        user_field: The field that holds the name of the signed-in user. The dashboard fills it; clients cannot.
        at_once: How many the dashboard sends at once, as each occupies a thread of the daemon; 0 is no limit.
    """

    name: str
    request: Any
    answer: Any
    role: Optional[Role]
    http: Optional[Http]
    help: str
    detail: str = ""
    seconds: float = 5.0
    user_field: str = ""
    at_once: int = 0

    @property
    def fields(self) -> Tuple[Field, ...]:
        """The fields that a client may send."""
        return tuple(one for one in fields_of(self.request) if one.name != self.user_field)


@dataclass(frozen=True)
class Question:
    """A GET request that the dashboard answers by itself.

    Attributes:
        name: Key of its function in ANSWERS of web/api.py.
        path: Below /api/v1.
        answer: The dataclass of the answer.
        help: What it returns, in one line.
        needs_daemon: Whether it fails while the daemon is down.
        parameters: The parameters in the path, by name.
    """

    name: str
    path: str
    answer: Any
    help: str
    needs_daemon: bool = True
    parameters: Mapping[str, FieldType] = field(default_factory=dict)
