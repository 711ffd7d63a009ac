"""Counts what was found, for the summary of a run."""

from typing import Dict, List

from appliance.frame import Result
from appliance.sinks.base import Sink


class Tally(Sink):
    """frames: how many came. Of each label: in how many frames it was found, and how often at once at most."""

    name = "tally"

    def __init__(self) -> None:
        self.frames = 0
        self._in_frames: Dict[str, int] = {}
        self._at_once: Dict[str, int] = {}

    def write(self, result: Result) -> None:
        self.frames += 1
        here: Dict[str, int] = {}
        for class_id in result.detections.class_ids:
            label = result.label(int(class_id))
            here[label] = here.get(label, 0) + 1
        for label, count in here.items():
            self._in_frames[label] = self._in_frames.get(label, 0) + 1
            self._at_once[label] = max(self._at_once.get(label, 0), count)

    def lines(self) -> List[str]:
        """One line a label, the most frequent first: "person: in 240 of 250 frames, up to 5 at once"."""
        order = sorted(self._in_frames, key=lambda label: (-self._in_frames[label], label))
        return [
            "{}: in {} of {} frames, up to {} at once".format(
                label, self._in_frames[label], self.frames, self._at_once[label]
            )
            for label in order
        ]
