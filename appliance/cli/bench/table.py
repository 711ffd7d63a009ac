"""The results of `bench` as tables: for a terminal, and in the original project's format."""

from typing import List, Optional, Sequence, Tuple

from appliance.cli.bench.report import Bar, EngineRow, MachineRow, Measurement, Report, SizeRow
from appliance.engines.registry import all_engines

_DRAWN = {"off": "no viewer", "30 fps": "one viewer, 30 fps limit", "all": "one viewer, all"}
_VISUALIZE = {"off": "False", "30 fps": "True, 30 FPS limit", "all": "True"}


def text_table(report: Report, bars: Sequence[Bar]) -> List[str]:
    """Return lines of at most 100 columns for a terminal."""
    lines = machine_lines(report.machine)
    lines += _size_lines(report.sizes) if report.sizes is not None else []
    lines += _loop_lines(report)
    lines += _engine_lines(report.engines) if report.engines is not None else []
    lines += _bar_lines(bars) if bars else []
    return lines


def machine_lines(machine: MachineRow) -> List[str]:
    """Return where and with what it was measured."""
    mode = f", power mode {machine.mode}" if machine.mode else ""
    versions = ["Python " + machine.python]
    versions += [
        f"{engine.title} {machine.versions[name]}"
        for name, engine in all_engines().items()
        if machine.versions.get(name)
    ]
    return [
        f"{machine.board}{mode}: {machine.cpu}, {machine.cores} cores; {', '.join(versions)}",
        f"{machine.model}, {machine.path} path, {machine.engine} on the {machine.device}, {machine.workers} workers,"
        f" batch {machine.batch}",
    ]


def _size_lines(rows: Sequence[SizeRow]) -> List[str]:
    lines = ["", "frames a second    whole   engine     loop  loop/engine  loop/whole  CPU ms:  whole engine   loop"]
    for row in rows:
        size = f"{row.width}x{row.height}"
        whole, engine, loop = (_or_dash(one.cpu_ms) for one in (row.whole, row.engine, row.loop))
        lines.append(
            f"{size:<15} {row.whole.fps:>8} {row.engine.fps:>8} {row.loop.fps:>8} {row.loop_to_engine:>12}"
            f" {row.loop_to_whole:>11} {whole:>14} {engine:>6} {loop:>6}"
        )
    return lines


def _loop_lines(report: Report) -> List[str]:
    """Return a line for every loop that was measured."""
    rows: List[Tuple[str, str, Measurement]] = [
        (f"{row.width}x{row.height}", "", row.loop) for row in report.sizes or []
    ]
    for one in report.streams or []:
        streams = f"{one.streams} stream{'' if one.streams == 1 else 's'}"
        rows.append((f"{one.width}x{one.height}, {streams}", f"{one.to_one:.2f}", one))
    for way in report.visualize or []:
        drawn = "" if way.visualize == "off" else f" ({way.drawn_fps} drawn)"
        rows.append((f"{way.width}x{way.height}, {_DRAWN[way.visualize]}{drawn}", f"{way.to_off:.2f}", way))
    camera = report.camera
    if camera is not None:
        rows.append((f"{camera.width}x{camera.height}, a camera of {camera.camera_fps:.0f} fps", "", camera))
    if not rows:
        return []
    lines = ["", f"{'loop':<47}{'fps':>7}{'ratio':>7}{'median ms':>11}{'p90':>7}{'p99':>7}{'CPU %':>7}{'W':>7}"]
    for name, ratio, figures in rows:
        lines.append(
            f"{name:<47}{figures.fps:>7}{ratio:>7}{_or_dash(figures.latency_ms):>11}"
            f"{_or_dash(figures.latency_p90_ms):>7}{_or_dash(figures.latency_p99_ms):>7}{figures.cpu_percent:>7}"
            f"{_or_dash(figures.watts):>7}"
        )
    if camera is not None:
        lines.append(f"{'  the engine alone, fed by that camera':<61}{_or_dash(camera.engine_ms):>11}")
    return lines


def _engine_lines(rows: Sequence[EngineRow]) -> List[str]:
    size = f"{rows[0].width}x{rows[0].height}" if rows else ""
    head = (
        f"{size:<12}{'alone':>8}{'loop':>8}{'loop/engine':>13}{'ready s':>10}"
        f"{'MB':>8}{'compared':>12}{'score diff':>11}{'box diff':>11}"
    )
    lines = ["", head if rows else ""]
    for row in rows:
        lines.append(
            f"{row.engine:<12}{row.engine_fps:>8}{row.loop_fps:>8}{row.loop_to_engine:>13}"
            f"{row.first_detection_s:>10}{row.peak_memory_mb:>8}{row.compared:>12}"
            f"{row.score_difference:>11.0e}{row.box_difference:>11.0e}"
        )
    return lines


def _bar_lines(bars: Sequence[Bar]) -> List[str]:
    lines = ["", f"{'bar (set for 2 cores, or one H200)':<52}{'measured':>12}{'wanted':>16}"]
    for bar in bars:
        limit = f">= {bar.at_least:g}" if bar.at_least is not None else f"<= {bar.at_most:g}"
        measured = f"{bar.measured:.4g} {bar.unit}".strip()
        wanted = f"{limit} {bar.unit}".strip()
        reached = "reached" if bar.reached else "NOT reached"
        lines.append(f"{bar.what:<52}{measured:>12}{wanted:>16}  {reached}")
    return lines


def markdown_table(report: Report) -> List[str]:
    """Return a table with the original's columns. CPU is of all cores."""
    machine = report.machine
    lines = [
        "|FPS|Machine|Size|Split Model|Visualize|Mode|CPU|Watt|Model|classes|",
        "|--:|:--|:--|:--|:--|:--|--:|--:|:--|--:|",
    ]

    def add(width: int, height: int, row: Measurement, is_split: bool, visualize: str) -> None:
        lines.append(
            f"|{row.fps:.1f}|{machine.board}|{width}x{height}|{is_split}|{visualize}|{machine.mode or '-'}"
            f"|{row.cpu_percent / machine.cores:.0f}%|{_or_dash(row.watts)}|{machine.model}|{machine.classes}|"
        )

    for size in report.sizes or []:
        add(size.width, size.height, size.loop, machine.is_split, "False")
        add(size.width, size.height, size.whole, False, "False")
    for way in report.visualize or []:
        if way.visualize != "off" or report.sizes is None:
            add(way.width, way.height, way, machine.is_split, _VISUALIZE[way.visualize])
    return lines


def _or_dash(value: Optional[float]) -> str:
    return "-" if value is None else f"{value:.1f}"
