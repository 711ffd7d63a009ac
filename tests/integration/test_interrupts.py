"""Ctrl-C ends a command at any moment of its start: at every module that it imports a copy of the process gets one."""

import os
import signal
import subprocess
import sys

import pytest

from appliance.cli import run as app
from tests.command import MODELS, ROOT, finish, start
from tests.waiting import LIMIT

PERSON = ("--model", "pedestrian_ssdlite") + MODELS
AT_EVERY_IMPORT = """
import os, signal, sys

class Interrupter:
    '''Looks like a finder, and finds nothing. Ends the process at the first module where Ctrl-C does not end a copy.'''

    has_started, modules = False, 0

    def find_spec(self, name, path=None, target=None):
        if name == "appliance.__main__":
            self.has_started = True
        elif self.has_started and signal.getsignal(signal.SIGINT) in (signal.SIG_DFL, signal.default_int_handler):
            self.interrupt_a_copy(name)

    def interrupt_a_copy(self, name):
        copy = os.fork()
        if not copy:
            sys.meta_path.remove(self)
            signal.alarm(20)
            os.kill(os.getpid(), signal.SIGINT)
            return
        status = os.waitpid(copy, 0)[1]
        if status != signal.SIGINT:
            os.write(2, "at {}: {}".format(name, status).encode())
            os._exit(99)
        self.modules += 1
        with open("modules", "w") as file:
            file.write(str(self.modules))

sys.meta_path.insert(0, Interrupter())
"""


def test_a_signal_while_the_last_frame_is_done_is_no_mistake_of_the_program(monkeypatch):
    class Loop:
        waits, stops = 0, 0

        def wait(self):
            self.waits += 1

        def stop(self):
            self.stops += 1

    loop, lines, set_signals = Loop(), [], app._set_signals

    def interrupted(handler):
        if handler == signal.SIG_DFL and not lines:
            lines.append("interrupted")
            os.kill(os.getpid(), signal.SIGINT)
        set_signals(handler)

    monkeypatch.setattr(app, "_set_signals", interrupted)
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    try:
        app.wait(loop, lines.append)
    finally:
        signal.signal(signal.SIGINT, before[0])
        signal.signal(signal.SIGTERM, before[1])
    assert lines == ["interrupted", "SIGINT: finishing the frames under way"]
    assert (loop.waits, loop.stops) == (2, 1)


@pytest.mark.parametrize(
    "words, least, code",
    [
        (("config", "check"), 50, 0),
        (("models", "list") + MODELS, 100, 0),
        (("doctor",) + MODELS, 100, None),
        (("up", "--listen", "nowhere"), 50, 2),
        (("bench", "--clip", "missing.mp4") + PERSON, 200, 4),
        (("tune", "--seconds", "0.1", "--width", "160", "--height", "120") + PERSON, 500, 0),
        (("image", "bus.jpg", "--engine", "tensorflow") + PERSON, 500, 0),
    ],
)
def test_ctrl_c_ends_a_command_wherever_its_start_has_come_to(tmp_path, samples, person_model, words, least, code):
    (tmp_path / "hook").mkdir()
    (tmp_path / "hook" / "sitecustomize.py").write_text(AT_EVERY_IMPORT)
    words = [str(samples / word) if word == "bus.jpg" else word for word in words]
    ended = finish(start(tmp_path, *words, PYTHONPATH=str(tmp_path / "hook")))
    assert code in (ended.code, None) and ended.code != 99, ended.err
    assert int((tmp_path / "modules").read_text()) >= least


SWALLOWED = """
import os, signal, sys, threading
from appliance.cli import main as program
from appliance.cli import models

def get(options, loaded):
    try:
        os.kill(os.getpid(), signal.SIGINT)
    except KeyboardInterrupt:
        print("what was not whole is gone", flush=True)
        if options.action != "list":
            raise
    threading.Event().wait()

models.run = get
program.CLEARING = 1
sys.exit(program.main())
"""


@pytest.mark.parametrize("words, code", [(("models", "remove", "cats"), 130), (("models", "list"), -signal.SIGINT)])
def test_what_is_half_made_is_cleared_away_and_a_swallowed_ctrl_c_ends_it_too(tmp_path, words, code):
    done = subprocess.run(
        [sys.executable, "-c", SWALLOWED, *words],
        cwd=str(tmp_path),
        stdout=subprocess.PIPE,
        env=dict(os.environ, PYTHONPATH=str(ROOT)),
        universal_newlines=True,
        timeout=LIMIT,
    )
    assert (done.returncode, done.stdout) == (code, "what was not whole is gone\n")
