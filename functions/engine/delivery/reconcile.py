"""Messages whose time has come for another reason than sending: lost senders, missing receipts."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from functools import partial

from functions.domain.campaigns.fallbacks import receipt_patience
from functions.domain.messages.attempts import (
    after_claim,
    after_look_up,
    after_unknown_wait,
    after_watch,
    end,
)
from functions.domain.messages.attempts import claim as claim_changes
from functions.domain.messages.delivery_events import DeliveryEvent
from functions.domain.messages.message import (
    Changes,
    Message,
    MessageStatus,
    changed,
    message_from,
)
from functions.domain.messages.receipts import after_event
from functions.engine import paths
from functions.engine.kernel.claims import Claim, claims_fields
from functions.engine.kernel.commits.versioned import Versioned
from functions.engine.kernel.lanes import LaneLease
from functions.engine.messages.changes import commit_changes
from functions.engine.messages.outbound import outbound
from functions.engine.pacing import live_calls
from functions.engine.ports.store import ConflictError
from functions.engine.receipts.receive import receive


async def settle(lease: LaneLease, overdue: Sequence[Versioned[Message]]) -> None:
    """Decide on messages that nobody has moved in time."""
    watched = [m for m in overdue if m.value.status != MessageStatus.SENDING]
    found = await asyncio.gather(*(_look_up(lease, m.value) for m in watched))
    events = {m.value.id: event for m, event in zip(watched, found, strict=True) if event}
    rest = [m for m in overdue if m.value.id not in events]
    await _update(lease, [(m, _decide(lease, m.value)) for m in rest])
    for event in events.values():
        await receive(lease.engine, event)


async def settle_claims(lease: LaneLease) -> None:
    """Take claims that an earlier worker has left out of the lane, where their results are there.

    A result that is not there in time is lost: it is decided what becomes of its message.
    Raises what commit raises.
    """
    now, collection = (
        lease.engine.clock.now(),
        paths.messages(lease.campaign.org, lease.campaign.id),
    )
    for key, claim in list(lease.claims.items()):
        found = await lease.engine.store.get_many([f"{collection}/{id_}" for id_ in claim.attempts])
        tracked = [Versioned(message_from(d.id, d.data), d.version) for d in found if d]
        open_ = [each for each in tracked if claim.names(each.value)]
        if open_ and claim.until > now:
            continue
        decided = [(each, _lost(lease, each.value, claim)) for each in open_]
        rest = {other: claim for other, claim in lease.claims.items() if other != key}
        by = partial(lease.commit, claims=claims_fields(rest))
        await commit_changes(lease.engine, lease.campaign, decided, by=by)
        lease.claims = rest
        await _free_ended(lease, decided)


def _lost(lease: LaneLease, message: Message, claim: Claim) -> Changes:
    """Return what becomes of a message whose result is lost."""
    handed = claim_changes(message, until=claim.until)
    return {**handed, **_decide(lease, changed(message, handed))}


async def cancel(lease: LaneLease, pending: Sequence[Versioned[Message]]) -> None:
    """Write off what an ended campaign has not sent."""
    now = lease.engine.clock.now()
    reason = f"campaign_{lease.campaign.status}"
    cancelled = end(MessageStatus.CANCELLED, reason, now=now)
    size = lease.engine.limits.launch_page
    for start in range(0, len(pending), size):
        await _update(lease, [(m, cancelled) for m in pending[start : start + size]])
        await lease.keep()


async def _look_up(lease: LaneLease, message: Message) -> DeliveryEvent | None:
    """Ask the provider; None where what it says moves nothing, so that something else decides."""
    engine, send = lease.engine, lease.campaign.send(message.send)
    asked = outbound(lease.campaign, send, message)
    event = await engine.channel(send).look_up(asked, message.provider_id)
    if event is None or not after_event(message, event, engine.policy, now=engine.clock.now()):
        return None
    return event


def _decide(lease: LaneLease, message: Message) -> Changes:
    engine = lease.engine
    now = engine.clock.now()
    traits = engine.traits(lease.campaign.send(message.send))
    match message.status:
        case MessageStatus.SENDING:
            return after_claim(message, engine.policy, idempotent=traits.idempotent, now=now)
        case MessageStatus.UNKNOWN:
            return after_unknown_wait()
        case _ if not traits.holds_live_call:
            # A fallback may follow on this (domain/campaigns/fallbacks.py).
            wait = receipt_patience(lease.campaign, message, engine.policy)
            until = (message.sent_at or now) + (wait or timedelta())
            return after_watch() if until <= now else {"next_at": until}
        case _:
            return after_look_up(message, engine.policy, now=now)


async def _update(lease: LaneLease, decided: list[tuple[Versioned[Message], Changes]]) -> None:
    """Commit what was decided, if anything was, and free the slots of those that ended."""
    if not decided:
        return
    try:
        await commit_changes(lease.engine, lease.campaign, decided)
    except ConflictError:
        return  # A receipt was faster for one of them: the next pass looks at them all anew.
    await _free_ended(lease, decided)


async def _free_ended(lease: LaneLease, decided: list[tuple[Versioned[Message], Changes]]) -> None:
    ended = [m.value for m, changes in decided if changes.get("lane", "") is None]
    for key in {message.send for message in ended}:
        ids = [message.id for message in ended if message.send == key]
        await live_calls.free(lease.engine, lease.campaign.org, lease.campaign.send(key), ids)
