"""What comes next by a rule of recurrence, and how soon a rule that never comes is refused."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from dateutil import rrule

from benchmarks.report import Row
from functions.domain.calendar.recurrence import first, next_after
from functions.domain.calendar.rules import InvalidRuleError, parse_rule

_ZONE: Final = ZoneInfo("America/New_York")
_START: Final = datetime(2016, 3, 7, 14, tzinfo=UTC)
_ASKED, _ROUNDS = 500, 7
_RULES: Final = (
    "FREQ=DAILY;BYHOUR=9;BYMINUTE=0",
    "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,WE",
    "FREQ=MONTHLY;BYDAY=2MO;BYHOUR=9;BYMINUTE=0",
    "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1",
    "FREQ=YEARLY;BYMONTH=3,10;BYDAY=-1SU",
)
_NEVER: Final = (
    "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30",
    "FREQ=WEEKLY;BYDAY=MO;BYSETPOS=2",
    "FREQ=MONTHLY;BYDAY=MO;BYSETPOS=6",
    "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
)


async def measure() -> list[Row]:
    """Measure both, in time of the processor, the worst of several rules."""
    ours, theirs = max(((_next(rule), _library(rule)) for rule in _RULES), key=lambda each: each[0])
    refused = max(_best(lambda: _refuse(rule)) for rule in _NEVER)  # noqa: B023
    return [
        Row(
            "next occurrence of a rule, ten years after its start",
            f"{ours * 1000:.3f} ms",
            f"the library from the start {theirs * 1000:.3f} ms",
            ours / theirs,
            "< 0.2 ms",
        ),
        Row("a rule that never comes refused", f"{refused * 1000:.0f} ms", "", None, "< 500 ms"),
    ]


def _next(text: str) -> float:
    """Return how long the next occurrence takes, asked one after the other for ten years."""
    rule, begin = parse_rule(text), _START + timedelta(days=3650)

    def ask() -> None:
        last = begin
        for _ in range(_ASKED):
            last = next_after(rule, _START, _ZONE, last=last, count=1) or begin

    return _best(ask) / _ASKED


def _library(text: str) -> float:
    """Return how long the library takes for the same rule from its start on, without a zone."""
    asked = (_START + timedelta(days=3650)).replace(tzinfo=None)
    rule = rrule.rrulestr(text, dtstart=_START.replace(tzinfo=None))
    return _best(lambda: rule.after(asked))


def _refuse(text: str) -> None:
    try:
        first(parse_rule(text), _START, _ZONE)
    except InvalidRuleError:
        return
    raise AssertionError(text)


def _best(work: Callable[[], object]) -> float:
    return min(_seconds(work) for _ in range(_ROUNDS))


def _seconds(work: Callable[[], object]) -> float:
    begun = time.process_time()
    work()
    return time.process_time() - begun
