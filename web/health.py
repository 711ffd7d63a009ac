"""A watchdog that sends the dashboard requests as clients do, and ends its process if it does not answer.

gunicorn's heartbeat only shows that a worker's main loop runs, not that it accepts and answers requests.
"""

import json
import os
import ssl
import time
from typing import Any, Callable

CHECK_SECONDS = 5.0
ANSWER_SECONDS = 5.0
MOST_FAILURES = 3
"""Consecutive failures."""

_REQUEST = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
_LONGEST_ANSWER = 64 * 1024


def _real(module: str, worker: str) -> Any:
    """Return the unpatched module: green threads, sockets and sleep would hang together with what is watched."""
    if worker == "eventlet":
        from eventlet import patcher  # type: ignore[import-untyped]

        return patcher.original(module)
    return __import__(module)


def watch(worker: str, ask: Callable[[], bool], end: Callable[[], None]) -> None:
    """Start to watch, in a thread.

    Args:
        worker: The worker's kind, as in `Options`.
        ask: Returns whether the dashboard answers.
        end: Called after MOST_FAILURES failures.
    """
    sleep = _real("time", worker).sleep

    def run() -> None:
        failures = 0
        while failures < MOST_FAILURES:
            sleep(CHECK_SECONDS)
            failures = 0 if ask() else failures + 1
        end()

    _real("threading", worker).Thread(target=run, name="health", daemon=True).start()


def asker(worker: str, address: Any, is_tls: bool) -> Callable[[], bool]:
    """Make a function that returns whether the dashboard answers.

    Args:
        worker: The worker's kind, as in `Options`.
        address: The listening socket's address.
        is_tls: Whether it uses TLS.
    """
    sockets = _real("socket", worker)
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(address[0], address[0])

    def ask() -> bool:
        try:
            with sockets.create_connection((host, address[1]), timeout=ANSWER_SECONDS) as connection:
                answer = _talk_tls(connection) if is_tls else _talk(connection)
            return bool(json.loads(answer.partition(b"\r\n\r\n")[2].decode())["ok"])
        except (OSError, ValueError, KeyError, TypeError):
            return False

    return ask


def _talk(connection: Any) -> bytes:
    connection.sendall(_REQUEST)
    answer = b""
    while len(answer) < _LONGEST_ANSWER:
        data = connection.recv(4096)
        if not data:
            break
        answer += data
    return answer


def _talk_tls(connection: Any) -> bytes:
    """Send a request by TLS, without a socket of the ssl module, which is green too."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE  # it is our own server, whoever signed its certificate
    came, goes = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = context.wrap_bio(came, goes)
    answer = b""
    is_sent = False
    while len(answer) < _LONGEST_ANSWER:
        try:
            if not is_sent:
                tls.do_handshake()
                is_sent = bool(tls.write(_REQUEST))
            data = tls.read(4096)
            if not data:
                break
            answer += data
        except ssl.SSLWantReadError:
            connection.sendall(goes.read())
            data = connection.recv(16384)
            if not data:
                break
            came.write(data)
    return answer


def end_process() -> None:
    """End the process; gunicorn's master starts another. Bypasses log handlers, as their locks may be stuck."""
    os.write(
        2,
        f"{time.strftime('%Y-%m-%dT%H:%M:%S%z')} ERROR dashboard: it did not answer itself {MOST_FAILURES} times; it is"
        " started again\n".encode(),
    )
    os._exit(1)
