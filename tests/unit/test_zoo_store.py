"""Installed models: found by name or path, imported, removed; nothing outside the folder is touched."""

import gzip
import io
import json
import logging
import os
import tarfile
import threading
import zipfile
from dataclasses import asdict

import numpy as np
import pytest

from appliance.core.errors import ModelError, OutputError
from appliance.core.files import hash_file
from appliance.graph.read.foreign import foreign_data
from appliance.graph.read.frozen import make_const, make_node
from appliance.graph.read.graph_file import read_graph
from appliance.graph.read.proto import GraphDef
from appliance.graph.rewrite.normalise import read_model
from appliance.zoo.importing import import_model
from appliance.zoo.install import locked
from appliance.zoo.labels import builtin_labels
from appliance.zoo.store import installed, remove, resolve_model
from tests.small_ssd import small_deeplab, small_ssd
from tests.waiting import wait_until

DEFAULT = "ssdlite_mobilenet_v2_coco_2018_05_09"
DEEPLAB = "deeplabv3_mnv2_pascal_train_aug"
OWN_LABELS = "item { id: 1 name: 'bolt' } item { id: 2 name: 'nut' }"


def graph_bytes(classes=2):
    return small_ssd(classes).SerializeToString()


def put_graph(folder, name="frozen_inference_graph.pb", labels=None, message=None):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(message.SerializeToString() if message is not None else graph_bytes())
    if labels:
        (folder / "label_map.pbtxt").write_text(labels)
    return folder / name


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    """A working directory of the test's own: `models/...` must not mean what is installed in the checkout."""
    (tmp_path / "working").mkdir()
    monkeypatch.chdir(str(tmp_path / "working"))


@pytest.fixture
def models_dir(tmp_path):
    return tmp_path / "models"


def test_no_folder_means_no_models(models_dir):
    assert installed(models_dir) == []


def test_folders_unpacked_by_hand_are_found(models_dir):
    put_graph(models_dir / DEFAULT)
    put_graph(models_dir / DEEPLAB)
    put_graph(models_dir / "mine", labels=OWN_LABELS)
    (models_dir / "labels").mkdir()
    (models_dir / ".downloads").mkdir()
    put_graph(models_dir / ".hidden")
    found = {model.name: model for model in installed(models_dir)}
    assert sorted(found) == [DEEPLAB + "_2018_01_29", "mine", DEFAULT]
    assert found[DEFAULT].labels == builtin_labels("coco")
    assert found[DEEPLAB + "_2018_01_29"].labels == builtin_labels("pascal")
    assert found["mine"].labels == {1: "bolt", 2: "nut"} and found["mine"].entry is None


def test_one_broken_label_map_does_not_hide_the_other_models(models_dir, caplog):
    put_graph(models_dir / DEFAULT)
    put_graph(models_dir / "mine", labels="item { id: 1 }")
    assert [model.name for model in installed(models_dir)] == ["mine", DEFAULT]
    assert "label_map.pbtxt line 1" in caplog.text
    with pytest.raises(ModelError, match="line 1"):
        resolve_model("mine", models_dir)


def test_a_model_is_resolved_by_name_and_by_path(models_dir, tmp_path, monkeypatch):
    graph = put_graph(models_dir / DEFAULT)
    loose = put_graph(tmp_path / "elsewhere", "loose.pb")
    for wanted in (DEFAULT, str(graph), str(graph.parent), graph):
        model = resolve_model(wanted, models_dir)
        assert (model.name, model.path) == (DEFAULT, graph)
        assert model.labels == builtin_labels("coco") and model.entry.family == "ssd"
    model = resolve_model(loose, models_dir)
    assert (model.name, model.path, model.labels, model.entry) == ("loose", loose, {}, None)
    monkeypatch.chdir(str(loose.parent))
    assert resolve_model("loose.pb", models_dir).name == "loose"


def test_a_deeplab_folder_answers_to_both_names(models_dir):
    graph = put_graph(models_dir / DEEPLAB)
    assert resolve_model(DEEPLAB, models_dir).path == graph
    assert resolve_model(DEEPLAB + "_2018_01_29", models_dir).path == graph


def test_label_path_wins_over_the_models_own_labels(models_dir, tmp_path):
    put_graph(models_dir / "mine", labels=OWN_LABELS)
    other = tmp_path / "other.pbtxt"
    other.write_text("item { id: 1 name: 'screw' }")
    assert resolve_model("mine", models_dir, other).labels == {1: "screw"}
    with pytest.raises(ModelError, match=r"missing\.pbtxt cannot be read"):
        resolve_model("mine", models_dir, tmp_path / "missing.pbtxt")


def test_an_old_configs_coco_label_path_gives_deeplab_its_own_labels(models_dir, tmp_path):
    put_graph(models_dir / DEEPLAB)
    labels = resolve_model(DEEPLAB, models_dir, tmp_path / "mscoco_label_map.pbtxt").labels
    assert labels == builtin_labels("pascal")


@pytest.mark.parametrize(
    "wanted, complaint",
    [
        (
            "ssd_mobilenet_v1_coco_2018_01_28",
            "ssd_mobilenet_v1_coco_2018_01_28 is not installed. `splitlens models get "
            "ssd_mobilenet_v1_coco_2018_01_28` fetches it (76 MB).",
        ),
        (
            "models/" + DEFAULT + "/frozen_inference_graph.pb",
            "`splitlens models get " + DEFAULT + "` fetches it (51 MB)",
        ),
        ("models/" + DEFAULT, "`splitlens models get " + DEFAULT + "`"),
        ("ssd_mobilenet_v1_coco_11_06_2017", "(size unknown)"),
        ("ssdlite_mobilnet_v2_coco_2018_05_09", "did you mean " + DEFAULT),
        ("models/mein/frozen_inference_graph.pb", "does not exist; did you mean mine?"),
        ("nothing_like_it", "nothing_like_it is no model that is known or installed."),
        ("no/such/graph.pb", "no/such/graph.pb does not exist."),
    ],
)
def test_a_model_that_is_not_there_is_answered_with_the_remedy(models_dir, wanted, complaint):
    put_graph(models_dir / "mine")
    with pytest.raises(ModelError) as caught:
        resolve_model(wanted, models_dir)
    assert complaint in str(caught.value)


def test_a_model_that_is_installed_and_in_the_catalogue_is_proposed_once(models_dir):
    put_graph(models_dir / DEFAULT)
    with pytest.raises(ModelError) as caught:
        resolve_model(DEFAULT[:-1], models_dir)
    assert str(caught.value).count(DEFAULT) == 1


def test_an_old_configs_path_finds_the_model_in_models_dir(models_dir, caplog):
    caplog.set_level(logging.INFO)
    graph = put_graph(models_dir / DEFAULT)
    model = resolve_model(f"models/{DEFAULT}/frozen_inference_graph.pb", models_dir)
    assert model.path == graph
    assert "is not there" in caplog.text


def test_a_path_to_something_else_is_refused(models_dir, tmp_path):
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(ModelError, match=r"There is no frozen_inference_graph\.pb in .*empty"):
        resolve_model(empty, models_dir)
    archive = tmp_path / "a.tar.gz"
    archive.write_bytes(b"x")
    with pytest.raises(ModelError, match=r"no frozen graph.*models import"):
        resolve_model(archive, models_dir)


def test_an_import_is_recorded_and_keeps_its_labels(models_dir, tmp_path):
    source = put_graph(tmp_path / "export", "bolts v2.pb")
    labels = tmp_path / "bolts.pbtxt"
    labels.write_text(OWN_LABELS)
    model = import_model(source, models_dir, labels)
    assert model.name == "bolts_v2"
    assert model.path == models_dir / "bolts_v2" / "frozen_inference_graph.pb"
    assert model.path.read_bytes() == source.read_bytes()
    assert model.labels == {1: "bolt", 2: "nut"}
    record = json.loads((model.path.parent / "splitlens.json").read_text())
    assert record["origin"] == str(source)
    assert record["graph_sha256"] == hash_file(source)
    assert asdict(model.record) == record
    source.unlink()
    labels.unlink()
    assert resolve_model("bolts_v2", models_dir) == model


def test_a_folder_is_imported_with_the_label_map_in_it(models_dir, tmp_path):
    put_graph(tmp_path / "bolts", labels=OWN_LABELS)
    (tmp_path / "bolts" / "a_graph.pbtxt").write_text("node { name: 'x' }")
    model = import_model(tmp_path / "bolts", models_dir)
    assert (model.name, model.labels) == ("bolts", {1: "bolt", 2: "nut"})


def test_a_deeplab_folder_is_imported_under_the_catalogues_name(models_dir, tmp_path):
    put_graph(tmp_path / DEEPLAB, message=small_deeplab())
    model = import_model(tmp_path / DEEPLAB, models_dir)
    assert model.name == DEEPLAB + "_2018_01_29" and model.labels == builtin_labels("pascal")


def test_a_zoo_archive_that_came_by_other_ways_is_imported(models_dir, tmp_path):
    archive = tmp_path / "ssd_mobilenet_v1_coco_11_06_2017.tar.gz"
    with tarfile.open(str(archive), "w:gz") as tar:
        info = tarfile.TarInfo("ssd/frozen_inference_graph.pb")
        info.size = len(graph_bytes(90))
        tar.addfile(info, io.BytesIO(graph_bytes(90)))
    model = import_model(archive, models_dir)
    assert model.name == "ssd_mobilenet_v1_coco_11_06_2017" and model.entry.model_type == "nms_v0"
    renamed = archive.with_name(DEFAULT + ".tar.gz")
    archive.rename(renamed)
    with pytest.raises(ModelError, match="is not the published archive of that name"):
        import_model(renamed, models_dir)


def test_a_name_that_is_taken_is_refused(models_dir, tmp_path):
    source = put_graph(tmp_path / "bolts")
    first = import_model(source, models_dir)
    with pytest.raises(ModelError, match=r"bolts is installed already.*models remove bolts"):
        import_model(source, models_dir)
    assert import_model(source, models_dir, name="bolts-2").name == "bolts-2"
    assert resolve_model("bolts", models_dir) == first


@pytest.mark.parametrize("name", ["../bolts", "a/b", "", ".", "..", ".hidden", "a\nb", "bölts"])
def test_a_name_that_is_no_plain_name_is_refused(models_dir, tmp_path, name):
    source = put_graph(tmp_path / "bolts")
    with pytest.raises(ModelError, match="cannot be called"):
        import_model(source, models_dir, name=name)
    assert not models_dir.exists()


@pytest.mark.parametrize(
    "content",
    [b"", b"no graph at all", graph_bytes()[:-5], gzip.compress(graph_bytes())],
    ids=["empty", "text", "truncated", "gzip"],
)
def test_what_is_no_graph_is_not_imported(models_dir, tmp_path, content):
    source = tmp_path / "bolts.pb"
    source.write_bytes(content)
    with pytest.raises(ModelError, match="frozen graph"):
        import_model(source, models_dir)
    assert not models_dir.exists()


@pytest.mark.parametrize(
    "make, complaint",
    [
        (lambda path: None, "does not exist"),
        (lambda path: path.mkdir(), "There is no frozen_inference_graph.pb in"),
        (lambda path: path.write_text("x"), "is no frozen graph"),
    ],
)
def test_an_import_of_nothing_is_refused(models_dir, tmp_path, make, complaint):
    make(tmp_path / "thing")
    with pytest.raises(ModelError, match=complaint):
        import_model(tmp_path / "thing", models_dir)


def test_a_broken_label_map_stops_the_import(models_dir, tmp_path):
    source = put_graph(tmp_path / "bolts", labels="item { id: 1 }")
    with pytest.raises(ModelError, match="line 1: item 1 has neither"):
        import_model(source, models_dir)
    assert installed(models_dir) == []


def test_an_interrupted_import_leaves_nothing(models_dir, tmp_path, monkeypatch):
    source = put_graph(tmp_path / "bolts")

    def interrupt(folder, name, models_dir, record):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("appliance.zoo.importing.put_in_place", interrupt)
        with pytest.raises(KeyboardInterrupt):
            import_model(source, models_dir)
    assert installed(models_dir) == []
    assert [path.name for path in (models_dir / ".downloads").iterdir()] == ["bolts.lock"]
    assert import_model(source, models_dir).name == "bolts"


def test_an_import_without_space_says_so(models_dir, tmp_path, monkeypatch):
    source = put_graph(tmp_path / "bolts")
    monkeypatch.setattr("appliance.zoo.install.shutil.disk_usage", lambda path: _Usage)
    with pytest.raises(OutputError, match="make room"):
        import_model(source, models_dir)
    assert installed(models_dir) == []


class _Usage:
    free = 3


def test_a_folder_where_nobody_may_write_is_named(tmp_path, monkeypatch):
    source = put_graph(tmp_path / "bolts")
    in_the_way = tmp_path / "models"
    in_the_way.write_text("a file")
    with pytest.raises((OutputError, ModelError), match="models"):
        import_model(source, in_the_way)


def test_remove_takes_one_model_and_no_other(models_dir, tmp_path):
    put_graph(models_dir / "bolts")
    put_graph(models_dir / DEFAULT)
    remove("bolts", models_dir)
    assert [model.name for model in installed(models_dir)] == [DEFAULT]
    assert not (models_dir / "bolts").exists()
    assert [path.name for path in (models_dir / ".downloads").iterdir()] == ["bolts.lock"]


def test_remove_waits_for_the_lock_and_leaves_what_others_are_removing(models_dir, caplog):
    caplog.set_level(logging.INFO)
    put_graph(models_dir / "bolts")
    others = put_graph(models_dir / ".downloads" / "nuts.removed")
    thread = threading.Thread(target=remove, args=("bolts", models_dir))
    with locked("bolts", models_dir):
        thread.start()
        wait_until(lambda: "at work on bolts" in caplog.text)
        assert (models_dir / "bolts").exists()
    thread.join()
    assert not (models_dir / "bolts").exists() and others.exists()


@pytest.mark.parametrize("name", ["../outside", "bolts/../../outside", "labels", ".downloads", "", "."])
def test_remove_reaches_nothing_that_is_no_model(models_dir, tmp_path, name):
    put_graph(tmp_path / "outside")
    put_graph(models_dir / "bolts")
    (models_dir / "labels").mkdir()
    with pytest.raises(ModelError, match="is not installed"):
        remove(name, models_dir)
    assert (tmp_path / "outside" / "frozen_inference_graph.pb").exists()
    assert (models_dir / "bolts" / "frozen_inference_graph.pb").exists()


def test_remove_of_a_linked_folder_takes_the_link_only(models_dir, tmp_path):
    graph = put_graph(tmp_path / "outside")
    models_dir.mkdir()
    (models_dir / "linked").symlink_to(tmp_path / "outside")
    remove("linked", models_dir)
    assert graph.exists() and installed(models_dir) == []


def test_a_damaged_record_is_told_and_not_used(models_dir, caplog):
    graph = put_graph(models_dir / "bolts")
    (graph.parent / "splitlens.json").write_text("{")
    assert resolve_model("bolts", models_dir).record is None
    assert "splitlens.json is damaged" in caplog.text


@pytest.mark.parametrize("change, is_used", [({"archive_bytes": 7, "of_later": "x"}, True), ({"origin": None}, False)])
def test_a_record_of_another_release_is_read_for_what_is_known(models_dir, tmp_path, caplog, change, is_used):
    model = import_model(put_graph(tmp_path / "bolts"), models_dir)
    noted = {key: value for key, value in dict(asdict(model.record), **change).items() if value or key == "licence"}
    (model.path.parent / "splitlens.json").write_text(json.dumps(noted))
    assert resolve_model("bolts", models_dir).record == (model.record if is_used else None)
    assert ("is damaged" in caplog.text) == (not is_used)


def test_the_imported_copy_can_be_read(models_dir, tmp_path):
    model = import_model(put_graph(tmp_path / "bolts"), models_dir)
    assert "detection_boxes" in read_graph(model.path).nodes


@pytest.mark.parametrize("message", [small_ssd(3), small_deeplab()])
def test_another_graph_does_not_get_a_name_of_the_catalogue(models_dir, tmp_path, message):
    source = put_graph(tmp_path / DEFAULT, message=message)
    for given, name in ((tmp_path / DEFAULT, None), (source, None), (source, DEFAULT)):
        with pytest.raises(ModelError, match="is the name of a model of the catalogue .ssd, 90 classes.*--name"):
            import_model(given, models_dir, name=name)
    assert import_model(source, models_dir, name="mine").name == "mine"
    assert import_model(put_graph(tmp_path / "x", message=small_ssd(90)), models_dir, name=DEFAULT).name == DEFAULT


def test_an_import_recognises_what_it_imports(models_dir, tmp_path):
    source = put_graph(tmp_path / "mine", message=GraphDef(node=[make_const("weights", np.zeros(8, np.float32))]))
    with pytest.raises(ModelError, match="none of the outputs detection_boxes"):
        import_model(source, models_dir)
    outputs = [make_const("Identity" + number, np.zeros(1, np.float32)) for number in ("", "_1", "_2")]
    nodes = [make_node(node.name, "Identity", ["c" + node.name]) for node in outputs]
    for node in outputs:
        node.name = "c" + node.name
    source = put_graph(tmp_path / "tf2", message=GraphDef(node=outputs + nodes))
    with pytest.raises(ModelError, match="are called Identity, Identity_1, Identity_2.*docs/models.md"):
        import_model(source, models_dir)
    assert not models_dir.exists()


def test_a_list_of_names_is_imported_as_a_label_map(models_dir, tmp_path):
    put_graph(tmp_path / "bolts")
    (tmp_path / "bolts" / "labels.txt").write_text("bolt\nnut\n")
    model = import_model(tmp_path / "bolts", models_dir)
    assert model.labels == {1: "bolt", 2: "nut"}
    assert (model.path.parent / "labels.pbtxt").is_file()


def test_ids_that_are_not_the_graphs_are_told(models_dir, tmp_path, caplog):
    labels = tmp_path / "map.pbtxt"
    labels.write_text("item { id: 0 name: 'card' }")
    import_model(put_graph(tmp_path / "cards"), models_dir, labels)
    assert "the ids of the label map are 0, those of the graph's classes 1 to 2: no class has a name" in caplog.text


def zipped(name):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(name, b"x")
    return buffer.getvalue()


FOREIGN = [
    ("saved_model.pb", b"\x08\x01\x12\x99\x01\x0a", "a SavedModel"),
    ("model.onnx", b"\x08\x07\x12\x07pytorch", "an ONNX model"),
    ("model.onnx", b"\x08\x08\x3a\x10", "an ONNX model"),
    ("model.tflite", b"\x1c\0\0\0TFL3", "a TensorFlow Lite model"),
    ("model.h5", b"\x89HDF\r\n\x1a\n", "a Keras model"),
    ("model.keras", zipped("metadata.json"), "a Keras model"),
    ("model.ckpt-200.meta", b"\x0a\x00", "a checkpoint"),
    ("model.ckpt-200.data-00000-of-00001", b"\0\0", "a checkpoint"),
    ("checkpoint", b'model_checkpoint_path: "model.ckpt"', "a checkpoint"),
    ("best.pt", zipped("archive/data.pkl"), "a PyTorch model"),
    ("best.pth", b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j", "a PyTorch model"),
    ("yolo.pt", zipped("best/data.pkl"), "a PyTorch model"),
    ("model.zip", zipped("frozen_inference_graph.pb"), "an archive"),
    ("graph.pbtxt", b"node {\n  name: 'x'\n}", "a graph written as text"),
    ("pipeline.config", b"# as trained\nmodel {\n ssd {", "the configuration of a training"),
    ("page.pb", b"\n<!DOCTYPE html>\n<html>404", "a page of the web"),
    ("pointer.pb", b"version https://git-lfs.github.com/spec/v1\n", "Git LFS"),
    ("model.json", b'{"format": "graph-model"', "TensorFlow.js"),
    ("model.xml", b'<?xml version="1.0"?>', "OpenVINO"),
    ("yolo.weights", b"\0\0\0\0", "a model of Darknet"),
    ("engine.trt", b"ftrt\0", "an engine of TensorRT"),
]


@pytest.mark.parametrize("name, content, what", FOREIGN, ids=[row[0] for row in FOREIGN])
def test_a_file_of_another_kind_is_named_with_its_remedy(models_dir, tmp_path, name, content, what):
    for file in {name, "renamed.pb"} if "ckpt" not in name and "weights" not in name else {name}:
        path = tmp_path / file
        path.write_bytes(content)
        for use in (import_model, lambda path, folder: read_model(resolve_model(path, folder).path)):
            with pytest.raises(ModelError, match="no frozen graph but .*" + what) as raised:
                use(path, models_dir)
            assert str(raised.value).endswith(".") and str(raised.value).count(". ") >= 1
    assert not models_dir.exists()


@pytest.mark.parametrize(
    "files, what",
    [
        (("saved_model.pb",), "a SavedModel"),
        (("saved_model.pbtxt", "variables"), "a SavedModel"),
        (("model.ckpt.index", "checkpoint"), "a checkpoint"),
        (("best.pt",), "a PyTorch model"),
        (("model.json", "group1-shard1of1.bin"), "a model of TensorFlow.js"),
        (("detect.tflite",), "TensorFlow Lite"),
    ],
)
def test_a_folder_of_another_kind_is_named_with_its_remedy(models_dir, tmp_path, files, what):
    for name in files:
        (tmp_path / name).write_bytes(b"\x08\x01\x12")
    for use in (import_model, resolve_model):
        with pytest.raises(ModelError, match="is no frozen graph but .*" + what):
            use(tmp_path, models_dir)


def test_a_pipe_is_not_waited_for(models_dir, tmp_path):
    for name in ("model.onnx", "model.pb", "frozen.tar.gz"):
        os.mkfifo(str(tmp_path / name))
        with pytest.raises(ModelError):
            import_model(tmp_path / name, models_dir)


def test_a_graph_that_begins_like_another_file_is_a_graph():
    """Its first bytes are a new line and a length: that of a long name may be any sign."""
    for length in range(30, 126):
        node = make_const("x" * length, np.zeros(1, np.float32))
        assert foreign_data(GraphDef(node=[node]).SerializeToString()) is None
