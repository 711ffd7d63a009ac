"""Kill each process of a recording appliance, over and over: python tools/kill_test.py [--rounds 100]

A round kills the daemon, the dashboard's master, its worker and the camera's reader once each, in any order, at random
moments. After each kill it waits until everything is as before: the daemon records, the page says so, images come. It
counts processes that are left behind and, at the end, recordings that do not play. Exits with 1 if there is any of
either, or if the page and the daemon disagreed for more than two seconds.
"""

import argparse
import json
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
import uuid
from pathlib import Path
from typing import Any, Callable, Dict, List, Optional

import cv2
import psutil

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
from appliance.bus import request  # noqa: E402
from appliance.cli.supervisor import STRAY_SECONDS  # noqa: E402
from appliance.contract.errors import Refused, Unavailable  # noqa: E402

CAMERA = (
    "videotestsrc is-live=true pattern=ball ! video/x-raw,width=640,height=360,framerate=15/1 ! videoconvert ! appsink"
)
TARGETS = ("daemon", "master", "worker", "reader")
MARK = "KILL_TEST"
PATIENCE = 120.0
PAGE_SECONDS = 2.0
"""How long the page may be out of date."""


class Missed(Exception):
    """It did not come back."""


class Appliance:
    """One `up` in its own folder. Its processes are found by an environment variable."""

    def __init__(self, folder: Path, record_format: str, words: List[str]) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.folder, self.run_dir, self.mark = folder, folder / "run", uuid.uuid4().hex
        self.url = f"http://127.0.0.1:{port}"
        command = [
            sys.executable,
            "-m",
            "appliance",
            "up",
            CAMERA,
            "--listen",
            f"127.0.0.1:{port}",
            "--no-sign-in",
            "--run-dir",
            str(self.run_dir),
            "--record-format",
            record_format,
            *words,
        ]
        self.log = folder / "log"
        environment = dict(os.environ, PYTHONPATH=str(ROOT), **{MARK: self.mark})
        with self.log.open("w") as log:
            self.up = subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=subprocess.STDOUT)

    def processes(self) -> List[psutil.Process]:
        """Return all its processes, whatever their parents."""
        found = []
        for process in psutil.process_iter():
            try:
                if process.status() != psutil.STATUS_ZOMBIE and process.environ().get(MARK) == self.mark:
                    found.append(process)
            except psutil.Error:
                pass
        return found

    def find(self, target: str) -> Optional[psutil.Process]:
        up = psutil.Process(self.up.pid)
        for process in self.processes():
            try:
                words, is_child = process.cmdline(), process.ppid() == up.pid
                found = {
                    "daemon": is_child and "daemon" in words,
                    "master": is_child and "gunicorn" in words,
                    "worker": not is_child and "gunicorn" in words,
                    "reader": "appliance.sources.reader_main" in words,
                }[target]
            except psutil.Error:
                continue
            if found:
                return process
        return None

    def strays(self) -> List[psutil.Process]:
        """Return orphans: adopted processes, or those no longer below the supervisor."""
        below = {process.pid for process in psutil.Process(self.up.pid).children(recursive=True)} | {self.up.pid}
        children = [self.find("daemon"), self.find("master")]
        adopted = {process.pid for process in psutil.Process(self.up.pid).children()} - {
            child.pid for child in children if child is not None
        }
        return [process for process in self.processes() if process.pid in adopted or process.pid not in below]

    def daemon_says(self) -> Optional[Dict[str, Any]]:
        try:
            return summary(request(self.run_dir, {"command": "get_state"}, 0.5)["state"])
        except (Unavailable, Refused):
            return None

    def page_says(self) -> Optional[Dict[str, Any]]:
        try:
            with urllib.request.urlopen(self.url + "/api/v1/state", timeout=2) as answer:
                return summary(json.load(answer))
        except (urllib.error.URLError, OSError, ValueError):
            return None


def summary(state: Dict[str, Any]) -> Dict[str, Any]:
    """Return the part of the state that must be the same on the page."""
    stream = state["streams"][0]
    return {
        "pid": state["daemon"]["pid"],
        "status": stream["status"],
        "recording": (stream["recording"] or {}).get("name"),
    }


def until(condition: Callable[[], Any], what: str, seconds: float = PATIENCE) -> float:
    """Wait until a condition holds; returns the seconds. Raises Missed."""
    began = time.monotonic()
    while not condition():
        if time.monotonic() - began > seconds:
            raise Missed(f"{what}: not within {seconds:g} s")
        time.sleep(0.05)
    return time.monotonic() - began


def is_well(said: Optional[Dict[str, Any]]) -> bool:
    return said is not None and said["status"] == "live" and said["recording"]


def kill(appliance: Appliance, target: str) -> Dict[str, float]:
    """Kill a process; returns the seconds until it was back, and until the page was right."""
    victim = appliance.find(target)
    assert victim is not None
    victim.send_signal(signal.SIGKILL)
    noticed = 0.0
    if target == "daemon":  # the page must not go on saying that all is well
        noticed = until(lambda: (appliance.page_says() or {}).get("pid") != victim.pid, "the page's notice")
    until(lambda: not psutil.pid_exists(victim.pid), "its end")
    back = until(lambda: is_well(appliance.daemon_says()), "the recording")
    served = until(lambda: appliance.page_says() is not None, "the page")
    right = agree(appliance)
    return {
        "back": back + (served if target in ("master", "worker") else 0.0),
        "page": max(noticed, right + (served if target in ("daemon", "reader") else 0.0)),
    }


def agree(appliance: Appliance) -> float:
    """Return the seconds until page and daemon agree; prints both meanwhile."""
    began = time.monotonic()
    is_told = False
    while True:
        says = appliance.page_says(), appliance.daemon_says()
        seconds = time.monotonic() - began
        if says[0] == says[1]:
            return seconds
        if seconds > PATIENCE:
            raise Missed(f"the page says {says[0]}, the daemon {says[1]}")
        if seconds > PAGE_SECONDS and not is_told:
            print(f"  after {seconds:.1f} s the page says {says[0]}, the daemon {says[1]}", flush=True)
            is_told = True
        time.sleep(0.05)


def count_strays(appliance: Appliance) -> int:
    """Return the number of lasting orphans: children of a dead process may finish their files."""
    try:
        until(lambda: not appliance.strays(), "", STRAY_SECONDS + 5)
    except Missed:
        return len(appliance.strays())
    return 0


def unplayable(folder: Path) -> List[str]:
    found = []
    for path in sorted(folder.glob("*.*")):
        movie = cv2.VideoCapture(str(path))
        if not path.name.startswith(".") and not movie.read()[0]:
            found.append(f"{path.name} ({path.stat().st_size} bytes)")
        movie.release()
    return found


def test(record_format: str, rounds: int, words: List[str]) -> int:
    """Run the rounds; returns the number of failures."""
    wrong = strays = 0
    times: Dict[str, List[Dict[str, float]]] = {target: [] for target in TARGETS}
    with tempfile.TemporaryDirectory(prefix="kill") as name:
        appliance = Appliance(Path(name), record_format, words)
        try:
            until(lambda: appliance.daemon_says() is not None, "the start")
            request(appliance.run_dir, {"command": "record", "stream": "main", "on": True})
            until(lambda: is_well(appliance.daemon_says()), "the first picture")
            until(lambda: is_well(appliance.page_says()), "the page")
            for number in range(rounds):
                for target in random.sample(TARGETS, len(TARGETS)):
                    time.sleep(random.uniform(0.0, 3.0))
                    times[target].append(kill(appliance, target))
                strays += count_strays(appliance)
                if (number + 1) % 10 == 0:
                    print(f"{record_format}: {number + 1} rounds", flush=True)
        except Missed as error:
            wrong += 1
            print(f"{record_format}: {error}; the log's end:\n" + appliance.log.read_text()[-2000:])
        finally:
            appliance.up.send_signal(signal.SIGTERM)
            code = appliance.up.wait(60)
            time.sleep(1)
            left = appliance.processes()
            for process in left:
                process.kill()
        recordings = Path(name) / "recordings"
        broken = unplayable(recordings)
        total = len(list(recordings.glob(f"*.{record_format}")))
    for target, found in times.items():
        if found:
            slow = [one for one in found if one["page"] > PAGE_SECONDS]
            wrong += len(slow)
            back = sorted(one["back"] for one in found)
            latest = max(one["page"] for one in found)
            print(
                f"{record_format}: {len(found)} kills of the {target}: back after {back[len(back) // 2]:.1f} s "
                f"({back[-1]:.1f} at most); page right after {latest:.1f} s at most, too late {len(slow)} times"
            )
    print(
        f"{record_format}: {total} recordings, {len(broken)} unplayable; {strays} processes left behind, "
        f"{len(left)} at the end; exit code {code}"
    )
    for line in broken[:10]:
        print("  " + line)
    return wrong + strays + len(left) + len(broken) + (code != 0)


def main() -> int:
    parser = argparse.ArgumentParser(description="Kill each process of a recording appliance, over and over.")
    parser.add_argument("--rounds", type=int, default=100, help="how often each process is killed (default: 100)")
    parser.add_argument("--formats", default="avi,mp4", help="of the recordings (default: avi,mp4)")
    parser.add_argument("words", nargs="*", help="more words for `up`, behind --")
    options = parser.parse_args()
    return 1 if sum([test(name, options.rounds, options.words) for name in options.formats.split(",")]) else 0


if __name__ == "__main__":
    sys.exit(main())
