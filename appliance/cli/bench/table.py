"""The figures of `bench` as tables: for a terminal, and as the original project published its own."""

from typing import Any, Dict, List, Optional

from appliance.engines.registry import all_engines

Row = Dict[str, Any]

_DRAWN = {
    "off": "no viewer",
    "30 fps": "one viewer, 30 fps limit ({drawn_fps} drawn)",
    "all": "one viewer, all ({drawn_fps} drawn)",
}
_VISUALIZE = {"off": "False", "30 fps": "True, 30 FPS limit", "all": "True"}


def text_table(report: Dict[str, Any]) -> List[str]:
    """Lines for a terminal, of at most 100 columns."""
    lines = _machine_lines(report["machine"])
    if "sizes" in report:
        ways = ("whole", "engine", "loop")
        lines += [
            "",
            "frames a second    whole   engine     loop  loop/engine  loop/whole  CPU ms:  whole engine   loop",
        ]
        for row in report["sizes"]:
            lines.append(
                "{:<15} {:>8} {:>8} {:>8} {loop_to_engine:>12} {loop_to_whole:>11} {:>14} {:>6} {:>6}".format(
                    "{width}x{height}".format(**row),
                    *[row[way]["fps"] for way in ways],
                    *[_or_dash(row[way]["cpu_ms"]) for way in ways],
                    **row,
                )
            )
    lines += _loop_lines(report)
    if "engines" in report:
        lines += _engine_lines(report["engines"])
    if report["bars"]:
        lines += _bar_lines(report["bars"])
    return lines


def _machine_lines(machine: Row) -> List[str]:
    mode = f", power mode {machine['mode']}" if machine["mode"] else ""
    versions = ["Python " + machine["python"]]
    versions += [f"{engine.title} {machine[name]}" for name, engine in all_engines().items() if machine.get(name)]
    return [
        "{board}{mode}: {cpu}, {cores} cores; {versions}".format(
            **dict(machine, mode=mode, versions=", ".join(versions))
        ),
        "{model}, {path} path, {engine} on the {device}, {workers} workers, batch {batch}".format(**machine),
    ]


def _loop_lines(report: Dict[str, Any]) -> List[str]:
    """Every loop that was measured, with what it took."""
    rows = [("{width}x{height}".format(**row), "", row["loop"]) for row in report.get("sizes", [])]
    for row in report.get("streams", []):
        name = "{width}x{height}, {streams} stream{}".format("" if row["streams"] == 1 else "s", **row)
        rows.append((name, "{to_one:.2f}".format(**row), row))
    for row in report.get("visualize", []):
        name = "{width}x{height}, {}".format(_DRAWN[row["visualize"]], **row)
        rows.append((name.format(**row), "{to_off:.2f}".format(**row), row))
    if "camera" in report:
        row = report["camera"]
        rows.append(("{width}x{height}, a camera of {camera_fps:.0f} fps".format(**row), "", row))
    if not rows:
        return []
    lines = ["", f"{'loop':<47}{'fps':>7}{'ratio':>7}{'median ms':>11}{'p90':>7}{'p99':>7}{'CPU %':>7}{'W':>7}"]
    for name, ratio, row in rows:
        lines.append(
            "{:<47}{fps:>7}{:>7}{:>11}{:>7}{:>7}{cpu_percent:>7}{:>7}".format(
                name,
                ratio,
                _or_dash(row["latency_ms"]),
                _or_dash(row["latency_p90_ms"]),
                _or_dash(row["latency_p99_ms"]),
                _or_dash(row["watts"]),
                **row,
            )
        )
    if "camera" in report:
        lines.append(f"{'  the engine alone, fed by that camera':<61}{_or_dash(row['engine_ms']):>11}")
    return lines


def _engine_lines(rows: List[Row]) -> List[str]:
    size = f"{rows[0]['width']}x{rows[0]['height']}" if rows else ""
    head = (
        f"{size:<12}{'alone':>8}{'loop':>8}{'loop/engine':>13}{'ready s':>10}"
        f"{'MB':>8}{'compared':>12}{'score diff':>11}{'box diff':>11}"
    )
    lines = ["", head if rows else ""]
    for row in rows:
        lines.append(
            f"{row['engine']:<12}{row['engine_fps']:>8}{row['loop_fps']:>8}{row['loop_to_engine']:>13}"
            f"{row['first_detection_s']:>10}{row['peak_memory_mb']:>8}{row['compared']:>12}"
            f"{row['score_difference']:>11.0e}{row['box_difference']:>11.0e}"
        )
    return lines


def _bar_lines(rows: List[Row]) -> List[str]:
    lines = ["", f"{'bar (set for 2 cores, or one H200)':<52}{'measured':>12}{'wanted':>16}"]
    for row in rows:
        limit = f">= {row['at_least']:g}" if row["at_least"] is not None else f"<= {row['at_most']:g}"
        measured = f"{row['measured']:.4g} {row['unit']}".strip()
        wanted = f"{limit} {row['unit']}".strip()
        reached = "reached" if row["reached"] else "NOT reached"
        lines.append(f"{row['what']:<52}{measured:>12}{wanted:>16}  {reached}")
    return lines


def markdown_table(report: Dict[str, Any]) -> List[str]:
    """The original's columns. CPU is of all cores."""
    machine = report["machine"]
    lines = [
        "|FPS|Machine|Size|Split Model|Visualize|Mode|CPU|Watt|Model|classes|",
        "|--:|:--|:--|:--|:--|:--|--:|--:|:--|--:|",
    ]

    def add(size: Row, row: Row, is_split: bool, visualize: str) -> None:
        lines.append(
            "|{fps:.1f}|{}|{}x{}|{}|{}|{}|{:.0f}%|{}|{}|{}|".format(
                machine["board"],
                size["width"],
                size["height"],
                is_split,
                visualize,
                machine["mode"] or "-",
                row["cpu_percent"] / machine["cores"],
                _or_dash(row["watts"]),
                machine["model"],
                machine["classes"],
                **row,
            )
        )

    for size in report.get("sizes", []):
        add(size, size["loop"], machine["is_split"], "False")
        add(size, size["whole"], False, "False")
    for row in report.get("visualize", []):
        if row["visualize"] != "off" or "sizes" not in report:
            add(row, row, machine["is_split"], _VISUALIZE[row["visualize"]])
    return lines


def _or_dash(value: Optional[float]) -> str:
    return "-" if value is None else f"{value:.1f}"
