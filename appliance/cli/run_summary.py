"""The summary at the end of a run."""

import os
from typing import Callable, List

from appliance.core.detector import Detector
from appliance.core.frame import Statistics
from appliance.core.sink import cannot_write
from appliance.core.source import Source
from appliance.outputs.detection_summary import DetectionSummary


def summarise(
    source: Source, detector: Detector, counts: DetectionSummary, statistics: Statistics, seconds: float
) -> List[str]:
    """Return the lines to print at the end of a run."""
    frames = counts.frames
    lines = [
        f"source: {source.name}",
        f"model: {detector.name} ({detector.path} path, {detector.engine} on the {detector.device})",
        f"frames: {frames} in {seconds:.1f} s, {frames / seconds if seconds else 0.0:.1f} a second",
    ]
    if source.skipped:
        noun = "picture" if source.skipped == 1 else "pictures"
        lines.append(f"skipped: {source.skipped} {noun} that could not be read")
    if statistics.drops:
        lines.append(f"dropped: {statistics.drops} frames that came faster than they could be used")
    found = counts.lines()
    lines.append(f"found:{'' if found else ' nothing'}")
    return lines + ["  " + line for line in found]


def write_summary(lines: List[str], movies: List[str], write_line: Callable[[str], None]) -> None:
    """Print the summary, and save it beside the movie, if there is one. Raises OutputError."""
    for line in lines:
        write_line(line)
    if movies:
        path = os.path.splitext(movies[0])[0] + ".txt"
        try:
            with open(path, "w", encoding="utf-8", errors="backslashreplace") as file:
                file.write("\n".join(lines) + "\n")
        except OSError as problem:
            raise cannot_write(path, problem) from problem
        write_line(f"summary: {path}")
