"""A clock that tests move."""

from datetime import UTC, datetime, timedelta


class MovedClock:
    """The Clock of a test: time passes when it is moved, and when somebody sleeps."""

    def __init__(self, now: datetime = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)) -> None:
        self._now = now

    def now(self) -> datetime:
        """Return the time that the test has come to."""
        return self._now

    def move(self, seconds: float) -> None:
        """Let time pass."""
        self._now += timedelta(seconds=seconds)

    async def sleep(self, seconds: float) -> None:
        """Let time pass without waiting."""
        self.move(seconds)
