"""Turns of green threads."""

from collections import deque
from typing import Any, Deque

import eventlet  # type: ignore[import-untyped]
from eventlet.event import Event  # type: ignore[import-untyped]

_AT_ONCE = 4


class Turns:
    """Of connections that ask again: a few at a time, so that somebody new never waits for one request of each."""

    def __init__(self) -> None:
        self._waiting: Deque[Any] = deque()
        self._is_giving = False

    def wait(self) -> None:
        turn = Event()
        self._waiting.append(turn)
        if not self._is_giving:
            self._is_giving = True
            eventlet.spawn(self._give)
        turn.wait()

    def _give(self) -> None:
        while self._waiting:
            for _ in range(min(_AT_ONCE, len(self._waiting))):
                self._waiting.popleft().send()
            eventlet.sleep(0)
        self._is_giving = False
