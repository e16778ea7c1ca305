"""Listening: which custom events may move somebody, or end their walk, where they stand."""

import re
from datetime import datetime
from functools import lru_cache

from functions.domain.errors import InvalidFieldError
from functions.domain.messages.happened import MESSAGE_EVENTS
from functions.domain.messages.reasons import explain
from functions.domain.plans.enrollment import Enrollment
from functions.domain.plans.parts import EVENT_PATTERN
from functions.domain.plans.plan import ENDS, Plan, awaited, is_timer, ways_out


def is_custom(event: str) -> bool:
    """Tell whether an event is one that callers tell of, and no message can have."""
    return not _why_not_custom(event)


def check_custom(name: str, *, field: str) -> str:
    """Return the name of an event that callers tell of. Raises InvalidFieldError."""
    if not re.fullmatch(EVENT_PATTERN, name):
        rule = "must be 1 to 64 small letters, digits and underscores, a letter first: order_paid"
        raise InvalidFieldError(field, f"{field}: {rule}")
    if why := _why_not_custom(name):
        raise InvalidFieldError(field, f"{field}: {name} {why}; call yours otherwise")
    return name


def _why_not_custom(event: str) -> str:
    """Return what else an event is; "" of one that callers tell of."""
    if event in ENDS:
        return "ends every walk, and is told of by Clarion"
    if event in MESSAGE_EVENTS:
        return "happens to messages, and is told of by their providers"
    if is_timer(event):
        return "stands for time that passes"
    return "" if explain(event) == event else "is the reason of what becomes of messages"


def heard_by(plan: Plan, enrollment: Enrollment) -> set[str]:
    """Return the custom events that matter to somebody now."""
    if enrollment.has_ended:
        return set()
    return set().union(*(_heard_at(plan, thread.node) for thread in enrollment.threads.values()))


@lru_cache(maxsize=4096)
def _heard_at(plan: Plan, node: str) -> frozenset[str]:
    """Return the custom events that matter to whoever stands at a node."""
    names = {way.on for way in ways_out(plan.nodes[node])}
    timers = {awaited(name) for name in names if is_timer(name)} - {""}
    document = plan.document
    ends = {each.on for each in document.exits} | ({document.goal.on} if document.goal else set())
    return frozenset(name for name in names | timers | ends if is_custom(name))


def heard_since(enrollment: Enrollment) -> datetime:
    """Return from when on a custom event may move somebody on from where they stand."""
    threads = enrollment.threads.values()
    return min((thread.since for thread in threads), default=enrollment.entered_at)


def concerns(enrollment: Enrollment, event: str, key: str) -> bool:
    """Tell whether a custom event, by its id and key, is about a walk.

    One that names a key is about the walk with that key, and about those that have none. What
    somebody entered upon is used up by that.
    """
    return event != enrollment.event and (not (key and enrollment.key) or key == enrollment.key)
