"""Label maps from class id to name: built in, from .pbtxt files of the Object Detection API, or from lists."""

import logging
import re
from pathlib import Path
from typing import Any, Dict, Iterable, List, Mapping, Optional

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory, text_format

from appliance.core.errors import ModelError

log = logging.getLogger(__name__)

_FOLDER = Path(__file__).parent / "labels"

# Config files of the original project name this file of its repository.
_KNOWN_FILE = "mscoco_label_map.pbtxt"

MOST_BYTES = 512 << 10
# protobuf's parser copies a line for every field that it does not know.
_LONGEST_LINE = 20000
_LONGEST_NAME = 200
_LIST_SUFFIXES = ("", ".txt", ".names", ".labels")
_ITEM = re.compile(r"^[ \t]*item\b", re.MULTILINE)
_OPENED_ITEM = re.compile(r"^[ \t]*item\s*(?::\s*)?[{<]", re.MULTILINE)
# What a list of names is not: a page, data, a program.
_NO_NAMES = re.compile(r"\s*(<[!?a-z]|[{\[]|node\s*\{)", re.IGNORECASE)
_NUMBERED = re.compile(r"(\d{1,6})[\s:,]+(\S.*)\Z")
# Names that lists give to what is no class; where one is the first, the ids begin with 0.
_BACKGROUND = frozenset({"background", "__background__", "unlabeled", "???"})
_NO_NAME = "???"
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
# What protobuf puts in front of a complaint: line, column, and the whole line's text.
_PLACE = re.compile(r"^\d+:\d+ : (?:(['\"]).*\1: )?", re.DOTALL)


def _label_map_class() -> Any:
    """Make the message of object_detection/protos/string_int_label_map.proto, as far as it is used here."""
    file = descriptor_pb2.FileDescriptorProto(name="splitlens/label_map.proto", package="splitlens", syntax="proto2")
    field = descriptor_pb2.FieldDescriptorProto
    item = file.message_type.add(name="Item")
    for name, number, kind in (
        ("name", 1, field.TYPE_STRING),
        ("id", 2, field.TYPE_INT32),
        ("display_name", 3, field.TYPE_STRING),
    ):
        item.field.add(name=name, number=number, label=field.LABEL_OPTIONAL, type=kind)
    for name, number in (("ancestor_ids", 5), ("descendant_ids", 6)):  # lists are passed over by a newer protobuf only
        item.field.add(name=name, number=number, label=field.LABEL_REPEATED, type=field.TYPE_INT32)
    file.message_type.add(name="LabelMap").field.add(
        name="item", number=1, label=field.LABEL_REPEATED, type=field.TYPE_MESSAGE, type_name=".splitlens.Item"
    )
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file) if hasattr(pool, "Add") else pool.AddSerializedFile(file.SerializeToString())
    factory: Any = message_factory
    found = pool.FindMessageTypeByName("splitlens.LabelMap")
    # protobuf 4.22 replaced the factory object by a function; Python 3.6 has 3.19.
    if hasattr(factory, "GetMessageClass"):
        return factory.GetMessageClass(found)
    return factory.MessageFactory(pool).GetPrototype(found)


_LabelMap = _label_map_class()


def builtin_labels(name: str) -> Dict[int, str]:
    """Return the label map of a data set: coco (ids 1 to 90) or pascal (0, the background, to 20)."""
    return load_label_map(_FOLDER / (name + ".pbtxt"))


def chosen_labels(label_path: Path, builtin: str) -> Dict[int, str]:
    """Return the label map that a user's `label_path` names.

    `builtin` names the map to use if the path is the original project's own file and does not exist.
    """
    if label_path.name == _KNOWN_FILE and not label_path.exists():
        log.info("%s is not there: the built-in %s labels are used.", label_path, builtin.upper())
        return builtin_labels(builtin)
    return load_label_map(label_path)


def is_label_map(path: Path) -> bool:
    """Return whether a .pbtxt file looks like a label map rather than a graph or a pipeline in text form."""
    if not path.is_file():  # a pipe would be waited for
        return False
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            return _OPENED_ITEM.search(file.read(1 << 16)) is not None
    except OSError:
        return False


def load_label_map(path: Path) -> Dict[int, str]:
    """Read a label map in protobuf's text form, `item { id: 1 name: 'x' display_name: "y" }`, or a list of names.

    display_name takes precedence over name; other fields are ignored. A list has one name per line: for ids from 1, or
    from 0 if the first is the background, or with the id in front ("0  person").

    Raises:
        ModelError: The file is missing or an entry is broken; with file and line.
    """
    text = _read(path)
    labels: Dict[int, str] = {}
    if path.suffix == ".pbtxt" or _OPENED_ITEM.search(text) is not None:
        labels = _parse_items(path, text)
    elif path.suffix in _LIST_SUFFIXES:
        labels = _parse_names(path, text)
    if not labels:
        raise ModelError(
            f"{path} is no label map: there is no `item {{ ... }}` in it. A list of names is called labels.txt."
        )
    return labels


def compare_ids(labels: Mapping[int, str], ids: Optional[range]) -> Optional[str]:
    """Return how labels do not match a graph whose classes have these ids, half a sentence; None if they do.

    A background with id 0 beside others, and a data set's whole map for some of its classes, are no mismatch.
    """
    outside = [key for key in labels if ids is not None and key not in ids and not (key == 0 and len(labels) > 1)]
    if ids is None or not outside:
        return None
    if set(labels) >= set(ids) and labels in (builtin_labels("coco"), builtin_labels("pascal")):
        return None
    what = "names of other ids are left out" if set(labels) & set(ids) else "no class has a name"
    return f"the ids of the label map are {_span(labels)}, those of the graph's classes {_span(ids)}: {what}"


def _span(ids: Iterable[int]) -> str:
    first, last = min(ids), max(ids)
    return str(first) if first == last else f"{first} to {last}"


def label_map_text(labels: Dict[int, str]) -> str:
    """Return labels in protobuf's text form."""
    message = _LabelMap()
    for identity, name in sorted(labels.items()):
        message.item.add(id=identity, name=name)
    return text_format.MessageToString(message, as_utf8=True)


def _read(path: Path) -> str:
    try:
        if not path.is_file() and path.exists():
            raise ModelError(f"The label map {path} cannot be read: it is no file.")
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise ModelError(
            f"The label map {path} cannot be read: {error.strerror}. label_path must name a .pbtxt file, or a list of"
            " names such as labels.txt."
        ) from error
    if len(data) > MOST_BYTES:
        raise ModelError(f"{path} is no label map: none has more than {MOST_BYTES >> 10} kB.")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ModelError(f"{path} is no label map: it is not text (UTF-8).") from error
    for number, line in enumerate(text.split("\n"), 1):
        if len(line) > _LONGEST_LINE:
            raise _broken(path, number, f"this line has more than {_LONGEST_LINE} characters")
    return text


def _parse_items(path: Path, text: str) -> Dict[int, str]:
    message = _LabelMap()
    try:
        text_format.Parse(text, message, allow_unknown_field=True)
    except text_format.ParseError as error:
        raise _broken(path, error.GetLine(), _PLACE.sub("", str(error))[:200]) from error
    except (RecursionError, ValueError) as error:
        raise ModelError(f"{path} is no label map: it cannot be read ({str(error)[:200]}).") from error
    lines = [text.count("\n", 0, found.start()) + 1 for found in _ITEM.finditer(text)]
    if len(lines) != len(message.item):
        lines = []  # several stand in one line
    labels: Dict[int, str] = {}
    for index, item in enumerate(message.item):
        line = lines[index] if lines else None
        if not item.HasField("id"):
            raise _broken(path, line, f"item {index + 1} ({item.name or 'without a name'}) has no id")
        if item.id < 0:
            raise _broken(path, line, f"the id {item.id} is below 0")
        if item.id in labels:
            raise _broken(path, line, f"id {item.id} is there a second time")
        label = _CONTROL.sub(" ", item.display_name or item.name)
        if not label:
            raise _broken(path, line, f"item {item.id} has neither name nor display_name")
        labels[item.id] = label
    return labels


def _parse_names(path: Path, text: str) -> Dict[int, str]:
    if _NO_NAMES.match(text):
        raise ModelError(
            f"{path} is no label map: that is a .pbtxt file with `item {{ ... }}`, or a list with one name a line."
        )
    names = [line.strip() for line in text.rstrip().splitlines()]
    for number, name in enumerate(names, 1):
        if len(name) > _LONGEST_NAME or _CONTROL.search(name):
            raise _broken(path, number, "this is no name of a class")
    numbered = [_NUMBERED.match(name) for name in names if name]
    if numbered and all(numbered):
        return _with_numbers(path, names)
    start = 0 if names and names[0].lower() in _BACKGROUND else 1
    return {index: name for index, name in enumerate(names, start) if name and name != _NO_NAME}


def _with_numbers(path: Path, names: List[str]) -> Dict[int, str]:
    labels: Dict[int, str] = {}
    for line, name in enumerate(names, 1):
        found = _NUMBERED.match(name)
        if found is not None:
            identity = int(found.group(1))
            if identity in labels:
                raise _broken(path, line, f"id {identity} is there a second time")
            labels[identity] = found.group(2)
    return labels


def _broken(path: Path, line: Optional[int], what: str) -> ModelError:
    where = f"{path} line {line}" if line else str(path)
    return ModelError(
        f"{where}: {what.rstrip('.')}. Mend the label map; its form is `item {{ id: 1 name: 'person' }}`."
    )
