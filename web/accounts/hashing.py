"""Checks passwords one after the other, in one thread.

A check takes 16 MB and a core for a quarter of a second, and a thread keeps its memory: twenty at a time left 300 MB
behind. While too many wait, others are refused; browsers that have signed in before have their own queue, which
strangers cannot fill.
"""

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Callable, Hashable

from web.accounts.throttle import TooManyAttempts

MOST_STRANGERS = 4
MOST_WAITING = 8
"""Limit for checks that wait or run: of strangers, and of all."""
MOST_OF_ONE = 2
"""Limit for one account or address, which may sign in endlessly with the right password."""
_AGAIN_SECONDS = 5.0


class Busy(TooManyAttempts):
    """Too many passwords wait to be checked; this one was not checked."""

    status = 503

    def __init__(self) -> None:
        super().__init__(_AGAIN_SECONDS, "Too many others are signing in just now")


class Hashing:
    """A queue with one thread.

    Args:
        worker: The worker's kind, as in `Options`; a real thread is used even if threads are green.
    """

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
        """Call a function when its turn comes.

        Args:
            is_known: Whether this browser has signed in before.
            owner: Whose check it is.
            function: The function.
            arguments: Its arguments.

        Returns:
            The function's result.

        Raises:
            Busy: Too many wait.
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
