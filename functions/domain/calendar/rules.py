"""Rules of recurrence, as RFC 5545 writes them: what each part says, and what is refused.

Ours is a subset: FREQ of a day and longer, INTERVAL, BYDAY, BYMONTHDAY, BYMONTH, BYWEEKNO, BYHOUR,
BYMINUTE, BYSETPOS, COUNT and UNTIL. Weeks begin on Monday.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, time
from enum import StrEnum
from functools import lru_cache
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

from functions.domain.calendar.clocks import instant_of

WEEKDAYS: Final = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
#: Characters of a rule.
LONGEST_RULE: Final = 500
#: Occurrences that a rule may count, and periods that it may leave out.
_MOST: Final = 100_000
_MOST_PERIODS: Final = 1000
_MOST_POSITIONS: Final = 10
#: Days of one kind in a month, and in a year.
MOST_OF_MONTH: Final = 5
MOST_OF_YEAR: Final = 53


class Frequency(StrEnum):
    """How long a rule's period is."""

    DAILY = "DAILY"
    WEEKLY = "WEEKLY"
    MONTHLY = "MONTHLY"
    YEARLY = "YEARLY"


class InvalidRuleError(ValueError):
    """A rule of recurrence says something that is none, or that we do not support."""

    def __init__(self, part: str, problem: str) -> None:
        self.part = part  #: of the rule, such as BYDAY; "" for the rule as a whole
        super().__init__(f"{part}: {problem}" if part else problem)


class Day(NamedTuple):
    """A day of the week; with a number that one of the month or year, from its end below 0."""

    weekday: int  #: Monday is 0
    number: int = 0


class Rule(NamedTuple):
    """A rule of recurrence: in which periods something comes, and when in each."""

    frequency: Frequency
    interval: int = 1
    days: Sequence[Day] = ()
    month_days: Sequence[int] = ()
    months: Sequence[int] = ()
    weeks: Sequence[int] = ()
    hours: Sequence[int] = ()
    minutes: Sequence[int] = ()
    positions: Sequence[int] = ()  #: which ones of a period's
    times: int | None = None  #: how often something comes
    until: datetime | None = None  #: the last instant; without a zone, as clocks show it

    @property
    def counts_in_months(self) -> bool:
        """Whether numbers of days of the week are those of a month; else they are of the year."""
        return self.frequency is Frequency.MONTHLY or bool(self.months)

    def ends_at(self, zone: ZoneInfo) -> datetime | None:
        """Return the last instant, UTC, at which something may come."""
        if self.until is None or self.until.tzinfo is not None:
            return self.until
        return instant_of(self.until.date(), self.until.time(), zone)

    def from_start(self, shown: datetime) -> "Rule":
        """Return the rule with what it leaves to its start, by what clocks show then."""
        own = self._replace(
            hours=self.hours or (shown.hour,), minutes=self.minutes or (shown.minute,)
        )
        if self.days or self.month_days:
            return own
        match self.frequency:
            case Frequency.WEEKLY:
                return own._replace(days=(Day(shown.weekday()),))
            case Frequency.MONTHLY:
                return own._replace(month_days=(shown.day,))
            case Frequency.YEARLY if self.weeks:
                return own._replace(days=(Day(shown.weekday()),))
            case Frequency.YEARLY:
                return own._replace(month_days=(shown.day,), months=self.months or (shown.month,))
            case _:
                return own


@lru_cache(maxsize=1024)
def parse_rule(text: str) -> Rule:
    """Read a rule such as FREQ=MONTHLY;BYDAY=2MO;COUNT=12.

    Raises InvalidRuleError, which names the part.
    """
    if len(text) > LONGEST_RULE:
        raise InvalidRuleError("", f"a rule has at most {LONGEST_RULE} characters")
    said = _parts(text)
    if "FREQ" not in said:
        raise InvalidRuleError("FREQ", f"is missing: one of {', '.join(Frequency)}")
    read = {_READERS[name][0]: _READERS[name][1](name, value) for name, value in said.items()}
    rule = Rule(**read)
    _check(rule)
    return rule


def _parts(text: str) -> dict[str, str]:
    rule, said = text.strip(), dict[str, str]()
    if re.search(r"\s", rule):
        raise InvalidRuleError("", "a rule is one line without blanks; its start is said beside it")
    for part in rule.upper().removeprefix("RRULE:").split(";"):
        name, equals, value = part.partition("=")
        if not equals or not value:
            problem = "write NAME=VALUE, with a semicolon between two, such as FREQ=DAILY;COUNT=3"
            raise InvalidRuleError("", f"{part[:40]!r} is no part of a rule: {problem}")
        if name in said:
            raise InvalidRuleError(name, "is said twice")
        if name not in _READERS:
            raise InvalidRuleError(name[:40], _NOT_OURS.get(name, f"is not supported; {_OURS}"))
        said[name] = value
    return said


# --- The parts ------------------------------------------------------------------------------------


def _frequency(name: str, text: str) -> Frequency:
    try:
        return Frequency(text)
    except ValueError:
        hint = "; for several times a day say BYHOUR or BYMINUTE"
        problem = f"must be one of {', '.join(Frequency)}, not {text[:40]!r}{hint}"
        raise InvalidRuleError(name, problem) from None


def _number(name: str, text: str, least: int, most: int) -> int:
    number = int(text) if re.fullmatch(r"[+-]?[0-9]{1,6}", text, re.ASCII) else None
    if number is None or not least <= number <= most or (number == 0 and least < 0):
        bounds = f"from {least} to {most:,}{' but 0' if least < 0 else ''}"
        raise InvalidRuleError(name, f"must be whole numbers {bounds}, not {text[:40]!r}")
    return number


def _one(least: int, most: int) -> Callable[[str, str], int]:
    def read(name: str, text: str) -> int:
        return _number(name, text, least, most)

    return read


def _list(least: int, most: int) -> Callable[[str, str], Sequence[int]]:
    def read(name: str, text: str) -> Sequence[int]:
        numbers = {_number(name, each, least, most) for each in text.split(",")}
        return tuple(sorted(numbers, key=lambda number: (number < 0, number)))

    return read


def _days(name: str, text: str) -> Sequence[Day]:
    return tuple(dict.fromkeys(_day(name, each) for each in text.split(",")))


def _day(name: str, text: str) -> Day:
    match = re.fullmatch(rf"([+-]?[0-9]{{1,2}})?({'|'.join(WEEKDAYS)})", text, re.ASCII)
    if match is None:
        problem = "must be days such as MO, 2MO for the second of a month or -1FR for its last"
        raise InvalidRuleError(name, f"{problem}, not {text[:40]!r}")
    number, weekday = match.groups()
    if number is not None:
        _number(name, number, -MOST_OF_YEAR, MOST_OF_YEAR)
    return Day(WEEKDAYS.index(weekday), int(number or 0))


def _until(name: str, text: str) -> datetime:
    """Return the last instant; of a day without a time its last second."""
    for pattern, shape in _INSTANTS.items():
        if re.fullmatch(pattern, text, re.ASCII):
            try:
                at = datetime.strptime(text, shape)  # noqa: DTZ007  the zone is that of the rule
            except ValueError:
                break
            if "T" not in shape:
                return datetime.combine(at, time(23, 59, 59))
            return at.replace(tzinfo=UTC) if text.endswith("Z") else at
    problem = "must be a day or an instant such as 20271231 or 20271231T170000Z"
    raise InvalidRuleError(name, f"{problem}, not {text[:40]!r}")


_INSTANTS: Final[Mapping[str, str]] = {
    r"[0-9]{8}": "%Y%m%d",
    r"[0-9]{8}T[0-9]{6}": "%Y%m%dT%H%M%S",
    r"[0-9]{8}T[0-9]{6}Z": "%Y%m%dT%H%M%SZ",
}
_READERS: Final[Mapping[str, tuple[str, Callable[[str, str], Any]]]] = {
    "FREQ": ("frequency", _frequency),
    "INTERVAL": ("interval", _one(1, _MOST_PERIODS)),
    "BYDAY": ("days", _days),
    "BYMONTHDAY": ("month_days", _list(-31, 31)),
    "BYMONTH": ("months", _list(1, 12)),
    "BYWEEKNO": ("weeks", _list(-53, 53)),
    "BYHOUR": ("hours", _list(0, 23)),
    "BYMINUTE": ("minutes", _list(0, 59)),
    "BYSETPOS": ("positions", _list(-366, 366)),
    "COUNT": ("times", _one(1, _MOST)),
    "UNTIL": ("until", _until),
}
_OURS: Final = f"a rule is made of {', '.join(_READERS)}"
_NOT_OURS: Final[Mapping[str, str]] = {
    "WKST": "is not supported: weeks begin on Monday",
    "BYSECOND": "is not supported: the seconds are those of the start",
    "BYYEARDAY": "is not supported: say BYMONTH and BYMONTHDAY",
    "DTSTART": "is no part of a rule: its start is said beside it",
}


# --- What does not go together --------------------------------------------------------------------


def _check(rule: Rule) -> None:
    if rule.times is not None and rule.until is not None:
        raise InvalidRuleError("UNTIL", "goes without COUNT: one of both says when it ends")
    if rule.weeks and rule.frequency is not Frequency.YEARLY:
        raise InvalidRuleError("BYWEEKNO", "goes with FREQ=YEARLY")
    if rule.month_days and rule.frequency is Frequency.WEEKLY:
        raise InvalidRuleError("BYMONTHDAY", "does not go with FREQ=WEEKLY; say BYDAY, or MONTHLY")
    _check_days(rule)
    _check_positions(rule)


def _check_positions(rule: Rule) -> None:
    """Refuse positions that choose from nothing, and more than can be looked for in time."""
    if not rule.positions:
        return
    others = (rule.days, rule.month_days, rule.months, rule.weeks, rule.hours, rule.minutes)
    if not any(others):
        raise InvalidRuleError("BYSETPOS", "chooses of what another BY... says, and there is none")
    if rule.frequency is Frequency.DAILY:
        raise InvalidRuleError("BYSETPOS", "does not go with FREQ=DAILY; say BYHOUR and BYMINUTE")
    if rule.weeks:
        raise InvalidRuleError("BYSETPOS", "does not go with BYWEEKNO; say BYDAY")
    if len(rule.positions) > _MOST_POSITIONS:
        raise InvalidRuleError("BYSETPOS", f"has more than {_MOST_POSITIONS} numbers")


def _check_days(rule: Rule) -> None:
    """Refuse numbers of days of the week where there is no month or year to number them in."""
    most = max((abs(day.number) for day in rule.days), default=0)
    if not most:
        return
    if rule.frequency in {Frequency.DAILY, Frequency.WEEKLY}:
        raise InvalidRuleError("BYDAY", "has numbers, which go with FREQ=MONTHLY or YEARLY")
    if rule.weeks:
        raise InvalidRuleError("BYDAY", "has numbers, which do not go with BYWEEKNO")
    if rule.counts_in_months and most > MOST_OF_MONTH:
        raise InvalidRuleError("BYDAY", f"names day {most} of a month, which has five of a kind")
