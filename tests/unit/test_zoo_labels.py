"""Label maps: the built-in ones, files in many spellings, mistakes named by their line."""

import logging

import pytest

from appliance.errors import ModelError
from appliance.zoo.labels import builtin_labels, chosen_labels, is_label_map, load_label_map


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
            "item { id: 1 name: 'x' keypoints { id: 7 label: 'nose' } lvis: [1, 2] frequency: COMMON }",
            {1: "x"},
        ),
        ("version: 2\r\nitem {\r\n id: 1\r\n name: 'x'\r\n}\r\n", {1: "x"}),
        ("\ufeffitem { id: 1 name: 'Gefäß' }", {1: "Gefäß"}),
    ],
)
def test_a_label_map_is_read_in_any_spelling(tmp_path, text, labels):
    assert load_label_map(write(tmp_path, text)) == labels


@pytest.mark.parametrize(
    "text, complaint",
    [
        ("item {\n name: 'x'\n}", "line 1: this item has no id"),
        ("\nitem {\n id: 4\n}", "line 2: item 4 has neither name nor display_name"),
        ("item {\n id: one\n name: 'x' }", "line 2: id must be a number, not one"),
        ("item {\n id: -1\n name: 'x' }", "line 2: id must be a number, not -1"),
        ("item {\n id: 1\n name: x }", "line 3: name must be in quotes"),
        ("item { id: 1\n name: 'x", "line 2: a quote is not closed"),
        ("item { id: 1\n name: 'x'\n", "line 3: the file ends inside an item"),
        ("item { id: 1 name: 'x' }\nitem { id: 1 name: 'y' }", "line 2: id 1 is there a second time"),
        ("item\nid: 1", "line 2: item must be followed by {"),
        ("item { id: 1 name: 'x' }\n}", "line 2: } is not expected"),
        ("item { id: 1 name: 'x' }\n(", "line 2: '(' is not expected"),
        ("item { id: 1 name: 'x' extra }", "line 1: } is not expected"),
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
