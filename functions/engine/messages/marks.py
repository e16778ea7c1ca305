"""Marks: a message's events make the walk that it is part of be looked at again.

An event never moves anybody: it is noted where it belongs, and in the same commit the enrollment
is due now. Nothing is read for it, and the lane that walks the enrollment decides.

A timer runs from a message's send, or from its end where it is never sent. A walk is looked at when
that could have been, and finds it. What leaves or ends later than that marks it, too.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from functions.domain.campaigns.campaign import Campaign
from functions.domain.messages.happened import happened, starts_timers
from functions.domain.messages.message import Message, MessageStatus, changed
from functions.domain.plans.enrollment import EXIT
from functions.engine.kernel.walks import mark
from functions.engine.messages.alike import Pair
from functions.engine.ports.store import Update


def marks(campaign: Campaign, pairs: Iterable[Pair], *, at: datetime) -> list[Update]:
    """Return the marks of messages that change so, one for each enrollment that listens.

    It is looked at again `at` that time. What is taken back of a message ends no walk any more.
    """
    marked: defaultdict[str, dict[str, Any]] = defaultdict(dict)
    for before, changes in pairs:
        # Nothing is told of a message that is handed over only now.
        if before.enrollment and changes.get("status") != MessageStatus.SENDING:
            known, told = happened(before), happened(changed(before, changes))
            new = told.keys() ^ known.keys()
            ends = {f"{EXIT}{name}": told.get(name) for name in new.intersection(before.ends)}
            if ends or not new.isdisjoint(before.listens) or _is_overdue(before, known, told, at):
                marked[before.enrollment] |= ends
    return [mark(campaign, id_, now=at, **ends) for id_, ends in marked.items()]


def _is_overdue(
    before: Message, known: Mapping[str, datetime], told: Mapping[str, datetime], at: datetime
) -> bool:
    """Tell whether a node's timers run only now, which somebody has looked at in vain."""
    late = before.timed_at is not None and before.timed_at <= at
    return late and starts_timers(told) and not starts_timers(known)
