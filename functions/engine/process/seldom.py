"""What a process does once in a while, however often it is asked to."""

from datetime import datetime, timedelta


class Seldom:
    """When this process has last done something that needs no hurry."""

    def __init__(self, every: timedelta) -> None:
        self._every = every
        self._again_at: datetime | None = None

    def is_due(self, now: datetime) -> bool:
        """Tell whether it is to be done now, by whoever asks."""
        if self._again_at is not None and now < self._again_at:
            return False
        self._again_at = now + self._every
        return True

    def hurry(self) -> None:
        """Have it done when it is asked for next: something was left."""
        self._again_at = None
