"""What the figures are held against. The bars were set for two processor cores and for one H200."""

import dataclasses
from typing import Any, Dict, List, Optional

from appliance.engines.registry import find_engine

Report = Dict[str, Any]


@dataclasses.dataclass(frozen=True)
class _Bar:
    """at_least, or else at_most."""

    what: str
    measured: float
    at_least: Optional[float] = None
    at_most: Optional[float] = None
    unit: str = ""


def list_bars(report: Report) -> List[Dict[str, Any]]:
    """Those that the report has figures for, each with what was measured and whether it is reached."""
    bars = _size_bars(report) + _visualize_bars(report) + _stream_bars(report) + _camera_bars(report)
    rows = []
    for bar in bars + _engine_bars(report):
        reached = (bar.at_least is None or bar.measured >= bar.at_least) and (
            bar.at_most is None or bar.measured <= bar.at_most
        )
        rows.append(dict(dataclasses.asdict(bar), reached=reached))
    return rows


def _size_bars(report: Report) -> List[_Bar]:
    rows = {(row["width"], row["height"]): row for row in report.get("sizes", [])}
    if not rows:
        return []
    small, middle, large = rows[160, 120], rows[544, 288], rows[1280, 720]
    return [
        _Bar("544x288: loop / whole graph", middle["loop_to_whole"], 3.5),
        _Bar("544x288: loop / engine alone", middle["loop_to_engine"], 0.92),
        _Bar("loop at 1280x720 / at 160x120", round(large["loop"]["fps"] / small["loop"]["fps"], 3), 0.85),
    ]


def _visualize_bars(report: Report) -> List[_Bar]:
    ratios = {row["visualize"]: row["to_off"] for row in report.get("visualize", [])}
    return [
        _Bar(f"1280x720: {text} / no viewer", ratios[way], least)
        for way, text, least in (("all", "one viewer, all pictures", 0.75), ("30 fps", "one viewer, 30 fps", 0.9))
        if way in ratios
    ]


def _stream_bars(report: Report) -> List[_Bar]:
    rows = {row["streams"]: row for row in report.get("streams", [])}
    if not rows:
        return []
    found = [_Bar("1280x720: four streams together / one", rows[4]["to_one"], 0.95)]
    if report["machine"]["device"] == "GPU":
        found += [
            _Bar("1280x720: one stream", rows[1]["fps"], 900, unit="fps"),
            _Bar("1280x720: eight streams", rows[8]["fps"], 4000, unit="fps"),
        ]
    return found


def _camera_bars(report: Report) -> List[_Bar]:
    row = report.get("camera")
    if row is None or row["latency_ms"] is None or row["engine_ms"] is None:
        return []
    most = round(1.5 * row["engine_ms"] + 2, 1)
    return [_Bar("camera: median to the result (1.5 x engine + 2 ms)", row["latency_ms"], at_most=most, unit="ms")]


def _engine_bars(report: Report) -> List[_Bar]:
    found = []
    for row in report.get("engines", []):
        name = row["engine"]
        bench = find_engine(name).bench
        if bench.first_detection_s is not None:
            seconds = bench.first_detection_s
            found.append(_Bar(name + ": first detection after", row["first_detection_s"], at_most=seconds, unit="s"))
        if bench.memory_mb is not None:
            found.append(_Bar(name + ": memory", row["peak_memory_mb"], at_most=bench.memory_mb, unit="MB"))
        if row["compared"]:
            found.append(
                _Bar(
                    name + ": largest difference to the whole graph",
                    max(row["score_difference"], row["box_difference"]),
                    at_most=1e-4,
                )
            )
        if row["compared"] or row["unmatched"]:
            found.append(_Bar(name + ": found by one of them only", row["unmatched"], at_most=0))
    return found
