"""What a stream's pipeline publishes."""

from dataclasses import dataclass
from typing import Optional


@dataclass(frozen=True)
class SourceEnded:
    """A source gives no more frames; published once, by the source's thread, and not where the pipeline was stopped.

    Attributes:
        stream: Name of its stream.
        error: Why it failed, or could not be closed; None where it came to its end.
    """

    stream: str
    error: Optional[BaseException]


@dataclass(frozen=True)
class SinkFailed:
    """A sink could not take a result, or could not be finished; it gets no more. Published by the sink's thread.

    Attributes:
        stream: Name of its stream.
        error: Why.
    """

    stream: str
    error: BaseException
