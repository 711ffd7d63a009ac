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
        is_admitted: Whether the dashboard may choose it; else sources of this kind come from the configuration only.
    """

    name: str
    title: str
    accepts: str
    examples: Tuple[str, ...]
    order: int
    is_admitted: bool


F = TypeVar("F", bound=SourceFacts)


def source_facts(of: "Type[F]" = SourceFacts) -> "List[F]":  # type: ignore[assignment]  # F is SourceFacts then
    """All kinds of source, in the order in which they are asked."""
    return sorted(find_descriptions("appliance.sources.kinds", "KIND", of).values(), key=lambda kind: kind.order)


def all_accepted(kinds: "List[F]") -> str:
    """What people may write for any of these kinds: "an index (0), ... or ..."."""
    words = [kind.accepts for kind in kinds]
    return f"{', '.join(words[:-1])} or {words[-1]}" if len(words) > 1 else "".join(words)
