"""The events that a stream's pipeline publishes."""

from dataclasses import dataclass
from typing import Optional


@dataclass(frozen=True)
class SourceEnded:
    """A source delivers no more frames; published once, by its thread, unless the pipeline was stopped.

    Attributes:
        stream: Name of the stream.
        error: Why it failed, or could not be closed; None at its regular end.
    """

    stream: str
    error: Optional[BaseException]


@dataclass(frozen=True)
class SinkFailed:
    """A sink could not take a result, or could not be finished; it gets no more. Published by the sink's thread.

    Attributes:
        stream: Name of the stream.
        error: The cause.
    """

    stream: str
    error: BaseException
