"""What this process has made of something that never changes, as long as it is asked for."""

from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class LastUsed(Generic[K, V]):
    """So many values by their keys at most; the one that was not asked for longest goes first."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._known: OrderedDict[K, V] = OrderedDict()

    def get(self, key: K) -> V | None:
        """Return what was kept; None where it was not, or is gone."""
        found = self._known.get(key)
        if found is not None:
            self._known.move_to_end(key)
        return found

    def keep(self, key: K, value: V) -> None:
        """Remember a value."""
        self._known[key] = value
        if len(self._known) > self._most:
            self._known.popitem(last=False)
