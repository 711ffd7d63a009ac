"""What a flood of connections does to the appliance: python tools/measure_load.py [--seconds 60] [--worker eventlet]

Starts the appliance here with a clip for a camera, and then, one after the other and each for so long, from one
address: 1,200 connections that send nothing, 1,200 that send a form byte by byte, 200 WebSockets of a viewer that send
as fast as they can, and 200 of nobody. What is closed is opened again a second later.

What floods takes the same processors here as what detects, as no attacker from outside does: so each flood is followed
by a time in which a program burns as much of them for nothing, and the detection is compared with that. Prints a table:

opened      connections, in all
healthz     the longest that /healthz took, 95 of 100, and failures
fps         detected frames a second: before and after the flood (mean), in the flood, beside what burns
lost        of the detection in the flood, against before and after, and against what burns (which counts)
MB          of the dashboard's memory, the most
cores       that were used in the flood: by the dashboard, by what floods, by programs that have nothing to do with it
after       ten seconds after: the longest of /healthz, failures, and whether the same dashboard runs

Ends with 1 if /healthz took a second, the detection lost 5 %, the dashboard took 150 MB, or not all was as before.
Takes a minute and a half for each of the four; the figures are good only where no other programs run.
"""

import argparse
import base64
import multiprocessing
import os
import resource
import selectors
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from pathlib import Path
from typing import Any, Callable, Dict, List, NamedTuple, Optional, Tuple

import psutil

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
from appliance.bus import STATE, STATISTICS, EventSubscriber  # noqa: E402
from web.accounts import Accounts, Role  # noqa: E402

MOST_HEALTH_SECONDS = 1.0
MOST_LOST = 0.05
MOST_MB = 150.0
AFTER_SECONDS = 10.0
_CALM_SECONDS = 8.0
_AGAIN_SECONDS = 1.0
_DRIP_SECONDS = 0.5
_TURN_SECONDS = 0.02
FORK = multiprocessing.get_context("fork")


class Kind(NamedTuple):
    """first: what each connection sends. then: what it sends again and again, every `pause` seconds."""

    name: str
    connections: int
    first: bytes
    then: bytes
    pause: float


def websocket_request(authorization: str) -> bytes:
    key = base64.b64encode(os.urandom(16)).decode()
    head = (
        "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\n"
        f"Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n{authorization}\r\n"
    )
    return head.encode()


def frame(text: bytes) -> bytes:
    return bytes((0x81, 0x80 | len(text))) + b"\0\0\0\0" + text


def kinds(form_cookie: str, token: str) -> List[Kind]:
    many = frame(b'42["list_recordings",{}]') * 200
    form = (
        "POST /login HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/x-www-form-urlencoded\r\n"
        f"Content-Length: 5000\r\nCookie: splitlens_form={form_cookie}\r\n\r\n"
    ).encode()
    return [
        Kind("idle", 1200, b"", b"", 0.0),
        Kind("slow bodies", 1200, form, b"a", _DRIP_SECONDS),
        Kind("flooding viewer", 200, websocket_request(f"Authorization: Bearer {token}\r\n"), many, _TURN_SECONDS),
        Kind("flooding stranger", 200, websocket_request(""), many, _TURN_SECONDS),
    ]


class Crowd:
    """Connections of one kind, all in the thread that calls `run`."""

    def __init__(self, port: int, kind: Kind) -> None:
        self._address = ("127.0.0.1", port)
        self._kind = kind
        self._selector = selectors.DefaultSelector()
        self._open: Dict[socket.socket, float] = {}  # and when each sends next
        self._again: List[float] = [0.0] * kind.connections  # when those that are closed are opened
        self.opened = self.closed = 0

    def run(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            began = time.monotonic()
            self._open_due(began)
            for key, _ in self._selector.select(0):
                self._take(key.fileobj)  # type: ignore[arg-type]
            if self._kind.then:
                for connection, due in list(self._open.items()):
                    if began >= due:
                        self._send(connection, began)
            time.sleep(max(0.0, _TURN_SECONDS - (time.monotonic() - began)))

    def close(self) -> None:
        for connection in list(self._open):
            connection.close()
        self._open.clear()
        self._selector.close()

    def _open_due(self, now: float) -> None:
        due = [moment for moment in self._again if moment <= now]
        self._again = [moment for moment in self._again if moment > now]
        for _ in due:
            connection = socket.socket()
            connection.setblocking(False)
            connection.connect_ex(self._address)
            self._selector.register(connection, selectors.EVENT_WRITE)
            self.opened += 1

    def _take(self, connection: socket.socket) -> None:
        """It is connected, or something comes."""
        try:
            if connection not in self._open:
                connection.send(self._kind.first)
                self._selector.modify(connection, selectors.EVENT_READ)
                self._open[connection] = time.monotonic() + self._kind.pause
            elif not connection.recv(1 << 16):
                raise ConnectionError
        except BlockingIOError:
            pass
        except OSError:
            self._drop(connection)

    def _send(self, connection: socket.socket, now: float) -> None:
        try:
            connection.send(self._kind.then)
        except BlockingIOError:
            pass
        except OSError:
            self._drop(connection)
            return
        self._open[connection] = now + self._kind.pause

    def _drop(self, connection: socket.socket) -> None:
        self._selector.unregister(connection)
        connection.close()
        self._open.pop(connection, None)
        self._again.append(time.monotonic() + _AGAIN_SECONDS)
        self.closed += 1


class Watch:
    """Asks /healthz all the time, in a thread of its own, each time by a new connection; and looks at the memory."""

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
        """The seconds that 95 of 100 did not take."""
        return self.seconds[int(len(self.seconds) * 0.95)]


def cpu_seconds(process: psutil.Process) -> float:
    """That it has used, of processors."""
    try:
        times = process.cpu_times()
        return float(times.user + times.system)
    except psutil.NoSuchProcess:
        return 0.0


class Appliance:
    def __init__(self, folder: Path, options: argparse.Namespace) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        (folder / "state").mkdir(mode=0o700)
        self.token = Accounts(str(folder / "state")).add_token("viewer", Role.VIEWER)
        command = [
            sys.executable,
            "-m",
            "appliance",
            "up",
            options.source,
            "--listen",
            f"127.0.0.1:{self.port}",
            "--run-dir",
            str(folder / "run"),
            "--models-dir",
            str(ROOT / "models"),
        ]
        environment = dict(
            os.environ,
            PYTHONPATH=str(ROOT),
            SPLITLENS_STATE_DIR=str(folder / "state"),
            SPLITLENS_WEB_WORKER=options.worker,
        )
        self.process = subprocess.Popen(command, cwd=folder, env=environment)
        self._listener = EventSubscriber(folder / "run", (STATE, STATISTICS))
        until = time.monotonic() + 120
        while True:
            event = self._listener.receive(1.0)
            if self.process.poll() is not None or time.monotonic() > until:
                raise SystemExit("the appliance did not start")
            if event is not None and event[0] == STATE and event[1]["model"]["status"] == "ready":
                break
        while not self._answers():
            time.sleep(0.2)

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/healthz", timeout=10) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def cpu_seconds(self) -> float:
        """Of all its processes."""
        process = psutil.Process(self.process.pid)
        return sum(map(cpu_seconds, [process, *process.children(recursive=True)]))

    def form_cookie(self) -> str:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/login", timeout=10) as answer:
            return str(answer.headers["Set-Cookie"]).partition("=")[2].partition(";")[0]

    def worker(self) -> psutil.Process:
        """gunicorn's, which is the youngest of those that serve."""
        found = [
            process
            for process in psutil.Process(self.process.pid).children(recursive=True)
            if "web.wsgi:app" in process.cmdline()
        ]
        return max(found, key=lambda process: process.create_time())

    def frames(self) -> Dict[str, Any]:
        """The newest statistics."""
        last: Optional[Dict[str, Any]] = None
        until = time.monotonic() + 1.0
        while time.monotonic() < until or last is None:
            event = self._listener.receive(0.2)
            if event is not None and event[0] == STATISTICS:
                last = event[1]
        return last

    def fps(self, work: Callable[[], Any]) -> float:
        """Detected frames a second while the work is done."""
        first = self.frames()
        work()
        last = self.frames()
        frames = sum(last["streams"][name]["frames"] - first["streams"][name]["frames"] for name in first["streams"])
        return float(frames / (last["time"] - first["time"]))

    def end(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(30)


class Result(NamedTuple):
    """cores: that each used, on average. fps: detected frames a second. dashboard: the process that ran at the end."""

    kind: str
    opened: int
    watch: Watch
    calm: Watch
    fps: Tuple[float, float, float]
    cores: Tuple[float, float, float]
    is_same_dashboard: bool

    def lost(self, against: int) -> float:
        """against: 0 for before and after, 2 for beside what burns."""
        return 1 - self.fps[1] / self.fps[against]

    def row(self) -> List[str]:
        watch, calm = self.watch, self.calm
        return [
            self.kind,
            str(self.opened),
            f"{watch.seconds[-1]:.2f} {watch.most_of_them():.2f} {watch.failures}",
            " ".join(f"{fps:.1f}" for fps in self.fps),
            f"{self.lost(0):.1%} {self.lost(2):.1%}",
            f"{watch.most_bytes / 1e6:.0f}",
            " ".join(f"{cores:.2f}" for cores in self.cores),
            f"{calm.seconds[-1]:.2f} {calm.failures} {'same' if self.is_same_dashboard else 'ANOTHER'}",
        ]

    def missed(self) -> List[str]:
        watch, calm = self.watch, self.calm
        goals = {
            "/healthz within a second": watch.seconds[-1] < MOST_HEALTH_SECONDS and not watch.failures,
            "detection loses less than 5 %": self.lost(2) < MOST_LOST,
            "the dashboard takes less than 150 MB": watch.most_bytes < MOST_MB * 1e6,
            "as before ten seconds after": calm.seconds[-1] < MOST_HEALTH_SECONDS
            and not calm.failures
            and self.is_same_dashboard,
        }
        return [f"{self.kind}: {goal}" for goal, is_met in goals.items() if not is_met]


def flood(port: int, kind: Kind, seconds: float, answer: Any) -> None:
    """In a process of its own, so that who watches does not wait for it."""
    crowd = Crowd(port, kind)
    crowd.run(seconds)
    crowd.close()
    answer.send((crowd.opened, time.process_time()))


def burn(cores: float, seconds: float) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        began, used = time.monotonic(), time.process_time()
        while time.process_time() - used < cores * _TURN_SECONDS:
            pass
        time.sleep(max(0.0, _TURN_SECONDS - (time.monotonic() - began)))


def busy_seconds() -> float:
    """Of all processors, since the machine started."""
    times = psutil.cpu_times()
    return float(sum(times) - times.idle - times.iowait - times.guest - times.guest_nice)


def attack(appliance: Appliance, kind: Kind, seconds: float, before: float) -> Result:
    """before: frames a second before it."""
    worker = appliance.worker()
    watch = Watch(appliance.port, appliance.worker)
    ours, answer = FORK.Pipe()
    process = FORK.Process(target=flood, args=(appliance.port, kind, seconds, answer), daemon=True)
    all_before, own_before, dashboard_before = busy_seconds(), appliance.cpu_seconds(), cpu_seconds(worker)
    watching = time.process_time()
    process.start()
    opened, flooding = 0, 0.0

    def work() -> None:
        nonlocal opened, flooding
        opened, flooding = ours.recv()

    during = appliance.fps(work)
    known = appliance.cpu_seconds() - own_before + flooding + time.process_time() - watching
    cores = [cpu_seconds(worker) - dashboard_before, flooding, busy_seconds() - all_before - known]
    process.join()
    watch.end()
    time.sleep(AFTER_SECONDS)
    calm = Watch(appliance.port, appliance.worker)
    after = appliance.fps(lambda: time.sleep(_CALM_SECONDS))
    calm.end()
    burning = FORK.Process(target=burn, args=(flooding / seconds, _CALM_SECONDS + 2), daemon=True)
    burning.start()
    beside = appliance.fps(lambda: time.sleep(_CALM_SECONDS))
    burning.join()
    return Result(
        kind.name,
        opened,
        watch,
        calm,
        ((before + after) / 2, during, beside),
        (cores[0] / seconds, cores[1] / seconds, max(0.0, cores[2]) / seconds),
        appliance.worker().pid == worker.pid,
    )


def table(rows: List[List[str]]) -> str:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join("  ".join(text.ljust(width) for text, width in zip(row, widths)).rstrip() for row in rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60.0, help="of each flood")
    parser.add_argument("--worker", default="eventlet", choices=("eventlet", "gthread"))
    parser.add_argument("--source", default=str(ROOT / "samples" / "bikes.mp4"))
    options = parser.parse_args()
    options.source = os.path.abspath(options.source) if os.path.exists(options.source) else options.source
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    results: List[Result] = []
    with tempfile.TemporaryDirectory() as name:
        appliance = Appliance(Path(name), options)
        try:
            appliance.fps(lambda: time.sleep(5))  # it warms up
            before = appliance.fps(lambda: time.sleep(_CALM_SECONDS))
            for kind in kinds(appliance.form_cookie(), appliance.token):
                results.append(attack(appliance, kind, options.seconds, before))
                before = results[-1].fps[0]
        finally:
            appliance.end()
    print(options.worker)
    print(
        table(
            [["kind", "opened", "healthz", "fps", "lost", "MB", "cores", "after"]]
            + [result.row() for result in results]
        )
    )
    missed = [goal for result in results for goal in result.missed()]
    for goal in missed:
        print("MISSED", goal)
    sys.exit(1 if missed else 0)


if __name__ == "__main__":
    main()
