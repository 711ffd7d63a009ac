"""The kinds of source: found in their folder, asked one after the other, and one file is all that a new one needs."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import appliance.sources.kinds
from appliance.contract.errors import Refused
from appliance.core import registry
from appliance.core.source_kinds import accepted_cameras, accepted_in_dashboard
from appliance.daemon.admission import allowed_source
from appliance.sources.kind import admitted_kinds, camera_kind_of, kind_of, source_kinds

PATTERN = """
from appliance.sources.kind import SourceKind


def run(spec, sender):
    from appliance.sources.frame_sender import Ended
    from appliance.sources.shared_frames import Layout

    sender.tell(opening=True)
    sender.tell(opened=True, fps=None)
    memory = sender.claim(Layout(4, 2, 12))
    memory[:] = bytes([int(spec.target)] * 24)
    sender.publish(0.0, 0.0)
    raise Ended("that was all")


KIND = SourceKind(
    name="pattern",
    title="test picture",
    accepts="a test picture (pattern:7)",
    examples=("pattern:7",),
    order=11,
    is_camera=True,
    is_admitted=True,
    recognises=lambda text: text.startswith("pattern:"),
    admit=lambda text: text,
    prepare=lambda text: text.split(":")[1],
    run=run,
)
"""


@pytest.fixture
def with_pattern(tmp_path, monkeypatch):
    """One file more among the kinds."""
    (tmp_path / "pattern_for_tests.py").write_text(PATTERN)
    monkeypatch.setattr(appliance.sources.kinds, "__path__", [*appliance.sources.kinds.__path__, str(tmp_path)])
    registry._modules.cache_clear()
    yield
    registry._modules.cache_clear()
    sys.modules.pop("appliance.sources.kinds.pattern_for_tests", None)


@pytest.mark.parametrize("kind", source_kinds(), ids=lambda kind: kind.name)
def test_each_kind_knows_its_own_examples(kind):
    for example in kind.examples:
        assert kind_of(example) == kind
    assert kind.examples and kind.title and kind.accepts
    assert (kind.run is not None, kind.open is not None) == (kind.is_camera, not kind.is_camera)


@pytest.mark.parametrize("kind", source_kinds(), ids=lambda kind: kind.name)
def test_the_documentation_has_an_example_of_each_kind(kind):
    page = Path(appliance.sources.kinds.__file__).resolve().parents[3] / "docs" / "cameras.md"
    assert kind.examples[0] in page.read_text(encoding="utf-8")


def test_the_names_and_places_of_kinds_are_their_own():
    kinds = source_kinds()
    assert len({kind.name for kind in kinds}) == len({kind.order for kind in kinds}) == len(kinds)
    asked = ["movie", "index", "device", "address", "gstreamer"]
    assert [kind.name for kind in kinds if kind.name in asked] == asked


def test_movies_cannot_be_chosen_in_the_dashboard():
    assert "movie" not in [kind.name for kind in admitted_kinds()]


def test_a_new_kind_is_one_file(with_pattern):
    assert camera_kind_of("pattern:7").name == kind_of("pattern:7").name == "pattern"
    assert allowed_source("pattern:7", []) == "pattern:7"
    with pytest.raises(Refused, match=r"give an index \(0\), .*a test picture \(pattern:7\)"):
        allowed_source("nothing", [])
    assert "a test picture (pattern:7)" in accepted_cameras()
    assert "a test picture (pattern:7)" in accepted_in_dashboard()


def test_a_new_kind_is_read_by_its_reader_process(tmp_path):
    # The reader process is told by nobody where the kinds are: the file lies in their folder.
    program = """
from appliance.sources.open import open_camera

with open_camera("pattern:7") as source:
    print(source.read().image.tolist())
"""
    root = Path(appliance.sources.kinds.__file__).resolve().parents[3]
    package = tmp_path / "appliance"
    _link_package(root / "appliance", package, {"sources": {"kinds": {"pattern_for_tests.py": PATTERN}}})
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=dict(os.environ, PYTHONPATH=str(tmp_path)),
        cwd=str(tmp_path),
        stdout=subprocess.PIPE,
        timeout=120,
    )
    assert done.stdout.split() == str([[[7] * 3] * 4] * 2).encode().split()


def _link_package(source, target, additions):
    """A folder that holds what `source` does, and the additions."""
    target.mkdir()
    for entry in source.iterdir():
        if entry.name in additions and entry.is_dir():
            _link_package(entry, target / entry.name, additions[entry.name])
        elif entry.name != "__pycache__":
            (target / entry.name).symlink_to(entry)
    for name, text in additions.items():
        if isinstance(text, str):
            (target / name).write_text(text)


def test_a_new_kind_is_in_the_state_and_the_openapi_document(with_pattern):
    """In a process of its own: the contract is made when a process starts."""
    program = """
import sys

import appliance.sources.kinds

appliance.sources.kinds.__path__.append(sys.argv[1])

from appliance.contract.openapi import make_document
from appliance.contract.state import SourceKind, describe_source_kinds
from appliance.schema.settings import SETTINGS

assert "a test picture (pattern:7)" in SETTINGS["camera_input"].description
assert SourceKind("pattern", "test picture", "a test picture (pattern:7)", True) in describe_source_kinds()
assert "pattern" in make_document()["components"]["schemas"]["Stream"]["properties"]["kind"]["enum"]
"""
    subprocess.check_call([sys.executable, "-c", program, appliance.sources.kinds.__path__[-1]])


def test_the_kinds_can_be_told_without_numpy_opencv_and_yaml():
    program = """
import sys
from appliance.core.source_kinds import source_facts

assert len(source_facts()) > 1
print([name for name in ("numpy", "cv2", "yaml") if name in sys.modules])
"""
    assert subprocess.check_output([sys.executable, "-c", program]).strip() == b"[]"
