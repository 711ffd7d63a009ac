"""Progress on a terminal and elsewhere."""

import fcntl
import io
import os
import pty
import struct
import termios

import numpy as np
import pytest

from appliance.core.frame import Detections, Frame, Result, Timings
from appliance.outputs.progress import BYTES, Progress


def make_result(index):
    frame = Frame(np.zeros((48, 64, 3), np.uint8), index, "bikes.mp4", 0.0, 0.0, 0.0)
    return Result(frame, Detections.empty(), Timings(0, 0, 0, 0, 0, 0), {})


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture(params=[0, 100], ids=["terminal without a size", "terminal of 100 columns"])
def terminal(request):
    """A real terminal's two ends: a stream to write to, and a function that reads what came out."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("4H", 24, request.param, 0, 0))
    stream = os.fdopen(slave, "w")

    def read():
        stream.flush()
        os.set_blocking(master, False)
        text = b""
        while True:
            try:
                text += os.read(master, 65536)
            except BlockingIOError:
                return text.decode()

    yield stream, read
    stream.close()
    os.close(master)


@pytest.mark.parametrize(
    "total, unit, steps, lines",
    [
        (
            250,
            "frames",
            [(1.0, 50), (6.0, 70), (6.5, 100), (7.0, 30)],
            ["120 of 250 frames, 48 %", "250 of 250 frames, 100 %"],
        ),
        (250, "frames", [(1.0, 250)], ["250 of 250 frames, 100 %"]),
        (250, "frames", [(5.0, 250)], ["250 of 250 frames, 100 %"]),  # not twice
        (None, "images", [(6.0, 7), (12.0, 1)], ["7 images", "8 images"]),
        (0, "images", [], ["0 images"]),
        (64100000, BYTES, [(5.0, 12300000)], ["12.3 of 64.1 MB, 19 %"]),
        (None, BYTES, [(5.0, 12300000)], ["12.3 MB"]),
    ],
)
def test_without_a_terminal_there_are_plain_lines_now_and_then(total, unit, steps, lines):
    stream, clock = io.StringIO(), Clock()
    progress = Progress(total, unit, stream, clock)
    for now, count in steps:
        clock.now = now
        progress.advance(count)
    progress.close()
    progress.close()
    assert stream.getvalue().splitlines() == lines


def test_frames_lost_on_the_way_are_counted_too():
    stream = io.StringIO()
    progress = Progress(20, "frames", stream, Clock())
    for index in (0, 1, 9, 19):
        progress.write(make_result(index=index))
    progress.close()
    assert stream.getvalue() == "20 of 20 frames, 100 %\n"


def test_a_terminal_gets_a_bar_with_lines_above_it(terminal):
    stream, read = terminal
    progress = Progress(250, "frames", stream)
    progress.advance(250)
    progress.write_line("FPS:25.8")
    progress.close()
    progress.write_line("done")
    shown = read()
    assert "250/250" in shown and "100%" in shown
    above, below = shown.split("FPS:25.8", 1)
    # The line starts where the bar was wiped, stands alone, and the bar is drawn again below it.
    assert above.endswith("\r") and below.lstrip("\r").startswith("\n") and "250/250" in below
    assert shown.endswith("done\r\n")


def test_a_bar_shows_bytes_in_units_a_person_reads(terminal):
    stream, read = terminal
    progress = Progress(64100000, BYTES, stream)
    progress.advance(64100000)
    progress.close()
    assert "64.1M/64.1M" in read()


def test_other_lines_pass_where_there_is_no_terminal():
    stream = io.StringIO()
    Progress(10, "frames", stream, Clock()).write_line("FPS:25.8")
    assert stream.getvalue() == "FPS:25.8\n"
