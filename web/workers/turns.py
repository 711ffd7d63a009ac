"""The order in which complete requests are answered under load: fair between addresses."""

from collections import OrderedDict
from typing import Any, Hashable


class Turns:
    """Round robin between groups; newest first within a group, as clients that waited long have likely gone."""

    def __init__(self) -> None:
        self._groups: OrderedDict[Hashable, OrderedDict[Any, None]] = OrderedDict()

    def __bool__(self) -> bool:
        return bool(self._groups)

    def add(self, group: Hashable, item: Any) -> None:
        """Add an item to a group."""
        self._groups.setdefault(group, OrderedDict())[item] = None

    def take(self) -> Any:
        """Return and remove the next item. Raises KeyError if there is none."""
        group, items = self._groups.popitem(last=False)
        item, _ = items.popitem()
        if items:
            self._groups[group] = items
        return item

    def discard(self, group: Hashable, item: Any) -> bool:
        """Remove an item; returns whether it was there."""
        items = self._groups.get(group)
        if items is None or item not in items:
            return False
        del items[item]
        if not items:
            del self._groups[group]
        return True
