"""Waiting for what happens in other threads, processes and pages: for a condition, never for a time."""

import time
from typing import Callable, TypeVar

T = TypeVar("T")
LIMIT = 240.0
"""Seconds; a loaded machine takes long to start TensorFlow."""


def wait_until(condition: Callable[[], T], what: str = "", pause: float = 0.01) -> T:
    """Wait until a condition holds; returns what it gives then.

    Args:
        condition: It is asked again and again, until what it gives is true.
        what: What is waited for, in words, for whoever reads that it was in vain.
        pause: Seconds between two questions; more where asking is costly.
    """
    end = time.monotonic() + LIMIT
    while True:
        found = condition()
        if found:
            return found
        assert time.monotonic() < end, f"{LIMIT:g} s in vain: {what}"
        time.sleep(pause)
