"""Hours: whether anything could ever be sent, and how long people are kept waiting."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from functions.domain.calendar.durations import parse_duration
from functions.domain.plans.document import Document, PlanDocument, SendNode, WebhookNode
from functions.domain.plans.lint.basis import Basis
from functions.domain.plans.lint.findings import Finding, error
from functions.domain.plans.parts import IntervalPart, Schedule
from functions.domain.plans.plan import nodes_of
from functions.domain.sending_rules.windows import HORIZON, QuietHours, next_open

_DAY: Final = timedelta(days=1)
_LONGEST_WAIT: Final = timedelta(days=5 * 366)
_FIVE_YEARS: Final = "nobody is kept waiting for more than five years"


def of_plan(document: Document, basis: Basis) -> Iterator[Finding]:
    """Find hours that never open, and timers that take too long."""
    quiet, windows = document.quiet_hours, list(basis.windows)
    if quiet is not None and quiet.start != quiet.end:
        windows.append(QuietHours(quiet.start, quiet.end).window)
    if windows and next_open(windows, [document.timezone], now=basis.now) is None:
        place = ("quietHours",) if quiet else ()
        sentence = f"nothing could be sent: no hour of {HORIZON.days} days is open"
        hint = "the organisation's quiet hours and the campaign's window hold as well"
        yield error("never_opens", place, sentence, hint)
    if document.goal is not None:
        yield from too_long(document.goal.within, ("goal", "within"))
    if isinstance(document, PlanDocument):
        for name, text in document.defaults.timers.items():
            yield from too_long(text, ("defaults", "timers", name))


def night_of(document: Document) -> timedelta:
    """Return how long a plan's quiet hours last."""
    quiet = document.quiet_hours
    if quiet is None:
        return timedelta()
    window = QuietHours(quiet.start, quiet.end).window
    hours = window.opens.hour - window.closes.hour
    return timedelta(hours=hours, minutes=window.opens.minute - window.closes.minute) % _DAY


def too_long(text: str | None, place: Sequence[str | int]) -> Iterator[Finding]:
    """Find a duration that nobody is kept waiting for."""
    if text is not None and parse_duration(text).nominal > _LONGEST_WAIT:
        yield error("waits_too_long", place, f"{place[-1]}: {_FIVE_YEARS}")


def of_sends(document: Document, basis: Basis) -> Iterator[Finding]:
    """Find what is wrong with the times of messages."""
    for number, node in enumerate(nodes_of(document)):
        if not isinstance(node, SendNode | WebhookNode):
            continue
        if isinstance(document, PlanDocument):
            at: tuple[str | int, ...] = ("nodes", number)
            own: tuple[str | int, ...] = (*at, "schedule")
            yield from too_long(node.schedule.delay, (*own, "delay"))
            yield from _instants(node.schedule, own, basis.now)
        else:
            at = own = ("steps", number)
            yield from too_long(node.schedule.delay, (*at, "offset"))
        if node.schedule.interval is not None:
            yield from too_long_interval(node.schedule.interval, (*own, "interval"))
        yield from too_long(node.expires_after, (*at, "expiresAfter"))
        for place, fallback in enumerate(node.fallbacks if isinstance(node, SendNode) else ()):
            yield from too_long(fallback.wait, (*at, "fallbacks", place, "wait"))


def too_long_interval(part: IntervalPart, place: Sequence[str | int]) -> Iterator[Finding]:
    """Find an interval that nobody is kept waiting for."""
    if part.interval.offset.most > _LONGEST_WAIT:
        yield error("waits_too_long", (*place, "offset"), f"offset: {_FIVE_YEARS}")


def _instants(schedule: Schedule, place: Sequence[str | int], now: datetime) -> Iterator[Finding]:
    if schedule.at is not None:
        yield from _in_time(schedule.at, (*place, "at"), now)
    if schedule.until is not None and schedule.until.date is not None:
        here = (*place, "until", "date")
        try:
            day = datetime.fromisoformat(schedule.until.date).replace(tzinfo=UTC)
        except ValueError:
            yield error("no_such_day", here, f"there is no day {schedule.until.date}")
            return
        # Somewhere the day goes on for half a day after it is over in Greenwich.
        yield from _in_time(day, here, now - 2 * _DAY)


def _in_time(at: datetime, place: Sequence[str | int], now: datetime) -> Iterator[Finding]:
    if at <= now:
        yield error("at_in_the_past", place, f"{place[-1]}: lies in the past")
    elif at - now > _LONGEST_WAIT + 2 * _DAY:
        yield error("waits_too_long", place, f"{place[-1]}: {_FIVE_YEARS}")
