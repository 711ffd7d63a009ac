"""`up`: starts daemon and dashboard, after it has seen that they can work, and keeps them running."""

import contextlib
import errno
import logging
import os
import signal
import socket
import sys
import tempfile
import time
from pathlib import Path
from typing import IO, Callable, Dict, List, Optional

from appliance.bus import (
    HANG_SECONDS,
    LOADING_SECONDS,
    is_open,
    lock_run_dir,
    make_run_dir,
    read_exit_reason,
    write_exit_reason,
)
from appliance.cli.supervisor import Child, Supervisor
from appliance.contract.fields import JsonObject
from appliance.core.errors import ConfigError, SplitlensError
from appliance.core.files import read_json, write_json
from appliance.core.locks import NoLocks, Taken, lock_file
from appliance.core.logging_setup import write_log
from appliance.core.sink import make_writable_directory
from appliance.schema.web_values import listening_address
from appliance.settings import LoadedSettings, Settings, redact
from appliance.settings.certificate import certificate_files

log = logging.getLogger(__name__)

# Seconds that the daemon may take to close a recording, and the dashboard to let go of its viewers.
STOP_SECONDS = 8
# gunicorn ends a worker that hangs after 30 seconds; this is for what it does not see, itself for one.
_DASHBOARD_SECONDS, _DASHBOARD_START_SECONDS = 60.0, 180.0
# Cleaners of temporary folders take what was not touched for days.
_TOUCH_SECONDS = 3600.0
# So long the daemon may take to open its sockets again.
_SOCKET_SECONDS = 5.0
_BACKLOG = 512
_AGAIN = " It is started again after "


def run(loaded: LoadedSettings, arguments: List[str]) -> int:
    """Until a signal asks for the end; returns the exit code. arguments: of the command line, for the daemon to read
    again at each of its starts.

    Raises SplitlensError where it can be seen that nothing would work.
    """
    settings = loaded.settings
    host, port = listening_address(settings.listen)
    run_dir = make_run_dir(settings.run_dir or default_run_dir(port))
    lock_run_dir(run_dir).close()  # the daemon takes it
    write_exit_reason(run_dir, "")
    make_writable_directory(settings.state_dir)
    os.chmod(settings.state_dir, 0o700)
    with contextlib.ExitStack() as held:
        claims = [held.enter_context(contextlib.closing(claim)) for claim in claim_folders(settings)]
        listener = held.enter_context(listen_at(host, port))
        daemon = Child("daemon", HANG_SECONDS, LOADING_SECONDS, lambda why, delay: leave_reason(run_dir, why, delay))
        dashboard = Child("dashboard", _DASHBOARD_SECONDS, _DASHBOARD_START_SECONDS)
        files = RunFiles(
            run_dir,
            {
                "daemon.json": {"arguments": arguments, "heartbeat": daemon.heart},
                "dashboard.json": dict(
                    dashboard_options(settings, run_dir, host, port),
                    listener=listener.fileno(),
                    heartbeat=dashboard.heart,
                ),
            },
            lambda: daemon.signal(signal.SIGTERM),
        )
        daemon.starting = dashboard.starting = files.keep

        def keep() -> None:
            files.keep()
            if any([claim.renew() for claim in claims]):
                daemon.signal(signal.SIGTERM)  # it may write to the old folder only

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
    """Keeps the daemon's memory flat: every exchange of a source makes new threads, and each took a pool of its own.

    The C library has up to eight pools a core, and gives none back; 200 exchanges took 54 MB, with four pools 15 MB
    (tools/measure_exchanges.py). More than four threads seldom ask at the same moment: large arrays have no pool.
    """
    return {} if "MALLOC_ARENA_MAX" in os.environ else {"MALLOC_ARENA_MAX": "4"}


class RunFiles:
    """The start files of both processes, in the run directory: kept there, whatever a cleaner takes away.

    restart: ends a daemon that cannot open its sockets in a new directory, as it may write to the old one only.
    """

    def __init__(self, run_dir: Path, contents: Dict[str, JsonObject], restart: Callable[[], None]) -> None:
        self._run_dir = run_dir
        self._contents = contents
        self._restart = restart
        self._made_again: Optional[float] = None
        self._touched = time.monotonic()
        for name, content in contents.items():
            write_json(run_dir / name, content)

    def keep(self) -> None:
        """Write again what is missing, or is not as it was written: the daemon may write there, and what these files
        say is for processes that are not confined, and for the next daemon. What fails is tried again at the next call.
        """
        try:
            for name, content in self._contents.items():
                is_there = (self._run_dir / name).exists()
                if not is_there:
                    make_run_dir(self._run_dir)
                    self._made_again = time.monotonic()
                if not is_there or not self._is_right(name, content):
                    write_json(self._run_dir / name, content)
            if self._made_again is not None and time.monotonic() - self._made_again >= _SOCKET_SECONDS:
                self._made_again = None
                if not is_open(self._run_dir):
                    self._restart()
            if time.monotonic() - self._touched >= _TOUCH_SECONDS:
                self._touched = time.monotonic()
                for path in [self._run_dir, *self._run_dir.iterdir()]:
                    os.utime(str(path))
        except (OSError, SplitlensError) as error:
            log.warning("%s: %s", self._run_dir, error)

    def _is_right(self, name: str, content: JsonObject) -> bool:
        try:
            return not (self._run_dir / name).is_symlink() and bool(read_json(self._run_dir / name) == content)
        except ValueError:
            return False


def leave_reason(run_dir: Path, why: str, delay: float) -> None:
    """For the page: why the daemon ended, in its own words if it had any, and how it goes on."""
    words = read_exit_reason(run_dir)
    if not words or _AGAIN in words:  # it had none; these are of a daemon before it
        words = why
    write_exit_reason(run_dir, f"{words}{_AGAIN}{delay:g} s.")


class Claim:
    """A folder that two appliances must not share: made, and locked until `close`. key: its setting. name: of the lock.

    Where it cannot be locked that is logged. Raises ConfigError where another appliance has it.
    """

    def __init__(self, key: str, folder: Path, name: str) -> None:
        self._key, self._folder, self._name = key, folder, name
        self._file: Optional[IO[bytes]] = None
        self._take()

    def close(self) -> None:
        if self._file is not None:
            self._file.close()

    def renew(self) -> bool:
        """Make and lock it again where it was taken away; whether it was. What fails is logged: call it again."""
        try:
            if os.path.isdir(str(self._folder)) and (self._file is None or (self._folder / self._name).exists()):
                return False
            self._take()
        except (OSError, ConfigError) as error:
            log.error("%s", error)
            return False
        if not os.path.isdir(str(self._folder)):
            return False
        log.warning("%s %s was taken away. It is made anew, and the daemon is started again", self._key, self._folder)
        return True

    def _take(self) -> None:
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            taken = lock_file(self._folder / self._name)
        except Taken as owner:
            raise ConfigError(
                f"{self._key} {self._folder}: another appliance is using it ({owner}). Stop that one, or give this one"
                " a folder of its own"
            ) from None
        except NoLocks as reason:
            log.warning(
                "%s %s cannot be locked (%s): a second appliance that uses it would not be noticed",
                self._key,
                self._folder,
                reason,
            )
        except OSError as error:
            log.warning("%s %s cannot be locked: %s", self._key, self._folder, error.strerror)
        else:
            self.close()
            self._file = taken


def claim_folders(settings: Settings) -> List[Claim]:
    """Raises ConfigError where another appliance has one of them."""
    claims: List[Claim] = []
    try:
        for key, name in (("state_dir", "lock"), ("recordings_dir", ".lock")):
            claims.append(Claim(key, Path(getattr(settings, key)).absolute(), name))
    except ConfigError:
        for claim in claims:
            claim.close()
        raise
    return claims


def listen_at(host: str, port: int) -> socket.socket:
    """The dashboard's socket: held here, so that it is there before a model is loaded, and no other program gets it
    while the dashboard is started again. Raises ConfigError.
    """
    address = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    try:
        family, kind, protocol, _, place = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, kind, protocol)
    except (OSError, UnicodeError) as error:
        raise ConfigError(
            f"listen: {address} is no address of this machine ({getattr(error, 'strerror', None) or error})"
        ) from error
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(place)
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
    """What the dashboard has to know; it reads no settings itself. Raises ConfigError."""
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
    """In the user's own runtime directory where there is one; one a port, so that two appliances do not meet."""
    own = os.environ.get("XDG_RUNTIME_DIR", "")
    name = f"splitlens-{port}"
    if own and os.path.isdir(own) and os.access(own, os.W_OK):
        return os.path.join(own, name)
    return os.path.join(tempfile.gettempdir(), f"{name}-{os.geteuid()}")


def _path(home: str) -> str:
    return os.pathsep.join([home] + [part for part in [os.environ.get("PYTHONPATH", "")] if part])
