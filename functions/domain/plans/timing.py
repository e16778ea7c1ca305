"""Timing: when the messages of a walk are due, once or again and again."""

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from functions.domain.calendar.clocks import instant_of, shown_at
from functions.domain.calendar.durations import parse_duration
from functions.domain.calendar.intervals import seed_of
from functions.domain.calendar.recurrence import next_after
from functions.domain.calendar.rules import Rule
from functions.domain.plans.document import SendNode, StepNode, WebhookNode
from functions.domain.plans.enrollment import Thread
from functions.domain.plans.parts import IntervalPart, Repeat, Schedule, Until
from functions.domain.sending_rules.windows import DAYS

_DAY: Final = timedelta(days=1)
_MINUTE: Final = timedelta(minutes=1)


class Timing(NamedTuple):
    """By whose clocks, and by which lots, the messages of one walk are due."""

    zone: ZoneInfo
    entered_at: datetime
    campaign: str = ""  #: whose lots are drawn, and for whom
    subject: str = ""
    began: Mapping[str, datetime] = {}  #: by step: from when it counts, where not from the entry

    def beginning(self, step: str, at: datetime) -> "Timing":
        """Return the same where a step counts from an instant."""
        return self._replace(began={**self.began, step: at})

    def due(self, node: SendNode | WebhookNode, thread: Thread) -> datetime | None:
        """Return when a thread's message is due that stands at a node; None: it comes no more."""
        repeat = repeat_of(node)
        if repeat is not None:
            return self._in_turn(node, repeat, thread)
        if node.schedule.interval is not None:
            return self._once(node, thread.since, thread.turn)
        return due_at(node.schedule, thread.since, self.zone)

    def following(self, node: SendNode | WebhookNode, thread: Thread) -> datetime | None:
        """Return when a message is due again that a thread has made; None: it comes no more."""
        return self.due(node, after_turn(thread))

    def ahead(self, node: SendNode | WebhookNode, thread: Thread) -> datetime | None:
        """Return when a thread's next message is due that is not made; None: there is none."""
        if thread.due_at is None:
            return self.due(node, thread)
        return self.following(node, thread) if repeat_of(node) is not None else None

    def missed(
        self, node: SendNode | WebhookNode, thread: Thread, by: datetime
    ) -> Iterator[datetime]:
        """Yield when messages were due, up to an instant, that a thread has not made."""
        due = self.ahead(node, thread)
        if thread.due_at is not None:
            thread = after_turn(thread)
        while due is not None and due <= by:
            yield due
            thread = thread._replace(due_at=due)
            due = self.ahead(node, thread)
            thread = after_turn(thread)

    def _start(self, node: SendNode | WebhookNode) -> datetime:
        return self.began.get(node.id, self.entered_at)

    def _once(self, node: SendNode | WebhookNode, since: datetime, turn: int) -> datetime:
        return due_at(node.schedule, since, self.zone, self._seed(node.id, turn))

    def _in_turn(
        self, node: SendNode | WebhookNode, repeat: Repeat, thread: Thread
    ) -> datetime | None:
        """Return when a step comes that repeats, counted from when it last did."""
        if repeat.count is not None and thread.turn > repeat.count:
            return None
        if repeat.rule is not None:
            due = self._by_rule(node, repeat.rule, thread)
        elif repeat.interval is not None and thread.turn > 1:
            due = self._again(node, repeat.interval, thread)
        else:
            due = self._once(node, self._start(node), 1)
        is_over = due is not None and repeat.until is not None and due > repeat.until
        return None if is_over else due

    def _by_rule(self, node: SendNode | WebhookNode, rule: Rule, thread: Thread) -> datetime | None:
        start = self._once(node, self._start(node), 1)
        if thread.turn > 1:
            return next_after(rule, start, self.zone, last=thread.since, count=thread.turn - 1)
        due = next_after(rule, start, self.zone)
        return due and max(due, start)  # a rule has whole seconds

    def _again(
        self, node: SendNode | WebhookNode, interval: IntervalPart, thread: Thread
    ) -> datetime:
        """Return the next instant; where clocks go back a day later than hours alone would say."""
        own, seed = interval.interval, self._seed(node.id, thread.turn)
        due = own.draw(thread.since, self.zone, seed)
        return due if due > thread.since else own.draw(due + _MINUTE, self.zone, seed)

    def _seed(self, step: str, turn: int) -> str:
        return seed_of(self.campaign, self.subject, step, turn)


def repeat_of(node: SendNode | WebhookNode) -> Repeat | None:
    """Return how a node comes again; None where it does not by itself."""
    return node.repeat if isinstance(node, StepNode) else None


def after_turn(thread: Thread, turns: int = 1) -> Thread:
    """Return a thread whose node has come, to come again: counted from when it was due."""
    since = thread.due_at or thread.since
    return thread._replace(since=since, turn=thread.turn + turns, due_at=None)


def asked_of(node: SendNode | WebhookNode, due: datetime, zone: ZoneInfo) -> time | None:
    """Return the time of day that a node asks for, by local clocks, of a message due then."""
    repeat = repeat_of(node)
    if repeat is not None and repeat.rule is not None:
        return shown_at(due, zone).time()
    again = Schedule(interval=repeat.interval) if repeat is not None else node.schedule
    return asked_time(node.schedule) or asked_time(again)


def due_at(schedule: Schedule, since: datetime, zone: ZoneInfo, seed: str = "") -> datetime:
    """Return when a message is due whose node was entered at `since`; UTC, not before that.

    `seed` is that of what an interval draws.
    """
    if schedule.at is not None:
        return max(schedule.at.astimezone(UTC), since)
    if schedule.until is not None:
        return _until(schedule.until, since, zone)
    if schedule.interval is not None:
        return schedule.interval.interval.draw(since, zone, seed)
    if schedule.delay is None:
        return since
    due = parse_duration(schedule.delay).add(since, zone)
    return due if schedule.time is None else _at_time(schedule.time, due, since, zone)


def asked_time(schedule: Schedule) -> time | None:
    """Return the time of day that a schedule asks for, by local clocks."""
    if schedule.interval is not None:
        hours = schedule.interval.interval.hours
        return hours.opens if hours is not None and hours.closes is None else None
    text = schedule.until.time if schedule.until else schedule.time
    return time.fromisoformat(text) if text else None


def _at_time(text: str, due: datetime, since: datetime, zone: ZoneInfo) -> datetime:
    """Return when clocks show a time on the day of `due`, or a day later if not from `since` on."""
    day, shown = due.astimezone(zone).date(), time.fromisoformat(text)
    at = instant_of(day, shown, zone)
    return at if at >= since else instant_of(day + _DAY, shown, zone)


def _until(until: Until, since: datetime, zone: ZoneInfo) -> datetime:
    """Return the first instant from `since` on at which clocks and calendar there show this."""
    shown = time.fromisoformat(until.time)
    if until.date is not None:
        return max(instant_of(date.fromisoformat(until.date), shown, zone), since)
    day = since.astimezone(zone).date()
    if until.weekday is not None:
        day += (DAYS.index(until.weekday) - day.weekday()) % 7 * _DAY
    at = instant_of(day, shown, zone)
    if at < since:
        at = instant_of(day + (7 if until.weekday else 1) * _DAY, shown, zone)
    return at
