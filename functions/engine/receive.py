"""Receive: a provider's receipt becomes the message's next status, once."""

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
from functions.engine import lanes, paths, throttle
from functions.engine.campaigns import stop
from functions.engine.core import Engine
from functions.engine.modify import modify
from functions.engine.ports import Create, Document, Update, Write

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
    campaign, message = await modify(engine.store, wanted, lambda docs: _apply(engine, event, docs))
    log.info(f"message_{event.kind}", campaign_id=ref.campaign, message_id=ref.message)  # noqa: G004 - the event is named after its kind
    # What follows is repeated with a repeated receipt: a crash may have come in between.
    await _follow_up(engine, event, campaign, message)


def _apply(
    engine: Engine, event: DeliveryEvent, documents: list[Document | None]
) -> tuple[tuple[Campaign, Message], list[Write]]:
    stored, seen, home = documents
    if stored is None or home is None:
        raise NotFoundError("Message", event.ref.message)
    message = message_from(stored.id, stored.data)
    campaign = campaign_from(event.ref.org, event.ref.campaign, home.data)
    if seen is not None:
        return (campaign, message), []
    changes = after_event(message, event, engine.policy, now=engine.clock.now())
    receipt = {"kind": event.kind, "attempt": event.attempt, "at": event.at, "reason": event.reason}
    writes: list[Write] = [Create(paths.event(event.ref, event.id), receipt)]
    if changes:
        writes.append(Update(stored.path, changes, stored.version))
    return (campaign, message_from(stored.id, {**stored.data, **changes})), writes


async def _follow_up(
    engine: Engine, event: DeliveryEvent, campaign: Campaign, message: Message
) -> None:
    if message.attempt != event.attempt:
        return
    if message.lane is None or message.status == MessageStatus.PENDING:
        await throttle.free(engine, campaign, [message.id])
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
