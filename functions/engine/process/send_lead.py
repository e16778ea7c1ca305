"""How far ahead of its turn a message must be reserved and claimed to be ready for it."""

from datetime import timedelta
from typing import Final

#: However slow the store is, turns are not reserved further ahead than that.
_LONGEST: Final = timedelta(seconds=0.7)
#: What one quick time leaves of what was slow before.
_KEPT: Final = 0.9


class SendLead:
    """The time that this process needs to claim a message, by its last times.

    It depends on the store, and changes from hour to hour.

    Where nobody else sends, a message's turn would be now, and be missed by the time that the
    message is claimed.
    """

    def __init__(self) -> None:
        self.length = timedelta()

    def note(self, taken: timedelta) -> None:
        """Note how long it has taken once."""
        self.length = min(max(taken, self.length * _KEPT), _LONGEST)
