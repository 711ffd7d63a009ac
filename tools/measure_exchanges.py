"""Measure memory while a stream's source is exchanged: python tools/measure_exchanges.py [--exchanges 200] [--camera]

Starts the daemon as `up` does, with a model, and switches the stream `main` between two sources. Prints the daemon's
memory on the way; it should rise during the first dozens of exchanges, and then stay flat.
"""

import argparse
import json
import shutil
import sys
import tempfile
import time
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parent.parent
PRINTED = 10
"""Number of lines."""
SETTLE_SECONDS = 2.0
CAMERAS = [
    f"videotestsrc is-live=true ! video/x-raw,width={width},height={height},framerate=20/1 ! appsink"
    for width, height in ((640, 480), (800, 600))
]

sys.path.insert(0, str(ROOT))
from appliance.cli.up import memory_environment  # noqa: E402
from tests.daemon import PERSON, Daemon  # noqa: E402


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--exchanges", type=int, default=200)
    parser.add_argument("--camera", action="store_true", help="live sources by GStreamer in place of movies")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        sources = (
            CAMERAS
            if options.camera
            else [
                shutil.copy(str(ROOT / "samples" / "bikes.mp4"), str(Path(folder) / name))
                for name in ("a.mp4", "b.mp4")
            ]
        )
        config = "streams:\n" + "".join(
            f"  {name}: {json.dumps(source)}\n" for name, source in zip(("main", "other"), sources)
        )
        with Daemon(Path(folder), "--model", PERSON, config=config, environ=memory_environment()) as daemon:
            daemon.until_ready()
            process = psutil.Process(daemon.process.pid)
            for number in range(options.exchanges + 1):
                if number % max(1, options.exchanges // PRINTED) == 0:
                    time.sleep(SETTLE_SECONDS)
                    memory = process.memory_info().rss / 1e6
                    print(
                        f"{number:4d} exchanges: {memory:.0f} MB, {process.num_threads()} threads, "
                        f"{process.num_fds()} descriptors",
                        flush=True,
                    )
                daemon.ask("set_stream", stream="main", source=sources[(number + 1) % 2])
                daemon.until(lambda state: state["streams"][0]["status"] == "live")


if __name__ == "__main__":
    main()
