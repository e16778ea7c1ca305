"""Marks: a message's events make the walk that it is part of be looked at again.

An event never moves anybody: it is noted where it belongs, and in the same commit the enrollment
is due now. Nothing is read for it, and the lane that walks the enrollment decides.
"""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from functions.domain.campaigns.campaign import Campaign
from functions.domain.messages.happened import happened
from functions.domain.messages.message import Changes, Message, MessageStatus
from functions.domain.plans.enrollment import EXIT
from functions.engine.kernel.walks import mark
from functions.engine.ports.store import Update


def marks(
    campaign: Campaign, changed: Iterable[tuple[Message, Changes]], *, now: datetime
) -> list[Update]:
    """Return the marks of messages that change so, one for each enrollment that listens."""
    marked: defaultdict[str, dict[str, Any]] = defaultdict(dict)
    for before, changes in changed:
        # Of most messages nothing is heard yet, and of one that is being sent nothing is told.
        is_heard = before.enrollment and (before.listens or before.ends)
        if is_heard and changes.get("status") != MessageStatus.SENDING:
            known, told = happened(before), happened(before._replace(**changes))
            new = told.keys() - known.keys()
            ends = {f"{EXIT}{name}": told[name] for name in new.intersection(before.ends)}
            if ends or not new.isdisjoint(before.listens):
                marked[before.enrollment] |= ends
    return [mark(campaign, id_, now=now, **ends) for id_, ends in marked.items()]
