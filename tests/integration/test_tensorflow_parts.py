"""A session needs a part of TensorFlow, which is all that is loaded; the rest can still be."""

import subprocess
import sys

import pytest

pytest.importorskip("tensorflow")

from appliance.engines.tensorflow import parts as tensorflow_parts

pytestmark = pytest.mark.boards

RUN_ALL_PATHS = """
import sys
from pathlib import Path
import cv2
from appliance.detectors.load import load_detector
from appliance.detectors.plan import ModelOptions
from appliance.engines.choose import EngineChoice

model, picture = sys.argv[1:]
for options in {}, {"exact": True}, {"split_model": False}:
    detector = load_detector(Path(model), "model", {}, ModelOptions(0.3, engine=EngineChoice("tensorflow"), **options))
    print(detector.path, len(detector.detect(cv2.imread(picture)).scores), "tensorflow" in sys.modules)
import tensorflow as tf
print(tf.function(lambda x: tf.reduce_sum(x * x))(tf.constant([1.0, 2.0])).numpy(), tf.executing_eagerly())
print("whole", len(detector.detect(cv2.imread(picture)).scores))
detector.close()
"""


def test_every_path_runs_on_the_parts_alone_and_all_of_it_can_be_imported_later(person_model, samples):
    words = [sys.executable, "-c", RUN_ALL_PATHS, str(person_model), str(samples / "zidane.jpg")]
    done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, universal_newlines=True, check=True)
    assert done.stdout.splitlines() == ["fast 2 False", "exact 2 False", "whole 2 False", "5.0 True", "whole 2"]
    assert "Traceback" not in done.stderr


PARTS_THAT_BREAK = """
import sys
from appliance.engines.tensorflow import parts as tensorflow_parts

parts = tensorflow_parts._parts

def broken():
    parts()
    tensorflow_parts._parts = parts
    raise AttributeError("half of it is imported")

tensorflow_parts._parts = broken
session = tensorflow_parts.import_parts().Session
import tensorflow as tf
print(session is tf.compat.v1.Session, tf.executing_eagerly())
"""


def test_after_parts_that_broke_all_of_it_is_imported():
    done = subprocess.run(
        [sys.executable, "-c", PARTS_THAT_BREAK], stdout=subprocess.PIPE, universal_newlines=True, check=True
    )
    assert done.stdout.split() == ["True", "True"]


@pytest.mark.parametrize("has_folder", [True, False])
def test_plugins_need_all_of_it(monkeypatch, tmp_path, has_folder):
    package = tmp_path / "tensorflow"
    package.mkdir()
    (package / "__init__.py").write_text("")
    if has_folder:
        (tmp_path / "tensorflow-plugins").mkdir()
    else:
        monkeypatch.setenv("TF_PLUGGABLE_DEVICE_LIBRARY_PATH", "/some/library.so")
    monkeypatch.delitem(sys.modules, "tensorflow", raising=False)
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(ImportError, match="plugins"):
        tensorflow_parts._parts_alone()
    assert "tensorflow" not in sys.modules


@pytest.mark.parametrize("error", [ImportError, AttributeError])
def test_where_they_are_laid_out_otherwise_all_of_it_is_imported(monkeypatch, error):
    def fail():
        raise error("no such module")

    monkeypatch.delitem(sys.modules, "tensorflow", raising=False)
    monkeypatch.setattr(tensorflow_parts, "_parts_alone", fail)
    parts = tensorflow_parts.import_parts()
    assert "tensorflow" in sys.modules
    assert parts.Session is sys.modules["tensorflow"].compat.v1.Session
