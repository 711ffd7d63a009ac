"""The engines that there are."""

import sys
from typing import TYPE_CHECKING, Dict

from appliance.core.engine_facts import AUTO, engine_facts
from appliance.engines.description import EngineDescription, EngineOptions, Part

if TYPE_CHECKING:
    from appliance.engines.base import Engine


def all_engines() -> Dict[str, EngineDescription]:
    """By name: first those that run every model, then those that `auto` tries, in its order, then the others."""
    return engine_facts(EngineDescription)


def find_engine(name: str) -> EngineDescription:
    """The engine of a name as in the setting `engine`; for "auto" the one that runs every model."""
    return reference_engine() if name == AUTO else all_engines()[name]


def reference_engine() -> EngineDescription:
    """The engine that runs every graph as it is: what others are compared with, and what runs where no other can."""
    return next(engine for engine in all_engines().values() if engine.build_part is not None)


def build_part(part: Part, options: EngineOptions) -> "Engine":
    """Make a graph, or a part of one, ready to run by its own operations. Raises ModelError where it cannot be run."""
    build = reference_engine().build_part
    assert build is not None
    return build(part, options)


def loaded_versions() -> Dict[str, str]:
    """The versions of the engines whose libraries this process has loaded, by the engine's name."""
    return {
        name: str(getattr(sys.modules[engine.version[0]], engine.version[1])).split("-")[0]
        for name, engine in all_engines().items()
        if engine.version[0] in sys.modules
    }
