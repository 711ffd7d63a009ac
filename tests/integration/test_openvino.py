"""The OpenVINO engine finds what TensorFlow finds, keeps what it compiled, and says what it cannot do."""

import itertools
import os
import subprocess
import sys
import threading
from pathlib import Path
from xml.etree import ElementTree

import cv2
import numpy as np
import pytest

from appliance.board import Board
from appliance.board.machine import machine_facts
from appliance.cli.bench.parity import compare
from appliance.cli.models import show_model
from appliance.core.errors import ModelError
from appliance.core.files import hash_file
from appliance.core.hardware import Machine, available_cores
from appliance.detectors.load import load_detector
from appliance.detectors.plan import ModelOptions
from appliance.engines import choose
from appliance.engines.choose import EngineChoice
from appliance.engines.openvino import compile as openvino_build
from appliance.graph.rewrite.normalise import read_model
from appliance.settings import load_settings
from appliance.settings.tuned import Tuned, tuned_path, write_tuned
from appliance.sources.movie import MovieSource
from appliance.zoo.store import InstalledModel
from tests.command import ROOT
from tests.zoo import unpack, zoo_bytes

pytest.importorskip("openvino", reason="OpenVINO is not installed: it has no wheels for the boards' Pythons")

SIZES = ((160, 120), (544, 288), (1280, 720))
PHOTOS = ("bus.jpg", "zidane.jpg", "astronaut.png")
ROWS = (
    "ssd_mobilenet_v1_coco_11_06_2017",
    "ssd_inception_v2_coco_2017_11_17",
    "ssd_mobilenet_v1_coco_2018_01_28",
    "ssd_mobilenet_v2_coco_2018_03_29",
    "ssdlite_mobilenet_v2_coco_2018_05_09",
    "ssd_mobilenet_v1_ppn_shared_box_predictor_300x300_coco14_sync_2018_07_03",
    "ssd_mobilenet_v1_fpn_shared_box_predictor_640x640_coco14_sync_2018_07_03",
)
QUANTIZED = "ssd_mobilenet_v1_quantized_300x300_coco14_sync_2018_07_03"
FASTER = "faster_rcnn_inception_v2_coco_2018_01_28"


@pytest.fixture
def cache(tmp_path):
    return tmp_path / "engines"


@pytest.fixture(autouse=True)
def no_gpu(monkeypatch):
    """As on a PC without one, wherever the tests run."""
    monkeypatch.setattr(choose, "this_machine", lambda: Machine(is_x86=True, has_nvidia_gpu=False))


def load(path, cache, engine="openvino", **options):
    choice = EngineChoice(engine, cache=cache)
    return load_detector(path, "model", {}, ModelOptions(det_th=0.3, engine=choice, **options))


def assert_same(found, expected, size):
    assert found.class_ids.tolist() == expected.class_ids.tolist()
    assert np.allclose(found.scores, expected.scores, rtol=0, atol=1e-4)
    assert np.allclose(found.boxes, expected.boxes, rtol=0, atol=1e-4 * size)


@pytest.mark.parametrize("which", ["coco", "person"])
def test_it_finds_what_the_whole_graph_finds_at_every_size(which, coco_model, person_model, samples, cache):
    path = coco_model if which == "coco" else person_model
    found, whole = load(path, cache), load(path, cache, "tensorflow", split_model=False)
    assert (found.engine, found.path, whole.path) == ("openvino", "fast", "whole")
    count = 0
    with MovieSource(str(samples / "bikes.mp4")) as movie:
        for frame in itertools.islice(iter(movie.read, None), 0, None, 5):
            for size in SIZES:
                image = cv2.resize(frame.image, size)
                expected = whole.detect(image)
                assert_same(found.detect(image), expected, max(size))
                count += len(expected.scores)
    assert count > 30, "a test that finds nothing shows nothing"


@pytest.mark.parametrize("name", ROWS)
def test_the_ssds_of_the_zoo_run(name, zoo_dir, samples, tmp_path, cache):
    path = unpack(zoo_bytes(zoo_dir, name), tmp_path, name)
    images = [cv2.imread(str(samples / photo)) for photo in PHOTOS]
    detector = load(path, cache)
    found = [detector.detect(image) for image in images]
    detector.close()
    detector = load(path, cache, "tensorflow")
    expected = [detector.detect(image) for image in images]
    detector.close()
    # Weights without meaning give scores that differ in the seventh digit: such may change places.
    assert compare(expected, found, images, detector.threshold).is_same
    assert sum(len(its.scores) for its in expected), "a test that finds nothing shows nothing"


def test_what_it_compiled_is_kept_and_a_damaged_one_is_compiled_anew(person_model, samples, cache, caplog):
    image = cv2.imread(str(samples / "zidane.jpg"))
    caplog.set_level("INFO")
    expected = load(person_model, cache).detect(image)
    assert "OpenVINO compiled the network" in caplog.text
    caplog.clear()
    assert_same(load(person_model, cache).detect(image), expected, max(image.shape))
    assert "compiled the network" not in caplog.text
    (kept,) = cache.glob("*.engine")
    kept.write_bytes(kept.read_bytes()[:-100])
    assert_same(load(person_model, cache).detect(image), expected, max(image.shape))
    assert "is damaged" in caplog.text and "compiled the network" in caplog.text


def test_several_threads_may_call_at_once(person_model, samples, cache):
    detector = load(person_model, cache, worker_threads=3)
    images = [cv2.imread(str(samples / name)) for name in ("bus.jpg", "zidane.jpg", "astronaut.png")]
    alone = [detector.detect(image) for image in images]
    together = {}

    def work(number):
        for _ in range(10):
            together[number] = detector.detect(images[number])

    threads = [threading.Thread(target=work, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for number, image in enumerate(images):
        assert_same(together[number], alone[number], max(image.shape))


FLAGS = Path("/proc/cpuinfo").read_text().split()
AVX2_ALONE = """
import sys
from pathlib import Path
import numpy as np
from appliance.detectors.load import load_detector
from appliance.detectors.plan import ModelOptions
from appliance.engines import choose
from appliance.engines.openvino import compile as openvino_build
from appliance.engines.choose import EngineChoice
from appliance.core.hardware import Machine
from tests.integration.test_openvino import kernels

choose.this_machine = lambda: Machine(is_x86=True, has_nvidia_gpu=False)
openvino_build._processor_flags = lambda: ["fma", "avx2"]
choice = EngineChoice("openvino", cache=Path(sys.argv[2]))
compiled = load_detector(Path(sys.argv[1]), "model", {}, ModelOptions(0.3, engine=choice))._front._compiled
found = compiled([np.load(sys.argv[3])])
np.savez(sys.argv[4], *[found[index] for index in range(len(compiled.outputs))])
print(*kernels(compiled))
"""


@pytest.mark.skipif("avx2" not in FLAGS, reason="a choice of kernels that processors with AVX2 have")
class TestKernels:
    """Where the processor has AVX2 only, older kernels of oneDNN than OpenVINO would take."""

    def compiled(self, model, cache, monkeypatch, flags):
        monkeypatch.setattr(openvino_build, "_processor_flags", lambda: flags)
        return load(model, cache)._front._compiled

    def test_they_compute_the_same(self, person_model, cache, monkeypatch, tmp_path):
        """In a process that is told to do without AVX-512, so that every processor has the same to choose from."""
        usual = self.compiled(person_model, cache, monkeypatch, [])
        image = np.random.RandomState(1).uniform(0, 255, (1, 300, 300, 3)).astype(np.float32)
        expected = usual([image])
        np.save(str(tmp_path / "image.npy"), image)
        done = subprocess.run(
            [
                sys.executable,
                "-c",
                AVX2_ALONE,
                str(person_model),
                str(tmp_path / "older"),
                str(tmp_path / "image.npy"),
                str(tmp_path / "found.npz"),
            ],
            stdout=subprocess.PIPE,
            universal_newlines=True,
            check=True,
            env=dict(os.environ, ONEDNN_MAX_CPU_ISA="AVX2", PYTHONPATH=str(ROOT)),
        )
        older = done.stdout.split()
        assert all(name.startswith("jit_avx2") for name in older)
        assert len(older) == len(kernels(usual)) > 40 and older != kernels(usual)
        with np.load(str(tmp_path / "found.npz")) as found:
            assert len(found.files) == len(usual.outputs)
            for index, name in enumerate(found.files):
                assert np.allclose(found[name], expected[index], rtol=0, atol=1e-4)

    def test_what_is_kept_is_of_one_choice(self, person_model, cache, monkeypatch):
        usual = kernels(self.compiled(person_model, cache, monkeypatch, []))
        older = kernels(self.compiled(person_model, cache, monkeypatch, ["avx2"]))
        assert usual != older and len(list(cache.glob("*.engine"))) == 2
        assert kernels(self.compiled(person_model, cache, monkeypatch, [])) == usual
        assert kernels(self.compiled(person_model, cache, monkeypatch, ["avx2"])) == older

    def test_this_processor_gets_what_its_flags_say(self, person_model, cache):
        taken = kernels(load(person_model, cache)._front._compiled)
        has_only_avx2 = "avx512f" not in FLAGS
        assert all(name.startswith("jit_avx2") for name in taken) == has_only_avx2

    @pytest.mark.parametrize("error", [RuntimeError("no such kernels"), ElementTree.ParseError("no element")])
    def test_where_they_are_refused_it_runs_by_others_and_says_so(
        self, person_model, samples, cache, monkeypatch, caplog, error
    ):
        def fail(*arguments):
            raise error

        image = cv2.imread(str(samples / "zidane.jpg"))
        monkeypatch.setattr(openvino_build, "with_kernels", fail)
        monkeypatch.setattr(openvino_build, "_processor_flags", lambda: ["avx2"])
        assert len(load(person_model, cache).detect(image).scores) == 2
        assert "runs by others" in caplog.text


def kernels(compiled):
    """OpenVINO's names for what computes the convolutions."""
    facts = [operation.get_rt_info() for operation in compiled.get_runtime_model().get_ops()]
    return [
        str(one["primitiveType"].astype(str))
        for one in facts
        if "layerType" in one and str(one["layerType"].astype(str)) == "Convolution"
    ]


class TestChoice:
    def test_auto_takes_it_for_an_ssd_and_says_so(self, person_model, cache, caplog):
        caplog.set_level("DEBUG")
        assert load(person_model, cache, "auto").engine == "openvino"
        assert "model: ssd graph, fast path, openvino on the CPU" in caplog.text
        assert "Engine: OpenVINO" in caplog.text and "x86 without an NVIDIA GPU" in caplog.text

    def test_auto_takes_tensorflow_where_there_is_a_gpu_for_it(self, person_model, cache, monkeypatch):
        monkeypatch.setattr(choose, "this_machine", lambda: Machine(is_x86=True, has_nvidia_gpu=True))
        assert load(person_model, cache, "auto").engine == "tensorflow"

    def test_auto_takes_tensorflow_where_it_is_not_installed(self, person_model, cache, monkeypatch):
        monkeypatch.setitem(sys.modules, "openvino", None)
        assert load(person_model, cache, "auto").engine == "tensorflow"
        with pytest.raises(ModelError, match="pip install -r requirements/openvino.txt"):
            load(person_model, cache)

    def test_auto_takes_tensorflow_for_a_quantized_graph(self, zoo_dir, tmp_path, cache):
        """There a last bit may move a value by a whole step: what is found would not be what TensorFlow finds."""
        path = unpack(zoo_bytes(zoo_dir, QUANTIZED), tmp_path, QUANTIZED)
        assert load(path, cache, "auto").engine == "tensorflow"
        assert load(path, cache).engine == "openvino"

    @pytest.mark.parametrize("name", [ROWS[0], QUANTIZED, FASTER])
    def test_models_show_names_the_engine_that_runs(self, name, zoo_dir, tmp_path, cache, monkeypatch):
        monkeypatch.chdir(tmp_path)
        path = unpack(zoo_bytes(zoo_dir, name), tmp_path, name)
        shown = show_model(InstalledModel(name, path, {}), load_settings(None, {}, {}), Board("pc", "PC", ""))
        detector = load(path, cache, "auto")
        detector.close()
        assert f"engine: {detector.engine}" in shown

    def test_models_show_names_the_engine_that_was_tuned(self, person_model, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        (tmp_path / "state").mkdir()
        write_tuned(
            tuned_path("state"),
            {
                "walkers": Tuned(
                    graph=hash_file(person_model),
                    machine=machine_facts(),
                    settings={"engine": "tensorflow"},
                    under={"split_model": True, "exact": False},
                    measured={},
                    versions={},
                    date="2026-11-24 12:50",
                )
            },
        )
        for name, engine in (("walkers", "tensorflow"), ("others", "openvino")):
            shown = show_model(
                InstalledModel(name, person_model, {}), load_settings(None, {}, {}), Board("pc", "PC", "")
            )
            assert "engine: " + engine in shown

    def test_what_it_cannot_run_is_refused_where_it_is_asked_for(self, zoo_dir, tmp_path, cache):
        path = unpack(zoo_bytes(zoo_dir, FASTER), tmp_path, FASTER)
        with pytest.raises(ModelError, match="OpenVINO runs the fast path of SSD graphs only; this is a faster rcnn"):
            load(path, cache)

    @pytest.mark.parametrize("options", [{"exact": True}, {"split_model": False}])
    def test_the_graphs_own_operations_are_tensorflows(self, person_model, cache, options):
        assert load(person_model, cache, "auto", **options).engine == "tensorflow"
        with pytest.raises(ModelError, match="fast path"):
            load(person_model, cache, **options)

    def test_what_it_cannot_convert_is_told_or_left_to_tensorflow(self, person_model, cache, monkeypatch, caplog):
        def strange(graph):
            message = type(graph.message).FromString(graph.message.SerializeToString())
            next(node for node in message.node if node.op == "Conv2D").op = "NobodyKnowsIt"
            return message

        monkeypatch.setattr(openvino_build, "_explicit", strange)
        caplog.set_level("INFO")
        assert load(person_model, cache, "auto").engine == "tensorflow"
        assert "Engine: TensorFlow; OpenVINO cannot run this model" in caplog.text
        with pytest.raises(ModelError, match="OpenVINO cannot take the network.*--engine tensorflow"):
            load(person_model, cache)


def test_no_room_for_temporary_files_is_an_error_for_people(person_model, cache, monkeypatch):
    def fail(*arguments, **keywords):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(openvino_build.tempfile, "TemporaryDirectory", fail)
    with pytest.raises(ModelError, match="No space left on device. Make room there, or set TMPDIR"):
        load(person_model, cache)
    assert load(person_model, cache, "auto").engine == "tensorflow"


@pytest.mark.parametrize("workers, threads", [(available_cores(), 1), (available_cores() - 1, 7)])
def test_opencv_leaves_the_cores_alone_where_all_have_work(person_model, cache, workers, threads):
    if not workers:
        pytest.skip("one core: it always has work")
    before = cv2.getNumThreads()
    cv2.setNumThreads(7)
    try:
        load(person_model, cache, worker_threads=workers)
        assert cv2.getNumThreads() == threads
    finally:
        cv2.setNumThreads(before)


def test_tensorflow_is_not_even_loaded(person_model, cache, samples):
    program = (
        "import sys, cv2; from pathlib import Path; from appliance.detectors.load import load_detector\n"
        "from appliance.detectors.plan import ModelOptions; from appliance.engines.choose import EngineChoice\n"
        "options = ModelOptions(0.3, engine=EngineChoice('openvino', cache=Path(sys.argv[2])))\n"
        "found = load_detector(Path(sys.argv[1]), 'model', {}, options).detect(cv2.imread(sys.argv[3]))\n"
        "print(len(found.scores), 'tensorflow' in sys.modules, 'tensorflow.python' in sys.modules)"
    )
    words = [sys.executable, "-c", program, str(person_model), str(cache), str(samples / "zidane.jpg")]
    done = subprocess.run(words, stdout=subprocess.PIPE, universal_newlines=True, check=True)
    assert done.stdout.split() == ["2", "False", "False"]


def test_the_model_that_is_read_is_left_as_it_was(person_model):
    graph = read_model(person_model)
    before = graph.message.SerializeToString(deterministic=True)
    openvino_build._explicit(graph)
    assert graph.message.SerializeToString(deterministic=True) == before
