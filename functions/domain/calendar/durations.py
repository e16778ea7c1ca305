"""Durations: ISO 8601 without a sign, in which days and longer are units of the calendar.

So read RFC 5545 (3.3.6): P1D is the same time tomorrow, PT24H is 24 hours later. They differ where
clocks are changed in between.
"""

import re
from calendar import monthrange
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

_NUMBER: Final = r"([0-9]{1,9}(?:\.[0-9]{1,9})?)"
#: What a duration looks like; also in other languages' expressions.
PATTERN: Final = (
    rf"P(?=[0-9T])(?:{_NUMBER}Y)?(?:{_NUMBER}M)?(?:{_NUMBER}W)?(?:{_NUMBER}D)?"
    rf"(?:T(?=[0-9])(?:{_NUMBER}H)?(?:{_NUMBER}M)?(?:{_NUMBER}S)?)?"
)
_DURATION: Final = re.compile(PATTERN, re.ASCII)
_DAY: Final = timedelta(days=1)
#: How long units of the calendar are in the mean: for bounds, and for fractions of them.
_YEAR: Final = 365.25 * _DAY
_MONTH: Final = 30.44 * _DAY
#: Nothing is waited for longer.
LONGEST: Final = 1000 * _YEAR


class InvalidDurationError(ValueError):
    """A text is no duration as P3D, PT12H or P1M."""

    def __init__(self, text: str) -> None:
        super().__init__(
            f"{text[:40]!r} is no duration: write P[nY][nM][nW][nD][T[nH][nM][nS]], such as P3D"
            " for three days or PT90M for ninety minutes, of at most 1,000 years"
        )


class Duration(NamedTuple):
    """How long to wait: whole units of the calendar first, then an exact time."""

    months: int = 0
    days: int = 0
    exact: timedelta = timedelta()

    def add(self, at: datetime, zone: ZoneInfo) -> datetime:
        """Return the instant that follows `at` by this, on the calendar of a zone; UTC.

        The day that a month lacks becomes its last. A time of day that clocks show twice is the
        first of the two, and one that they jump over moves forward by the jump.
        """
        if self.months or self.days:
            shown = at.astimezone(zone).replace(fold=0)
            if self.months:
                shown = _months_later(shown, self.months)
            at = shown + timedelta(self.days)  # by the clock: both have the same zone
        return at.astimezone(UTC) + self.exact

    @property
    def nominal(self) -> timedelta:
        """The length in the mean: years have 365.25 days, months 30.44."""
        return self.months / 12 * _YEAR + self.days * _DAY + self.exact


@lru_cache(maxsize=1024)
def parse_duration(text: str) -> Duration:
    """Read a duration. A fraction of a unit of the calendar counts by its length in the mean.

    Raises InvalidDurationError.
    """
    match = _DURATION.fullmatch(text)
    if match is None:
        raise InvalidDurationError(text)
    try:
        duration = _duration(*(float(number or 0) for number in match.groups()))
        is_short = duration.nominal <= LONGEST
    except OverflowError:
        is_short = False
    if not is_short:
        raise InvalidDurationError(text)
    return duration


def _duration(
    years: float,
    months: float,
    weeks: float,
    days: float,
    hours: float,
    minutes: float,
    seconds: float,
) -> Duration:
    return Duration(
        months=12 * int(years) + int(months),
        days=7 * int(weeks) + int(days),
        exact=timedelta(hours=hours, minutes=minutes, seconds=seconds)
        + years % 1 * _YEAR
        + months % 1 * _MONTH
        + weeks % 1 * 7 * _DAY
        + days % 1 * _DAY,
    )


def _months_later(shown: datetime, months: int) -> datetime:
    year, month = divmod(shown.year * 12 + shown.month - 1 + months, 12)
    last = monthrange(year, month + 1)[1]
    return shown.replace(year=year, month=month + 1, day=min(shown.day, last))
