"""Starts the dashboard under gunicorn over the fake daemon, for work on its pages; Ctrl-C ends both.

python -m tests.web.demo FOLDER [--port 8080] [--worker eventlet|gthread] [--no-sign-in] [--streams main,yard]
"""

import argparse
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any, Dict, List

ROOT = Path(__file__).resolve().parents[2]


def write_start_file(folder: Path, port: int, worker: str = "eventlet", sign_in: bool = True, **more: Any) -> Path:
    """Make FOLDER with what the dashboard is started with; returns the path of its start file. more: options of it."""
    names = {"run_dir": "run", "state_dir": "state", "recordings_dir": "recordings"}
    fields: Dict[str, Any] = {key: str(folder / name) for key, name in names.items()}
    for path in fields.values():
        Path(path).mkdir(parents=True, exist_ok=True, mode=0o700)
    fields.update(host="127.0.0.1", port=port, worker=worker, sign_in=sign_in, **more)
    path = folder / "dashboard.json"
    path.write_text(json.dumps(fields))
    return path


def gunicorn(start_file: Path, **options: Any) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "gunicorn", "-c", "web/gunicorn.conf.py", "web.wsgi:app"]
    return subprocess.Popen(
        command,
        cwd=str(ROOT),
        env=dict(os.environ, SPLITLENS_DASHBOARD=str(start_file)),
        universal_newlines=True,
        **options,
    )


def fake_daemon(folder: Path, *words: str, **options: Any) -> "subprocess.Popen[str]":
    command = [
        sys.executable,
        "-m",
        "tests.web.fake_daemon",
        str(folder / "run"),
        "--recordings",
        str(folder / "recordings"),
    ]
    return subprocess.Popen(command + list(words), cwd=str(ROOT), universal_newlines=True, **options)


def main() -> None:
    parser = argparse.ArgumentParser(description="The dashboard over a fake daemon.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--port", type=int, default=8080)
    parser.add_argument("--worker", default="eventlet")
    parser.add_argument("--no-sign-in", action="store_true")
    parser.add_argument("--streams", default="main,yard")
    options = parser.parse_args()
    folder = options.folder.resolve()
    start_file = write_start_file(folder, options.port, options.worker, not options.no_sign_in)
    processes: List[Any] = [fake_daemon(folder, "--streams", options.streams, "--movies"), gunicorn(start_file)]
    print(f"http://127.0.0.1:{options.port}/  (kill -USR1 {processes[0].pid} crashes the fake daemon)")
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        processes[1].wait()
    except KeyboardInterrupt:
        pass
    for process in processes:
        process.terminate()
    for process in processes:
        process.wait()


if __name__ == "__main__":
    main()
