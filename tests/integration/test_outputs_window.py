"""The window, on a virtual display, with an OpenCV that has windows: Debian's, not PyPI's headless one."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
# Shows frames until the window is closed by what sys.argv[1] does to it.
SHOW = """
import ctypes, subprocess, sys, threading, time
import numpy as np
from appliance.core.frame import Detections, Frame, Result, Statistics, Timings
from appliance.drawing.overlay import Overlay
from appliance.outputs.window import Window, window_reason


def find_window():
    found = subprocess.run(["xdotool", "search", "--name", "^Splitlens$"], stdout=subprocess.PIPE)
    return found.stdout.split()[0].decode() if found.stdout else None


def close_as_a_window_manager_does(window):
    class Message(ctypes.Structure):
        _fields_ = [
            ("type", ctypes.c_int), ("serial", ctypes.c_ulong), ("send_event", ctypes.c_int),
            ("display", ctypes.c_void_p), ("window", ctypes.c_ulong), ("message_type", ctypes.c_ulong),
            ("format", ctypes.c_int), ("data", ctypes.c_long * 5), ("rest", ctypes.c_long * 24),
        ]
    x11 = ctypes.CDLL("libX11.so.6")
    x11.XOpenDisplay.restype, x11.XInternAtom.restype = ctypes.c_void_p, ctypes.c_ulong
    display = ctypes.c_void_p(x11.XOpenDisplay(None))
    atom = lambda name: x11.XInternAtom(display, name, 0)
    message = Message(type=33, window=int(window), message_type=atom(b"WM_PROTOCOLS"), format=32)
    message.data[0] = atom(b"WM_DELETE_WINDOW")
    x11.XSendEvent(display, ctypes.c_ulong(int(window)), 0, ctypes.c_long(0), ctypes.byref(message))
    x11.XCloseDisplay(display)


print(window_reason(), flush=True)
statistics = Statistics(0.0, 0, 0.0, None, 0.0, 0, 0, 0)
closed = threading.Event()
window = Window(Overlay(False, lambda: statistics), 0, closed)


def show():
    end, is_told = time.monotonic() + 60, False
    while not closed.is_set() and time.monotonic() < end:
        frame = Frame(np.full((240, 320, 3), 200, np.uint8), 0, "camera", 0.0, 0.0, 0.0)
        window.write(Result(frame, Detections.empty(), Timings(0, 0, 0, 0, 0, 0), {}))
        shown = None if is_told else find_window()
        if shown and sys.argv[1] == "close":
            close_as_a_window_manager_does(shown)
        elif shown:
            subprocess.run(["xdotool", "key", "--window", shown, sys.argv[1]], stderr=subprocess.DEVNULL)
        is_told = is_told or bool(shown)
    window.close()
    window.close()


thread = threading.Thread(target=show)
thread.start()
thread.join()
print("closed" if closed.is_set() else "still open", flush=True)
"""
ASK = "import cv2, re; print(re.search('GUI: +(.*)', cv2.getBuildInformation()).group(1))"


def run(python, program, *arguments, **environment):
    return subprocess.run(
        [python, "-c", program] + list(arguments),
        cwd=str(ROOT), env=dict(os.environ, **environment), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        universal_newlines=True, timeout=120,
    )  # fmt: skip


@pytest.fixture(scope="module")
def python_with_windows():
    for python in (sys.executable, "/usr/bin/python3"):
        if os.path.exists(python):
            answer = run(python, ASK)
            if answer.returncode == 0 and "NONE" not in answer.stdout:
                return python
    return pytest.skip("no OpenCV here can open windows (Debian: python3-opencv)")


@pytest.fixture(scope="module")
def display():
    """The name of a virtual display."""
    for program in ("Xvfb", "xdotool"):
        if not shutil.which(program):
            pytest.skip(f"{program} is not installed (Debian: {program.lower()})")
    read_end, write_end = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(write_end), "-screen", "0", "1024x768x24"],
        pass_fds=[write_end], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    os.close(write_end)
    with os.fdopen(read_end) as answer:
        number = answer.readline().strip()
    yield ":" + number
    server.terminate()
    server.wait(60)


@pytest.mark.parametrize("how", ["q", "Escape", "close"])
def test_the_user_ends_the_run_from_the_window(python_with_windows, display, how):
    done = run(python_with_windows, SHOW, how, DISPLAY=display)
    assert done.stdout.split() == ["None", "closed"], done.stderr


REASON = "from appliance.outputs.window import window_reason; print(window_reason())"


def test_without_a_display_the_reason_is_said():
    done = run(sys.executable, REASON, DISPLAY="", WAYLAND_DISPLAY="")
    assert done.stdout == "No window: there is no display (DISPLAY is not set).\n"


def test_an_opencv_without_windows_is_the_reason():
    if "NONE" not in run(sys.executable, ASK).stdout:
        pytest.skip("this OpenCV can open windows")
    done = run(sys.executable, REASON, DISPLAY=":0")
    assert "is built without one (opencv-python has it)" in done.stdout


def test_a_display_that_is_not_there_is_the_reason(python_with_windows):
    done = run(python_with_windows, REASON, DISPLAY=":987")
    assert done.stdout.startswith("No window: the display refuses"), done.stderr
