"""The interface of every source."""

from types import TracebackType
from typing import TYPE_CHECKING, Optional, Type, TypeVar

if TYPE_CHECKING:
    from appliance.core.frame import Frame

Self = TypeVar("Self", bound="Source")


class Source:
    """A sequence of frames. A context manager: leaving it closes the source.

    A pipeline gives a source a thread, which alone calls `read`. Any thread may call `close` and read the attributes.

    Attributes:
        name: Its name; never contains credentials.
        is_live: Whether only the newest frame matters. If not, every frame is returned, in order.
        fps: Frames per second as declared by the source; None if it declares none (a camera: until it is open).
        frame_count: Number of frames; None if unknown. An estimate for some movies.
        drops: Frames of a live source that were overwritten before they were read.
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
            SourceError: No more frames can be read, though the end was not reached.
        """
        raise NotImplementedError

    def close(self) -> None:
        """Release everything; a waiting `read` returns None. May be called any number of times."""
        raise NotImplementedError

    def __enter__(self: Self) -> Self:
        return self

    def __exit__(
        self, kind: Optional[Type[BaseException]], error: Optional[BaseException], traceback: Optional[TracebackType]
    ) -> None:
        self.close()
