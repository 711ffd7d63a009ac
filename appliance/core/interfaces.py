"""What the loop asks of a source, a detector and a sink. Anything of this shape will do."""

from typing import TYPE_CHECKING, Any, List, Mapping, Optional, Sequence, Tuple

import numpy as np

from appliance.core.frame import Frame, Prediction, Result

if TYPE_CHECKING:
    from typing_extensions import Protocol
else:  # Python 3.6 and 3.7 have no Protocol, and nothing here is looked at when it runs.
    Protocol = object


class FrameSource(Protocol):
    """Where frames come from; see `sources.base.Source`."""

    is_live: bool
    drops: int

    def read(self) -> Optional[Frame]:
        """The next frame; None at the end."""

    def close(self) -> None:
        """End a `read` that waits."""


class SplitDetector(Protocol):
    """A model in two parts; see `detectors.base.Detector`."""

    labels: Mapping[int, str]
    workers: int
    batch: int

    def batch_size_for(self, width: int, height: int) -> int:
        """How many images of this size go through `infer` together."""

    def infer(self, images: Sequence[np.ndarray]) -> Any:
        """The part on the accelerator, for images of any sizes; several threads call it."""

    def postprocess(self, raw: Any, sizes: Sequence[Tuple[int, int]]) -> List[Prediction]:
        """The part on the CPU. sizes: width and height of each image."""

    def close(self) -> None:
        """Give the memory back."""


class ResultSink(Protocol):
    """Who takes results; see `sinks.base.Sink`."""

    name: str
    every_result: bool

    def write(self, result: Result) -> None:
        """Take one result."""

    def close(self) -> None:
        """Finish."""
