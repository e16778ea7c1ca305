"""Receive: a provider's receipt becomes the message's next status, once.

Receipts that come at the same time share what they read and write (kernel/together.py).
"""

from datetime import datetime, timedelta
from functools import partial

import structlog

from functions.domain.campaigns.campaign import campaign_from
from functions.domain.contacts.contact import ERASED
from functions.domain.messages.delivery_events import DeliveryEvent, Retry
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
from functions.engine.receipts.applying import Applied, apply

log = structlog.get_logger()


async def receive(engine: Engine, event: DeliveryEvent) -> Applied:
    """Apply a receipt. Repeated, late or out of order, the message ends up the same.

    Raises NotFoundError for a message that does not exist.
    """
    ref = event.ref
    if event.suppress:
        await _bar(engine, event)
    about = (ref.org, ref.campaign)
    applied = await engine.memory.receipts.do(
        about, event, partial(apply, engine), moment=_moment(engine, event)
    )
    log.info(f"message_{event.kind}", campaign_id=ref.campaign, message_id=ref.message)  # noqa: G004 - the event is named after its kind
    # What follows is repeated with a repeated receipt: a crash may have come in between.
    await _follow_up(engine, event, applied)
    return applied


def _moment(engine: Engine, event: DeliveryEvent) -> timedelta:
    """Return for how long receipts wait for others of their campaign: somebody on the phone never.

    A call has few of them, and one of these is answered with what is to be said.
    """
    campaign = recent_campaigns.known(engine, event.ref.org, event.ref.campaign)
    may_wait = campaign is not None and not campaign.has_calls
    return engine.limits.receipts_moment if may_wait else timedelta()


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
    campaign, message = applied.campaign, applied.message
    send = campaign.send(message.send)
    is_of_attempt = message.attempt == event.attempt
    is_over = is_of_attempt and (message.lane is None or message.status == MessageStatus.PENDING)
    await _wake_lane(engine, event, applied, is_over=is_over)
    if not is_of_attempt:
        return
    if event.retry is Retry.DEFER:
        await slowdown.slow_down(engine, campaign, send)
    if event.retry is Retry.STOP:
        await stop(engine, campaign, event.reason)
    if event.retry is Retry.REFUSED and applied.is_new:
        await _note_refusal(engine, event, applied)
    if is_over:  # Last, for it may wait a moment for others.
        await live_calls.free(engine, campaign.org, send, [message.id])


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
