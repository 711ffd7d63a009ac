"""The lines of the log: one form for every process, and none over and over."""

import io
import logging
import re
from pathlib import Path

import pytest

from appliance.core.logging_setup import LineFormatter, Repeats, repeats_note, write_log

ROOT = Path(__file__).resolve().parents[2]
LINE = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d{4} %s\n"


def a_record(text="the disk is full", level=logging.WARNING):
    return logging.LogRecord("appliance.x", level, "x.py", 1, text, (), None)


@pytest.fixture
def log():
    """A logger of its own, and what it writes."""
    written = io.StringIO()
    logger = logging.Logger("test")
    write_log(logger, "daemon", written, lambda text: text.replace("secret", "***"))
    return logger, written


def test_a_line_has_time_level_component_and_text_without_passwords(log):
    logger, written = log
    logger.warning("lost %s", "rtsp://secret@camera")
    assert re.fullmatch(LINE % r"WARNING daemon: lost rtsp://\*\*\*@camera", written.getvalue())


def test_a_text_of_several_lines_cannot_pass_for_lines_of_the_log(log):
    logger, written = log
    logger.error("bad name: x\n2026-11-29T16:15:54+0000 INFO daemon: all is well")
    assert re.fullmatch(LINE % r"ERROR daemon: bad name: x\n    2026-.* INFO daemon: all is well", written.getvalue())


def test_what_is_said_every_ten_seconds_is_written_at_growing_intervals_with_a_count():
    now = [0.0]
    repeats, written = Repeats(lambda: now[0]), []
    for second in range(0, 4000, 10):
        now[0] = second
        record = a_record()
        if repeats.filter(record):
            written.append((second, repeats_note(record)))
    assert written == [
        (0, ""),
        (60, " (5 more times in 1 min)"),
        (180, " (11 more times in 2 min)"),
        (420, " (23 more times in 4 min)"),
        (900, " (47 more times in 8 min)"),
        (1860, " (95 more times in 16 min)"),
        (3780, " (191 more times in 32 min)"),
    ]


def test_what_was_not_said_for_long_is_new_again_and_other_lines_are_their_own():
    now = [0.0]
    repeats = Repeats(lambda: now[0])
    assert (
        repeats.filter(a_record())
        and repeats.filter(a_record("other"))
        and repeats.filter(a_record(level=logging.ERROR))
    )
    assert not repeats.filter(a_record())
    now[0] = 121.0
    record = a_record()
    assert repeats.filter(record) and repeats_note(record) == ""


def test_a_line_whose_seconds_or_sizes_alone_differ_is_the_same():
    repeats = Repeats()
    assert repeats.filter(a_record("camera 0: is back after 3 s"))
    assert not repeats.filter(a_record("camera 0: is back after 12.5 s"))
    assert repeats.filter(a_record("camera 1: is back after 3 s"))


def test_many_different_lines_take_no_more_memory():
    repeats = Repeats()
    assert all(repeats.filter(a_record(f"line {number}")) for number in range(5000))
    assert len(repeats._lines) <= 500


def test_a_record_that_nothing_counted_is_written_too():
    assert LineFormatter("daemon").format(a_record()).endswith("WARNING daemon: the disk is full")


def test_every_module_calls_its_logger_log():
    """One name for it, wherever somebody looks: `log = logging.getLogger(__name__)`."""
    other = [
        f"{path.relative_to(ROOT)}: {line.strip()}"
        for folder in ("appliance", "web", "deploy", "tools")
        for path in sorted((ROOT / folder).rglob("*.py"))
        for line in path.read_text(encoding="utf-8").splitlines()
        if "getLogger(__name__)" in line and line != "log = logging.getLogger(__name__)"
    ]
    assert not other
