"""Warm-up: a new sender begins with few messages a day and is given more from day to day.

Carriers and mail servers distrust a sender that nobody knows and that sends much at once.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final, NamedTuple

from functions.domain.errors import InvalidFieldError

_DAY: Final = timedelta(days=1)
#: The ramp ends there, so that no power of the growth is beyond numbers.
_LONGEST: Final = 365
_MOST_FIRST: Final = 1_000_000
_MOST_GROWTH: Final = 5


class Ramp(NamedTuple):
    """How many messages a sender may send on each day, by UTC."""

    starts_on: date
    first_day: int
    growth: float  #: how many times as many on each day as on the day before

    def allowance(self, day: date) -> int:
        """Return how many messages a day allows; before the first day, as many as on that."""
        days = min(max((day - self.starts_on).days, 0), _LONGEST)
        return int(self.first_day * self.growth**days)


def ramp_from(stored: Mapping[str, Any] | None) -> Ramp | None:
    """Rebuild a ramp from {"starts_on", "first_day", "growth"}; None from None."""
    if stored is None:
        return None
    starts_on = date.fromisoformat(stored["starts_on"])
    return Ramp(starts_on, stored["first_day"], stored["growth"])


def next_day(now: datetime) -> datetime:
    """Return when the next day begins, UTC."""
    return datetime.combine(now.astimezone(UTC).date() + _DAY, time(), UTC)


def check_ramp(field: str, ramp: Mapping[str, Any]) -> None:
    """Refuse what is no ramp. Raises InvalidFieldError."""
    if not _is_date(ramp["starts_on"]):
        _refuse(f"{field}.starts_on", "must be a date as YYYY-MM-DD")
    if not 1 <= ramp["first_day"] <= _MOST_FIRST:
        _refuse(f"{field}.first_day", f"must lie between 1 and {_MOST_FIRST} messages")
    if not 1 <= ramp["growth"] <= _MOST_GROWTH:
        _refuse(f"{field}.growth", f"must lie between 1 and {_MOST_GROWTH}")


def _is_date(text: str) -> bool:
    try:
        # Python also reads 20260302 and 2026-W10-1: one way to write a date is enough.
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _refuse(field: str, rule: str) -> None:
    raise InvalidFieldError(field, f"{field}: {rule}")
