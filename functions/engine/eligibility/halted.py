"""Halted: messages of people who were paused, moved on or left as they were being tried.

What waits to be sent is written off as somebody moves on or leaves. A message that a provider had
then may come back to be tried again, and one by a further channel may follow it.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Final

from functions.domain.campaigns.campaign import Campaign
from functions.domain.messages.attempts import end
from functions.domain.messages.ids import fallback_number, node_send
from functions.domain.messages.message import Changes, Message, MessageStatus
from functions.domain.plans.enrollment import Enrollment, EnrollmentStatus, enrollment_from
from functions.domain.plans.visits import why_over
from functions.engine import paths
from functions.engine.kernel.commits.versioned import Versioned
from functions.engine.kernel.engine import Engine
from functions.engine.kernel.plan_versions import plan_of

#: A message of somebody who is paused is looked at so often; resuming brings it forward.
_WAIT: Final = timedelta(hours=1)


async def walks_of(
    engine: Engine, campaign: Campaign, messages: Iterable[Message]
) -> Mapping[str, Enrollment]:
    """Return the walks that messages are part of, by their ids, by one read; most have none."""
    ids = list(dict.fromkeys(each.enrollment for each in messages if each.enrollment))
    if not ids:
        return {}
    collection = paths.enrollments(campaign.org, campaign.id)
    found = await engine.store.get_many([f"{collection}/{id_}" for id_ in ids])
    return {document.id: enrollment_from(document.data) for document in found if document}


async def halted(
    engine: Engine, campaign: Campaign, following: Sequence[Versioned[Message]]
) -> list[tuple[Versioned[Message], Changes]]:
    """Return the messages that are not to be sent now, each with its changes."""
    if not campaign.plan:
        return []
    again = [each for each in following if _may_be_left_over(each.value)]
    walks = await walks_of(engine, campaign, (each.value for each in again))
    now = engine.clock.now()
    waits = {"next_at": now + _WAIT, "reason": "enrollment_paused"}
    decided: list[tuple[Versioned[Message], Changes]] = []
    for each in again:
        walk = walks.get(each.value.enrollment)
        if walk is None:
            continue
        if walk.status == EnrollmentStatus.PAUSED:
            decided.append((each, waits))
            continue
        sent = node_send(each.value.send)
        version = await plan_of(engine, campaign, sent.version)
        if over := why_over(campaign, walk, each.value, chain=version.sends.chain(sent.node)):
            decided.append((each, end(MessageStatus.CANCELLED, over, now=now)))
    return decided


def _may_be_left_over(message: Message) -> bool:
    return bool(message.attempt or fallback_number(message.send))
