"""A clock that the test moves."""

from datetime import UTC, datetime, timedelta

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


class MovedClock:
    """Stands still at `at` until it is advanced."""

    def __init__(self, at: datetime = NOON) -> None:
        self._now = at

    def now(self) -> datetime:
        """Return the time at which the clock stands."""
        return self._now

    async def sleep(self, seconds: float) -> None:
        """Let the time of a sleep pass at once."""
        self.advance(timedelta(seconds=seconds))

    def advance(self, by: timedelta) -> None:
        """Move the clock."""
        self._now += by
