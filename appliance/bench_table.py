"""The figures of `bench` as tables: for a terminal, and as the original project published its own."""

from typing import Any, Dict, List, Optional


def text_table(report: Dict[str, Any]) -> List[str]:
    """Lines for a terminal."""
    machine = report["machine"]
    mode = ", power mode {}".format(machine["mode"]) if machine["mode"] else ""
    lines = [
        "{board}{mode}: {cpu}, {cores} cores, front on {device}; Python {python}, TensorFlow {tensorflow}".format(
            **dict(machine, mode=mode)),
        "{model}, {path} path, {workers} workers; frames a second".format(**machine),
        "",
        "     size    whole   engine     loop  loop/engine  loop/whole  latency ms    CPU %       W",
    ]
    for row in report["sizes"]:
        lines.append(
            "{:>9} {whole_fps:>8} {engine_fps:>8} {loop_fps:>8} {loop_to_engine:>12} {loop_to_whole:>11} "
            "{loop_latency_ms:>11} {loop_cpu_percent:>8} {:>7}".format(
                "{width}x{height}".format(**row), _watts(row["loop_watts"]), **row
            )
        )
    lines += ["", "alone: first detection {first_detection_s} s after the command, {peak_memory_mb} MB".format(
        **report["alone"])]
    return lines


def markdown_table(report: Dict[str, Any]) -> List[str]:
    """The original's columns. CPU is of all cores. Nothing is drawn here, so Visualize is False throughout."""
    machine = report["machine"]
    lines = ["|FPS|Machine|Size|Split Model|Visualize|Mode|CPU|Watt|Model|classes|",
             "|--:|:--|:--|:--|:--|:--|--:|--:|:--|--:|"]
    for row in report["sizes"]:
        for way, is_split in (("loop", machine["is_split"]), ("whole", False)):
            lines.append("|{:.1f}|{}|{width}x{height}|{}|False|{}|{:.0f}%|{}|{}|{}|".format(
                row[way + "_fps"], machine["board"], is_split, machine["mode"] or "-",
                row[way + "_cpu_percent"] / machine["cores"], _watts(row[way + "_watts"]), machine["model"],
                machine["classes"], **row))
    return lines


def _watts(watts: Optional[float]) -> str:
    return "-" if watts is None else "{:.1f}".format(watts)
