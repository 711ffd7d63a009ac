"""gunicorn's settings. One worker, as the dashboard's data and connections are in its memory."""

import logging
import os
import resource
import socket
import sys
import threading
import warnings
from typing import Any

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, ROOT)  # gunicorn reads this file before it looks into the working directory

from gunicorn.glogging import Logger  # type: ignore[import-untyped] # noqa: E402

from appliance.core.logging_setup import write_log  # noqa: E402
from appliance.core.process import die_with_parent  # noqa: E402
from web import health  # noqa: E402
from web.certificates import Certificate, CertificateError  # noqa: E402
from web.connection_limits import MOST_BUSY, SPARE  # noqa: E402
from web.options import OptionsError, read_options  # noqa: E402

# eventlet is deprecated: requirements/web.txt pins releases that support it, and `gthread` is the alternative.
warnings.filterwarnings("ignore", message="\\s*Eventlet is deprecated")
warnings.filterwarnings("ignore", message="The eventlet worker is deprecated")

try:
    _options = read_options()
except OptionsError as error:
    sys.exit(f"error: {error}")

_certificate = None
if _options.certificate:
    _certificate = Certificate(_options.certificate, _options.key, _options.state_dir)
    try:
        _certificate.prepare()
    except CertificateError as error:
        sys.exit(f"error: {error}")
    certfile, keyfile = _certificate.certificate, _certificate.key

_address = f"{f'[{_options.host}]' if ':' in _options.host else _options.host}:{_options.port}"
bind = _address if _options.listener < 0 else f"fd://{_options.listener}"
worker_class = {"eventlet": "web.workers.green.GreenWorker", "gthread": "web.workers.threads.ThreadsWorker"}[
    _options.worker
]
# Far above the limit of connections (web/connection_limits.py); the rest is for files and other descriptors.
resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
workers = 1
# One per busy connection: a viewer, or a client that does not read its response, holds one all the time.
threads = MOST_BUSY + SPARE
# Proxy headers are handled by forwarded.py only; gunicorn would trust every local client.
forwarded_allow_ips = ""
# The worker is killed after this time, but ends before that; see post_worker_init.
graceful_timeout = 4
timeout = 30
loglevel = "error"


class _Log(Logger):  # type: ignore[misc]
    """gunicorn's log, formatted like ours."""

    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        write_log(self.error_log, "dashboard")


logger_class = _Log
proc_name = "splitlens-dashboard"
# The heartbeat file of the worker; a disk that stalls must not look like a worker that hangs.
worker_tmp_dir = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
# A control socket in the home directory, since release 25: not needed, and the container's home is read-only.
control_socket_disable = True


def ssl_context(config: Any, make: Any) -> Any:
    """Return one context for all connections, so that a renewed certificate applies to every new one."""
    assert _certificate is not None
    return _certificate.context()


def post_fork(server: Any, worker: Any) -> None:
    """Let the worker die with its master, so that it does not hold the port."""
    die_with_parent(server.pid)


def when_ready(server: Any) -> None:
    """Log the dashboard's address, and the first password, which is not stored anywhere else."""
    from web.accounts import Accounts
    from web.urls import addresses

    log = logging.getLogger("dashboard")
    log.setLevel(logging.INFO)
    write_log(log, "dashboard", sys.stdout)
    write_log(logging.getLogger(), "dashboard")  # for other loggers; the worker does the same
    log.propagate = False
    line = "Dashboard: " + " ".join(addresses(_options.host, _options.port, "https" if _certificate else "http"))
    if not _options.sign_in:
        line += "  signing in is off: everybody on the network may change everything"
    else:
        try:
            password = Accounts(_options.state_dir).make_first()
        except OSError as error:
            log.error("%s: %s; the accounts cannot be kept there", _options.state_dir, error.strerror)
            sys.exit(1)
        if password:
            line += f"  first sign-in: user operator, password {password} (shown once)"
    log.info("%s", line)


def post_worker_init(worker: Any) -> None:
    # Viewers never leave by themselves, so do not wait longer for them.
    worker.cfg.set("graceful_timeout", 1)
    worker.log.error_log.addFilter(_is_worth_logging)
    ask = health.asker(_options.worker, worker.sockets[0].getsockname(), _certificate is not None)
    health.watch(_options.worker, ask, health.end_process)
    if _certificate is not None:
        threading.Thread(
            target=_certificate.keep_fresh, args=(threading.Event(),), name="certificate", daemon=True
        ).start()


def worker_exit(server: Any, worker: Any) -> None:
    """Do not wait for viewers' threads, as Python would. A failed start has its own exit code."""
    if worker.booted:
        sys.stdout.flush()
        os._exit(0)


def _is_worth_logging(record: logging.LogRecord) -> bool:
    """Return False for a viewer that was disconnected because it stopped reading, which is no error."""
    return not (record.exc_info and isinstance(record.exc_info[1], socket.timeout))
