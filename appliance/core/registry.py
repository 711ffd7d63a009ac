"""Find what is described in a package: engines, families and whatever else is one file that nothing else names.

A module is a plug-in if it assigns the attribute at its margin (`ENGINE = ...`). Only such modules are imported: beside
them a package has modules that they share, which may be slow to import. This is also how the lower layers of the house
(settings, graph) get to know what stands above them, without a name of it.
"""

import functools
import importlib
import importlib.util
import pkgutil
import re
from importlib.abc import InspectLoader
from typing import Dict, List, Type, TypeVar

T = TypeVar("T")


def find_descriptions(package: str, attribute: str, kind: Type[T]) -> Dict[str, T]:
    """The descriptions that the modules and folders of a package have.

    Args:
        package: Name of the package, such as "appliance.engines". Modules in any folder of its `__path__` count.
        attribute: What they call their description, such as "ENGINE".
        kind: What a description has to be an instance of.

    Returns:
        Descriptions by the name of their module, in the order of these names.

    Raises:
        TypeError: One is something else.
    """
    found = {}
    for name in _modules(package, attribute):
        description = getattr(importlib.import_module(name), attribute)
        if not isinstance(description, kind):
            raise TypeError(f"{name}.{attribute} is no {kind.__name__} but {type(description).__name__}")
        found[name.rpartition(".")[2]] = description
    return found


@functools.lru_cache(maxsize=None)
def _modules(package: str, attribute: str) -> List[str]:
    is_plugin = re.compile(rf"^{attribute}\b[^=\n]*=", re.MULTILINE)
    return [
        f"{package}.{module.name}"
        for module in sorted(pkgutil.iter_modules(importlib.import_module(package).__path__), key=lambda one: one.name)
        if is_plugin.search(_source(f"{package}.{module.name}"))
    ]


def _source(module: str) -> str:
    spec = importlib.util.find_spec(module)
    loader = spec.loader if spec is not None else None
    return (loader.get_source(module) or "") if isinstance(loader, InspectLoader) else ""
