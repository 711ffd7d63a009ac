"""The contract: what is read is checked, what is written can be read again, and what is made from it is current."""

import dataclasses
import json
import subprocess
import sys
from typing import Dict, List, Optional, Tuple, Union

import pytest

from appliance.contract import requests
from appliance.contract.codec import decode, encode
from appliance.contract.commands import COMMAND_OF_NAME, COMMANDS, PAGE_COMMANDS, QUESTIONS
from appliance.contract.errors import ContractError, ErrorKind, Refused
from appliance.contract.hints import fields_of, info
from appliance.contract.openapi import make_document
from appliance.contract.parsing import parse, parse_message, to_message
from appliance.contract.schemas import Schemas
from appliance.contract.state import State
from tests.command import ROOT
from tests.web import messages
from tools import make_api_doc
from tools.make_api_types import FILE, make_types


@dataclasses.dataclass(frozen=True)
class Inner:
    """One of several."""

    number: int


@dataclasses.dataclass(frozen=True)
class Outer:
    """A message of everything that a field may be."""

    text: str
    ratio: float
    flag: bool
    maybe: Optional[int]
    either: Union[int, str]
    inner: Inner
    inners: List[Inner]
    by_name: Dict[str, Inner]
    pair: Tuple[float, str]
    word: str = dataclasses.field(metadata=info(choices=("a", "b")))
    absent: Optional[List[str]] = dataclasses.field(default=None, metadata=info(absent=True))


OUTER = Outer("x", 0.5, True, None, "0", Inner(1), [Inner(2)], {"k": Inner(3)}, (1.0, "y"), "b")


def written():
    return json.loads(json.dumps(encode(OUTER)))


def test_a_message_that_was_written_is_read_as_it_was():
    assert decode(Outer, written()) == OUTER
    there = dataclasses.replace(OUTER, absent=["z"])
    assert "absent" not in written() and decode(Outer, encode(there)) == there
    assert encode(messages.make_state()) == encode(decode(State, encode(messages.make_state())))


@pytest.mark.parametrize(
    "change, sentence",
    [
        ({"text": 1}, "Outer.text must be a text, not 1."),
        ({"ratio": "1"}, "Outer.ratio must be a number, not '1'."),
        ({"ratio": True}, "Outer.ratio must be a number, not True."),
        ({"flag": 1}, "Outer.flag must be true or false, not 1."),
        ({"maybe": 1.5}, "Outer.maybe must be a whole number, not 1.5."),
        ({"either": None}, "Outer.either must be a text, not null."),
        ({"inner": []}, "Outer.inner must be an object, not []."),
        ({"inners": [{"number": 1}, {}]}, "Outer.inners[1].number is missing."),
        ({"by_name": {"k": {"name": 2}}}, "Outer.by_name.k.number is missing."),
        ({"pair": [1.0]}, "Outer.pair must have 2 items, not 1."),
        ({"word": []}, "Outer.word must be a text, not []."),
    ],
)
def test_a_message_that_is_not_as_declared_is_refused_with_the_place(change, sentence):
    with pytest.raises(ContractError) as caught:
        decode(Outer, dict(written(), **change))
    assert str(caught.value) == sentence


def test_what_a_newer_program_adds_to_a_message_is_no_error():
    newer = dict(written(), more=1, by_name={"k": {"number": 3, "name": 2}}, word="c")
    assert decode(Outer, newer) == dataclasses.replace(OUTER, word="c")


def test_a_field_that_may_be_absent_is_none_and_no_other_may():
    data = written()
    assert decode(Outer, data).absent is None
    del data["maybe"]
    with pytest.raises(ContractError, match=r"Outer\.maybe is missing"):
        decode(Outer, data)


def test_the_schema_of_a_message_says_the_same():
    schema = Schemas().of_message(Outer)
    assert schema["required"] == [field.name for field in fields_of(Outer) if field.name != "absent"]
    assert schema["properties"]["maybe"] == {"type": ["integer", "null"]}
    assert schema["properties"]["word"] == {"type": "string", "enum": ["a", "b"]}
    assert schema["properties"]["absent"] == {"type": "array", "items": {"type": "string"}}


REQUESTS = [
    requests.SetModel("ssd"),
    requests.SetStream("main", 0),
    requests.SetStream("main", "rtsp://x", "ssd"),
    requests.SetPower(clocks=False),
    requests.ChangeSettings({"det_th": None, "shown_classes": ["dog"]}),
    requests.Record("main", True),
    requests.DeleteRecording("main_1.avi"),
]


@pytest.mark.parametrize("request_", REQUESTS, ids=lambda one: type(one).__name__)
def test_a_command_comes_over_the_bus_as_it_was_sent(request_):
    assert parse_message(json.loads(json.dumps(to_message(request_)))) == request_


@pytest.mark.parametrize(
    "command, fields, sentence",
    [
        ("record", [], "Send one object with the fields stream, on."),
        ("record", {"stream": "main"}, "The field `on` is missing."),
        ("record", {"stream": "main", "on": 1}, "`on` is true or false."),
        ("record", {"stream": "Main", "on": True}, "A stream is called by up to 32"),
        ("cancel_model", {"x": 1}, "x is no field here; there are: none."),
        ("set_stream", {"stream": "main", "source": 256}, "A source is a camera's number"),
        ("set_stream", {"stream": "main", "source": "a\nb"}, "A source is a camera's number"),
        ("set_model", {"model": "../x"}, "That is no name of a model"),
        ("set_power", {"mode": None}, "`mode` is the number of a power mode."),
        ("set_power", {"clocks": "on"}, "`clocks` is true or false."),
        ("delete_recording", {"name": "a/b.avi"}, "That is no name of a recording"),
        ("change_settings", {"settings": {}}, "Settings are an object with one or more of det_th"),
        ("change_settings", {"settings": {"det_th": 2}}, "det_th must be a number from 0 to 1, or null"),
    ],
)
def test_a_command_that_is_wrong_is_refused_with_the_field(command, fields, sentence):
    row = next(row for row in COMMANDS if row.name == command)
    with pytest.raises(Refused) as caught:
        parse(row, fields)
    assert caught.value.kind == ErrorKind.INVALID and str(caught.value).startswith(sentence)


def test_every_command_and_question_has_a_name_and_a_place_of_its_own():
    names = [row.name for row in COMMANDS] + [row.name for row in QUESTIONS]
    places = [("GET", row.path) for row in QUESTIONS] + [(row.http.method, row.http.path) for row in PAGE_COMMANDS]
    assert len(set(names)) == len(names) and len(set(places)) == len(places)


def test_every_reference_of_the_document_leads_somewhere():
    document = make_document()
    text = json.dumps(document)
    for name in set(text.split("#/components/schemas/")[1:]):
        assert name.partition('"')[0] in document["components"]["schemas"]


def test_the_types_of_the_page_are_current():
    assert FILE.read_text(encoding="utf-8") == make_types(), "run `python -m tools.make_api_types`"


def test_the_page_of_the_documentation_is_current():
    assert make_api_doc.PAGE.read_text(encoding="utf-8") == make_api_doc.make_page(), (
        "run `python -m tools.make_api_doc`"
    )


def test_the_contract_needs_the_standard_library_only():
    program = "import appliance.contract.openapi, sys; print(*{name.split('.')[0] for name in sys.modules})"
    done = subprocess.run([sys.executable, "-c", program], cwd=str(ROOT), stdout=subprocess.PIPE, check=True)
    assert not {"numpy", "yaml", "zmq", "flask", "cv2", "psutil"} & set(done.stdout.decode().split())


@pytest.mark.parametrize("field", ["zones", "lines", "ignore", "privacy"])
def test_places_that_are_nested_too_deeply_to_be_passed_on_are_refused(field):
    deep = []
    for _ in range(900):
        deep = [deep]
    given = {"stream": "main", field: {"a": deep} if field in ("zones", "lines") else deep}
    with pytest.raises(Refused, match=f"`{field}` is written as in the config file"):
        parse(COMMAND_OF_NAME["set_zones"], given)
