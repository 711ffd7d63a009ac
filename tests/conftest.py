"""What the tests share: the sample pictures, the installed models, the folder of test graphs."""

import os
import signal
from pathlib import Path

import pytest

# Or pytest 7.0, that of Python 3.6, puts an empty module in its place, and `tests.command` is not found.
import tests  # noqa: F401
from tests.zoo import holds_models

# Whoever starts the tests behind something else may have Ctrl-C ignored: so would the commands that get one here.
if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

ROOT = Path(__file__).resolve().parent.parent
SAMPLES = ("bikes.mp4", "bus.jpg", "zidane.jpg", "astronaut.png", "coffee.png", "chelsea.png")

# Tests of texts, scripts and tables, and the slow ones of what one other file tries on the boards' Pythons too.
SAME_EVERYWHERE = {
    "test_boards_recorded.py",
    "test_deploy.py",
    "test_docs.py",
    "test_gpu_defaults.py",
    "test_graph_zoo.py",
    "test_patterns.py",
}


@pytest.hookimpl(tryfirst=True)  # before `-m` chooses by the marks
def pytest_collection_modifyitems(items):
    """What is quick runs on the boards' Pythons whole but for SAME_EVERYWHERE; of the rest, what is marked so."""
    for item in items:
        if item.nodeid.startswith(("tests/unit/", "tests/web/")) and item.path.name not in SAME_EVERYWHERE:
            item.add_marker(pytest.mark.boards)


def pytest_make_parametrize_id(val):
    """Bytes make no name: those of a graph differ from process to process, and two workers must agree on names."""
    return "bytes" if isinstance(val, bytes) else None


@pytest.fixture(scope="session")
def samples() -> Path:
    """The folder with a street clip (bikes.mp4), five photos, and where people are in two clips."""
    folder = ROOT / "samples"
    missing = [name for name in SAMPLES if not (folder / name).is_file()]
    if missing:
        pytest.fail(
            f"samples/ lacks {missing}. `python tools/fetch_samples.py` gets them.",
            pytrace=False,
        )
    return folder


@pytest.fixture(scope="session")
def models_dir() -> Path:
    """The folder that `models get` installs into; tests read it and leave it as it is."""
    return ROOT / "models"


def _installed(models_dir: Path, name: str) -> Path:
    graph = models_dir / name / "frozen_inference_graph.pb"
    if not graph.is_file():
        pytest.fail(
            f"{name} is not installed. `splitlens models get {name}` gets it.",
            pytrace=False,
        )
    return graph


@pytest.fixture(scope="session")
def coco_model(models_dir: Path) -> Path:
    """The frozen graph of the default model: real weights, 90 classes."""
    return _installed(models_dir, "ssdlite_mobilenet_v2_coco_2018_05_09")


@pytest.fixture(scope="session")
def person_model(models_dir: Path) -> Path:
    """The frozen graph of the one-class person model: real weights, its own NMS inside."""
    return _installed(models_dir, "pedestrian_ssdlite")


@pytest.fixture(scope="session")
def zoo_dir() -> Path:
    """A folder of models, read by `tests.zoo.zoo_bytes`.

    Without SPLITLENS_TEST_ZOO: graphs with the structure of the published zoo and weights that mean nothing.
    """
    named = os.environ.get("SPLITLENS_TEST_ZOO")
    folder = Path(named) if named else ROOT.parent / "shared" / "zoo"
    if not holds_models(folder):
        if named:
            pytest.fail(f"SPLITLENS_TEST_ZOO={named} holds no models", pytrace=False)
        pytest.skip("no test graphs: SPLITLENS_TEST_ZOO is not set and ../shared/zoo has none")
    return folder
