"""The plain facts of an engine, for settings, help and messages."""

import dataclasses
import importlib.util
from typing import Dict, Optional, Tuple, Type, TypeVar

from appliance.core.registry import find_descriptions

AUTO = "auto"
"""The value of the setting `engine` by which the appliance chooses."""


@dataclasses.dataclass(frozen=True)
class EngineFacts:
    """An engine as settings and help texts describe it.

    Attributes:
        name: Its value in the setting `engine`.
        title: Its name for people.
        module: The Python module that has to be installed.
        runs_any_graph: Whether it runs graphs unchanged, and so every model. Others run the front of a fast path.
        rank: Position among the engines that `auto` tries, lowest first; None if it is used only on request.
        auto_when: When `auto` uses it, to complete "openvino ..."; "" for nothing.
        note: Additional text for the help of the setting; "" for none.
        precisions: The values of precision_model that it supports; () if the setting has no effect on it.
        needs: Hardware that it requires, such as "an NVIDIA GPU".
        model_type: The model_type in the original project's config files that selects it.
    """

    name: str
    title: str
    module: str
    runs_any_graph: bool = False
    rank: Optional[int] = None
    auto_when: str = ""
    note: str = ""
    precisions: Tuple[str, ...] = ()
    needs: str = ""
    model_type: str = ""

    def is_installed(self) -> bool:
        """Return whether its module can be found. Nothing is imported, so it may still be broken."""
        return importlib.util.find_spec(self.module) is not None


F = TypeVar("F", bound=EngineFacts)


def engine_facts(kind: "Type[F]" = EngineFacts) -> "Dict[str, F]":  # type: ignore[assignment]  # F is EngineFacts then
    """Return all engines by name: first those that run every model, then those that `auto` tries."""
    found = find_descriptions("appliance.engines", "ENGINE", kind, "name")
    return {engine.name: engine for engine in sorted(found.values(), key=_place)}


def _place(engine: EngineFacts) -> Tuple[bool, bool, int, str]:
    return not engine.runs_any_graph, engine.rank is None, engine.rank or 0, engine.name
