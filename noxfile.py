"""The checks: `lint`, the tests of the page's JavaScript, and those of the rest on each Python that must run it.

`make test`, `make test-boards` and `make test-heavy` start them. `.venv/bin/nox -s tests-3.6 -- -k mailbox` runs a
part, `.venv/bin/nox -s tests-3.6 -- -m "not heavy"` all that there is.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import List, Optional

import nox
from nox.command import CommandFailed

PCS = ("3.11", "3.13", "3.12", "3.10", "3.9")
"""What PCs have. The first that is found stands for all of them."""

BOARDS = {"3.8": "JetPack 5", "3.6": "JetPack 4"}

SECONDS_A_TEST = 900
"""A test that takes longer hangs: it is stopped with a traceback of every thread."""

WORKERS = 3
"""Tests that run at the same time; each may take a gigabyte of memory."""

VERMIN = ("-t=3.6-", "--no-tips", "--violations", "--backport", "dataclasses")
"""A message names each line that needs more than Python 3.6; `dataclasses` has a backport there."""

NODE = 18
"""The oldest Node.js that has what checks and tests the page's JavaScript; that of Debian 12."""

ROOT = Path(__file__).parent


def find_python(version: str) -> Optional[str]:
    """Find a Python of this version ("3.8") on PATH or under pyenv, and try it: a shim may lead nowhere."""
    name = "python" + version
    pyenv = Path(os.environ.get("PYENV_ROOT", "~/.pyenv")).expanduser() / "versions"
    folders = os.environ.get("PATH", "").split(os.pathsep)
    folders += [str(path / "bin") for path in sorted(pyenv.glob(version + ".*"), key=release, reverse=True)]
    for folder in folders:
        path = shutil.which(name, path=folder)
        if path and works(path, version):
            return path
    return None


def release(path: Path) -> List[int]:
    return [int(number) for number in re.findall(r"\d+", path.name)]


def works(python: str, version: str) -> bool:
    program = "import sys, ensurepip, venv; print('%d.%d' % sys.version_info[:2])"
    done = subprocess.run([python, "-c", program], capture_output=True, text=True)
    return done.returncode == 0 and done.stdout.strip() == version


def install(session: nox.Session, *parts: str) -> None:
    """Install requirement files, unless this environment already has them as they are now."""
    read = [ROOT / "requirements" / (name + ".txt") for name in ("pip", *parts, "known-good")]
    wanted = "".join(path.read_text() for path in read)
    stamp = Path(session.virtualenv.location) / "installed.txt"
    if stamp.exists() and stamp.read_text() == wanted:
        session.log("the requirements are installed already")
        return
    session.log("installing the requirements: a few minutes, the first time")
    session.run_install("python", "-m", "pip", "install", "-qq", "--upgrade", "-r", "requirements/pip.txt")
    files = [argument for part in parts for argument in ("-r", f"requirements/{part}.txt")]
    session.run_install("python", "-m", "pip", "install", "-qq", "-c", "requirements/known-good.txt", *files)
    stamp.write_text(wanted)


def install_node_tools(session: nox.Session) -> bool:
    """Install what package-lock.json names, unless it is there. False, and said: nothing here checks JavaScript."""
    npm, node = shutil.which("npm"), shutil.which("node")
    version = subprocess.run([node, "--version"], capture_output=True, text=True).stdout if node else ""
    if not npm or int((re.findall(r"\d+", version) or ["0"])[0]) < NODE:
        has = f"this machine has {version.strip()}" if version else "there is none"
        session.log(f"the page's JavaScript was not checked: that takes npm and Node.js {NODE} or newer, and {has}")
        return False
    lock, stamp = ROOT / "package-lock.json", ROOT / "node_modules" / "installed.json"
    if not stamp.exists() or stamp.read_text() != lock.read_text():
        session.run_install(npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
        stamp.write_text(lock.read_text())
    return True


def tests(session: nox.Session, version: str, *options: str) -> None:
    """Run pytest. What is typed behind `--` comes last, so that it can choose other tests (`-m heavy`)."""
    install(session, "run", "web", "opencv", "openvino", "tensorflow", "test")
    # More at a time than there are processors: a test waits much for processes to start. The newest pytest-xdist for
    # Python 3.6 cannot give an idle worker what waits for a busy one.
    share = "loadfile" if version == "3.6" else "worksteal"
    always = (f"--timeout={SECONDS_A_TEST}", "--durations=20", "-n", str(WORKERS), "--dist", share)
    words = ("pytest", *always, *options, *session.posargs)
    if "SPLITLENS_COVERAGE" not in os.environ:
        session.run("python", "-m", *words)
        return
    # A folder of the system's: the daemon may write there, and in few others.
    with tempfile.TemporaryDirectory(prefix="coverage-") as folder:
        session.env["COVERAGE_FILE"] = str(Path(folder) / "data")
        session.run("python", "-m", "coverage", "run", "-m", *words)
        session.run("python", "-m", "coverage", "combine", "--quiet")
        session.run("python", "-m", "coverage", "report")


@nox.session(python=False, tags=["test"])
def lint(session: nox.Session) -> None:
    """Run ruff, mypy, vermin, import contracts, biome, tsc, what checks images; the tools are those of nox's .venv."""
    if sys.version_info < (3, 10):
        session.skip("the tools of lint need Python 3.10 or newer in .venv: make setup PYTHON=python3.11")
    code = [name for name in ("appliance", "web", "deploy") if (ROOT / name).is_dir()]
    tools = Path(sys.executable).parent
    commands = [
        [str(tools / "ruff"), "check", "."],
        [str(tools / "ruff"), "format", "--check", "."],
        [str(tools / "mypy"), *code, "tools", "tests", "noxfile.py"],
        [str(tools / "vermin"), *VERMIN, *code],
        [str(tools / "lint-imports")],
        [str(tools / "hadolint"), *map(str, sorted(Path().glob("Dockerfile.*")))],
        [sys.executable, "tools/lock_requirements.py", "--check", "--matching", "l4t"],
    ]
    if shutil.which("shellcheck"):
        scripts = [".ci/run", "deploy/run-container", "deploy/container/splitlens"]
        scripts += [str(path) for folder in ("tools", "deploy") for path in sorted(Path(folder).glob("*.sh"))]
        commands.append(["shellcheck", *scripts])
    else:
        session.log("shellcheck is not installed: the shell scripts were not checked")
    if shutil.which("systemd-analyze"):
        commands.append(["tools/verify_units.sh"])
    else:
        session.log("systemd-analyze is not installed: the units of systemd were not checked")
    failed = []
    try:
        if install_node_tools(session):
            commands.append(["node_modules/.bin/biome", "ci", "--error-on-warnings"])
            commands += [["node_modules/.bin/tsc", "--project", project] for project in (".", "tests/js")]
    except CommandFailed:
        failed.append("npm ci")
    for command in commands:
        try:
            session.run(*command)
        except CommandFailed:  # the other tools still have their say
            failed.append(Path(command[0]).name)
    if failed:
        session.error("failed: " + ", ".join(failed))


@nox.session(name="tests-js", python=False, tags=["test"])
def tests_js(session: nox.Session) -> None:
    """Test the page's JavaScript that needs no browser, with Node's own runner."""
    if not install_node_tools(session):
        session.skip("there is nothing to run them with")
    session.run("node", "--test", *map(str, sorted(Path("tests/js").glob("*.test.js"))))


def add_tests(version: str, python: Optional[str], users: str, tags: List[str], marks: str) -> None:
    """Add a session `tests-VERSION`; without an interpreter it only says what was left out."""

    def missing(session: nox.Session) -> None:
        session.skip(f"the tests did not run on {version} ({users}): there is none on PATH or under pyenv")

    def found(session: nox.Session) -> None:
        tests(session, version, "-m", marks)

    name = "tests-" + version
    if python:
        nox.session(name=name, python=python, venv_backend="venv", reuse_venv=True, tags=tags)(found)
    else:
        nox.session(name=name, python=False, tags=tags)(missing)


on_pcs = {version: find_python(version) for version in PCS}
for_pcs = next((version for version in PCS if on_pcs[version]), PCS[0])
add_tests(for_pcs, on_pcs[for_pcs], "PCs", ["test", "pc"], "not heavy")
for jetpack_version, jetpack in BOARDS.items():
    add_tests(jetpack_version, find_python(jetpack_version), jetpack, ["boards"], "boards and not heavy")
