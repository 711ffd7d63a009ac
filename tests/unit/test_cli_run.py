"""What a run puts together, without running it."""

import json
import shutil

import numpy as np

from appliance.cli import run as app
from appliance.core.detector import Detector
from appliance.core.frame import Detections
from appliance.settings import Settings, load_settings


def test_a_second_run_over_a_folder_does_not_take_the_first_ones_output(tmp_path, samples, monkeypatch):
    monkeypatch.chdir(str(tmp_path))
    (tmp_path / "output_image").mkdir()
    for name in ("a.jpg", "output_image/a.jpg"):
        shutil.copy(str(samples / "bus.jpg"), name)
    with app.open_source(Settings(image_input=".", output_dir="."), app.IMAGE) as source:
        assert source.frame_count == 1


def test_classes_that_are_not_shown_are_not_written_either(tmp_path, samples, monkeypatch):
    class Finder(Detector):
        name, path, engine, device, workers = "finder", "exact", "none", "nowhere", 1
        labels = {1: "person", 2: "dog"}

        def front(self, image):
            return image

        def back(self, raw, width, height):
            scores = np.array([0.9, 0.8], np.float32)
            return Detections(np.zeros((2, 4), np.float32), scores, np.array([1, 2], np.int32))

    monkeypatch.setattr(app, "load", lambda loaded, force: Finder())
    loaded = load_settings(None, {}, {"image_input": str(samples / "bus.jpg"), "shown_classes": "dog"})
    app.run(loaded, app.IMAGE, json_path=str(tmp_path / "found.jsonl"))
    (line,) = (json.loads(text) for text in (tmp_path / "found.jsonl").read_text().splitlines())
    assert [one["label"] for one in line["detections"]] == ["dog"]
