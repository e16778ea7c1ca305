"""Receive: a provider's receipt becomes the message's next status, once.

Receipts that come at the same time share what they read and write (kernel/commits/together.py).
"""

from datetime import datetime, timedelta
from functools import partial
from typing import Final

import structlog

from functions.domain.campaigns.campaign import campaign_from
from functions.domain.contacts.contact import ERASED
from functions.domain.messages.delivery_events import DeliveryEvent, EventKind, Retry
from functions.domain.messages.message import MessageStatus, message_from
from functions.domain.messages.told import told
from functions.engine import paths
from functions.engine.campaigns import refusals
from functions.engine.campaigns.lifecycle import stop
from functions.engine.campaigns.refusals import Refused, Told
from functions.engine.contacts.suppressions import suppress
from functions.engine.kernel.engine import Engine
from functions.engine.pacing import live_calls, slowdown
from functions.engine.receipts import recent_campaigns, waking
from functions.engine.receipts.applying import Applied, End, apply, apply_ends, is_over

log = structlog.get_logger()

#: What tells of an attempt's end, where it is of a call.
_ENDS: Final = frozenset({EventKind.COMPLETED, EventKind.FAILED, EventKind.UNCERTAIN})


async def receive(engine: Engine, event: DeliveryEvent) -> Applied:
    """Apply a receipt. Repeated, late or out of order, the message ends up the same.

    Raises NotFoundError for a message that does not exist.
    """
    ref = event.ref
    if event.suppress:
        await _bar(engine, event)
    applied = await _apply(engine, event)
    log.info(f"message_{event.kind}", campaign_id=ref.campaign, message_id=ref.message)  # noqa: G004 - the event is named after its kind
    # What follows is repeated with a repeated receipt: a crash may have come in between.
    await _follow_up(engine, event, applied)
    return applied


async def _apply(engine: Engine, event: DeliveryEvent) -> Applied:
    """Apply a receipt together with others of its campaign.

    A call has few of them. Somebody on the phone waits for none, and one of theirs is answered
    with what is to be said. That they have hung up is told to nobody who waits.
    """
    org, id_, _ = event.ref
    campaign, limits = recent_campaigns.known(engine, org, id_), engine.limits
    has_calls = campaign is not None and campaign.has_calls
    if event.kind is EventKind.COMPLETED or (has_calls and event.kind in _ENDS):
        end = End(event, engine.clock.now() + limits.live_call_freed_within)
        about = (org, id_, "ends")
        return await engine.memory.receipts.do(about, end, partial(apply_ends, engine))
    may_wait = campaign is not None and not has_calls
    moment = limits.receipts_moment if may_wait else timedelta()
    about = (org, id_, "")
    return await engine.memory.receipts.do(about, event, partial(apply, engine), moment=moment)


async def _bar(engine: Engine, event: DeliveryEvent) -> None:
    """Bar the message's address before its receipt is noted: one whose bar fails comes again.

    A receipt that was noted has barred it then; what was lifted since stays lifted.
    """
    org, id_, _ = event.ref
    stored, home = await engine.store.get_many([paths.message(event.ref), paths.campaign(org, id_)])
    if stored is None or home is None:
        return
    message = message_from(stored.id, stored.data)
    if told(message, event.id) is not None:
        return
    if message.address == ERASED:
        # Whose address it was is forgotten, and nothing can be barred by what is left.
        log.info("bar_of_erased", campaign_id=id_, message_id=message.id)
        return
    send = campaign_from(org, id_, home.data).send(message.send)
    reason, scope = event.suppress, event.scope
    await suppress(engine, org, message.address, scope=scope, reason=reason, by=send.provider)


async def _follow_up(engine: Engine, event: DeliveryEvent, applied: Applied) -> None:
    campaign, message, send = applied.campaign, applied.message, applied.send
    ended = is_over(event, message)
    await _wake_lane(engine, event, applied, is_over=ended)
    if message.attempt != event.attempt:
        return
    if event.retry is Retry.DEFER:
        await slowdown.slow_down(engine, campaign, send)
    if event.retry is Retry.STOP:
        await stop(engine, campaign, event.reason)
    if event.retry is Retry.REFUSED and applied.is_new:
        await _note_refusal(engine, event, applied)
    if ended:  # Last, for it may wait a moment for others.
        if not applied.is_new:
            live_calls.note_ended(engine, campaign.org, send, [message.id])
        await live_calls.given_back(engine, campaign.org, send, [message.id])


async def _wake_lane(
    engine: Engine, event: DeliveryEvent, applied: Applied, *, is_over: bool
) -> None:
    """Let the lane see that a message is to be sent again, has ended, or moves a walk on."""
    campaign, message = applied.campaign, applied.message
    now, wanted = engine.clock.now(), list[datetime]()
    if applied.marked:
        wanted.append(event.settles_at or now)
    if is_over and applied.waited:
        at = message.next_at or now
        # What expires before is tried no more, and ends now.
        wanted.append(now if campaign.expires_by(at, message) else at)
    if wanted:
        again = is_over and applied.waited and message.status == MessageStatus.PENDING
        await waking.wake(engine, campaign, message, min(wanted), reopen=again)


async def _note_refusal(engine: Engine, event: DeliveryEvent, applied: Applied) -> None:
    campaign, message = applied.campaign, applied.message
    campaign = await recent_campaigns.load_anew(engine, campaign.org, campaign.id) or campaign
    refused = Refused(1, people=int(message.refusals <= 1))
    await refusals.note(engine, campaign, Told.BY_RECEIPT, refused, reasons=[event.reason])
