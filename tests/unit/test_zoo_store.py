"""Installed models: found by name or path, imported, removed; nothing outside the folder is touched."""

import gzip
import io
import json
import logging
import tarfile
import threading
import time

import numpy as np
import pytest

from appliance.errors import ModelError, OutputError
from appliance.graph.frozen import graph_hash, make_const
from appliance.graph.proto import GraphDef
from appliance.graph.reading import read_graph
from appliance.zoo.importing import import_model
from appliance.zoo.install import locked
from appliance.zoo.labels import builtin_labels
from appliance.zoo.store import installed, remove, resolve_model

DEFAULT = "ssdlite_mobilenet_v2_coco_2018_05_09"
DEEPLAB = "deeplabv3_mnv2_pascal_train_aug"
OWN_LABELS = "item { id: 1 name: 'bolt' } item { id: 2 name: 'nut' }"


def graph_bytes(value=1.0):
    graph = GraphDef(node=[make_const("weights", np.full(8, value, np.float32))])
    return graph.SerializeToString()


def put_graph(folder, name="frozen_inference_graph.pb", labels=None):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(graph_bytes())
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
            "ssd_mobilenet_v1_coco_2018_01_28 is not installed. `python -m appliance models get "
            "ssd_mobilenet_v1_coco_2018_01_28` fetches it (76 MB).",
        ),
        (
            "models/" + DEFAULT + "/frozen_inference_graph.pb",
            "`python -m appliance models get " + DEFAULT + "` fetches it (51 MB)",
        ),
        ("models/" + DEFAULT, "`python -m appliance models get " + DEFAULT + "`"),
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


def test_an_old_configs_path_finds_the_model_in_models_dir(models_dir, caplog):
    caplog.set_level(logging.INFO)
    graph = put_graph(models_dir / DEFAULT)
    model = resolve_model("models/{}/frozen_inference_graph.pb".format(DEFAULT), models_dir)
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
    assert record["graph_sha256"] == graph_hash(source)
    assert model.record._asdict() == record
    source.unlink()
    labels.unlink()
    assert resolve_model("bolts_v2", models_dir) == model


def test_a_folder_is_imported_with_the_label_map_in_it(models_dir, tmp_path):
    put_graph(tmp_path / "bolts", labels=OWN_LABELS)
    (tmp_path / "bolts" / "a_graph.pbtxt").write_text("node { name: 'x' }")
    model = import_model(tmp_path / "bolts", models_dir)
    assert (model.name, model.labels) == ("bolts", {1: "bolt", 2: "nut"})


def test_a_deeplab_folder_is_imported_under_the_catalogues_name(models_dir, tmp_path):
    put_graph(tmp_path / DEEPLAB)
    model = import_model(tmp_path / DEEPLAB, models_dir)
    assert model.name == DEEPLAB + "_2018_01_29" and model.labels == builtin_labels("pascal")


def test_a_zoo_archive_that_came_by_other_ways_is_imported(models_dir, tmp_path):
    archive = tmp_path / "ssd_mobilenet_v1_coco_11_06_2017.tar.gz"
    with tarfile.open(str(archive), "w:gz") as tar:
        info = tarfile.TarInfo("ssd/frozen_inference_graph.pb")
        info.size = len(graph_bytes())
        tar.addfile(info, io.BytesIO(graph_bytes()))
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
        until = time.monotonic() + 60
        while "at work on bolts" not in caplog.text and time.monotonic() < until:
            time.sleep(0.01)
        assert (models_dir / "bolts").exists() and "at work on bolts" in caplog.text
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
    noted = {key: value for key, value in dict(model.record._asdict(), **change).items() if value or key == "licence"}
    (model.path.parent / "splitlens.json").write_text(json.dumps(noted))
    assert resolve_model("bolts", models_dir).record == (model.record if is_used else None)
    assert ("is damaged" in caplog.text) == (not is_used)


def test_the_imported_copy_can_be_read(models_dir, tmp_path):
    model = import_model(put_graph(tmp_path / "bolts"), models_dir)
    assert list(read_graph(model.path).nodes) == ["weights"]
