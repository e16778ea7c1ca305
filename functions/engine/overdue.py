"""Messages whose time has come for another reason than sending: lost senders, missing receipts."""

import asyncio
from collections.abc import Sequence

from functions.domain.events import DeliveryEvent, MessageRef
from functions.domain.message import (
    Changes,
    Message,
    MessageStatus,
    after_lease,
    after_look_up,
    after_unknown_wait,
    end,
)
from functions.engine import notify, paths, tallies, throttle
from functions.engine.lanes import Lease
from functions.engine.ports import ConflictError, Update
from functions.engine.receive import receive
from functions.engine.sending import Tracked


async def settle(lease: Lease, overdue: Sequence[Tracked]) -> None:
    """Decide on messages that nobody has moved in time."""
    watched = [m for m in overdue if m.message.status != MessageStatus.SENDING]
    found = await asyncio.gather(*(_look_up(lease, m.message) for m in watched))
    events = {m.message.id: event for m, event in zip(watched, found, strict=True) if event}
    rest = [m for m in overdue if m.message.id not in events]
    await _update(lease, [(m, _decide(lease, m.message)) for m in rest])
    for event in events.values():
        await receive(lease.engine, event)


async def cancel(lease: Lease, pending: Sequence[Tracked]) -> bool:
    """Write off what an ended campaign has not sent; False if the lane was taken away."""
    now = lease.engine.clock.now()
    reason = f"campaign_{lease.campaign.status}"
    cancelled = end(MessageStatus.CANCELLED, reason, now=now)
    size = lease.engine.limits.launch_page
    for start in range(0, len(pending), size):
        await _update(lease, [(m, cancelled) for m in pending[start : start + size]])
        if not await lease.keep() and await lease.is_lost():
            return False
    return True


async def _look_up(lease: Lease, message: Message) -> DeliveryEvent | None:
    channel = lease.engine.channel(lease.campaign)
    ref = MessageRef(lease.campaign.org, lease.campaign.id, message.id)
    return await channel.look_up(ref, message.attempt, message.provider_id)


def _decide(lease: Lease, message: Message) -> Changes:
    engine = lease.engine
    now = engine.clock.now()
    match message.status:
        case MessageStatus.SENDING:
            traits = engine.channel(lease.campaign).traits
            return after_lease(message, engine.policy, idempotent=traits.idempotent, now=now)
        case MessageStatus.UNKNOWN:
            return after_unknown_wait()
        case _:
            return after_look_up(message, engine.policy, now=now)


async def _update(lease: Lease, decided: list[tuple[Tracked, Changes]]) -> None:
    """Commit what was decided and free the slots of those that ended."""
    collection = paths.messages(lease.campaign.org, lease.campaign.id)
    writes = [Update(f"{collection}/{m.message.id}", changes, m.version) for m, changes in decided]
    moves = [(m.message, changes) for m, changes in decided]
    tally = tallies.moved(lease.campaign, lease.name, moves)
    to, now = await notify.listeners(lease.engine, lease.campaign.org), lease.engine.clock.now()
    told = notify.message_writes(to, lease.campaign, moves, now=now)
    try:
        await lease.engine.store.commit(*writes, *tally, *told)
    except ConflictError:
        return  # A receipt was faster for one of them: the next pass looks at them all anew.
    await notify.announce(lease.engine, told)
    ended = [m.message.id for m, changes in decided if changes.get("lane", "") is None]
    await throttle.free(lease.engine, lease.campaign, ended)
