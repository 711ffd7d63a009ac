"""`up`: starts daemon and dashboard, and starts each again when it ends. Supervisor does the work."""

import fcntl
import json
import os
import shlex
import signal
import stat
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, Dict, List, NoReturn

from appliance.bus import lock_run_dir, make_run_dir, write_last_words
from appliance.errors import ConfigError, SplitlensError
from appliance.settings import Loaded, Settings
from appliance.sinks.base import make_writable_directory

# Seconds that the daemon may take to close a recording, and the dashboard to let go of its viewers.
STOP_SECONDS = 8
_CONFIG = """[supervisord]
nodaemon = true
logfile = /dev/null
logfile_maxbytes = 0
loglevel = warn
pidfile = {run_dir}/supervisord.pid
childlogdir = {run_dir}
minfds = 256
minprocs = 1
{user}
# Of a group all are stopped at once, not one after the other.
[group:splitlens]
programs = daemon,dashboard
{programs}"""
# startretries: for ever, a second later each time.
_PROGRAM = """
[program:{name}]
command = {command}
directory = {directory}
autorestart = true
startsecs = 5
startretries = 1000000000
stopwaitsecs = {stop_seconds}
killasgroup = true
stdout_logfile = /dev/fd/1
stdout_logfile_maxbytes = 0
redirect_stderr = true
environment = {environment}
"""


def run(loaded: Loaded, arguments: List[str]) -> NoReturn:
    """Becomes the supervisor. arguments: of the command line, for the daemon to read again at each of its starts.

    Raises SplitlensError where it can be seen that nothing would work.
    """
    settings = loaded.settings
    host, port = listening_address(settings.listen)
    run_dir = make_run_dir(settings.run_dir or default_run_dir(port))
    lock_run_dir(run_dir).close()  # the daemon takes it
    write_last_words(run_dir, "")
    make_writable_directory(settings.state_dir)
    os.chmod(settings.state_dir, 0o700)
    start = _write(run_dir / "daemon.json", {"arguments": arguments})
    dashboard = _write(run_dir / "dashboard.json", dashboard_options(settings, run_dir, host, port))
    here = os.getcwd()
    home = str(Path(__file__).resolve().parents[1])
    programs = [
        _program("daemon", [sys.executable, "-m", "appliance", "daemon", str(start)], here,
                 {"PYTHONPATH": _path(home)}),
        _program("dashboard", [sys.executable, "-m", "gunicorn", "-c", os.path.join(home, "web", "gunicorn.conf.py"),
                               "web.wsgi:app"], here,
                 {"PYTHONPATH": _path(home), "SPLITLENS_DASHBOARD": str(dashboard)}),
    ]
    config = run_dir / "supervisord.conf"
    config.write_text(_CONFIG.format(
        user="user = root\n" if os.geteuid() == 0 else "",  # or it warns of it
        run_dir=_quoted(str(run_dir)), programs="".join(programs)), encoding="utf-8")
    _open_output()
    os.execv(sys.executable, [sys.executable, "-m", "appliance.supervise", "-n", "-c", str(config)])


def dashboard_options(settings: Settings, run_dir: Path, host: str, port: int) -> Dict[str, Any]:
    """What the dashboard has to know; it reads no settings itself."""
    return {
        "run_dir": str(run_dir), "state_dir": os.path.abspath(settings.state_dir),
        "recordings_dir": os.path.abspath(settings.recordings_dir),
        "host": host, "port": port, "worker": settings.web_worker, "sign_in": settings.sign_in,
        "trusted_proxy": settings.trusted_proxy or "", "base_path": settings.base_path or "",
        "framed_by": settings.framed_by or "",
    }


def listening_address(listen: str) -> Any:
    """Host and port of "0.0.0.0:8080", "[::]:8080" or ":8080". Raises ConfigError."""
    host, colon, port = listen.rpartition(":")
    if not colon or not port.isdigit() or not 0 < int(port) < 65536 or (":" in host and not host.startswith("[")):
        raise ConfigError("listen must be an address and a port, like 0.0.0.0:8080, not {!r}".format(listen))
    return host.strip("[]") or "0.0.0.0", int(port)


def default_run_dir(port: int) -> str:
    """In the user's own runtime directory where there is one; one a port, so that two appliances do not meet."""
    own = os.environ.get("XDG_RUNTIME_DIR", "")
    name = "splitlens-{}".format(port)
    if own and os.path.isdir(own) and os.access(own, os.W_OK):
        return os.path.join(own, name)
    return os.path.join(tempfile.gettempdir(), "{}-{}".format(name, os.geteuid()))


def _program(name: str, command: List[str], directory: str, environment: Dict[str, str]) -> str:
    variables = ",".join('{}="{}"'.format(key, _quoted(value)) for key, value in environment.items())
    return _PROGRAM.format(
        name=name, command=_quoted(" ".join(shlex.quote(word) for word in command)), directory=_quoted(directory),
        environment=variables, stop_seconds=STOP_SECONDS)


def _quoted(text: str) -> str:
    """As Supervisor's file has it. A path with what it would take for its own is refused."""
    if any(letter in text for letter in ';"\n'):
        raise SplitlensError("{}: a path with ; or \" cannot be used here".format(text))
    return text.replace("%", "%%")


def _path(home: str) -> str:
    return os.pathsep.join([home] + [part for part in [os.environ.get("PYTHONPATH", "")] if part])


def _write(path: Path, content: Dict[str, Any]) -> Path:
    descriptor = os.open(str(path), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with open(descriptor, "w", encoding="utf-8") as file:
        json.dump(content, file)
    return path


def _open_output() -> None:
    """Supervisor opens /dev/fd/1 for what its children print, which no socket allows: systemd's journal is one.

    In a file it would write over what they printed, unless all append.
    """
    sys.stdout.flush()
    for descriptor in (1, 2):
        if stat.S_ISREG(os.fstat(descriptor).st_mode):
            fcntl.fcntl(descriptor, fcntl.F_SETFL, fcntl.fcntl(descriptor, fcntl.F_GETFL) | os.O_APPEND)
    if stat.S_ISSOCK(os.fstat(1).st_mode):
        relay = subprocess.Popen(["cat"], stdin=subprocess.PIPE)
        assert relay.stdin is not None
        os.dup2(relay.stdin.fileno(), 1)
        os.dup2(relay.stdin.fileno(), 2)


def _supervise() -> None:
    """Be Supervisor, but awake: as it is, it sleeps a second at a time, whatever signals come."""
    from supervisor import poller, supervisord  # type: ignore[import-untyped]

    class Poller(poller.Poller):  # type: ignore[misc]
        _bell = -1

        def poll(self, timeout: float) -> Any:
            if self._bell < 0:  # not earlier: Supervisor begins by closing what it does not know
                self._bell, ringer = os.pipe()
                for end in (self._bell, ringer):
                    os.set_blocking(end, False)
                signal.set_wakeup_fd(ringer)
            self.register_readable(self._bell)
            readable, writable = super().poll(timeout)
            if self._bell in readable:
                readable.remove(self._bell)
                os.read(self._bell, 4096)
            return readable, writable

    poller.Poller = Poller
    supervisord.main()


if __name__ == "__main__":
    _supervise()
