"""How many requests of this process a receiver may have under way."""

from typing import Final


class ReceiverSlots:
    """Slots for requests to each receiver: few where it fails.

    A receiver that answers is asked FULL at a time. Each failure halves that, each success adds
    one: a dead receiver holds one worker, not all of them.
    """

    FULL: Final = 16
    #: Of all receivers together: the local queue has twice as many places, for other work too.
    TOTAL: Final = 32

    def __init__(self) -> None:
        self._under_way: dict[str, int] = {}
        self._allowed: dict[str, int] = {}  #: of those that have failed lately
        self._total = 0

    def take(self, receiver: str) -> bool:
        """Take a slot, to be given back; False where the receiver has none left."""
        under_way = self._under_way.get(receiver, 0)
        if self._total >= self.TOTAL or under_way >= self._allowed.get(receiver, self.FULL):
            return False
        self._under_way[receiver] = under_way + 1
        self._total += 1
        return True

    def give_back(self, receiver: str, *, failed: bool) -> None:
        """Give a slot back."""
        self._total -= 1
        self._under_way[receiver] -= 1
        if not self._under_way[receiver]:
            del self._under_way[receiver]
        allowed = self._allowed.pop(receiver, self.FULL)
        allowed = max(1, allowed // 2) if failed else allowed + 1
        if allowed < self.FULL:
            self._allowed[receiver] = allowed
