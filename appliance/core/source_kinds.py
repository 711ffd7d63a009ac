"""The plain facts of a kind of source, for messages, help and the dashboard, without the code that opens it."""

from dataclasses import dataclass
from typing import List, Tuple, Type, TypeVar

from appliance.core.registry import find_descriptions


@dataclass(frozen=True)
class SourceFacts:
    """A kind of source as messages and help texts describe it.

    Attributes:
        name: Its name in the state: "address".
        title: Its name on the dashboard, in one or two words: "network".
        accepts: What people may write, for error messages and hints: "an index (0)".
        examples: Texts of this kind.
        order: Kinds are tried in ascending order; the first that recognises a text wins.
        is_camera: Whether `stream` and camera_input accept it: a process of its own reads it.
        is_admitted: Whether it can be chosen on the dashboard; if not, it can only come from the configuration.
    """

    name: str
    title: str
    accepts: str
    examples: Tuple[str, ...]
    order: int
    is_camera: bool
    is_admitted: bool


F = TypeVar("F", bound=SourceFacts)


def source_facts(of: "Type[F]" = SourceFacts) -> "List[F]":  # type: ignore[assignment]  # F is SourceFacts then
    """Return all kinds of source, in the order in which they are tried."""
    return sorted(
        find_descriptions("appliance.sources.kinds", "KIND", of, "name").values(), key=lambda kind: kind.order
    )


def accepted_cameras() -> str:
    """Return what people may write as a camera: "an index (0), ... or ..."."""
    return _joined([kind for kind in source_facts(SourceFacts) if kind.is_camera])


def accepted_in_dashboard() -> str:
    """Return what people may write in the dashboard: "an index (0), ... or ..."."""
    return _joined([kind for kind in source_facts(SourceFacts) if kind.is_admitted])


def _joined(kinds: List[SourceFacts]) -> str:
    words = [kind.accepts for kind in kinds]
    return f"{', '.join(words[:-1])} or {words[-1]}" if len(words) > 1 else "".join(words)
