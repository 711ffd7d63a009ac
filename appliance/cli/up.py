"""`up`: check that daemon and dashboard can work, start them, and keep them running."""

import contextlib
import errno
import logging
import os
import signal
import socket
import sys
import tempfile
from pathlib import Path
from typing import Dict, List

from appliance.bus import (
    HANG_SECONDS,
    LOADING_SECONDS,
    lock_run_dir,
    make_run_dir,
    write_exit_reason,
)
from appliance.cli.folder_locks import lock_folders
from appliance.cli.run_files import RunFiles, leave_reason
from appliance.cli.supervisor import Child, Supervisor
from appliance.contract.fields import JsonObject
from appliance.core.errors import ConfigError
from appliance.core.logging_setup import write_log
from appliance.core.sink import make_writable_directory
from appliance.schema.web_values import listening_address
from appliance.settings import LoadedSettings, Settings, redact
from appliance.settings.certificate import certificate_files

log = logging.getLogger(__name__)

# Limit in seconds for the daemon to close a recording and the dashboard to disconnect its viewers.
STOP_SECONDS = 8
# gunicorn kills a worker that hangs after 30 seconds; this covers what it misses, such as a hang of its own.
_DASHBOARD_SECONDS, _DASHBOARD_START_SECONDS = 60.0, 180.0
_BACKLOG = 512


def run(loaded: LoadedSettings, arguments: List[str]) -> int:
    """Run daemon and dashboard until a signal asks for the end.

    Args:
        loaded: The settings.
        arguments: The command line, which the daemon reads again at each start.

    Returns:
        The exit code.

    Raises:
        SplitlensError: It is certain that nothing would work.
    """
    settings = loaded.settings
    host, port = listening_address(settings.listen)
    run_dir = make_run_dir(settings.run_dir or default_run_dir(port))
    lock_run_dir(run_dir).close()  # the daemon will lock it
    write_exit_reason(run_dir, "")
    make_writable_directory(settings.state_dir)
    os.chmod(settings.state_dir, 0o700)
    with contextlib.ExitStack() as held:
        locks = [held.enter_context(contextlib.closing(lock)) for lock in lock_folders(settings)]
        listener = held.enter_context(listen_at(host, port))
        daemon = Child("daemon", HANG_SECONDS, LOADING_SECONDS, lambda why, delay: leave_reason(run_dir, why, delay))
        dashboard = Child("dashboard", _DASHBOARD_SECONDS, _DASHBOARD_START_SECONDS)
        files = RunFiles(
            run_dir,
            {
                "daemon.json": {"arguments": arguments, "heartbeat": daemon.heartbeat},
                "dashboard.json": dict(
                    dashboard_options(settings, run_dir, host, port),
                    listener=listener.fileno(),
                    heartbeat=dashboard.heartbeat,
                ),
            },
            lambda: daemon.signal(signal.SIGTERM),
        )
        daemon.starting = dashboard.starting = files.keep

        def keep() -> None:
            files.keep()
            if any([lock.renew() for lock in locks]):
                daemon.signal(signal.SIGTERM)  # it may only write to the old folder

        home = str(Path(__file__).resolve().parents[2])
        daemon.command = [sys.executable, "-m", "appliance", "daemon", str(run_dir / "daemon.json")]
        dashboard.command = [
            sys.executable,
            "-m",
            "gunicorn",
            "-c",
            os.path.join(home, "web", "gunicorn.conf.py"),
            "web.wsgi:app",
        ]
        daemon.environment = dict(memory_environment(), PYTHONPATH=_path(home))
        dashboard.environment = {"PYTHONPATH": _path(home), "SPLITLENS_DASHBOARD": str(run_dir / "dashboard.json")}
        dashboard.descriptors = (listener.fileno(),)
        write_log(logging.getLogger("appliance"), "supervisor", redact=redact)
        Supervisor([daemon, dashboard], STOP_SECONDS, keep).run()
    return 0


def memory_environment() -> Dict[str, str]:
    """Return the environment that keeps the daemon's memory flat.

    Every exchange of a source starts new threads, and each may get a memory pool. The C library has up to eight pools
    per core and never returns them: 200 exchanges took 54 MB, and 15 MB with four pools (tools/measure_exchanges.py).
    More
        than
    four threads seldom allocate at the same moment; large arrays use no pool.
    """
    return {} if "MALLOC_ARENA_MAX" in os.environ else {"MALLOC_ARENA_MAX": "4"}


def listen_at(host: str, port: int) -> socket.socket:
    """Return the dashboard's listening socket. Raises ConfigError.

    It is held here, so that it exists before a model is loaded, and no other program can take it while the dashboard
    restarts.
    """
    address = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    try:
        family, kind, protocol, _, socket_address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, kind, protocol)
    except (OSError, UnicodeError) as error:
        raise ConfigError(
            f"listen: {address} is no address of this machine ({getattr(error, 'strerror', None) or error})"
        ) from error
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(socket_address)
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        raise ConfigError(f"listen: {_why_not(address, port, error)}") from error
    return listener


def _why_not(address: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"another program has {address}. Stop it, or choose another port"
    if error.errno == errno.EADDRNOTAVAIL:
        return f"this machine has no address {address}. 0.0.0.0 stands for all that it has"
    if error.errno in (errno.EACCES, errno.EPERM):
        return f"port {port} is for root only here. Choose one from 1024 on"
    return f"{address} cannot be used: {error.strerror}"


def dashboard_options(settings: Settings, run_dir: Path, host: str, port: int) -> JsonObject:
    """Return the dashboard's options; it reads no settings itself. Raises ConfigError."""
    try:
        certificate, key = certificate_files(settings.tls)
    except ConfigError as error:
        raise ConfigError(f"tls: {error}") from None
    return {
        "run_dir": str(run_dir),
        "state_dir": os.path.abspath(settings.state_dir),
        "recordings_dir": os.path.abspath(settings.recordings_dir),
        "host": host,
        "port": port,
        "worker": settings.web_worker,
        "sign_in": settings.sign_in,
        "trusted_proxy": settings.trusted_proxy or "",
        "base_path": settings.base_path or "",
        "framed_by": settings.framed_by or "",
        "certificate": certificate,
        "key": key,
    }


def default_run_dir(port: int) -> str:
    """Return the default run directory for a port, so that two appliances do not meet."""
    own = os.environ.get("XDG_RUNTIME_DIR", "")
    name = f"splitlens-{port}"
    if own and os.path.isdir(own) and os.access(own, os.W_OK):
        return os.path.join(own, name)
    return os.path.join(tempfile.gettempdir(), f"{name}-{os.geteuid()}")


def _path(home: str) -> str:
    return os.pathsep.join([home] + [part for part in [os.environ.get("PYTHONPATH", "")] if part])
