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
from typing import Any, Dict, List, Type, TypeVar

from appliance.core.errors import SplitlensError

T = TypeVar("T")


class BrokenPlugin(SplitlensError):
    """A plug-in cannot be used. Nothing runs then: the settings name all of them."""


def find_descriptions(package: str, attribute: str, kind: Type[T], unique: str = "") -> Dict[str, T]:
    """Return the descriptions of all plug-ins in a package.

    Args:
        package: Name of the package, such as "appliance.engines". Modules in any folder of its `__path__` count.
        attribute: The attribute that holds the description, such as "ENGINE".
        kind: The class of the descriptions.
        unique: The field in which no two descriptions may be equal; "" for none.

    Returns:
        Descriptions by module name, sorted by name.

    Raises:
        BrokenPlugin: A module cannot be imported, its description is no instance of `kind`, or two have one name.
    """
    found: Dict[str, T] = {}
    modules: Dict[Any, str] = {}
    for name in _modules(package, attribute):
        try:
            description = getattr(importlib.import_module(name), attribute)
        except Exception as error:
            what = f"{type(error).__name__}: {error}"
            raise BrokenPlugin(f"The module {name} cannot be loaded ({what}). Mend it, or take it away") from error
        if not isinstance(description, kind):
            raise BrokenPlugin(f"{name}.{attribute} is no {kind.__name__} but {type(description).__name__}")
        called = getattr(description, unique) if unique else name
        if called in modules:
            raise BrokenPlugin(f"{modules[called]}.{attribute} and {name}.{attribute} have the same {unique}, {called}")
        modules[called] = name
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
