"""The registry of engines."""

import sys
from typing import TYPE_CHECKING, Dict

from appliance.core.engine_facts import AUTO, engine_facts
from appliance.engines.description import EngineDescription, EngineOptions, Part

if TYPE_CHECKING:
    from appliance.engines.base import Engine


def all_engines() -> Dict[str, EngineDescription]:
    """Return all engines by name.

    First those that run every model, then those that `auto` tries, in its order, then the others.
    """
    return engine_facts(EngineDescription)


def find_engine(name: str) -> EngineDescription:
    """Return the engine of this name, as in the setting `engine`; for "auto", the one that runs every model."""
    return reference_engine() if name == AUTO else all_engines()[name]


def reference_engine() -> EngineDescription:
    """Return the engine that runs every graph as it is: the fallback, and the reference for comparisons."""
    return next(engine for engine in all_engines().values() if engine.build_part is not None)


def build_part(part: Part, options: EngineOptions) -> "Engine":
    """Build an engine for a graph, or a part of one, by its own operations. Raises ModelError if that fails."""
    build = reference_engine().build_part
    assert build is not None
    return build(part, options)


def loaded_versions() -> Dict[str, str]:
    """Return the versions of the engines whose libraries this process has loaded, by engine name."""
    return {
        name: str(getattr(sys.modules[engine.version[0]], engine.version[1])).split("-")[0]
        for name, engine in all_engines().items()
        if engine.version[0] in sys.modules
    }
