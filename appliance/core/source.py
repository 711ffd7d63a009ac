"""The one interface of every source."""

from types import TracebackType
from typing import TYPE_CHECKING, Optional, Type, TypeVar

if TYPE_CHECKING:
    from appliance.core.frame import Frame

Self = TypeVar("Self", bound="Source")


class Source:
    """Frames, one after the other. A context manager: leaving it closes the source.

    name: what to call it; never holds credentials.
    is_live: the newest frame wins. Otherwise every frame is handed on, in order.
    fps: frames a second as the source declares them, None where it does not (a camera: until it is open).
    frame_count: how many frames there will be, None where nobody knows; an estimate for some movies.
    drops: frames of a live source that were overwritten before somebody read them.
    skipped: pictures that could not be read.
    """

    name: str = ""
    is_live: bool = False
    fps: Optional[float] = None
    frame_count: Optional[int] = None
    drops: int = 0
    skipped: int = 0

    def read(self) -> "Optional[Frame]":
        """Wait for the next frame. None at the end and after `close`; raises SourceError. One reader at a time."""
        raise NotImplementedError

    def close(self) -> None:
        """Release everything. From any thread, any number of times; a `read` that waits returns None."""
        raise NotImplementedError

    def __enter__(self: Self) -> Self:
        return self

    def __exit__(
        self, kind: Optional[Type[BaseException]], error: Optional[BaseException], traceback: Optional[TracebackType]
    ) -> None:
        self.close()
