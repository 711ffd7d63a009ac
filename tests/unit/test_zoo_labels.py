"""Label maps: the built-in ones, files in many spellings, mistakes named by their line."""

import logging
import os

import pytest

from appliance.core.errors import ModelError
from appliance.zoo.labels import (
    builtin_labels,
    chosen_labels,
    compare_ids,
    is_label_map,
    label_map_text,
    load_label_map,
)


def write(tmp_path, text):
    path = tmp_path / "map.pbtxt"
    path.write_bytes(text.encode("utf-8"))
    return path


def test_coco_has_80_names_in_90_ids():
    labels = builtin_labels("coco")
    assert len(labels) == 80 and min(labels) == 1 and max(labels) == 90
    assert (labels[1], labels[6], labels[17], labels[47], labels[67]) == (
        "person",
        "bus",
        "cat",
        "cup",
        "dining table",
    )
    assert not {12, 26, 29, 30, 45, 66, 68, 69, 71, 83} & set(labels)


def test_pascal_has_21_names():
    labels = builtin_labels("pascal")
    assert sorted(labels) == list(range(21))
    assert (labels[0], labels[15], labels[20]) == ("background", "person", "tv monitor")


@pytest.mark.parametrize(
    "text, labels",
    [
        ("item { id: 1 name: 'x' }", {1: "x"}),
        ('item {\n  name: "/m/01g317"\n  id: 1\n  display_name: "person"\n}\n', {1: "person"}),
        ("item { display_name: 'y' name: 'x' id: 1 }", {1: "y"}),
        ("item { name: 'x' display_name: '' id: 1 }", {1: "x"}),
        ("# a comment with item {\nitem { id: 1 # here too }\n name: 'x' }", {1: "x"}),
        ("item { id: 1, name: 'a' };\nitem { id: 20, name: 'b' }", {1: "a", 20: "b"}),
        ("item: { id: 0 name: 'background' }", {0: "background"}),
        ("item < id: 3 name: 'x' >", {3: "x"}),
        ("item{id:1 name:\"it's\"}item{id:2 name:'say \\'hi\\''}", {1: "it's", 2: "say 'hi'"}),
        ("item { id: 1 name: 'a } b # c' }", {1: "a } b # c"}),
        (
            "item { id: 1 name: 'x' keypoints { id: 7 label: 'nose' } ancestor_ids: [1, 2] frequency: COMMON }",
            {1: "x"},
        ),
        ("version: 2\r\nitem {\r\n id: 1\r\n name: 'x'\r\n}\r\n", {1: "x"}),
        ("\ufeffitem { id: 1 name: 'Gefäß' }", {1: "Gefäß"}),
        ('item { name: "Pi\\303\\251ton" id: 1 }', {1: "Piéton"}),
        ("item { id: 3 name: '\\xe4\\xba\\xba' } item { id: 4 name: '人 🚗' }", {3: "人", 4: "人 🚗"}),
        ("item { id: 1 name: 'a\\033[2Jb' }", {1: "a [2Jb"}),
    ],
)
def test_a_label_map_is_read_in_any_spelling(tmp_path, text, labels):
    assert load_label_map(write(tmp_path, text)) == labels


@pytest.mark.parametrize(
    "text, complaint",
    [
        ("item {\n name: 'x'\n}", "line 1: item 1 (x) has no id"),
        ("\nitem {\n id: 4\n}", "line 2: item 4 has neither name nor display_name"),
        ("item {\n id: one\n name: 'x' }", "line 2: Couldn't parse integer: one"),
        ("item {\n id: -1\n name: 'x' }", "line 1: the id -1 is below 0"),
        ("item {\n id: 1\n name: x }", "line 3: Expected string but found: 'x'"),
        ("item { id: 1\n name: 'x", "line 2: String missing ending quote"),
        ("item { id: 1\n name: 'x'\n", 'line 2: Expected "}"'),
        ("item { id: 1 name: 'x' }\nitem { id: 1 name: 'y' }", "line 2: id 1 is there a second time"),
        ("item { id: 1 name: 'x' } item { name: 'y' }", "map.pbtxt: item 2 (y) has no id"),
        ("item\nid: 1", 'line 2: Expected "{"'),
        ("item { id: 1 name: 'x' }\n}", "line 2: Expected identifier or number, got }"),
        ("item { id: 1 name: 'x' }\n(", "line 2: Expected identifier or number, got ("),
        ("item { id: 1 name: 'x' extra }", 'line 1: Expected "{"'),
        ("item { id: 1 id: 2 name: 'x' }", "line 1: Message type"),
        pytest.param("item {\n id: " + "9" * 5000 + " name: 'x' }", "map.pbtxt line 2: ", id="long"),
        ("item { id: 4294967296 name: 'x' }", "line 1: Value out of range"),
        ("item { id: 1 name: '\\xff' }", "line 1: Couldn't parse string"),
        pytest.param("item { " + "x { " * 4000, "it cannot be read", id="deep"),
        pytest.param("item { id: 1 name: 'x' }" + "#" * (1 << 20), "none has more than 512 kB", id="large"),
        pytest.param("\nitem { id: 1 name: 'x' " + "a:1 " * 100000 + "}", "line 2: this line has more than", id="wide"),
        ("", "is no label map: there is no `item { ... }` in it"),
        ("node { name: 'x' op: 'Const' }", "is no label map"),
    ],
)
def test_a_broken_label_map_is_named_by_file_and_line(tmp_path, text, complaint):
    path = write(tmp_path, text)
    with pytest.raises(ModelError) as caught:
        load_label_map(path)
    assert str(path) in str(caught.value)
    assert complaint in str(caught.value)


@pytest.mark.parametrize(
    "text, labels",
    [
        ("person\nbicycle\ncar\n", {1: "person", 2: "bicycle", 3: "car"}),
        ("background\r\nperson\r\n", {0: "background", 1: "person"}),
        ("???\nperson\n???\ncar\n", {1: "person", 3: "car"}),
        ("0  person\n1  bicycle\n\n16: dog", {0: "person", 1: "bicycle", 16: "dog"}),
        ("traffic light\n人 🚗\n", {1: "traffic light", 2: "人 🚗"}),
        ("item { id: 5 name: 'x' }", {5: "x"}),
        ("3\n2\n", {1: "3", 2: "2"}),
    ],
)
def test_a_list_of_names_is_read(tmp_path, text, labels):
    path = tmp_path / "labels.txt"
    path.write_bytes(text.encode())
    assert load_label_map(path) == labels
    again = tmp_path / "again.pbtxt"
    again.write_text(label_map_text(labels), encoding="utf-8")
    assert load_label_map(again) == labels


@pytest.mark.parametrize(
    "text, complaint",
    [
        ("<!DOCTYPE html><html>404</html>", "is no label map: that is a .pbtxt file"),
        ("{'names': ['a']}", "is no label map: that is a .pbtxt file"),
        ("person\n" + "x" * 300, "labels.txt line 2: this is no name of a class"),
        ("person\n\x1b[2J\n", "labels.txt line 2: this is no name of a class"),
        ("1 person\n1 car\n", "labels.txt line 2: id 1 is there a second time"),
        ("\n\n", "is no label map"),
    ],
)
def test_what_is_no_list_of_names_is_refused(tmp_path, text, complaint):
    path = tmp_path / "labels.txt"
    path.write_text(text)
    with pytest.raises(ModelError) as caught:
        load_label_map(path)
    assert complaint in str(caught.value)


def test_a_pipe_is_no_label_map(tmp_path):
    os.mkfifo(str(tmp_path / "map.pbtxt"))
    with pytest.raises(ModelError, match="it is no file"):
        load_label_map(tmp_path / "map.pbtxt")
    assert not is_label_map(tmp_path / "map.pbtxt")


def test_a_file_that_is_no_text_is_refused(tmp_path):
    path = tmp_path / "map.pbtxt"
    path.write_bytes(b"\xff\xfe\x00\x80")
    with pytest.raises(ModelError, match="is not text"):
        load_label_map(path)


def test_the_original_projects_label_path_need_not_exist(tmp_path, caplog):
    caplog.set_level(logging.INFO)
    path = tmp_path / "models" / "labels" / "mscoco_label_map.pbtxt"
    assert chosen_labels(path, "coco") == builtin_labels("coco")
    assert str(path) in caplog.text and "built-in COCO labels" in caplog.text
    assert chosen_labels(path, "pascal") == builtin_labels("pascal")


def test_the_original_projects_label_path_is_read_where_it_exists(tmp_path):
    path = tmp_path / "mscoco_label_map.pbtxt"
    path.write_text("item { id: 1 name: 'mine' }")
    assert chosen_labels(path, "coco") == {1: "mine"}


def test_another_label_file_that_is_missing_is_an_error(tmp_path):
    with pytest.raises(ModelError, match=r"mine\.pbtxt cannot be read: No such file"):
        chosen_labels(tmp_path / "mine.pbtxt", "coco")


@pytest.mark.parametrize(
    "text, expected",
    [
        ("item {\n id: 1 name: 'x' }", True),
        ("# labels\n\n item: <", True),
        ("node {\n name: 'item {' }", False),
    ],
)
def test_a_label_map_is_told_from_other_text_files(tmp_path, text, expected):
    assert is_label_map(write(tmp_path, text)) is expected


@pytest.mark.parametrize(
    "labels, ids, note",
    [
        ({1: "a", 2: "b"}, range(1, 3), None),
        ({1: "a"}, range(1, 91), None),
        ({0: "background", 1: "a"}, range(1, 2), None),
        ({1: "a"}, None, None),
        ({}, range(1, 3), None),
        (builtin_labels("coco"), range(1, 2), None),
        (
            {0: "card"},
            range(1, 4),
            "the ids of the label map are 0, those of the graph's classes 1 to 3: no class has a name",
        ),
        (
            {1: "a", 7: "b"},
            range(1, 2),
            "the ids of the label map are 1 to 7, those of the graph's classes 1: names of other ids are left out",
        ),
    ],
)
def test_ids_are_compared_with_the_graphs(labels, ids, note):
    assert compare_ids(labels, ids) == note
