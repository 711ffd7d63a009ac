"""OpenCV's DNN module as an engine: it finds what the whole graph finds, or says why it cannot."""

import logging
import threading

import cv2
import numpy as np
import pytest

pytest.importorskip("tensorflow")

from appliance.core.errors import ModelError
from appliance.core.findings import OK, Probe
from appliance.core.hardware import Machine
from appliance.detectors.load import load_detector
from appliance.detectors.plan import ModelOptions
from appliance.engines import opencv_dnn
from appliance.engines.choose import EngineChoice
from tests.zoo import unpack, zoo_bytes

PICTURES = ("bus.jpg", "zidane.jpg", "astronaut.png")
FASTER = "faster_rcnn_inception_v2_coco_2018_01_28"
QUANTIZED = "ssd_mobilenet_v1_quantized_300x300_coco14_sync_2018_07_03"


def load(path, engine="opencv", **options):
    return load_detector(path, "model", {}, ModelOptions(det_th=0.3, engine=EngineChoice(engine), **options))


def assert_same(found, expected, size):
    assert found.class_ids.tolist() == expected.class_ids.tolist()
    assert np.allclose(found.scores, expected.scores, rtol=0, atol=1e-4)
    assert np.allclose(found.boxes, expected.boxes, rtol=0, atol=1e-4 * size)


@pytest.mark.parametrize("which", ["coco", "person"])
def test_it_finds_what_the_whole_graph_finds(which, coco_model, person_model, samples):
    path = coco_model if which == "coco" else person_model
    detector, whole = load(path), load(path, "tensorflow", split_model=False)
    assert (detector.engine, detector.path, detector.device) == ("opencv", "fast", "CPU")
    count = 0
    for picture in PICTURES:
        image = cv2.imread(str(samples / picture))
        expected = whole.detect(image)
        assert_same(detector.detect(image), expected, max(image.shape))
        count += len(expected.scores)
    assert count >= 5, "a test that finds nothing shows nothing"
    detector.close()
    whole.close()


def test_several_threads_may_call_at_once(person_model, samples):
    detector = load(person_model, worker_threads=3)
    assert detector.workers == 3
    images = [cv2.imread(str(samples / name)) for name in PICTURES]
    alone = [detector.detect(image) for image in images]
    together = {}
    threads = [
        threading.Thread(target=lambda number=number: together.update({number: detector.detect(images[number])}))
        for number in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for number, image in enumerate(images):
        assert_same(together[number], alone[number], max(image.shape))
    detector.close()


def test_what_it_would_compute_wrongly_is_refused(person_model, monkeypatch):
    """As OpenCV 5.0 does with the single pixel of the last layers, if its kernels are left as they are."""
    monkeypatch.setattr(opencv_dnn.OpenCvEngine, "_convolve", lambda engine, image: heads(engine, image))

    def heads(engine, image):
        net = cv2.dnn.readNetFromTensorflow(engine._convolutions)
        net.setInput(np.ascontiguousarray(image.transpose(0, 3, 1, 2)))
        return [np.ascontiguousarray(head.transpose(0, 2, 3, 1)) + 0.1 for head in net.forward(engine._cut)]

    with pytest.raises(ModelError, match="computes this model wrongly: .* Take --engine tensorflow"):
        load(person_model)


@pytest.mark.parametrize(
    "name, words",
    [
        (FASTER, "OpenCV runs the fast path of SSD graphs only"),
        (QUANTIZED, "cannot run this model: its graph is quantized"),
    ],
)
def test_what_it_cannot_take_is_refused_with_the_remedy(name, words, zoo_dir, tmp_path, caplog):
    path = unpack(zoo_bytes(zoo_dir, name), tmp_path, name)
    caplog.set_level(logging.INFO)
    with pytest.raises(ModelError, match=words) as raised:
        load(path)
    assert "--engine tensorflow" in str(raised.value)


def test_no_machine_gets_it_unasked():
    assert opencv_dnn.ENGINE.rank is None
    assert not any(opencv_dnn.ENGINE.suits(Machine(is_x86, gpu)) for is_x86 in (True, False) for gpu in (True, False))


@pytest.mark.parametrize(
    "is_x86, facts, found",
    [
        (True, {"version": "5.0.0", "dnn": True}, "5.0.0; SSD models run on it where `engine: opencv` asks for it"),
        (True, {"version": "5.0.0", "dnn": False}, None),
        (True, None, None),
        (False, {"version": "4.6.0", "dnn": True}, None),
    ],
)
def test_doctor_knows_it_on_a_pc(monkeypatch, is_x86, facts, found):
    monkeypatch.setattr(opencv_dnn.findings, "probe", lambda program: Probe(facts, ""))
    finding = opencv_dnn.ENGINE.check(Machine(is_x86, False))
    assert (finding.found if finding else None) == found
    assert finding is None or finding.state == OK
