"""What a confined process may write, on kernels that can keep it to that."""

import ctypes
import json
import subprocess
import sys

import pytest

from appliance.daemon.sandbox import _CREATE_RULESET, _OLDEST_VERSION, _VERSION_FLAG

VERSION = ctypes.CDLL(None).syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), _VERSION_FLAG)
pytestmark = pytest.mark.skipif(VERSION < _OLDEST_VERSION, reason="this kernel has no Landlock that moves files")

PROGRAM = """
import json, os, subprocess, sys, threading
from pathlib import Path
from appliance.daemon.sandbox import confine_daemon
from appliance.schema.settings import Settings

base = Path(sys.argv[1])
names = ("state", "recordings", "models")
confine_daemon(Settings(**{name + "_dir": str(base / name) for name in names}), base / "run")
found = {"threads": len(os.listdir("/proc/self/task")), "numpy": "numpy" in sys.modules}

def attempt(name, action):
    try:
        action()
        found[name] = "done"
    except OSError as error:
        found[name] = type(error).__name__

def move():
    (base / "models" / ".new").mkdir()
    (base / "models" / ".new" / "graph").write_text("x")
    os.rename(str(base / "models" / ".new"), str(base / "models" / "mine"))
    os.rename(str(base / "models" / "mine" / "graph"), str(base / "state" / "graph"))
    os.unlink(str(base / "state" / "graph"))

def in_thread():
    thread = threading.Thread(target=attempt, args=("thread", lambda: (base / "outside" / "t").write_text("x")))
    thread.start()
    thread.join()

def write_null():
    with open("/dev/null", "w") as file:
        file.write("x")

for name in names + ("run", "temp", "outside"):
    attempt(name, lambda: (base / name / "file").write_text("x"))
attempt("move", move)
attempt("overwrite", lambda: (base / "outside" / "there").write_text("x"))
attempt("truncate", lambda: os.truncate(str(base / "outside" / "there"), 0))
attempt("remove", lambda: os.unlink(str(base / "outside" / "there")))
attempt("make folder", lambda: (base / "outside" / "new").mkdir())
attempt("link out", lambda: os.link(str(base / "state" / "file"), str(base / "outside" / "link")))
attempt("move out", lambda: os.rename(str(base / "state" / "file"), str(base / "outside" / "file")))
attempt("read", lambda: (base / "outside" / "there").read_text())
attempt("null", write_null)
in_thread()
child = "import pathlib, sys; pathlib.Path(sys.argv[1]).write_text('x')"
found["child"] = subprocess.call([sys.executable, "-c", child, str(base / "outside" / "c")], stderr=subprocess.DEVNULL)
found["registry"] = os.environ["GST_REGISTRY"].startswith(str(base / "state"))
print(json.dumps(found))
"""


def test_only_its_own_folders_can_be_written(tmp_path):
    for name in ("temp", "outside"):
        (tmp_path / name).mkdir()
    (tmp_path / "outside" / "there").write_text("kept")
    environment = {"TMPDIR": str(tmp_path / "temp"), "PYTHONPATH": ":".join(sys.path), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(tmp_path)], env=environment, stdout=subprocess.PIPE, check=True
    )
    found = json.loads(done.stdout.decode())
    allowed = ("state", "recordings", "models", "run", "temp", "move", "read", "null")
    refused = ("outside", "overwrite", "remove", "make folder", "move out", "thread")
    assert {name: found[name] for name in allowed} == dict.fromkeys(allowed, "done")
    assert {name: found[name] for name in refused} == dict.fromkeys(refused, "PermissionError")
    assert found["link out"] in ("PermissionError", "OSError")
    assert found["truncate"] == ("PermissionError" if VERSION >= 3 else "done")
    assert found["child"] != 0 and found["registry"]
    assert (found["threads"], found["numpy"]) == (1, False)
    if VERSION >= 3:
        assert (tmp_path / "outside" / "there").read_text() == "kept"
    assert [path.name for path in (tmp_path / "outside").iterdir()] == ["there"]


def test_a_kernel_without_it_is_told_and_nothing_is_changed(tmp_path):
    program = (
        "import logging, os, sys; logging.basicConfig(level=logging.INFO, format='%(message)s')\n"
        "from pathlib import Path\n"
        "from appliance.daemon import sandbox\n"
        "sandbox._OLDEST_VERSION = 10 ** 6\n"
        "assert not sandbox.confine([], [])\n"
        "Path(sys.argv[1]).write_text('x')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "file")],
        stderr=subprocess.PIPE,
        check=True,
        env={"PYTHONPATH": ":".join(sys.path)},
    )
    assert b"no Landlock" in done.stderr
