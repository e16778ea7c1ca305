"""Repeats: whether a step that repeats ever comes, ever ends, and leaves people time in between."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from itertools import islice, pairwise
from typing import Final

from functions.domain.calendar.recurrence import first, occurrences
from functions.domain.calendar.rules import InvalidRuleError, Rule
from functions.domain.plans.document import Document, SequenceDocument, StepNode
from functions.domain.plans.lint.basis import Basis
from functions.domain.plans.lint.findings import Finding, error, warning
from functions.domain.plans.lint.hours import too_long_interval
from functions.domain.plans.parts import IntervalPart
from functions.domain.plans.timing import due_at
from functions.domain.times import zone_of

_DAY: Final = timedelta(days=1)
_MINUTE: Final = timedelta(minutes=1)
#: Occurrences of a rule that are looked at for how soon one follows another.
_LOOKED_AT: Final = 5
_OFTEN: Final = "can send to one person more than once a day"


def of_steps(document: Document, basis: Basis) -> Iterator[Finding]:
    """Find what is wrong with the repeats of a sequence's steps."""
    if not isinstance(document, SequenceDocument):
        return
    for number, step in enumerate(document.steps):
        repeat = step.repeat
        if repeat is None:
            continue
        place = ("steps", number, "repeat")
        if repeat.until is not None and repeat.until <= basis.now:
            yield error("until_in_the_past", (*place, "until"), "until: lies in the past")
        if repeat.interval is not None:
            yield from _interval(step.id, repeat.interval, (*place, "interval"))
        if repeat.rule is not None:
            found = list(_rule(document, step.node, repeat.rule, basis, (*place, "rrule")))
            yield from found
            if any(each.code == _NEVER for each in found):
                return  # what never comes takes long to look for: one is told at a time


_NEVER: Final = "never_comes"


def _rule(
    document: Document, node: StepNode, rule: Rule, basis: Basis, place: Sequence[str | int]
) -> Iterator[Finding]:
    zone = zone_of(document.timezone)
    start = due_at(node.schedule, basis.now, zone, "0" * 32)
    try:
        first(rule, start, zone)
    except InvalidRuleError as refused:
        yield error(_NEVER, place, f"rrule: {refused}")
        return
    gaps = (
        later - at for at, later in pairwise(islice(occurrences(rule, start, zone), _LOOKED_AT))
    )
    if min(gaps, default=_DAY) < _DAY - timedelta(hours=3):  # clocks may have been changed
        yield warning("repeats_often", place, f"'{node.id}' {_OFTEN}")


def _interval(id_: str, part: IntervalPart, place: Sequence[str | int]) -> Iterator[Finding]:
    yield from too_long_interval(part, place)
    least, here = part.interval.offset.least, (*place, "offset")
    if part.time is not None and least < _DAY:
        sentence = "offset: must be a day at least where a step repeats at hours of the day"
        yield error("repeats_at_once", here, sentence)
    elif least < _MINUTE:
        yield error("repeats_at_once", here, "offset: must be a minute at least to repeat by")
    elif least < _DAY:
        yield warning("repeats_often", here, f"'{id_}' {_OFTEN}")
