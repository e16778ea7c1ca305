"""Words for rules of recurrence: what people read before they trust one."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from functions.domain.calendar.clocks import shown_at
from functions.domain.calendar.rules import Day, Frequency, Rule

_WEEKDAYS: Final = (
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
    "Sunday",
)
_MONTHS: Final = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
_ORDINALS: Final = ("", "first", "second", "third", "fourth", "fifth")
_PERIODS: Final = {
    Frequency.DAILY: "day",
    Frequency.WEEKLY: "week",
    Frequency.MONTHLY: "month",
    Frequency.YEARLY: "year",
}
#: Monday to Friday.
_WORKING_DAYS: Final = tuple(Day(number) for number in range(5))
_TEENS: Final = (11, 12, 13)
#: More times of a day than this are not listed.
_MOST_TIMES: Final = 6


def rule_words(rule: Rule, start: datetime, zone: ZoneInfo) -> str:
    """Return a rule in words, such as: every second Monday of the month at 09:00, 12 times.

    What it leaves to its start is said by that, as clocks of the zone show it.
    """
    whole = rule.from_start(shown_at(start, zone))
    return f"{_when(whole)} {_times(whole)}{_chosen(whole)}{_end(rule)}"


def _when(rule: Rule) -> str:
    """Return in which periods something comes, and on which days of each."""
    period, days = _PERIODS[rule.frequency], _days(rule)
    if rule.interval == 1 and rule.days and not rule.month_days and not rule.weeks:
        if rule.frequency is Frequency.MONTHLY:
            return f"every {days} of the month{_in(rule.months)}"
        if not _is_chosen_day(rule) and rule.frequency is not Frequency.YEARLY:
            return f"every {days}{_in(rule.months)}"
    every = f"every {period}" if rule.interval == 1 else f"every {rule.interval} {period}s"
    return f"{every}{_in_weeks(rule)}{_on(rule)}"


def _in(months: Sequence[int]) -> str:
    return f" in {_list(_MONTHS[number - 1] for number in months)}" if months else ""


def _in_weeks(rule: Rule) -> str:
    if not rule.weeks:
        return ""
    return f" in {_list(f'the {_nth(each)}' for each in rule.weeks)} week"


def _on(rule: Rule) -> str:
    """Return the days of a period, behind its name."""
    if not rule.days:
        days = _list(map(_of_month, rule.month_days))
        return f" on the {days}{_of(rule)}" if days else _in(rule.months)
    if rule.month_days:
        dates = _list(map(_of_month, rule.month_days), "or")
        return f" on each {_days(rule)} that is the {dates}{_of(rule)}"
    if all(day.number for day in rule.days) or _is_chosen_day(rule):
        return f" on the {_days(rule)}{_of(rule)}"
    each = ", only on" if rule.frequency is Frequency.DAILY else " on each"
    where = _of(rule) if _is_numbered(rule) else _in(rule.months)
    return f"{each} {_days(rule)}{where}"


def _of(rule: Rule) -> str:
    """Return what the numbers of days count in."""
    if rule.months:
        return f" of {_list(_MONTHS[number - 1] for number in rule.months)}"
    if rule.frequency is Frequency.MONTHLY or rule.weeks:
        return ""
    return " of each month" if rule.month_days else f" of the {_PERIODS[rule.frequency]}"


def _is_numbered(rule: Rule) -> bool:
    return any(day.number for day in rule.days)


def _is_chosen_day(rule: Rule) -> bool:
    """Tell whether positions choose from nothing but days of the week."""
    once = len(rule.hours) == len(rule.minutes) == 1
    return bool(rule.positions and once and rule.days and not rule.month_days) and not (
        _is_numbered(rule)
    )


def _days(rule: Rule) -> str:
    """Return the days of the week of a rule."""
    word = "or" if _is_chosen_day(rule) else "and"
    plain = [_weekday(day) for day in rule.days if not day.number]
    numbered = [_weekday(day) for day in rule.days if day.number]
    if plain and numbered:
        return _list([*plain, *(f"the {day}" for day in numbered)])
    days = _list(plain or numbered, word)
    if tuple(rule.days) == _WORKING_DAYS:
        days = "working day"
    return f"{_list(map(_nth, rule.positions))} {days}" if _is_chosen_day(rule) else days


def _weekday(day: Day) -> str:
    name = _WEEKDAYS[day.weekday]
    return f"{_nth(day.number)} {name}" if day.number else name


def _nth(number: int) -> str:
    """Return which one of its kind: the second, the second last."""
    if number == -1:
        return "last"
    size = abs(number)
    word = _ORDINALS[size] if size < len(_ORDINALS) else _ordinal(size)
    return word if number > 0 else f"{word} last"


def _of_month(number: int) -> str:
    return f"{_ordinal(number)}" if number > 0 else f"{_nth(number)} day"


def _ordinal(number: int) -> str:
    ending = {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{'th' if number % 100 in _TEENS else ending}"


def _times(rule: Rule) -> str:
    times = [f"{hour:02}:{minute:02}" for hour in rule.hours for minute in rule.minutes]
    if len(times) <= _MOST_TIMES:
        return f"at {_list(times)}"
    return f"{len(times)} times from {times[0]} to {times[-1]}"


def _chosen(rule: Rule) -> str:
    if not rule.positions or _is_chosen_day(rule):
        return ""
    period = _PERIODS[rule.frequency]
    return f", of these only the {_list(map(_nth, rule.positions))} of the {period}"


def _end(rule: Rule) -> str:
    times = ""
    if rule.times is not None:
        times = ", once" if rule.times == 1 else f", {rule.times:,} times"
    if rule.until is None:
        return times
    until = rule.until
    day = f"{until.day} {_MONTHS[until.month - 1]} {until.year}"
    if (until.hour, until.minute, until.second) == (23, 59, 59):
        return f"{times}, until {day}"
    return f"{times}, until {day}, {until:%H:%M}{' UTC' if until.tzinfo else ''}"


def _list(parts: Iterable[str], word: str = "and") -> str:
    *before, last = [*parts] or [""]
    return f"{', '.join(before)} {word} {last}" if before else last
