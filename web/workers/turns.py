"""In which order whole requests are answered where more come than can be: no address has others wait for all of its."""

from collections import OrderedDict
from typing import Any, Hashable


class Turns:
    """A group each, one after the other. Of a group the newest first: who waits for long has likely gone."""

    def __init__(self) -> None:
        self._groups: OrderedDict[Hashable, OrderedDict[Any, None]] = OrderedDict()

    def __bool__(self) -> bool:
        return bool(self._groups)

    def add(self, group: Hashable, item: Any) -> None:
        self._groups.setdefault(group, OrderedDict())[item] = None

    def take(self) -> Any:
        """The next. Raises KeyError if nobody waits."""
        group, items = self._groups.popitem(last=False)
        item, _ = items.popitem()
        if items:
            self._groups[group] = items
        return item

    def discard(self, group: Hashable, item: Any) -> bool:
        """Whether it was there."""
        items = self._groups.get(group)
        if items is None or item not in items:
            return False
        del items[item]
        if not items:
            del self._groups[group]
        return True
