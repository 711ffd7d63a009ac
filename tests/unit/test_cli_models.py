"""`models list` and `models show`, and what a board cannot hold, without loading a graph."""

import argparse
import re

import numpy as np
import pytest

from appliance.board import Board
from appliance.cli import models
from appliance.cli.arguments import parse
from appliance.core.errors import ModelError
from appliance.detectors import from_settings
from appliance.graph.read.frozen import make_const, make_node, make_placeholder, type_attribute
from appliance.graph.read.proto import GraphDef
from appliance.settings import load_settings

PC = Board("pc", "PC", "")
TX2 = Board("tx2", "NVIDIA Jetson TX2", "", ("ssd",))
FASTER = "faster_rcnn_resnet50_coco_2018_01_28"
SSD = "ssd_mobilenet_v1_coco_2018_01_28"


def own_graph(op):
    """Outputs that hang on one operation, which decides the family."""
    float32 = type_attribute(1)
    nodes = [
        make_placeholder("image", 4, [1, -1, -1, 3]),
        make_node("float", "Cast", ["image"], SrcT=type_attribute(4), DstT=float32),
        make_const("weights", np.zeros((4, 4), np.float32)),
        make_node("work", op, ["float", "weights"], T=float32),
    ]
    nodes += [
        make_node(name, "Identity", ["work"], T=float32)
        for name in ("detection_boxes", "detection_scores", "detection_classes", "num_detections")
    ]
    return GraphDef(node=nodes).SerializeToString()


@pytest.fixture
def models_dir(tmp_path):
    folder = tmp_path / "models"
    for name, data in (
        (SSD, own_graph("Conv2D")),
        (FASTER, own_graph("CropAndResize")),
        ("my_ssd", own_graph("Conv2D")),
        ("my_rcnn", own_graph("CropAndResize")),
        ("broken", b"no graph"),
    ):
        (folder / name).mkdir(parents=True)
        (folder / name / "frozen_inference_graph.pb").write_bytes(data)
    return folder


def table(models_dir, board):
    heading, *rows = [re.split(" {2,}", line) for line in models.list_models(models_dir, board)]
    return heading, {row[0]: row[1:] for row in rows}


def test_the_table_says_what_is_here_and_what_fits(models_dir, caplog):
    heading, rows = table(models_dir, TX2)
    assert heading == ["NAME", "FAMILY", "SIZE", "INSTALLED", "FITS TX2"]
    assert rows[SSD] == ["SSD", "76 MB", "yes", "yes"]
    assert rows[FASTER] == ["Faster R-CNN", "381 MB", "yes", "no"]
    assert rows["mask_rcnn_resnet50_atrous_coco_2018_01_28"] == ["Mask R-CNN", "449 MB", "no", "no"]
    assert rows["deeplabv3_pascal_trainval_2018_01_04"] == ["DeepLab", "unknown", "no", "no"]
    assert rows["my_ssd"] == ["SSD", "1 MB", "yes, your own", "yes"]
    assert rows["my_rcnn"] == ["Faster R-CNN", "1 MB", "yes, your own", "no"]
    assert rows["broken"] == ["unknown", "1 MB", "yes, your own", "cannot run"]
    assert "broken" in caplog.text and "no frozen graph" in caplog.text
    assert all(row[3] in ("yes", "cannot run") for row in table(models_dir, PC)[1].values())


def load(monkeypatch, models_dir, model, board, *words):
    loads = []
    monkeypatch.setattr(from_settings, "detect_board", lambda: board)
    monkeypatch.setattr(from_settings, "load_detector", lambda path, name, labels, options: loads.append(name))
    monkeypatch.setattr(from_settings, "differences", lambda *given: [])
    loaded = load_settings(None, {}, {"model": model, "models_dir": str(models_dir)})
    from_settings.load(loaded, parse(["image", "x.jpg", *words]).force)
    return loads


@pytest.mark.parametrize("model, family", [(FASTER, "Faster R-CNN"), ("my_rcnn", "Faster R-CNN")])
def test_a_model_that_a_board_cannot_hold_is_refused_and_tried_by_force(model, family, models_dir, monkeypatch):
    name = "my_rcnn" if model == "my_rcnn" else model
    with pytest.raises(ModelError) as raised:
        load(monkeypatch, models_dir, model, TX2)
    assert (
        str(raised.value)
        == f"{name}: {family} models need more memory than the NVIDIA Jetson TX2 has; SSD models fit. `--force` tries"
        " it all the same."
    )
    assert load(monkeypatch, models_dir, model, TX2, "--force") == [name]
    assert load(monkeypatch, models_dir, model, PC) == [name]


@pytest.mark.parametrize("model", [SSD, "my_ssd"])
def test_a_model_that_fits_runs_on_every_board(model, models_dir, monkeypatch):
    assert load(monkeypatch, models_dir, model, TX2) == [model]


def test_what_does_not_fit_is_not_downloaded_either(tmp_path, monkeypatch):
    monkeypatch.setattr(models, "detect_board", lambda: TX2)
    fetched = []

    def get(name, *rest):
        fetched.append(name)
        return argparse.Namespace(name=name, path="")

    monkeypatch.setattr(models, "_get", get)
    loaded = load_settings(None, {}, {"models_dir": str(tmp_path)})
    with pytest.raises(ModelError, match="need more memory"):
        models.run(parse(["models", "get", FASTER]), loaded)
    models.run(parse(["models", "get", SSD]), loaded)
    models.run(parse(["models", "get", FASTER, "--force"]), loaded)
    assert fetched == [SSD, FASTER]
