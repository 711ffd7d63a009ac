"""The limits that measurements are compared with. They were set for two processor cores and for one H200."""

from typing import List

from appliance.cli.bench.report import Bar, Report
from appliance.engines.registry import find_engine


def list_bars(report: Report) -> List[Bar]:
    """Return the limits for which the report has a measurement."""
    return [
        *_size_bars(report),
        *_visualize_bars(report),
        *_stream_bars(report),
        *_camera_bars(report),
        *_engine_bars(report),
    ]


def _size_bars(report: Report) -> List[Bar]:
    rows = {(row.width, row.height): row for row in report.sizes or []}
    if not rows:
        return []
    small, middle, large = rows[160, 120], rows[544, 288], rows[1280, 720]
    return [
        Bar("544x288: loop / whole graph", middle.loop_to_whole, 3.5),
        Bar("544x288: loop / engine alone", middle.loop_to_engine, 0.92),
        Bar("loop at 1280x720 / at 160x120", round(large.loop.fps / small.loop.fps, 3), 0.85),
    ]


def _visualize_bars(report: Report) -> List[Bar]:
    ratios = {row.visualize: row.to_off for row in report.visualize or []}
    return [
        Bar(f"1280x720: {text} / no viewer", ratios[way], least)
        for way, text, least in (("all", "one viewer, all pictures", 0.75), ("30 fps", "one viewer, 30 fps", 0.9))
        if way in ratios
    ]


def _stream_bars(report: Report) -> List[Bar]:
    rows = {row.streams: row for row in report.streams or []}
    if not rows:
        return []
    found = [Bar("1280x720: four streams together / one", rows[4].to_one, 0.95)]
    if report.machine.device == "GPU":
        found += [
            Bar("1280x720: one stream", rows[1].fps, 900, unit="fps"),
            Bar("1280x720: eight streams", rows[8].fps, 4000, unit="fps"),
        ]
    return found


def _camera_bars(report: Report) -> List[Bar]:
    row = report.camera
    if row is None or row.latency_ms is None or row.engine_ms is None:
        return []
    most = round(1.5 * row.engine_ms + 2, 1)
    return [Bar("camera: median to the result (1.5 x engine + 2 ms)", row.latency_ms, at_most=most, unit="ms")]


def _engine_bars(report: Report) -> List[Bar]:
    found = []
    for row in report.engines or []:
        name, bench = row.engine, find_engine(row.engine).bench
        if bench.first_detection_s is not None:
            seconds = bench.first_detection_s
            found.append(Bar(name + ": first detection after", row.first_detection_s, at_most=seconds, unit="s"))
        if bench.memory_mb is not None:
            found.append(Bar(name + ": memory", row.peak_memory_mb, at_most=bench.memory_mb, unit="MB"))
        if row.compared:
            largest = max(row.score_difference, row.box_difference)
            found.append(Bar(name + ": largest difference to the whole graph", largest, at_most=1e-4))
        if row.compared or row.unmatched:
            found.append(Bar(name + ": found by one of them only", row.unmatched, at_most=0))
    return found
