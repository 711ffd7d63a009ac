"""The plain facts of an engine: what settings, help and messages need to know of it."""

import dataclasses
import importlib.util
from typing import Dict, Optional, Tuple, Type, TypeVar

from appliance.core.registry import find_descriptions

AUTO = "auto"
"""The value of the setting `engine` that leaves the choice to the appliance."""


@dataclasses.dataclass(frozen=True)
class EngineFacts:
    """What the settings say of an engine.

    Attributes:
        name: As in the setting `engine`.
        title: For people.
        module: The Python module that has to be installed.
        runs_any_graph: Whether it runs graphs as they are, and so every model. Others run the front of a fast path.
        rank: Its place among those that `auto` tries, the lowest first; None where it has to be asked for.
        auto_when: When `auto` takes it, to complete "openvino ..."; "" where nothing is to be said.
        note: Further words for the help of the setting; "" for none.
        precisions: What precision_model may be for it; () where that means nothing to it.
        needs: What hardware it cannot do without, such as "an NVIDIA GPU".
        model_type: A model_type of the original project's config files that asks for it.
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
        """Whether its module can be found; nothing is imported, so it may be broken all the same."""
        return importlib.util.find_spec(self.module) is not None


F = TypeVar("F", bound=EngineFacts)


def engine_facts(kind: "Type[F]" = EngineFacts) -> "Dict[str, F]":  # type: ignore[assignment]  # F is EngineFacts then
    """The engines that there are, by name: first those that run every model, then those that `auto` knows."""
    found = find_descriptions("appliance.engines", "ENGINE", kind)
    return {engine.name: engine for engine in sorted(found.values(), key=_place)}


def _place(engine: EngineFacts) -> Tuple[bool, bool, int, str]:
    return not engine.runs_any_graph, engine.rank is None, engine.rank or 0, engine.name
