"""The kinds of source, and the only place that decides which kind a text means."""

import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Callable, List, Optional, Union

from appliance.core.errors import SourceError
from appliance.core.redact import redact
from appliance.core.source import Source
from appliance.core.source_kinds import SourceFacts, accepted_cameras, source_facts

if TYPE_CHECKING:
    from appliance.sources.frame_sender import FrameSender
    from appliance.sources.protocol import ReaderSpec

_FILE = re.compile(r"[^:/]{1,200}\.[A-Za-z]\w{1,4}$")


class StreamSource(Source):
    """The source of a stream: live, and reopened by itself after a failure.

    Attributes:
        problem: Why there are no frames now; None while frames come.
        reconnects: Number of times that it came back.
    """

    is_live = True
    problem: Optional[str] = None
    reconnects = 0


@dataclass(frozen=True)
class SourceKind(SourceFacts):
    """One kind of source. A camera has `run`, everything else `open`.

    Attributes:
        recognises: Returns whether a stripped text means this kind. Opens nothing.
        admit: For sources that the dashboard may choose: takes the text and returns the source. Returns None if no
            reason may be given, so that nobody learns which files this machine has; otherwise raises SourceError with
            the reason.
        prepare: Checks all that can be checked without opening anything, and returns the text for the reader process.
            Raises SourceError.
        check: For `config check`: returns a sentence about what is only missing right now. Raises SourceError.
        run: Runs in the reader process until the source ends: sends frames, and raises Ended or ParentGone.
        grace_seconds: Additional time for its reader to release the source when it is stopped.
        open: Opens a source that needs no reader process. Raises SourceError.
    """

    recognises: Callable[[str], bool]
    admit: Callable[[str], Union[int, str, None]] = lambda text: None
    prepare: Callable[[str], str] = str
    check: Callable[[str], Optional[str]] = lambda text: None
    run: Optional[Callable[["ReaderSpec", "FrameSender"], None]] = None
    grace_seconds: float = 0.0
    open: Optional[Callable[[str], StreamSource]] = None


def source_kinds() -> List[SourceKind]:
    """Return all kinds, in the order in which `recognises` is called."""
    return source_facts(SourceKind)


def camera_kinds() -> List[SourceKind]:
    """Return the kinds that a reader process reads, which the command `stream` accepts."""
    return [kind for kind in source_kinds() if kind.is_camera]


def admitted_kinds() -> List[SourceKind]:
    """Return the kinds that the dashboard may choose."""
    return [kind for kind in source_kinds() if kind.is_admitted]


def kind_named(name: str) -> SourceKind:
    """Return the kind with this name. Raises KeyError."""
    return {kind.name: kind for kind in source_kinds()}[name]


def kind_of(source: Union[int, str]) -> SourceKind:
    """Return the kind of a stream's source. Opens nothing. Raises SourceError if it is not a source."""
    # A number is an index, though a file may have it as its name.
    return _first(source, source_kinds() if isinstance(source, str) else camera_kinds())


def kind_name(source: Union[int, str]) -> str:
    """Return the name of a source's kind; "device" if it is of none now, as a device that is not there."""
    try:
        return kind_of(source).name
    except SourceError:
        return "device"


def camera_kind_of(source: Union[int, str]) -> SourceKind:
    """Return the kind of `camera_input`; a movie counts as the device it stands for. Raises SourceError."""
    return _first(source, camera_kinds())


def is_file_name(text: str) -> bool:
    """Return whether a text looks like the name of a file in the current folder."""
    return _FILE.match(text) is not None


def no_such_file(text: str) -> SourceError:
    """Return the error for the name of a file that is not in the current folder."""
    return SourceError(f"{redact(text)}: there is no such file in {os.getcwd()}")


def _first(source: Union[int, str], kinds: List[SourceKind]) -> SourceKind:
    text = str(source).strip()
    if not isinstance(source, bool):
        for kind in kinds:
            if kind.recognises(text):
                return kind
    if is_file_name(text):
        raise no_such_file(text)
    raise SourceError(f"{redact(text)!r} is no camera; accepted are {accepted_cameras()}")
