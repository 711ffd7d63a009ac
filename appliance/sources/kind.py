"""What a kind of source is, and which kind a text means: decided here and nowhere else."""

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
    """A source of a stream: live, and opened again by itself when it is lost.

    Attributes:
        problem: Why there is no picture now; None while frames come.
        reconnects: How often it came back.
    """

    is_live = True
    problem: Optional[str] = None
    reconnects = 0


@dataclass(frozen=True)
class SourceKind(SourceFacts):
    """One kind of source. A camera has `run`, everything else `open`.

    Attributes:
        recognises: Whether a text, without spaces around it, means this kind. Opens nothing.
        admit: For what the dashboard may choose: takes the text and returns the source that is meant. Returns None
            where no reason may be given: nobody is to learn there which files this machine has. Raises SourceError with
            the reason otherwise.
        prepare: Checks all that can be checked without opening anything, and returns the text for the reader process.
            Raises SourceError.
        check: For `config check`: returns what is only not there now, in a sentence. Raises SourceError.
        run: Runs in the reader process until the source ends: hands over frames, and raises Ended or ParentGone.
        grace_seconds: How much longer than others its reader may take to release the source when it is told to end.
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
    """All kinds, in the order in which they are asked."""
    return source_facts(SourceKind)


def camera_kinds() -> List[SourceKind]:
    """The kinds that a reader process reads: what `stream` takes."""
    return [kind for kind in source_kinds() if kind.is_camera]


def admitted_kinds() -> List[SourceKind]:
    """The kinds that may be chosen in the dashboard."""
    return [kind for kind in source_kinds() if kind.is_admitted]


def kind_named(name: str) -> SourceKind:
    """The kind of this name. Raises KeyError."""
    return {kind.name: kind for kind in source_kinds()}[name]


def kind_of(source: Union[int, str]) -> SourceKind:
    """The kind of a stream's source. Opens nothing. Raises SourceError for what is no source."""
    # A number is no file's name, though a file may be called by one.
    return _first(source, source_kinds() if isinstance(source, str) else camera_kinds())


def camera_kind_of(source: Union[int, str]) -> SourceKind:
    """The kind of `camera_input`; a movie counts as the device in whose place it is. Raises SourceError."""
    return _first(source, camera_kinds())


def is_file_name(text: str) -> bool:
    """Whether it looks like a file in the current folder."""
    return _FILE.match(text) is not None


def no_such_file(text: str) -> SourceError:
    """The error for the name of a file that is not in the current folder."""
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
