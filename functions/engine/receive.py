"""Receive: a provider's receipt becomes the message's next status, once."""

from collections.abc import Sequence
from typing import NamedTuple

import structlog

from functions.domain.campaign import Campaign, CampaignStatus, campaign_from
from functions.domain.errors import NotFoundError
from functions.domain.events import DeliveryEvent, Retry
from functions.domain.message import (
    Message,
    MessageStatus,
    after_event,
    lane_number,
    message_from,
)
from functions.domain.notifications import Subscription
from functions.engine import lanes, notify, paths, tallies, throttle
from functions.engine.campaigns import stop
from functions.engine.core import Engine
from functions.engine.modify import modify
from functions.engine.ports import Create, Document, Set, Update, Write

log = structlog.get_logger()


async def receive(engine: Engine, event: DeliveryEvent) -> None:
    """Apply a receipt. Repeated, late or out of order, the message ends up the same.

    Raises NotFoundError for a message that does not exist.
    """
    ref = event.ref
    wanted = [
        paths.message(ref),
        paths.event(ref, event.id),
        paths.campaign(ref.org, ref.campaign),
    ]
    to = await notify.listeners(engine, ref.org)
    applied = await modify(engine.store, wanted, lambda docs: _apply(engine, event, docs, to))
    log.info(f"message_{event.kind}", campaign_id=ref.campaign, message_id=ref.message)  # noqa: G004 - the event is named after its kind
    await notify.announce(engine, applied.told)
    # What follows is repeated with a repeated receipt: a crash may have come in between.
    await _follow_up(engine, event, applied)


class _Applied(NamedTuple):
    """What a receipt has made of its message, and what subscribers are told of it."""

    campaign: Campaign
    message: Message
    told: Sequence[Set] = ()
    waited: bool = True  #: before this, a lane had to look at the message again


def _apply(
    engine: Engine,
    event: DeliveryEvent,
    documents: list[Document | None],
    to: Sequence[Subscription],
) -> tuple[_Applied, list[Write]]:
    stored, seen, home = documents
    if stored is None or home is None:
        raise NotFoundError("Message", event.ref.message)
    message = message_from(stored.id, stored.data)
    campaign = campaign_from(event.ref.org, event.ref.campaign, home.data)
    if seen is not None:
        return _Applied(campaign, message), []
    now = engine.clock.now()
    changes = after_event(message, event, engine.policy, now=now)
    told = notify.message_writes(to, campaign, [(message, changes)], now=now)
    receipt = {"kind": event.kind, "attempt": event.attempt, "at": event.at, "reason": event.reason}
    writes: list[Write] = [Create(paths.event(event.ref, event.id), receipt)]
    if changes:
        shard = tallies.receipt_shard(campaign, message.id)
        writes += [
            Update(stored.path, changes, stored.version),
            *tallies.moved(campaign, shard, [(message, changes)]),
            *told,
        ]
    after = message_from(stored.id, {**stored.data, **changes})
    return _Applied(campaign, after, told, waited=message.lane is not None), writes


async def _follow_up(engine: Engine, event: DeliveryEvent, applied: _Applied) -> None:
    campaign, message = applied.campaign, applied.message
    if message.attempt != event.attempt:
        return
    if message.lane is None or message.status == MessageStatus.PENDING:
        await throttle.free(engine, campaign, [message.id])
        if applied.waited:
            await _wake_lane(engine, campaign, message)
    if event.retry is Retry.STOP:
        await stop(engine, campaign, event.reason)


async def _wake_lane(engine: Engine, campaign: Campaign, message: Message) -> None:
    """Let the lane see that a message is to be sent again, or that its last one has ended."""
    if campaign.status is CampaignStatus.PAUSED:
        return  # Resuming wakes every lane.
    at = message.next_at or engine.clock.now()
    name = str(lane_number(message.id, campaign.lanes))
    await lanes.wake(engine, campaign.org, campaign.id, name, at=at, interrupt=True)
