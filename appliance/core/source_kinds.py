"""The plain facts of a kind of source: what messages, help and the dashboard say of it, without what opens it."""

from dataclasses import dataclass
from typing import List, Tuple, Type, TypeVar

from appliance.core.registry import find_descriptions


@dataclass(frozen=True)
class SourceFacts:
    """What is said of a kind of source.

    Attributes:
        name: As it is published in the state: "address".
        title: For the dashboard, in one or two words: "network".
        accepts: What people may write, for error messages and hints: "an index (0)".
        examples: Texts of this kind.
        order: Kinds are asked in this order, the lowest first; the first that recognises a text has it.
        is_camera: Whether `stream` and camera_input take it: a process of its own reads it.
        is_admitted: Whether the dashboard may choose it; else sources of this kind come from the configuration only.
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
    """All kinds of source, in the order in which they are asked."""
    return sorted(find_descriptions("appliance.sources.kinds", "KIND", of).values(), key=lambda kind: kind.order)


def accepted_cameras() -> str:
    """What people may write as a camera: "an index (0), ... or ..."."""
    return _joined([kind for kind in source_facts(SourceFacts) if kind.is_camera])


def accepted_in_dashboard() -> str:
    """What people may write in the dashboard: "an index (0), ... or ..."."""
    return _joined([kind for kind in source_facts(SourceFacts) if kind.is_admitted])


def _joined(kinds: List[SourceFacts]) -> str:
    words = [kind.accepts for kind in kinds]
    return f"{', '.join(words[:-1])} or {words[-1]}" if len(words) > 1 else "".join(words)
