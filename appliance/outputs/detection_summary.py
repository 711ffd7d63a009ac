"""Count detections for the summary at the end of a run."""

from typing import Dict, List

from appliance.core.frame import Result
from appliance.core.sink import Sink
from appliance.drawing.class_areas import percent, shares


class DetectionSummary(Sink):
    """In how many frames each label occurred, and the most at once or, for segmentations, the largest share.

    Attributes:
        frames: Number of frames so far.
    """

    name = "tally"
    every_result = True

    def __init__(self) -> None:
        self.frames = 0
        self._in_frames: Dict[str, int] = {}
        self._at_once: Dict[str, int] = {}
        self._share: Dict[str, float] = {}

    def write(self, result: Result) -> None:
        self.frames += 1
        here: Dict[str, int] = {}
        for class_id in result.detections.class_ids:
            label = result.label(int(class_id))
            here[label] = here.get(label, 0) + 1
        for label, count in here.items():
            self._at_once[label] = max(self._at_once.get(label, 0), count)
        covered = {result.label(class_id): share for class_id, share in shares(result)}
        for label, share in covered.items():
            self._share[label] = max(self._share.get(label, 0.0), share)
        for label in set(here) | set(covered):
            self._in_frames[label] = self._in_frames.get(label, 0) + 1

    def lines(self) -> List[str]:
        """Return one line per label, the most frequent first: "person: in 240 of 250 frames, up to 5 at once"."""
        order = sorted(
            self._in_frames,
            key=lambda label: (-self._in_frames[label], -self._share.get(label, 0.0), label),
        )
        return [
            f"{label}: in {self._in_frames[label]} of {self.frames} frames, up to {self._most(label)}"
            for label in order
        ]

    def _most(self, label: str) -> str:
        if label in self._at_once:
            return f"{self._at_once[label]} at once"
        return f"{percent(self._share[label])} of the picture"
