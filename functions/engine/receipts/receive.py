"""Receive: a provider's receipt becomes the message's next status, once."""

from typing import NamedTuple

import structlog

from functions.domain.campaigns.campaign import Campaign, campaign_from
from functions.domain.campaigns.status import CampaignStatus
from functions.domain.contacts.contact import ERASED
from functions.domain.errors import NotFoundError
from functions.domain.messages.delivery_events import DeliveryEvent, Retry
from functions.domain.messages.ids import lane_number, watch_lane
from functions.domain.messages.message import Message, MessageStatus, message_from
from functions.domain.messages.receipts import after_event
from functions.engine import paths
from functions.engine.campaigns import refusals
from functions.engine.campaigns.lifecycle import stop
from functions.engine.campaigns.refusals import Refused, Told
from functions.engine.contacts.suppressions import suppress
from functions.engine.kernel import lanes
from functions.engine.kernel.claims import touch
from functions.engine.kernel.engine import Engine
from functions.engine.kernel.versioned import Versioned
from functions.engine.messages.changes import record
from functions.engine.notifications.outbox import Decision, modify_with_notices
from functions.engine.pacing import live_calls, slowdown
from functions.engine.ports.store import Create, Document, Write

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
    if event.suppress:
        await _bar(engine, event, await engine.store.get_many(wanted))
    applied = await modify_with_notices(
        engine, ref.org, wanted, lambda documents: _apply(engine, event, documents)
    )
    log.info(f"message_{event.kind}", campaign_id=ref.campaign, message_id=ref.message)  # noqa: G004 - the event is named after its kind
    # What follows is repeated with a repeated receipt: a crash may have come in between.
    await _follow_up(engine, event, applied)


async def _bar(engine: Engine, event: DeliveryEvent, documents: list[Document | None]) -> None:
    """Bar the message's address before its receipt is noted: one whose bar fails comes again.

    A receipt that was noted has barred it then; what was lifted since stays lifted.
    """
    stored, seen, home = documents
    if stored is None or home is None or seen is not None:
        return
    org, message = event.ref.org, message_from(stored.id, stored.data)
    if message.address == ERASED:
        # Whose address it was is forgotten, and nothing can be barred by what is left.
        log.info("bar_of_erased", campaign_id=event.ref.campaign, message_id=message.id)
        return
    send = campaign_from(org, event.ref.campaign, home.data).send(message.send)
    reason, scope = event.suppress, event.scope
    await suppress(engine, org, message.address, scope=scope, reason=reason, by=send.provider)


class _Applied(NamedTuple):
    """What a receipt has made of its message."""

    campaign: Campaign
    message: Message
    waited: bool = True  #: before this, a lane had to look at the message again
    is_new: bool = False  #: it changed the message, and nobody had told it before
    marked: bool = False  #: it is something that the message's walk waits for


def _apply(
    engine: Engine, event: DeliveryEvent, documents: list[Document | None]
) -> Decision[_Applied]:
    stored, seen, home = documents
    if stored is None or home is None:
        raise NotFoundError("Message", event.ref.message)
    message = message_from(stored.id, stored.data)
    campaign = campaign_from(event.ref.org, event.ref.campaign, home.data)
    if seen is not None:
        return _Applied(campaign, message, marked=bool(message.enrollment)), [], ()
    now = engine.clock.now()
    awaited = _awaited(campaign, message)
    changes = after_event(awaited, event, engine.policy, now=now)
    receipt = {"kind": event.kind, "attempt": event.attempt, "at": event.at, "reason": event.reason}
    receipt |= {name: value for name in ("link", "machine") if (value := getattr(event, name))}
    writes: list[Write] = [Create(paths.event(event.ref, event.id), receipt)]
    if not changes:
        return _Applied(campaign, message), writes, ()
    decided = [(Versioned(message, stored.version), changes)]
    recorded = record(engine, campaign, decided, walk_at=event.settles_at)
    after = message_from(stored.id, {**stored.data, **changes})
    waited = message.lane is not None or after.status == MessageStatus.PENDING
    writes += recorded.writes
    if message.status == MessageStatus.PENDING and message.attempt == after.attempt:
        writes.append(touch(campaign, message.id))  # its lane may be about to send it again
    marked = bool(message.enrollment) and recorded.marked
    applied = _Applied(campaign, after, waited=waited, is_new=True, marked=marked)
    return applied, writes, recorded.notices


def _awaited(campaign: Campaign, message: Message) -> Message:
    """Return a message as its lane would hold it if it could be tried again.

    Nobody waits for the receipt of a text, but one that fails for now is worth another attempt
    for as long as its campaign has not ended.
    """
    if message.lane is None and message.status == MessageStatus.SENT and not campaign.has_ended:
        return message._replace(lane=watch_lane(lane_number(message.id, campaign.lanes)))
    return message


async def _follow_up(engine: Engine, event: DeliveryEvent, applied: _Applied) -> None:
    campaign, message = applied.campaign, applied.message
    if applied.marked and campaign.status is not CampaignStatus.PAUSED:
        name, at = str(lane_number(message.id, campaign.lanes)), event.settles_at
        await lanes.wake(engine, campaign.org, campaign.id, name, at=at or engine.clock.now())
    if message.attempt != event.attempt:
        return
    send = campaign.send(message.send)
    if message.lane is None or message.status == MessageStatus.PENDING:
        await live_calls.free(engine, campaign.org, send, [message.id])
        if applied.waited:
            await _wake_lane(engine, campaign, message)
    if event.retry is Retry.DEFER:
        await slowdown.slow_down(engine, campaign, send)
    if event.retry is Retry.STOP:
        await stop(engine, campaign, event.reason)
    if event.retry is Retry.REFUSED and applied.is_new:
        refused = Refused(1, people=int(message.refusals <= 1))
        await refusals.note(engine, campaign, Told.BY_RECEIPT, refused, reasons=[event.reason])


async def _wake_lane(engine: Engine, campaign: Campaign, message: Message) -> None:
    """Let the lane see that a message is to be sent again, or that its last one has ended."""
    if campaign.status is CampaignStatus.PAUSED:
        return  # Resuming wakes every lane.
    now = engine.clock.now()
    at = message.next_at or now
    if campaign.expires_by(at, message):
        at = now  # it is tried no more, and ends now
    name = str(lane_number(message.id, campaign.lanes))
    again = message.status == MessageStatus.PENDING
    await lanes.wake(engine, campaign.org, campaign.id, name, at=at, reopen=again)
