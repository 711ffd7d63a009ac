"""Line crossings on real video: vtest.avi of Debian's opencv-doc, put into samples/ by hand, against a count by eye."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
TRUTH = json.loads((ROOT / "tests" / "data" / "vtest_crossings.json").read_text())


@pytest.mark.heavy
def test_most_people_who_cross_a_line_are_counted_once_and_in_their_direction(samples, models_dir, tmp_path):
    movie = samples / "vtest.avi"
    if not movie.is_file():
        pytest.skip("samples/vtest.avi is not there: it is in Debian's package opencv-doc")
    lines = {name: {"from": ends[:2], "to": ends[2:]} for name, ends in TRUTH["lines"].items()}
    config = tmp_path / "config.yml"
    config.write_text(json.dumps({"streams": {"main": {"source": str(movie), "lines": lines}}}))
    command = [sys.executable, "-m", "appliance", "video", str(movie), "--config", str(config), "--no-visualize"]
    command += ["--model", "pedestrian_ssdlite", "--models-dir", str(models_dir), "--events", str(tmp_path / "events")]
    subprocess.run(command, cwd=str(ROOT), check=True, timeout=300)
    events = [json.loads(line) for line in (tmp_path / "events").read_text().splitlines()]
    crossed = [event for event in events if event["type"] == "crossed"]
    right = 0
    for truth in TRUTH["crossings"]:
        for event in crossed:
            is_it = (event["line"], event["direction"]) == (truth["line"], truth["direction"])
            if is_it and abs(event["time"] - truth["time"]) <= 1.0:
                crossed.remove(event)
                right += 1
                break
    assert right >= 38
    assert len(crossed) <= 5
    assert len([event for event in events if event["type"] == "detected"]) <= 40
