"""What ties a process to the one that started it."""

import os
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from appliance.core.process import Heartbeat
from tests.waiting import wait_until

ROOT = Path(__file__).resolve().parents[2]
LIMIT = 60

# Programs that wait for a child of theirs.
CHILDREN = {
    "any": """
import subprocess
from appliance.core.process import tied_to_us
subprocess.run(["sleep", "1000"], preexec_fn=tied_to_us())
""",
    "one that fetches a package": """
from pathlib import Path
from appliance.zoo.catalogue import PackageOrigin
from appliance.zoo import packages
packages._run(None, ["sleep", "1000"], Path("."))
""",
}


def is_gone(process):
    try:
        return process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


@pytest.mark.parametrize("program", sorted(CHILDREN))
def test_a_child_dies_with_the_process_that_started_it(program):
    process = subprocess.Popen([sys.executable, "-c", CHILDREN[program]], cwd=str(ROOT))
    try:

        def sleeps():
            return [child for child in psutil.Process(process.pid).children() if child.name() == "sleep"]

        child = wait_until(sleeps)[0]
        process.kill()
        wait_until(lambda: is_gone(child))
    finally:
        process.kill()
        process.wait()


def test_a_process_whose_parent_is_gone_before_it_could_be_tied_to_it_ends():
    program = "from appliance.core.process import die_with_parent; die_with_parent(1 << 22); print('it goes on')"
    done = subprocess.run([sys.executable, "-c", program], cwd=str(ROOT), stdout=subprocess.PIPE)
    assert (done.returncode, done.stdout) == (1, b"")


def test_a_heartbeat_that_nobody_hears_never_waits():
    ears, heart = os.pipe()
    os.set_blocking(heart, False)
    for _ in range(100000):
        Heartbeat(heart).beat()
    os.close(ears)
    Heartbeat(heart).beat()
    os.close(heart)
    Heartbeat(heart).beat()
    Heartbeat(None).beat()
