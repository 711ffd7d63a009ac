"""Measure the cost of fifty viewers: python tools/measure_viewers.py [--viewers 50] [--seconds 20]

Starts the appliance twice, with a camera of 30 frames per second and with one as fast as it is read, and prints the
detection rate with and without viewers. One of the viewers never reads. Viewers run on the same processors.
"""

import argparse
import json
import os
import selectors
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Dict, List, Optional, Tuple

ROOT = Path(__file__).resolve().parent.parent
CAPS = "video/x-raw,width=1280,height=720"
PACED = f"videotestsrc is-live=true pattern=smpte ! {CAPS},framerate=30/1 ! videoconvert ! appsink"
UNPACED = f"videotestsrc pattern=smpte ! {CAPS} ! videoconvert ! appsink"

sys.path.insert(0, str(ROOT))
from appliance.bus import EventSubscriber  # noqa: E402
from appliance.contract.events import STATE, STATISTICS  # noqa: E402
from web.accounts import Accounts, Role  # noqa: E402


class Viewers:
    """Sockets that read images as fast as they come, except the first, which reads nothing."""

    def __init__(self, port: int, count: int, token: str) -> None:
        self.selector = selectors.DefaultSelector()
        self.pictures = 0
        request = f"GET /streams/main.mjpeg HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {token}\r\n\r\n"
        self.sockets = []
        for number in range(count):
            viewer = socket.create_connection(("127.0.0.1", port))
            viewer.sendall(request.encode())
            self.sockets.append(viewer)
            if number:
                viewer.setblocking(False)
                self.selector.register(viewer, selectors.EVENT_READ)

    def look(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            for key, _ in self.selector.select(0.1):
                self.pictures += key.fileobj.recv(1 << 20).count(b"Content-Type: image/jpeg")  # type: ignore[union-attr]

    def close(self) -> None:
        for viewer in self.sockets:
            viewer.close()


def frames(listener: EventSubscriber, seconds: float, viewers: Optional[Viewers] = None) -> float:
    """Return the detected frames per second."""
    counts: List[Tuple[float, int]] = []

    def newest() -> None:
        last: Optional[Dict[str, Any]] = None
        until = time.monotonic() + 1.0
        while time.monotonic() < until or last is None:
            event = listener.receive(0.2)
            if event is not None and event[0] == STATISTICS:
                last = event[1]
        counts.append((last["time"], last["streams"]["main"]["frames"]))

    newest()
    if viewers:
        viewers.look(seconds)
    else:
        time.sleep(seconds)
    newest()
    (began, first), (ended, last) = counts
    return float((last - first) / (ended - began))


def memory(run_dir: Path) -> int:
    """Return the memory of the appliance's processes in bytes."""
    found = subprocess.run(["pgrep", "-f", str(run_dir)], stdout=subprocess.PIPE, text=True).stdout.split()
    found += subprocess.run(["pgrep", "-f", "web.wsgi:app"], stdout=subprocess.PIPE, text=True).stdout.split()
    pages = 0
    for pid in found:
        try:
            pages += int(Path(f"/proc/{pid}/statm").read_text().split()[1])
        except OSError:
            pass
    return pages * os.sysconf("SC_PAGESIZE")


def measure(source: str, options: argparse.Namespace) -> Dict[str, Any]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        (folder / "state").mkdir(mode=0o700)
        token = Accounts(str(folder / "state")).add_token("viewers", Role.VIEWER)
        command = [
            sys.executable,
            "-m",
            "appliance",
            "up",
            source,
            "--listen",
            f"127.0.0.1:{port}",
            "--run-dir",
            str(folder / "run"),
            "--models-dir",
            str(ROOT / "models"),
            "--max-vis-fps",
            "10",
        ]
        appliance = subprocess.Popen(command, cwd=folder, env=dict(os.environ, PYTHONPATH=str(ROOT)))
        try:
            listener = EventSubscriber(folder / "run", (STATE, STATISTICS))
            while True:
                event = listener.receive(60.0)
                if event is None:
                    raise SystemExit("the appliance did not start")
                if event[0] == STATE and event[1]["model"]["status"] == "ready":
                    break
            time.sleep(3)
            alone = frames(listener, options.seconds)
            viewers = Viewers(port, options.viewers, token)
            viewers.look(3)
            viewers.pictures, before = 0, memory(folder / "run")
            watched = frames(listener, options.seconds, viewers)
            after = memory(folder / "run")
            each = viewers.pictures / (options.viewers - 1) / options.seconds
            viewers.close()
            return {
                "alone_fps": round(alone, 1),
                "watched_fps": round(watched, 1),
                "ratio": round(watched / alone, 2),
                "pictures_a_viewer": round(each, 1),
                "memory_mb": [round(before / 1e6), round(after / 1e6)],
            }
        finally:
            appliance.send_signal(signal.SIGTERM)
            appliance.wait(30)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--viewers", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=20.0)
    options = parser.parse_args()
    for name, source in (("camera of 30 fps", PACED), ("as fast as it is read", UNPACED)):
        print(name, json.dumps(measure(source, options)), flush=True)


if __name__ == "__main__":
    main()
