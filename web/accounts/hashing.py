"""Passwords are checked one after the other, in one thread.

A check takes 16 MB and a core for a quarter of a second, and what a thread has once taken it keeps: twenty at a time
left 300 MB behind. Who comes while too many wait is told so, and those who have signed in before have places of their
own, which strangers do not fill.
"""

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Callable, Hashable

from web.accounts.throttle import TooManyAttempts

MOST_STRANGERS = 4
MOST_WAITING = 8
"""Checks that wait or are under way: of strangers, and of all."""
MOST_OF_ONE = 2
"""Of one account or address, which may have the right password and sign in without end."""
_AGAIN_SECONDS = 5.0


class Busy(TooManyAttempts):
    """Too many passwords wait to be checked; this one was not."""

    status = 503

    def __init__(self) -> None:
        super().__init__(_AGAIN_SECONDS, "Too many others are signing in just now")


class Hashing:
    """worker: "eventlet" where threads are green, so that a real one is needed."""

    def __init__(self, worker: str) -> None:
        self._lock = threading.Lock()
        self._waiting = 0
        self._owners: Counter[Hashable] = Counter()
        if worker == "eventlet":
            from eventlet import tpool  # type: ignore[import-untyped]

            tpool.set_num_threads(1)
            self._execute: Callable[..., Any] = tpool.execute
        else:
            pool = ThreadPoolExecutor(1, thread_name_prefix="passwords")
            self._execute = lambda function, *arguments: pool.submit(function, *arguments).result()

    def run(self, is_known: bool, owner: Hashable, function: Callable[..., Any], *arguments: Any) -> Any:
        """What the function gives, when its turn has come. Raises Busy, and what the function raises.

        owner: whose check it is.
        """
        with self._lock:
            if self._waiting >= (MOST_WAITING if is_known else MOST_STRANGERS) or self._owners[owner] >= MOST_OF_ONE:
                raise Busy()
            self._waiting += 1
            self._owners[owner] += 1
        try:
            return self._execute(function, *arguments)
        finally:
            with self._lock:
                self._waiting -= 1
                self._owners[owner] -= 1
                if not self._owners[owner]:
                    del self._owners[owner]
