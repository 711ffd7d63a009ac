"""An engine and a family are one file each: nothing else has to be told of them."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from appliance.board.detect import known_boards
from appliance.core.engine_facts import EngineFacts
from appliance.core.registry import BrokenPlugin, find_descriptions
from appliance.detectors.family import all_families, family_of_model_type
from appliance.engines.registry import all_engines
from appliance.graph.read.frozen import DT_FLOAT, make_node, type_attribute
from appliance.schema.settings import SETTINGS
from appliance.zoo.catalogue import load_catalogue
from tests.small_ssd import small_ssd

ROOT = Path(__file__).resolve().parents[2]

ENGINE = """
from appliance.core.findings import OK, Finding
from appliance.engines.base import Engine
from appliance.engines.description import BenchFacts, EngineDescription, TuneFacts

class AbacusEngine(Engine):
    name = "abacus"

def build_front(front, options):
    return AbacusEngine()

def check(machine):
    return Finding(OK, "Abacus", "all its beads are there")

ENGINE = EngineDescription(
    name="abacus", title="Abacus", module="json", rank=1, auto_when="where nobody is in a hurry",
    note="Abacus takes its time", precisions=("FP32",), build_front=build_front, suits=lambda machine: True,
    version=("json", "__name__"), check=check, tune=TuneFacts(), bench=BenchFacts(memory_mb=1.0),
)
"""

FAMILY = """
from appliance.detectors.boxes import make_box_detector
from appliance.detectors.family import Family
from appliance.graph.recognise.family import DETECTION_OUTPUTS

FAMILY = Family(
    key="keypoints", title="Key Points", outputs=(*DETECTION_OUTPUTS, "detection_keypoints"),
    recognise=lambda graph: True, make_detector=make_box_detector, candidates="centres",
)
"""

LOOK = """
import sys
import appliance.engines, appliance.detectors
appliance.engines.__path__.append(sys.argv[1])
appliance.detectors.__path__.append(sys.argv[1])

import contextlib, io, json
from pathlib import Path
from types import SimpleNamespace

from appliance.schema.settings import SETTINGS
from appliance.schema.json_schema import config_schema
from appliance.settings import load_settings

from_settings = {"cv2", "numpy", "tensorflow"} & set(sys.modules)
loaded = load_settings(None, {}, {"engine": "abacus"})
try:
    load_settings(None, {}, {"engine": "abacus", "precision_model": "INT8"})
except Exception as error:
    precision = str(error)

from appliance.board import Board
from appliance.cli import doctor, models
from appliance.cli.bench.bars import list_bars
from appliance.cli.bench.engines import engine_names
from appliance.cli.bench.report import EngineRow, MachineRow, Report
from appliance.cli.bench.table import text_table
from appliance.cli.tune.candidates import candidate_groups
from appliance.cli.tune.run import inspect_machine
from appliance.core.hardware import Machine
from appliance.detectors import plan
from appliance.detectors.capacity import unsupported_reason
from appliance.engines import choose
from appliance.engines.registry import loaded_versions, reference_engine
from appliance.graph.recognise.family import recognise
from appliance.graph.recognise.preprocessor import Unrolled
from appliance.graph.rewrite.normalise import read_model
from appliance.zoo.store import InstalledModel

# The small graph has no loop in front: as if it was unrolled already.
plan.unroll_preprocessor = lambda graph, image: Unrolled(graph, None)
own, points = Path(sys.argv[2]), Path(sys.argv[3])
model = InstalledModel("own", own, {})
front = SimpleNamespace(graph=SimpleNamespace(nodes={}), is_single_stage=True)
asked = lambda engine: load_settings(None, {}, {"engine": engine, "models_dir": str(points.parents[1])})
bench_row = EngineRow(1.0, 2, "abacus", "CPU", 1, 1, 544, 288, 1.0, 1.0, 1.0, 0, 0, 0.0, 0.0, False)
object.__setattr__(reference_engine(), "has_gpu", lambda: False)  # TensorFlow takes seconds to say so
space = inspect_machine(model, load_settings(None, {}, {}))
machine = MachineRow(
    "PC", None, "a CPU", 2, "CPU", "3", {"abacus": "1.0"}, "m", "abacus", "fast", True, 3, 1, 1
)
report = Report(machine, engines=[bench_row])
print(json.dumps({
    "light": sorted(from_settings),
    "choices": SETTINGS["engine"].choices,
    "help": SETTINGS["engine"].help,
    "schema": json.dumps(config_schema()),
    "precision": precision,
    "chosen": [engine.name for engine in choose.choose_engines("auto", front)],
    "built": choose.build_front("abacus", front, None).name,
    "doctor": [finding.found for finding in doctor.check_engines(Machine(False, False)) if finding.subject == "Abacus"],
    "tuned": [str(one) for group in candidate_groups(space) for one in group],
    "benched": engine_names(asked("auto")),
    "table": text_table(report, list_bars(report)),
    "versions": loaded_versions(),
    "shown": models.show_model(model, asked("auto"), Board("pc", "PC", "")),
    "shown_points": models.show_model(InstalledModel("points", points, {}), asked("auto"), Board("pc", "PC", "")),
    "family": recognise(read_model(points), "points").family,
    "listed": models.list_models(points.parents[1], Board("pc", "PC", "")),
    "unfit": unsupported_reason(Board("b", "B", "", ("keypoints",)), "ssd"),
}, default=str))
"""


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    """What a process says that has one file of each more in its folders."""
    folder = tmp_path_factory.mktemp("plugins")
    (folder / "abacus.py").write_text(ENGINE)
    (folder / "keypoints.py").write_text(FAMILY)
    points = small_ssd()
    points.node.extend([make_node("detection_keypoints", "Identity", ["detection_boxes"], T=type_attribute(DT_FLOAT))])
    graphs = []
    for name, message in (("own", small_ssd()), ("points", points)):
        graphs.append(folder / "models" / name / "frozen_inference_graph.pb")
        graphs[-1].parent.mkdir(parents=True)
        graphs[-1].write_bytes(message.SerializeToString())
    done = subprocess.run(
        [sys.executable, "-c", LOOK, str(folder), *map(str, graphs)],
        cwd=str(folder),
        env=dict(os.environ, PYTHONPATH=str(ROOT)),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        universal_newlines=True,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_an_engine_of_one_file_is_a_value_of_the_setting(found):
    assert "abacus" in found["choices"]
    assert "abacus where nobody is in a hurry" in found["help"] and "Abacus takes its time" in found["help"]
    assert found["schema"].count('"abacus"') >= 1 and "nobody is in a hurry" in found["schema"]
    assert "which computes in FP32 only" in found["precision"]


def test_an_engine_of_one_file_is_chosen_and_shown(found):
    assert (found["chosen"][0], found["chosen"][-1]) == ("abacus", "tensorflow")
    assert found["built"] == "abacus"
    assert "engine: abacus" in found["shown"]


def test_an_engine_of_one_file_is_looked_at_tuned_and_measured(found):
    assert found["doctor"] == ["all its beads are there"]
    assert "abacus, 1 worker" in found["tuned"]
    assert "abacus" in found["benched"]
    table = "\n".join(found["table"])
    assert "Abacus 1.0" in table and "\nabacus " in table and "abacus: memory" in table
    assert found["versions"]["abacus"] == "json"


def test_a_family_of_one_file_is_recognised_shown_and_held_against_the_board(found):
    assert found["family"] == "keypoints"
    assert "family: Key Points" in found["shown_points"]
    assert any(re.match(r"points +Key Points ", line) for line in found["listed"])
    assert found["unfit"].endswith("Key Points models fit")


def test_settings_are_read_without_what_engines_load(found):
    assert found["light"] == []


LIGHT = """
import sys
from appliance.engines.registry import all_engines
from appliance.detectors.family import all_families
all_engines(), all_families()
print(sorted({"cv2", "tensorflow", "openvino", "tensorrt", "psutil"} & set(sys.modules)))
"""


def test_finding_them_loads_no_library():
    done = subprocess.run(
        [sys.executable, "-c", LIGHT], stdout=subprocess.PIPE, universal_newlines=True, check=True, cwd=str(ROOT)
    )
    assert done.stdout.strip() == "[]"


def test_a_description_of_the_wrong_kind_is_told(tmp_path, monkeypatch):
    package = tmp_path / "pretended"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "shared.py").write_text("raise ImportError('what has no description is not loaded')\n")
    (package / "wrong.py").write_text("ENGINE: object = 3\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(BrokenPlugin, match="pretended.wrong.ENGINE is no EngineFacts but int"):
        find_descriptions("pretended", "ENGINE", EngineFacts)


NAMED = "from appliance.core.engine_facts import EngineFacts\nENGINE = EngineFacts('abacus', 'Abacus', 'abacus')\n"
WITH_EXTRA = """
import sys
from appliance.core import registry
find = registry.find_descriptions
registry.find_descriptions = lambda package, *more: find(package.replace("appliance.engines", "extra"), *more)
from appliance.__main__ import start
sys.argv[1:] = ["config", "show"]
sys.exit(start())
"""


@pytest.mark.parametrize(
    "text, sentence",
    [
        ("import no_such_library\nENGINE = 1\n", "The module extra.second cannot be loaded (ModuleNotFoundError: No"),
        ("ENGINE = (\n", "The module extra.second cannot be loaded (SyntaxError: "),
        (NAMED, "extra.first.ENGINE and extra.second.ENGINE have the same name, abacus"),
    ],
)
def test_a_module_that_cannot_be_used_is_told_in_one_sentence(tmp_path, text, sentence):
    """Every command ended with a traceback, and of two engines of one name the first was never seen."""
    package = tmp_path / "extra"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "first.py").write_text(NAMED)
    (package / "second.py").write_text(text)
    ended = subprocess.run(
        [sys.executable, "-c", WITH_EXTRA],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=dict(os.environ, PYTHONPATH=f"{ROOT}{os.pathsep}{tmp_path}"),
        timeout=60,
    )
    said = ended.stderr.decode()
    assert (ended.returncode, said.count("\n")) == (1, 1) and said.startswith(f"error: {sentence}"), said


def test_every_name_in_the_data_files_is_a_family():
    families = set(all_families())
    assert {entry.family for entry in load_catalogue()} <= families
    assert {family for row in known_boards() for family in row.get("families", ())} <= families


def test_every_model_type_is_one_familys():
    of_families = [model_type for family in all_families().values() for model_type in family.model_types]
    assert sorted(of_families) == sorted(SETTINGS["model_type"].choices)
    assert {family_of_model_type(entry.model_type) for entry in load_catalogue()} <= set(all_families())
    for entry in load_catalogue():
        assert family_of_model_type(entry.model_type) == entry.family
    assert {engine.model_type for engine in all_engines().values()} <= {*of_families, ""}


def test_nothing_else_names_an_engine():
    keys = re.compile(rf"[\"']({'|'.join(all_engines())})[\"']")
    named = []
    for path in code():
        lines = [line for line in path.read_text(encoding="utf-8").splitlines() if keys.search(line)]
        named += [f"{path.relative_to(ROOT)}: {line.strip()}" for line in lines if "engines" not in path.parts]
    # The package of TensorFlow's messages, and the requirements of OpenCV as a library.
    assert [line for line in named if "_PACKAGE =" not in line and "how_to_install(" not in line] == []


def test_nothing_else_names_a_family():
    keys = re.compile(rf"[\"']({'|'.join(all_families())})[\"']|\b({'|'.join(all_families())}):")
    named = [str(path.relative_to(ROOT)) for path in code() if keys.search(path.read_text(encoding="utf-8"))]
    assert named == [f"appliance/detectors/{key}.py" for key in sorted(all_families())]


def code():
    """The files of daemon and dashboard."""
    paths = [path for folder in ("appliance", "web") for path in sorted((ROOT / folder).rglob("*"))]
    return [path for path in paths if path.suffix in (".py", ".js") and "vendor" not in path.parts]
