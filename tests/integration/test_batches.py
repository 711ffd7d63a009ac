"""Several images that go through the front together give what each gives alone. On the CPU: CI has no GPU."""

import logging

import cv2
import numpy as np
import pytest

from appliance.core.errors import GpuMemoryError
from appliance.core.sink import Sink
from appliance.detectors.load import load_detector
from appliance.detectors.plan import ModelOptions
from appliance.engines.choose import EngineChoice
from appliance.engines.tensorflow import batches
from appliance.engines.tensorflow.batches import BatchEngine
from appliance.pipeline.loop import Loop
from appliance.pipeline.meter import Meter
from appliance.pipeline.stream_pipeline import StreamPipeline
from appliance.sources.memory import MemorySource
from tests.zoo import unpack, zoo_bytes


class Collect(Sink):
    name = "collect"

    def __init__(self):
        self.results = []

    def write(self, result):
        self.results.append(result)


def load(path, **options):
    options["engine"] = EngineChoice("tensorflow")
    return load_detector(path, path.parent.name, {}, ModelOptions(det_th=0.3, **options))


@pytest.mark.parametrize("most_bytes", [1 << 27, 1 << 20])
def test_a_movie_in_batches_gives_the_same_detections_in_order(coco_model, samples, monkeypatch, most_bytes):
    """most_bytes: with the less, one large image or four small ones go together."""
    monkeypatch.setattr(batches, "_MOST_BYTES", most_bytes)
    pictures = [cv2.imread(str(samples / name)) for name in ("bus.jpg", "zidane.jpg", "astronaut.png")]
    images = [cv2.resize(picture, size) for size in ((640, 360), (320, 240)) for picture in pictures]
    alone = load(coco_model)
    expected = [alone.detect(image) for image in images]
    alone.close()
    assert alone.batch == 1 and sum(len(found.scores) for found in expected) > 10
    together, sink = load(coco_model, batch=5, worker_threads=2), Collect()
    assert (together.batch, together.workers, together.anchors) == (5, 2, 1917)
    with Loop(together, [StreamPipeline(MemorySource(images, frames=24), [sink], Meter(5.0))]) as loop:
        loop.wait()
    assert [result.frame.index for result in sink.results] == list(range(24))
    for result, wanted in zip(sink.results, expected * 4):
        found, (height, width) = result.detections, result.frame.image.shape[:2]
        assert found.class_ids.tolist() == wanted.class_ids.tolist()
        assert np.allclose(found.scores, wanted.scores, rtol=0, atol=1e-4)
        assert np.allclose(found.boxes, wanted.boxes, rtol=0, atol=1e-4 * max(width, height))


def test_the_threshold_may_change_while_it_runs(coco_model, samples):
    image = cv2.imread(str(samples / "bus.jpg"))
    detector = load(coco_model, batch=2)
    many = len(detector.detect(image).scores)
    detector.threshold = 0.7
    few = detector.detect(image).scores
    detector.close()
    assert 0 < len(few) < many and few.min() >= 0.7


def test_what_does_not_fit_into_the_gpu_together_goes_in_parts_from_then_on(coco_model, samples, monkeypatch, caplog):
    image = cv2.imread(str(samples / "bus.jpg"))
    expected = load(coco_model).detect(image)
    detector = load(coco_model, batch=8)
    front, asked = detector._front, []

    def run_batch(images, settings, min_score):
        asked.append(len(images))
        if len(images) > 2:
            raise GpuMemoryError("OOM when allocating a tensor.")
        return BatchEngine.run_batch(front, images, settings, min_score)

    monkeypatch.setattr(front, "run_batch", run_batch)
    for _ in range(2):
        found = detector.postprocess(detector.infer([image] * 8), [image.shape[1::-1]] * 8)
        assert len(found) == 8
        for one in found:
            assert one.class_ids.tolist() == expected.class_ids.tolist()
    assert asked == [8, 4, 2, 2, 4, 2, 2] + [2, 2, 2, 2]
    assert detector.batch_size_for(640, 480) == 2
    assert "from now on 2 at most: OOM" in caplog.text
    monkeypatch.setattr(front, "run_batch", lambda *arguments: run_batch([image] * 3, *arguments[1:]))
    with pytest.raises(GpuMemoryError):
        detector.infer([image])
    detector.close()


def test_batches_that_do_not_fit_into_the_gpu_are_made_smaller(coco_model, monkeypatch, caplog):
    sizes, closed = [], []

    def run(engine, images):
        sizes.append(len(images))
        if len(images) > 3:
            raise GpuMemoryError("OOM when allocating a tensor.")
        return run_it(engine, images)

    run_it, close_it = BatchEngine._run, BatchEngine.close
    monkeypatch.setattr(BatchEngine, "_run", run)
    monkeypatch.setattr(BatchEngine, "close", lambda engine: (closed.append(engine), close_it(engine)))
    with caplog.at_level(logging.INFO, "appliance"):
        detector = load(coco_model, batch=8)
    assert detector.batch == 2
    assert "4 images at a time: the GPU's memory does not hold more (OOM" in caplog.text
    assert len(closed) == 2  # those of 8 and of 4
    detector.close()


def test_a_graph_that_takes_one_image_gets_one_and_says_so(zoo_dir, tmp_path, caplog):
    name = "ssd_mobilenet_v1_coco_11_06_2017"
    path = unpack(zoo_bytes(zoo_dir, name), tmp_path, name)
    with caplog.at_level(logging.INFO, "appliance"):
        detector = load(path, batch=4)
    assert detector.batch == 1
    assert "One image at a time: the graph does not take several" in caplog.text
    detector.detect(np.zeros((48, 64, 3), np.uint8))
    detector.close()
