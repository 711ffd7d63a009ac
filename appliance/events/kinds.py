"""What events and reviews have in common, and which of these kinds a search asks for."""

import re
import unicodedata
from dataclasses import astuple, dataclass
from typing import Any, Dict, Iterable, List, Tuple

from appliance.contract.event_messages import EventRecord, Review
from appliance.core.database import Database
from appliance.events.schema import SEPARATOR

_MOST_REMEMBERED = 20000

Names = Tuple[str, ...]


@dataclass(frozen=True)
class Kind:
    """The columns of `kind` that tell kinds apart, in the order of its index."""

    is_review: bool
    stream: str
    labels: str
    severity: str
    starred: bool
    zones: str
    lines: str
    users: str

    @property
    def names(self) -> List[str]:
        """All names in it, to be searched by text."""
        return [self.stream, *split_names(self.labels), *split_names(self.zones), *split_names(self.lines)]


def kind_of_event(record: EventRecord, starred: bool) -> Kind:
    """Return the kind of an event."""
    lines = [crossing.line for crossing in record.lines]
    return Kind(
        False,
        record.stream,
        join_names([record.label]),
        record.severity,
        starred,
        join_names(record.zones),
        join_names(lines),
        "",
    )


def kind_of_review(review: Review, users: Iterable[str]) -> Kind:
    """Return the kind of a review. users: who has seen it."""
    return Kind(
        True,
        review.stream,
        join_names(review.labels),
        review.severity,
        False,
        join_names(review.zones),
        "",
        join_names(users),
    )


class KindTable:
    """The table `kind`, for the thread that writes."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._known: Dict[Kind, int] = {}

    def id_of(self, kind: Kind) -> int:
        """Return the id of a kind, which is added if it is new. Raises sqlite3.Error."""
        known = self._known.get(kind)
        if known is not None:
            return known
        content = astuple(kind)
        rows = self._database.read(
            "SELECT id FROM kind WHERE is_review = ? AND stream = ? AND labels = ? AND severity = ? AND starred = ?"
            " AND zones = ? AND lines = ? AND users = ?",
            *content,
        )
        if not rows:
            self._database.read(
                "INSERT INTO kind (is_review, stream, labels, severity, starred, zones, lines, users, words)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                *content,
                fold(" ".join(kind.names)),
            )
            rows = self._database.read("SELECT last_insert_rowid()")
        if len(self._known) >= _MOST_REMEMBERED:
            self.forget()
        found: int = self._known.setdefault(kind, rows[0][0])
        return found

    def forget(self) -> None:
        """Look everything up again: what was added may have been undone, or deleted."""
        self._known.clear()


class KindFilter:
    """Collects the conditions of a search on the table `kind`."""

    def __init__(self, is_review: bool) -> None:
        self._conditions = ["is_review = ?"]
        self.values: List[Any] = [int(is_review)]

    @property
    def condition(self) -> str:
        """For a WHERE; `values` are its values."""
        return " AND ".join(self._conditions)

    @property
    def is_for_all(self) -> bool:
        """Whether nothing was asked for."""
        return len(self._conditions) == 1

    def equal(self, column: str, value: Any) -> None:
        """Ask for a value; None asks for nothing."""
        if value is not None:
            self._add(f"{column} = ?", clean(value) if isinstance(value, str) else value)

    def has_name(self, column: str, name: Any, is_in: bool = True) -> None:
        """Ask for a name in a column of names, or for its absence; None asks for nothing."""
        if name is not None:
            self._add(f"instr({column}, ?) {'>' if is_in else '='} 0", SEPARATOR + clean(name) + SEPARATOR)

    def has_words(self, text: Any) -> None:
        """Ask for all words of a text, or parts of words; None asks for nothing."""
        for word in fold(text or "").split():
            self._add("instr(words, ?) > 0", word)

    def _add(self, condition: str, value: Any) -> None:
        self._conditions.append(condition)
        self.values.append(value)


def join_names(names: Iterable[str]) -> str:
    """Return names in one text."""
    joined = SEPARATOR.join(sorted({clean(name) for name in names}))
    return SEPARATOR + joined + SEPARATOR if joined else ""


def split_names(joined: str) -> Names:
    """Return the names that `join_names` joined, sorted."""
    return tuple(joined.strip(SEPARATOR).split(SEPARATOR)) if joined else ()


def clean(text: str) -> str:
    """Return a text that a database takes: without control characters and halves of characters."""
    return re.sub(r"[\x00-\x1f\x7f]", " ", text.encode("utf-8", "replace").decode("utf-8"))


def fold(text: str) -> str:
    """Return a text without case and accents, for comparing."""
    apart = unicodedata.normalize("NFKD", clean(text).casefold())
    return "".join(sign for sign in apart if not unicodedata.combining(sign)).casefold()
