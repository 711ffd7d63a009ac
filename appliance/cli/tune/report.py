"""The measurements of `tune`, for people and for programs."""

import dataclasses
from typing import List, Optional, Sequence

from appliance.cli.tune.candidates import TrialResult
from appliance.contract.fields import JsonObject

COLUMNS = (
    "",
    "engine",
    "path",
    "workers",
    "batch",
    "XLA",
    "streams",
    "fps",
    "latency ms",
    "load s",
    "measured s",
    "note",
)
_LEFT = ("", "engine", "path", "XLA", "note")


@dataclasses.dataclass(frozen=True)
class Row:
    """One candidate with a number of streams.

    Attributes:
        outcome: Its result.
        streams: Number of streams.
        path, workers: As loaded; "" and None if it did not load.
        loading, measured: Seconds.
        is_kept: Whether it is the one that is kept.
    """

    outcome: TrialResult
    streams: int
    path: str = ""
    workers: Optional[int] = None
    loading: float = 0.0
    measured: float = 0.0
    is_kept: bool = False


def table(rows: Sequence[Row]) -> List[str]:
    """Return the table as lines, ordered by number of streams, the best first."""
    ordered = sorted(rows, key=lambda row: (row.streams, bool(row.outcome.refusal), -row.outcome.fps))
    cells = [COLUMNS] + [_cells(row) for row in ordered]
    widths = [max(len(line[column]) for line in cells) for column in range(len(COLUMNS))]
    return [
        "  ".join(
            text.ljust(width) if name in _LEFT else text.rjust(width)
            for name, text, width in zip(COLUMNS, line, widths)
        ).rstrip()
        for line in cells
    ]


def _cells(row: Row) -> Sequence[str]:
    candidate, outcome = row.outcome.candidate, row.outcome
    was_measured = outcome.fps > 0
    return (
        "*" if row.is_kept else "",
        candidate.engine,
        row.path or ("exact" if candidate.exact else "-"),
        str(row.workers or candidate.worker_threads or "-"),
        str(candidate.batch or "-"),
        "-" if candidate.xla is None else "on" if candidate.xla else "off",
        str(row.streams),
        f"{outcome.fps:.1f}" if was_measured else "-",
        f"{outcome.latency * 1e3:.1f}" if was_measured else "-",
        f"{row.loading:.1f}" if row.path else "-",
        f"{row.measured:.1f}" if was_measured else "-",
        outcome.refusal or ("kept" if row.is_kept else ""),
    )


def as_json(row: Row) -> JsonObject:
    """Return the row as a JSON object."""
    outcome = row.outcome
    fields: JsonObject = dict(dataclasses.asdict(outcome.candidate), path=row.path or None, workers=row.workers)
    fields.update(
        streams=row.streams,
        fps=round(outcome.fps, 1),
        latency_ms=round(outcome.latency * 1e3, 1),
        load_s=round(row.loading, 1),
        measured_s=round(row.measured, 1),
        refusal=outcome.refusal,
        kept=row.is_kept,
    )
    return fields
