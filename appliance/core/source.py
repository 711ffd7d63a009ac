"""The one interface of every source."""

from types import TracebackType
from typing import TYPE_CHECKING, Optional, Type, TypeVar

if TYPE_CHECKING:
    from appliance.core.frame import Frame

Self = TypeVar("Self", bound="Source")


class Source:
    """Frames, one after the other. A context manager: leaving it closes the source.

    A pipeline gives a source a thread, which alone calls `read`. Any thread may call `close` and read the attributes.

    Attributes:
        name: What to call it; never holds credentials.
        is_live: The newest frame wins. Otherwise every frame is handed on, in order.
        fps: Frames a second as the source declares them; None where it does not (a camera: until it is open).
        frame_count: How many frames there will be; None where nobody knows. An estimate for some movies.
        drops: Frames of a live source that were overwritten before somebody read them.
        skipped: Pictures that could not be read.
    """

    name: str = ""
    is_live: bool = False
    fps: Optional[float] = None
    frame_count: Optional[int] = None
    drops: int = 0
    skipped: int = 0

    def read(self) -> "Optional[Frame]":
        """Wait for the next frame.

        Returns:
            The frame; None at the end, and after `close`.

        Raises:
            SourceError: There are no more frames, though this is not the end.
        """
        raise NotImplementedError

    def close(self) -> None:
        """Release everything; a `read` that waits returns None. May be called any number of times."""
        raise NotImplementedError

    def __enter__(self: Self) -> Self:
        return self

    def __exit__(
        self, kind: Optional[Type[BaseException]], error: Optional[BaseException], traceback: Optional[TracebackType]
    ) -> None:
        self.close()
