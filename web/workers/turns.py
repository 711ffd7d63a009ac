"""The order in which complete requests are answered where too many come: fair between addresses."""

from collections import OrderedDict
from typing import Any, Hashable


class Turns:
    """Round robin between groups. Within a group the newest comes first: who has waited long has likely gone."""

    def __init__(self) -> None:
        self._groups: OrderedDict[Hashable, OrderedDict[Any, None]] = OrderedDict()

    def __bool__(self) -> bool:
        return bool(self._groups)

    def add(self, group: Hashable, item: Any) -> None:
        """Add an item to a group."""
        self._groups.setdefault(group, OrderedDict())[item] = None

    def take(self) -> Any:
        """Take the next item. Raises KeyError if there is none."""
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
