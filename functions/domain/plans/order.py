"""Order: steps that come after another one wait until that is over for their person.

A call is over when it has ended, and anything else once it has left, or was not sent at all. Of a
step that repeats its first time counts. When it was over is kept with the walk: from then on the
step behind it counts, and not from the entry.
"""

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime

from functions.domain.plans.enrollment import Thread
from functions.domain.plans.plan import Plan


def waits_for(
    plan: Plan, thread: Thread, threads: Collection[str], began: Mapping[str, datetime]
) -> str:
    """Return the step that a thread waits for, "" where it waits for none.

    `threads`: the starts of all that are not over. One that is not among them is not waited for:
    whoever has had it before they entered anew counts from the entry.
    """
    before = plan.after.get(thread.node, "")
    is_fresh = thread.due_at is None and thread.turn == 1 and thread.node not in began
    return before if before in threads and is_fresh else ""


def waiting_for(
    plan: Plan, step: str, threads: Mapping[str, Thread], began: Mapping[str, datetime]
) -> Iterator[str]:
    """Yield the steps that wait for one."""
    for start in plan.followers.get(step, ()):
        thread = threads.get(start)
        if thread is not None and waits_for(plan, thread, threads, began):
            yield start
