"""Measures what a flood does to a server: how long it takes to answer, and how much memory it uses."""

import threading
import time
import urllib.request
from typing import Callable, List

import psutil


class Watch:
    """Requests /healthz continuously, each time by a new connection, in a thread; and measures memory."""

    def __init__(self, port: int, worker: Callable[[], psutil.Process]) -> None:
        self._url = f"http://127.0.0.1:{port}/healthz"
        self._worker = worker
        self.seconds: List[float] = []
        self.failures = 0
        self.most_bytes = 0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="watch", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while not self._ended.wait(0.1):
            began = time.monotonic()
            try:
                with urllib.request.urlopen(self._url, timeout=10) as answer:
                    answer.read()
            except OSError:
                self.failures += 1
            self.seconds.append(time.monotonic() - began)
            try:
                self.most_bytes = max(self.most_bytes, self._worker().memory_info().rss)
            except psutil.Error:
                self.failures += 1

    def end(self) -> None:
        self._ended.set()
        self._thread.join()
        self.seconds.sort()

    def most_of_them(self) -> float:
        """The 95th percentile in seconds."""
        return self.seconds[int(len(self.seconds) * 0.95)]
