"""Label maps: class id to name, built in or from the Object Detection API's .pbtxt files."""

import logging
import re
from pathlib import Path
from typing import Dict, Iterator, List, NamedTuple, Optional, Tuple

from appliance.errors import ModelError

_log = logging.getLogger(__name__)

_FOLDER = Path(__file__).parent / "labels"

# Config files of the original project name this file of its repository.
_KNOWN_FILE = "mscoco_label_map.pbtxt"

_TOKEN = re.compile(
    r"""(?P<space>[\s,;]+|\#[^\n]*)
    |(?P<string>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')
    |(?P<word>[A-Za-z0-9_.+-]+)
    |(?P<sign>[{}<>\[\]:])""",
    re.VERBOSE,
)
_ESCAPE = re.compile(r"\\(.)")
_CLOSING = {"{": "}", "<": ">"}


class _Token(NamedTuple):
    kind: str
    text: str
    line: int


def builtin_labels(name: str) -> Dict[int, str]:
    """The label map of a data set: coco (ids 1 to 90) or pascal (0, the background, to 20)."""
    return load_label_map(_FOLDER / (name + ".pbtxt"))


def chosen_labels(label_path: Path, builtin: str) -> Dict[int, str]:
    """The label map that a user's `label_path` names.

    builtin: the built-in map to use where the path is the original project's own file and is not there.
    """
    if label_path.name == _KNOWN_FILE and not label_path.exists():
        _log.info("%s is not there: the built-in %s labels are used.", label_path, builtin.upper())
        return builtin_labels(builtin)
    return load_label_map(label_path)


def is_label_map(path: Path) -> bool:
    """Whether a .pbtxt file looks like a label map, and not like a graph or a pipeline in text form."""
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            return re.search(r"^[ \t]*item\s*(?::\s*)?[{<]", file.read(1 << 16), re.MULTILINE) is not None
    except OSError:
        return False


def load_label_map(path: Path) -> Dict[int, str]:
    """Read a label map in protobuf's text form: `item { id: 1 name: 'x' display_name: "y" }`.

    display_name wins over name; other fields are passed over.
    Raises ModelError, with file and line, for a file that is missing or an entry that is broken.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise ModelError(
            "The label map {} cannot be read: {}. label_path must name a .pbtxt file.".format(
                path, error.strerror
            )
        ) from error
    except UnicodeDecodeError as error:
        raise ModelError("{} is no label map: it is not text.".format(path)) from error
    labels = _Reader(path, text).read()
    if not labels:
        raise ModelError("{} is no label map: there is no `item {{ ... }}` in it.".format(path))
    return labels


class _Reader:
    def __init__(self, path: Path, text: str) -> None:
        self._path = path
        self._tokens: List[_Token] = list(self._split(text))
        self._next = 0

    def read(self) -> Dict[int, str]:
        labels: Dict[int, str] = {}
        while self._peek().kind != "end":
            field = self._field_name()
            if field.text == "item":
                identity, label = self._item(field)
                if identity in labels:
                    raise self._error(field, "id {} is there a second time".format(identity))
                labels[identity] = label
            else:
                self._skip_value()
        return labels

    def _item(self, start: _Token) -> Tuple[int, str]:
        opening = self._take()
        if opening.text not in _CLOSING:
            raise self._error(opening, "item must be followed by {")
        fields: Dict[str, str] = {}
        identity: Optional[int] = None
        while self._peek().text != _CLOSING[opening.text]:
            field = self._field_name()
            if field.text == "id":
                number = self._take()
                if number.kind != "word" or not number.text.isdigit():
                    raise self._error(number, "id must be a number, not {}".format(number.text))
                identity = int(number.text)
            elif field.text in ("name", "display_name"):
                value = self._take()
                if value.kind != "string":
                    raise self._error(value, "{} must be in quotes".format(field.text))
                fields[field.text] = value.text
            else:
                self._skip_value()
        self._take()
        label = fields.get("display_name") or fields.get("name")
        if identity is None:
            raise self._error(start, "this item has no id")
        if not label:
            raise self._error(start, "item {} has neither name nor display_name".format(identity))
        return identity, label

    def _field_name(self) -> _Token:
        token = self._take()
        if token.kind != "word":
            ended = token.kind == "end"
            what = "the file ends inside an item" if ended else "{} is not expected".format(token.text)
            raise self._error(token, what)
        if self._peek().text == ":" and self._peek().kind == "sign":
            self._take()
        return token

    def _skip_value(self) -> None:
        """Pass over the value of a field that is not needed: a scalar, a message, or a list."""
        depth = 0
        while True:
            token = self._take()
            if token.kind == "end":
                raise self._error(token, "the file ends inside an item")
            if token.kind == "sign" and token.text in "{<[":
                depth += 1
            elif token.kind == "sign" and token.text in "}>]":
                depth -= 1
                if depth < 0:
                    raise self._error(token, "{} is not expected".format(token.text))
            if depth == 0:
                return

    def _peek(self) -> _Token:
        return self._tokens[self._next]

    def _take(self) -> _Token:
        token = self._tokens[self._next]
        if token.kind != "end":
            self._next += 1
        return token

    def _error(self, token: _Token, what: str) -> ModelError:
        return ModelError("{} line {}: {}.".format(self._path, token.line, what))

    def _split(self, text: str) -> Iterator[_Token]:
        position, line = 0, 1
        while position < len(text):
            match = _TOKEN.match(text, position)
            if match is None:
                sign = text[position]
                what = "a quote is not closed" if sign in "\"'" else "{!r} is not expected".format(sign)
                raise self._error(_Token("sign", sign, line), what)
            kind, found = str(match.lastgroup), match.group()
            if kind == "string":
                found = _ESCAPE.sub(r"\1", found[1:-1])
            if kind != "space":
                yield _Token(kind, found, line)
            line += match.group().count("\n")
            position = match.end()
        yield _Token("end", "the end of the file", line)
