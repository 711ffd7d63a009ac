"""Discover plug-ins: modules of a package, such as engines or families, that describe themselves.

A module is a plug-in if it assigns the attribute at the start of a line (`ENGINE = ...`). Only such modules are
imported: a package also contains shared modules, which may be slow to import. This way lower layers (settings, graph)
also learn about plug-ins in higher ones without naming them.
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
    """Return the descriptions of all plug-ins in a package.

    Args:
        package: Name of the package, such as "appliance.engines". Modules in any folder of its `__path__` count.
        attribute: The attribute that holds the description, such as "ENGINE".
        kind: The class of the descriptions.

    Returns:
        Descriptions by module name, sorted by name.

    Raises:
        TypeError: A description is not an instance of `kind`.
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
