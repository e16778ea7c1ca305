"""Listening: which custom events may move somebody, or end their walk, where they stand."""

from functions.domain.messages.happened import MESSAGE_EVENTS
from functions.domain.messages.reasons import explain
from functions.domain.plans.enrollment import Enrollment
from functions.domain.plans.plan import Plan, awaited, is_timer, ways_out


def is_custom(event: str) -> bool:
    """Tell whether an event is one that callers tell of, and no message can have."""
    return event not in MESSAGE_EVENTS and explain(event) == event and not is_timer(event)


def heard_by(plan: Plan, enrollment: Enrollment) -> set[str]:
    """Return the custom events that matter to somebody now."""
    if enrollment.has_ended:
        return set()
    nodes = [plan.nodes[thread.node] for thread in enrollment.threads.values()]
    names = {way.on for node in nodes for way in ways_out(node)}
    timers = {awaited(name) for name in names if is_timer(name)} - {""}
    document = plan.document
    ends = {each.on for each in document.exits} | ({document.goal.on} if document.goal else set())
    return {name for name in names | timers | ends if is_custom(name)}
