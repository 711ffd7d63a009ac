"""One word for one thing in code, page, API and docs: the words that those of the glossary took the place of."""

import re
import tokenize
from collections import defaultdict
from functools import lru_cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

NAMES = {
    # What was, as a regular expression for a whole identifier -> what it is called now
    "Intake|intake|take_with|takings": "FrameQueue, frame_queue, get_batch",
    "Feed": "StreamPipeline, pipeline",
    "Outlet": "FrameSender",
    "ModelSlot|DetectorSlot": "ModelRunner, DetectorHandle",
    "Wish|wish|ask_for": "LoadRequest, request_model",
    "House|house|StreamContext": "Streams, Stream",
    "Station|station|Teller|teller": "BusServer, server, BusLogHandler",
    "_?obey": "dispatch, handle",
    "last_words|read_last_words|write_last_words": "exit_reason",
    "ModelLibrary": "ModelCatalogue",
    "Figures": "StreamStatistics, statistics",
    "Tally|tally": "DetectionSummary, summary",
    "Spikes|spikes": "SlowFrames",
    "Door|SocketDoor|guard_app|_Remarks": "security, SocketIOAuthMiddleware, install_security",
    "Relays?|relays?": "FrameBroadcaster, broadcasters",
    "Link": "DaemonClient",
    "pick_many|front_many|back_many": "infer, postprocess",
    "About": "ModelInfo",
    "_Kept|look_around|HOPELESS": "inspect_machine, PRUNE_BELOW",
    "misfit|engine_asked_for|reason_not_to_use|reason_not_to_hold": "invalid_value, requested_engine, mismatch",
}

PROSE = {
    # What was written, as a regular expression -> what a reader expects
    r"\bfor whom\b": "for whoever",
    r"\bfor who\b": "for whoever",
    r"""(^|[.:;#"] ?)[Ww]ho (loads|reads|puts|asks for|serves|looks|comes|connects|waits|knows)\b""": "whoever",
    r"\btakings\b": "batches",
    r"\bgraph whole\b": "whole graph",
    r"\bis told of\b": "is told about",
    r"\bnobody looks(?! after)": "nobody is watching",
    r"\blast words\b": "exit reason",
    r"\bone too many into\b": "more than its limit",
    r"\bthe intake\b": "the frame queue",
    r"python -m appliance (?!daemon)\w": "splitlens",
}
"""In code, page, settings, documentation and, as both are made of these, in what --help says."""


def files(folders, endings):
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix in endings and path.is_file() and not {"vendor", "__pycache__"} & set(path.parts):
                yield path


CODE = list(files(["appliance", "web", "deploy", "tools", "tests"], [".py"]))
PAGE = list(files(["web"], [".js", ".html", ".css"]))
DATA = list(files(["appliance", "web", "profiles"], [".yml"]))
DOCS = [*sorted(ROOT.glob("*.md")), *sorted(ROOT.glob("docs/*.md")), *sorted(ROOT.glob("tests/*/README.md"))]


def place(path, line):
    return f"{path.relative_to(ROOT)}:{line}"


@lru_cache(maxsize=None)
def identifiers():
    """Each name in the code, with where it stands; words in strings and comments are none."""
    places = defaultdict(list)
    for path in CODE:
        with tokenize.open(str(path)) as file:
            for token in tokenize.generate_tokens(file.readline):
                if token.type == tokenize.NAME:
                    places[token.string].append(place(path, token.start[0]))
    return places


@lru_cache(maxsize=None)
def lines():
    """(where, line) of all that is read: code with its strings and comments, the page, data, documentation."""
    return [
        (place(path, number), line)
        for path in [*CODE, *PAGE, *DATA, *DOCS]
        if path != Path(__file__).resolve()
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
    ]


@pytest.mark.parametrize("old", NAMES)
def test_a_name_that_was_replaced_does_not_come_back(old):
    is_old = re.compile(old).fullmatch
    places = [place for name, places in identifiers().items() if is_old(name) for place in places]
    assert places == [], f"it is called {NAMES[old]} now"


@pytest.mark.parametrize("old", PROSE)
def test_sentences_use_the_words_that_a_reader_expects(old):
    is_old = re.compile(old).search
    assert [place for place, line in lines() if is_old(line)] == [], f"write: {PROSE[old]}"
