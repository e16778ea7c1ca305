"""Intervals: how long after something a step is due, within a range and at hours of the day.

An offset is made of terms such as `2days` and `5hours`, or is a range of both. Days and longer
are units of the calendar. Where there is a choice one instant is drawn from it: the same for the
same seed, on every machine.
"""

import re
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from functions.domain.calendar.clocks import instant_of, shown_at
from functions.domain.calendar.durations import LONGEST, Duration
from functions.domain.digest import digest

_DAY: Final = timedelta(days=1)
_MICROSECOND: Final = timedelta(microseconds=1)
#: A fraction is so many bits of a seed.
_BITS: Final = 64
_FRACTION: Final = _BITS // 4  # hexadecimal digits

#: What one of each unit is.
_UNITS: Final[Mapping[str, Duration]] = {
    name: unit
    for names, unit in (
        ("years year y", Duration(months=12)),
        ("quarters quarter Q", Duration(months=3)),
        ("months month M", Duration(months=1)),
        ("weeks week w", Duration(days=7)),
        ("days day d", Duration(days=1)),
        ("hours hour h", Duration(exact=timedelta(hours=1))),
        ("minutes minute mins min m", Duration(exact=timedelta(minutes=1))),
        ("seconds second secs sec s", Duration(exact=timedelta(seconds=1))),
        ("milliseconds millisecond ms", Duration(exact=timedelta(milliseconds=1))),
    )
    for name in names.split()
}
_SECOND: Final = _UNITS["s"]
_TERM: Final = re.compile(r"([0-9]{1,9})(\.[0-9]{1,6})?([A-Za-z]+)")
_GLUED: Final = re.compile(r"(?:[0-9]+(?:\.[0-9]+)?[A-Za-z]+){2,}")
_TIME: Final = re.compile(r"([0-9]{1,2}):([0-9]{1,2})", re.ASCII)
_EXAMPLES: Final = "such as 2days, 1day 2hours or 2days-5days"


class InvalidIntervalError(ValueError):
    """A part of an interval's offset or time is none."""

    def __init__(self, term: str, problem: str) -> None:
        super().__init__(f"{term[:40]!r} {problem}")


class Offset(NamedTuple):
    """How long to wait: between these two, in either order."""

    one: Duration
    other: Duration

    @property
    def least(self) -> timedelta:
        """The shorter length, in the mean."""
        return min(self.one.nominal, self.other.nominal)

    @property
    def most(self) -> timedelta:
        """The longer length, in the mean."""
        return max(self.one.nominal, self.other.nominal)


class Hours(NamedTuple):
    """A time of day; with `closes` the hours up to but not including that, overnight ones too."""

    opens: time
    closes: time | None = None


class Interval(NamedTuple):
    """How long after an instant something is due, and at what hours."""

    offset: Offset
    hours: Hours | None = None

    def draw(self, at: datetime, zone: ZoneInfo, seed: str) -> datetime:
        """Return the instant, UTC, that is drawn by a seed; not before `at`.

        Of an offset without a range and without hours there is only one. A time of day is that
        of the day to which the offset leads, a day later where it lies before `at`.
        """
        first, second = int(seed[:_FRACTION], 16), int(seed[_FRACTION : 2 * _FRACTION], 16)
        one, other = self.offset.one.add(at, zone), self.offset.other.add(at, zone)
        drawn = _between(min(one, other), max(one, other), first)
        if self.hours is None:
            return drawn
        if self.hours.closes is None:
            return _at_time(self.hours.opens, drawn, at, zone)
        return _within(self.hours.opens, self.hours.closes, drawn, at, zone, second)


def seed_of(campaign: str, subject: str, step: str, occurrence: int) -> str:
    """Return the seed of what is drawn for one occurrence of one subject's step."""
    return digest(campaign, subject, step, occurrence, size=2 * _BITS // 8)


# --- What is drawn --------------------------------------------------------------------------------


def _between(begin: datetime, end: datetime, fraction: int) -> datetime:
    """Return an instant from `begin` up to but not including `end`, unless both are one."""
    return begin + ((end - begin) // _MICROSECOND * fraction >> _BITS) * _MICROSECOND


def _at_time(shown: time, drawn: datetime, at: datetime, zone: ZoneInfo) -> datetime:
    """Return when clocks show a time on the day of `drawn`, or a day later if not from `at` on.

    The seconds are those of `at`: what begins in the minute that is asked for is due in it.
    """
    own = shown_at(at, zone)
    shown = shown.replace(second=own.second, microsecond=own.microsecond)
    day = shown_at(drawn, zone).date()
    due = instant_of(day, shown, zone)
    return due if due >= at else instant_of(day + _DAY, shown, zone)


def _within(
    opens: time, closes: time, drawn: datetime, at: datetime, zone: ZoneInfo, fraction: int
) -> datetime:
    """Return an instant within the hours of the day of `drawn`, of those that are left from `at`.

    Hours overnight belong to the day on which they begin: those of the day before count where
    `drawn` lies in them.
    """
    day = shown_at(drawn, zone).date()
    if closes < opens and drawn < _hours(day - _DAY, opens, closes, zone)[1]:
        day -= _DAY
    begin, end = _hours(day, opens, closes, zone)
    if end <= at:
        begin, end = _hours(day + _DAY, opens, closes, zone)
    return _between(max(begin, at), end, fraction)


def _hours(day: date, opens: time, closes: time, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Return when hours begin and end that begin on a day."""
    begin = instant_of(day, opens, zone)
    end = instant_of(day if opens < closes else day + _DAY, closes, zone)
    return min(begin, end), end  # clocks may jump over all of them


# --- How it is written ----------------------------------------------------------------------------


@lru_cache(maxsize=1024)
def parse_offset(text: str) -> Offset:
    """Read an offset: terms with blanks between them, or a range `A-B`.

    Raises InvalidIntervalError, which names the term.
    """
    sides = [side.strip() for side in text.split("-")]
    if len(sides) > 2:  # noqa: PLR2004  a range has two ends
        raise InvalidIntervalError(text, "has a third part: a range is A-B")
    if not all(sides):
        problem = f"leaves out what to wait: write terms {_EXAMPLES}"
        raise InvalidIntervalError(text, problem)
    durations = [_side(side) for side in sides]
    return Offset(durations[0], durations[-1])


@lru_cache(maxsize=1024)
def parse_hours(text: str) -> Hours:
    """Read a time of day H:M, or hours H:M-H:M. Raises InvalidIntervalError, which names it."""
    sides = [side.strip() for side in text.split("-")]
    if len(sides) > 2:  # noqa: PLR2004  hours have two ends
        raise InvalidIntervalError(text, "has a third part: hours are H:M-H:M")
    if len(sides) > 1 and not all(sides):
        raise InvalidIntervalError(text, "leaves out when hours begin or end: write H:M-H:M")
    times = [_time_of_day(side) for side in sides]
    return Hours(times[0], times[-1] if times[-1] != times[0] else None)


def _side(text: str) -> Duration:
    """Return the sum of the terms of one end of a range."""
    parts = [_term(term) for term in text.split()]
    try:
        whole = Duration(
            sum(part.months for part in parts),
            sum(part.days for part in parts),
            sum((part.exact for part in parts), timedelta()),
        )
        is_short = whole.nominal <= LONGEST
    except OverflowError:
        is_short = False
    if not is_short:
        raise InvalidIntervalError(text, "leads further than 1,000 years")
    return whole


def _term(term: str) -> Duration:
    match = _TERM.fullmatch(term)
    if match is None:
        raise InvalidIntervalError(term, _why_no_term(term))
    number, decimals, name = match.groups()
    unit = _UNITS.get(name)
    if unit is None:
        known = "years, quarters, months, weeks, days, hours, minutes, seconds or milliseconds"
        raise InvalidIntervalError(term, f"has a unit that there is not: write {known}")
    if decimals and unit != _SECOND:
        raise InvalidIntervalError(term, "is no whole number: only seconds have decimals")
    exact = float(f"{number}{decimals or ''}") * unit.exact
    return Duration(int(number) * unit.months, int(number) * unit.days, exact)


def _why_no_term(term: str) -> str:
    if re.fullmatch(r"[0-9]+(?:\.[0-9]+)?", term):
        return f"has no unit: write it at once behind the number, such as {term}days"
    if _GLUED.fullmatch(term):
        return "must have a blank between its terms"
    return f"is no term: a term is a whole number and its unit, {_EXAMPLES}"


def _time_of_day(text: str) -> time:
    match = _TIME.fullmatch(text)
    hour, minute = (int(part) for part in match.groups()) if match else (24, 0)
    if hour > 23 or minute > 59:  # noqa: PLR2004  as clocks show them
        problem = "is no time of day: write H:M, 0:00 to 23:59, or hours H:M-H:M"
        raise InvalidIntervalError(text, problem)
    return time(hour, minute)
