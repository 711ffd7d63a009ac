"""Choose which recordings of the folder to delete now: their ages by several clocks, and what is watched or starred."""

from pathlib import Path
from typing import Callable, Dict, List, Sequence, Set

from appliance.recording.folder import access_time
from appliance.recording.index import Entry
from appliance.recording.retention import (
    Candidate,
    ClockWatch,
    Deletion,
    Limits,
    ages,
    choose,
    is_watched,
    least_ages,
)


class Cleaner:
    """Not for several threads at once.

    Attributes:
        ended: When each recording of this process ended, by name, on a clock that never jumps.
    """

    def __init__(self) -> None:
        self.ended: Dict[str, float] = {}
        self._clock = ClockWatch()

    def choose(
        self,
        folder: Path,
        entries: Sequence[Entry],
        written: Sequence[str],
        seconds: Callable[[Entry], float],
        starred: Callable[[Entry], bool],
        limits: Limits,
        free: int,
        now: float,
        monotonic: float,
    ) -> List[Deletion]:
        """Choose what to delete.

        Args:
            folder: Where they are.
            entries: All, in the order in which they were written.
            written: Names of those that are being written.
            seconds: Returns the duration of one.
            starred: Returns whether one shows a starred event.
            limits: From the settings.
            free: Bytes that are free on the disk.
            now: Unix time.
            monotonic: Seconds of the clock of `ended`.
        """
        names = {entry.name for entry in entries}
        self.ended = {name: at for name, at in self.ended.items() if name in names}
        by_clock = least_ages(
            [entry.stream for entry in entries],
            ages([entry.changed for entry in entries], now),
            lambda number: seconds(entries[number]),
        )
        ended = [
            monotonic - self.ended[entry.name] if entry.name in self.ended else age
            for entry, age in zip(entries, by_clock)
        ]
        is_sure, by_name = self._clock.is_sure(now, monotonic), {entry.name: entry for entry in entries}
        busy: Set[str] = set(written)
        kept: Set[str] = set()
        while True:
            # Who watches and what is starred is asked only of what would be deleted: there may be many recordings.
            chosen = choose(
                [
                    Candidate(entry.name, entry.bytes, age, entry.name in busy, entry.kept_as, entry.name in kept)
                    for entry, age in zip(entries, ended)
                ],
                limits,
                free,
                is_sure,
            )
            would_go = [one.name for one in chosen]
            watched = {name for name in would_go if is_watched(access_time(folder / name), now)}
            shining = {name for name in would_go if name not in kept and starred(by_name[name])}
            if not watched and not shining:
                return chosen
            busy |= watched
            kept |= shining
