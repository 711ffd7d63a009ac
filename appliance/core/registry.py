"""Finds what the modules of a package describe: a thing is added by adding one module, and nothing else names it."""

import importlib
import pkgutil
from typing import List, Tuple, Type, TypeVar

T = TypeVar("T")


def find_descriptions(package: str, attribute: str, of: Type[T]) -> List[T]:
    """Collect the description that each module of a package has.

    The modules must be cheap to import: what is heavy is imported by the functions that need it.

    Args:
        package: Full name of the package, such as "appliance.sources.kinds".
        attribute: Name of the description in each module, such as "KIND". Modules without it are passed over.
        of: The class of the descriptions.

    Returns:
        The descriptions by their `order` where they have one, else by the names of their modules.

    Raises:
        TypeError: A module's description is of another class.
    """
    found: List[Tuple[float, str, T]] = []
    for module_info in pkgutil.iter_modules(importlib.import_module(package).__path__):
        name = f"{package}.{module_info.name}"
        description = getattr(importlib.import_module(name), attribute, None)
        if description is None:
            continue
        if not isinstance(description, of):
            raise TypeError(f"{name}.{attribute} is no {of.__name__}")
        found.append((getattr(description, "order", 0), name, description))
    return [description for _, _, description in sorted(found, key=lambda entry: entry[:2])]
