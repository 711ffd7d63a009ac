"""Processes that are kept running: started again, ended when they hang, and none left behind."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from appliance.cli import supervisor
from appliance.cli.supervisor import Child, describe
from appliance.core.process import Heartbeat
from tests.waiting import wait_until

ROOT = Path(__file__).resolve().parents[2]
LIMIT = 60
SLEEP = ["sleep", "1000"]

# Supervises the commands that it is given, and prints what it says of their ends.
SUPERVISE = """
import json, sys
from appliance.cli import supervisor
given = json.loads(sys.argv[1])
supervisor.STRAY_SECONDS = given["stray_seconds"]
children = []
for name, command in given["commands"].items():
    child = supervisor.Child(name, given["silence"], 1000.0, lambda why, delay: print(why, flush=True))
    child.command = [word.replace("HEART", str(child.heartbeat)) for word in command]
    children.append(child)
supervisor.Supervisor(children, given["stop_seconds"], lambda: None).run()
"""


class Supervised:
    """A supervisor in a process of its own. `commands` by name; HEART in them is the descriptor for heartbeats."""

    def __init__(self, folder, stop_seconds=LIMIT, silence=1000.0, stray_seconds=0.0, **commands):
        given = {"commands": commands, "stop_seconds": stop_seconds, "silence": silence, "stray_seconds": stray_seconds}
        self.out = folder / "out"
        with self.out.open("w") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-c", SUPERVISE, json.dumps(given)], cwd=str(ROOT), stdout=out
            )
        self.known = set()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for pid in [self.process.pid, *self.known]:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        self.process.wait()

    def running(self, *command):
        """The process of this command, when it is there."""
        assert self.process.poll() is None
        for process in psutil.Process(self.process.pid).children(recursive=True):
            try:
                if process.cmdline() == list(command):
                    self.known.add(process.pid)
                    return process
            except psutil.Error:
                pass
        return None


def is_gone(process):
    try:
        return process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


CHILD = """
import os, signal, sys, time
own, other = sys.argv[1:]

def end(*_):
    open(own + ".told", "w").close()
    while not os.path.exists(other + ".told"):
        time.sleep(0.01)
    open(own + ".ended", "w").close()
    sys.exit()

signal.signal(signal.SIGTERM, end)
open(own + ".ready", "w").close()
while True:
    signal.pause()
"""


def test_all_are_told_to_stop_at_once(tmp_path):
    """Each of these ends only when the other was told too."""
    one, two = str(tmp_path / "one"), str(tmp_path / "two")
    commands = {"one": [sys.executable, "-c", CHILD, one, two], "two": [sys.executable, "-c", CHILD, two, one]}
    with Supervised(tmp_path, **commands) as supervised:
        wait_until(lambda: all((tmp_path / (name + ".ready")).exists() for name in commands))
        supervised.process.terminate()
        assert supervised.process.wait(LIMIT) == 0
        assert all((tmp_path / (name + ".ended")).exists() for name in commands)


def test_one_that_does_not_stop_is_killed(tmp_path):
    ready = tmp_path / "ready"
    stubborn = ["sh", "-c", f"trap '' TERM; touch {ready}; while :; do sleep 1; done"]
    with Supervised(tmp_path, stop_seconds=0.1, one=stubborn) as supervised:
        wait_until(ready.exists)
        child = wait_until(lambda: supervised.running(*stubborn))
        supervised.process.send_signal(signal.SIGINT)
        assert supervised.process.wait(LIMIT) == 0
        assert is_gone(child)


def test_one_that_is_killed_is_started_again_alone_and_the_reason_is_told(tmp_path):
    with Supervised(tmp_path, one=SLEEP, two=["sleep", "2000"]) as supervised:
        first, other = (
            wait_until(lambda: supervised.running(*SLEEP)),
            wait_until(lambda: supervised.running("sleep", "2000")),
        )
        first.kill()
        wait_until(lambda: supervised.running(*SLEEP) not in (None, first))
        assert supervised.out.read_text() == "The one was killed by SIGKILL (out of memory?).\n"
        assert supervised.running("sleep", "2000") == other


def test_one_that_stops_beating_is_killed_and_started_again(tmp_path):
    """The first life stops itself after a heartbeat; the second goes on."""
    once = tmp_path / "once"
    code = (
        f"import os, signal; os.write(HEART, b'w'); os.path.exists({str(once)!r}) or "
        f"(open({str(once)!r}, 'w').close(), os.kill(os.getpid(), signal.SIGSTOP)); signal.pause()"
    )
    with Supervised(tmp_path, silence=0.2, one=[sys.executable, "-c", code]) as supervised:
        said = wait_until(supervised.out.read_text)
        assert said.startswith("The one did not answer for ") and "was ended" in said, said


def test_nothing_outlives_a_supervisor_that_is_killed(tmp_path):
    with Supervised(tmp_path, one=SLEEP, two=["sleep", "2000"]) as supervised:
        children = [
            wait_until(lambda: supervised.running(*SLEEP)),
            wait_until(lambda: supervised.running("sleep", "2000")),
        ]
        supervised.process.kill()
        wait_until(lambda: all(is_gone(child) for child in children))


def test_what_a_dead_child_left_behind_is_ended(tmp_path):
    leaves = ["sh", "-c", "setsid sleep 3000 & wait"]
    with Supervised(tmp_path, one=leaves) as supervised:
        stray, child = (
            wait_until(lambda: supervised.running("sleep", "3000")),
            wait_until(lambda: supervised.running(*leaves)),
        )
        child.kill()
        wait_until(lambda: is_gone(stray))


def test_delays_grow_to_a_ceiling_and_begin_anew_after_it_ran_well():
    told = []
    child = Child("one", 1.0, 1.0, lambda why, delay: told.append(delay))
    for number in range(9):
        child.schedule(0, now=number)
    assert told == [0.5, 1, 2, 4, 8, 16, 30, 30, 30]
    child.schedule(0, now=supervisor.WELL_SECONDS)
    assert told[-1] == 0.5


@pytest.fixture
def child():
    made = Child("one", silence=15.0, busy_silence=300.0)
    made.command = SLEEP
    made.keep_running(0.0)
    yield made
    made.signal(signal.SIGKILL)
    made.reap(os.waitpid(made.pid, 0)[1])


@pytest.mark.parametrize("beats, patience", [((), 300.0), (("busy", "well"), 15.0), (("well", "busy"), 300.0)])
def test_it_may_be_silent_longer_while_it_starts_and_while_it_is_busy(child, beats, patience):
    for beat in beats:
        Heartbeat(child.heartbeat).beat(is_busy=beat == "busy")
    child.take_heartbeats(1.0)
    assert child.patience == patience


def test_a_child_is_not_killed_for_what_a_supervisor_that_stood_still_did_not_hear(child):
    child.forgive_silence(5000.0)
    child.keep_running(5001.0)
    assert psutil.Process(child.pid).status() != psutil.STATUS_ZOMBIE


@pytest.mark.parametrize(
    "status, text",
    [
        (0, "ended by itself"),
        (2 << 8, "ended with exit code 2"),
        (9, "was killed by SIGKILL (out of memory?)"),
        (11, "was killed by SIGSEGV (a crash)"),
        (11 | 0x80, "was killed by SIGSEGV (a crash)"),
        (15, "was killed by SIGTERM"),
        (40, "was killed by signal 40"),
    ],
)
def test_what_a_wait_status_says(status, text):
    assert describe(status) == text
