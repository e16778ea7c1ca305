"""What this process has read a moment ago."""

from collections import OrderedDict
from collections.abc import Hashable
from datetime import datetime, timedelta
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Fresh(Generic[K, V]):
    """Values by their keys, each for so long; of more than `most` the one read first goes first."""

    def __init__(self, life: timedelta, most: int) -> None:
        self._life = life
        self._most = most
        self._known: OrderedDict[K, tuple[datetime, V]] = OrderedDict()

    def get(self, key: K, *, now: datetime) -> V | None:
        """Return what was read; None where it was not, or too long ago."""
        until, value = self._known.get(key, (now, None))
        return value if now < until else None

    def keep(self, key: K, value: V, *, now: datetime) -> None:
        """Remember what was read just now."""
        self._known[key] = now + self._life, value
        self._known.move_to_end(key)
        if len(self._known) > self._most:
            self._known.popitem(last=False)

    def forget(self, key: K) -> None:
        """Have it read anew: this process has just changed it."""
        self._known.pop(key, None)
