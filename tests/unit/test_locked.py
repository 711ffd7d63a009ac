"""The packages of the images: what requirements/locked/ has is what requirements/*.txt allows."""

import re
from pathlib import Path

import pytest
from packaging.requirements import Requirement

REQUIREMENTS = Path(__file__).resolve().parents[2] / "requirements"
LOCKED = sorted((REQUIREMENTS / "locked").glob("*.txt"))
FROM_THE_BASE = {"numpy", "protobuf"}


def plain(name):
    return re.sub(r"[-_.]+", "-", name).lower()


def entries(path):
    """Name to release, of a file that must have nothing but pinned and hashed packages."""
    lines = [line for line in path.read_text().splitlines() if not line.startswith("#")]
    found = [re.fullmatch(r"([\w.-]+)==([\w.+!-]+) --hash=sha256:[0-9a-f]{64}", line) for line in lines]
    assert found and all(found), f"{path.name}: {lines}"
    return {plain(match.group(1)): match.group(2) for match in found}


def allowed(path, environment):
    """The requirements of a file for a machine, by name."""
    lines = [line.partition(" #")[0].strip() for line in path.read_text().splitlines()]
    rows = [Requirement(line) for line in lines if line and not line.startswith("#")]
    return {plain(row.name): row for row in rows if row.marker is None or row.marker.evaluate(environment)}


@pytest.mark.parametrize("path", LOCKED, ids=lambda path: path.stem)
def test_what_is_locked_is_what_is_allowed(path):
    head = path.read_text().splitlines()[:2]
    sources = re.findall(r"(\w+)\.txt", head[0])
    version, machine = re.search(r"for Python ([\d.]+) on (\w+)", head[1]).groups()
    environment = {"python_version": version, "python_full_version": version + ".0", "platform_machine": machine}
    locked = entries(path)
    for source in sources:
        for name, row in allowed(REQUIREMENTS / (source + ".txt"), environment).items():
            if path.name.startswith("l4t") and name in FROM_THE_BASE:
                assert name not in locked
                continue
            assert name in locked, f"{path.name} lacks {name} of {source}.txt: `make lock`"
            assert row.specifier.contains(locked[name], prereleases=True), (
                f"{path.name}: {name}=={locked[name]}, but {source} asks for {row}"
            )


def test_every_target_is_there():
    assert {path.stem for path in LOCKED} == {
        "x86-py311",
        "x86-py311-gpu",
        *(f"l4t-py{python}{part}" for python in ("36", "38", "311") for part in ("", "-opencv", "-pip")),
    }


def test_each_file_has_nothing_of_the_machine_that_made_it():
    for path in LOCKED:
        assert "://" not in path.read_text() and "--index" not in path.read_text() and "file:" not in path.read_text()
