"""Findings of `doctor`, and how to test a library that may be broken."""

import contextlib
import dataclasses
import json
import signal
import subprocess
import sys
from typing import Any, Dict, Optional

OK, NOTE, MISSING = "ok", "note", "missing"

PROBE_SECONDS = 120.0


@dataclasses.dataclass(frozen=True)
class Finding:
    """The result of one check.

    Attributes:
        state: OK; MISSING (the appliance cannot run without it); NOTE (it can, but a user may miss something).
        subject: What was checked, in one or two words.
        found: What was found, one line or several.
        remedy: What to do about it; "" if there is nothing to do.
    """

    state: str
    subject: str
    found: str
    remedy: str = ""


@dataclasses.dataclass(frozen=True)
class Probe:
    """What a test program for a library printed.

    Attributes:
        facts: The JSON object that it printed; None if the library cannot be imported.
        complaint: Why not, or what was written to standard error.
    """

    facts: Optional[Dict[str, Any]]
    complaint: str


def probe(program: str) -> Probe:
    """Run a Python program that prints a JSON object, in a process of its own: a broken library may crash it."""
    try:
        done = subprocess.run(
            [sys.executable, "-c", program],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            errors="replace",
            timeout=PROBE_SECONDS,
        )
    except subprocess.TimeoutExpired:
        return Probe(None, f"importing it had not ended after {PROBE_SECONDS:.0f} seconds")
    said = [line.strip() for line in done.stderr.splitlines() if line.strip()]
    if done.returncode < 0:
        return Probe(None, f"importing it crashes Python ({signal.Signals(-done.returncode).name})")
    if done.returncode > 0:
        return Probe(None, said[-1] if said else f"importing it ends Python with {done.returncode}")
    for line in reversed(done.stdout.splitlines()):  # a library may print other lines before and after
        with contextlib.suppress(ValueError):
            facts = json.loads(line)
            if isinstance(facts, dict):
                return Probe(facts, "\n".join(said))
    return Probe(None, "it does not say what it is")


def how_to_install(part: str) -> str:
    """Return the remedy for a missing library. part: a file of requirements/, without its suffix."""
    return f"make setup, or: {sys.executable} -m pip install -r requirements/{part}.txt"
