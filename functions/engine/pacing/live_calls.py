"""Live-call slots: held by calls that are under way, freed when they end.

An organisation's document holds which messages have a slot, and how many may have one (see
allotments.py). Who takes slots gives those back, in the same commit, whose calls have ended in this
process since; and who finds none free waits for such an end, or asks the store again now and then.
"""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from functions.domain.campaigns.send import Send
from functions.engine import paths
from functions.engine.kernel.commits.modify import retried
from functions.engine.kernel.engine import Engine
from functions.engine.pacing.allotments import ask_for_room
from functions.engine.ports.store import ConflictError, Document, Update
from functions.engine.process.live_slots import OrgSlots

#: A slot outlives the longest call by this much, then it frees itself.
MARGIN: Final = timedelta(minutes=5)
#: Calls that end within so long are given back together with the taking that they make room for:
#: a fiftieth of what they have lasted, within bounds.
_GATHER_SHARE: Final = 50
_GATHER_LEAST, _GATHER_MOST = timedelta(seconds=0.05), timedelta(seconds=0.5)
#: So many ends are not kept waiting for others.
_MANY: Final = 20


def slot_end(engine: Engine) -> datetime:
    """Return when a slot that is taken now frees itself."""
    return engine.clock.now() + engine.policy.longest_call + MARGIN


async def find_room(engine: Engine, org: str, wanted: int) -> datetime | None:
    """Look for a free slot, and ask for more of them; return when to look again, or None.

    Where nothing was free lately the store is left alone: what is freed by this process it knows.
    """
    slots = engine.memory.live_slots.of(org)
    if _room(engine, slots):
        return None
    async with slots.lock:
        if _room(engine, slots):
            return None
        look_at = slots.look_at(slot_end(engine))
        if look_at is None or look_at <= engine.clock.now():
            await look(engine, org, slots)
            if not _room(engine, slots) and _lacks_room(engine, slots):
                await ask_for_room(engine, org, wanted, slot_end(engine))
                await look(engine, org, slots)
            slots.looked(found=_room(engine, slots) > 0)
        return None if _room(engine, slots) else slots.look_at(slot_end(engine))


async def wait(engine: Engine, org: str, until: datetime) -> bool:
    """Wait until an instant; return True before it where a call of this process has ended."""
    slots = engine.memory.live_slots.of(org)
    seconds = max(0.0, (until - engine.clock.now()).total_seconds())
    waits = [
        asyncio.ensure_future(each)
        for each in (
            engine.clock.sleep(seconds),
            slots.wait_until_freed(),
            engine.stopping.wait(),
        )
    ]
    try:
        done, _ = await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for each in waits:
            each.cancel()
    if waits[1] in done:
        await engine.clock.sleep(_gathering(engine, slots).total_seconds())
    return waits[1] in done


def _gathering(engine: Engine, slots: OrgSlots) -> timedelta:
    """Return how long to wait for others to end: next to nothing beside what a call lasts."""
    now, end = engine.clock.now(), slot_end(engine)
    taken = [until for id_, until in slots.held(now).items() if id_ in slots.ended]
    lasted = max((end - until for until in taken), default=timedelta())
    return min(max(lasted / _GATHER_SHARE, _GATHER_LEAST), _GATHER_MOST)


async def free(engine: Engine, org: str, send: Send, ids: Sequence[str]) -> None:
    """Give back the slots of messages that are no longer with the provider.

    Returns once that is durable: together with others, or with the next taking, if there are any
    soon.
    """
    note_ended(engine, org, send, ids)
    await given_back(engine, org, send, ids)


def note_ended(engine: Engine, org: str, send: Send, ids: Sequence[str]) -> None:
    """Note that calls have ended: whoever waits for a slot in this process may have theirs."""
    if ids and engine.traits(send).holds_live_call:
        engine.memory.live_slots.of(org).end(ids, slot_end(engine))


async def given_back(engine: Engine, org: str, send: Send, ids: Sequence[str]) -> None:
    """Wait until the ends of calls that were noted are durable; see `free`."""
    if not ids or not engine.traits(send).holds_live_call:
        return
    slots = engine.memory.live_slots.of(org)
    patience = engine.limits.live_call_freed_within.total_seconds()
    if patience and len(slots.ended) < _MANY and slots.knows(ids, engine.clock.now()):
        await slots.wait_until_written(ids, patience)
    await _give_back(engine, org, slots, ids)


async def free_now(engine: Engine, org: str, send: Send, ids: Sequence[str]) -> None:
    """Give back slots, and wait for nobody."""
    if ids and engine.traits(send).holds_live_call:
        await withdraw(engine, org, ids, slot_end(engine))


async def withdraw(engine: Engine, org: str, ids: Sequence[str], until: datetime) -> None:
    """Give back the slots of messages that were not sent, which free themselves by `until`.

    Another holder of the lane may have taken slots for the same messages since: these stay.
    """
    slots = engine.memory.live_slots.of(org)
    slots.end(ids, until)
    await _give_back(engine, org, slots, ids)


async def _give_back(engine: Engine, org: str, slots: OrgSlots, ids: Sequence[str]) -> None:
    """Write which calls have ended, unless somebody has done so meanwhile."""

    async def attempt() -> None:
        ended, now = dict(slots.ended), engine.clock.now()
        if not slots.knows(ended, now):
            await look(engine, org, slots)
        taken = slots.taken(now)
        if len(taken) < len(slots.held(now)):
            await write(engine, org, slots, taken)
        slots.written(ended)

    async with slots.lock:
        if any(id_ in slots.ended for id_ in ids):
            await retried(attempt, paths.live_calls(org))


async def look(engine: Engine, org: str, slots: OrgSlots) -> None:
    """Read who holds a slot."""
    slots.note(await engine.store.get(paths.live_calls(org)), engine.clock.now())


async def write(engine: Engine, org: str, slots: OrgSlots, held: Mapping[str, datetime]) -> None:
    """Write who holds a slot, on the document that we know. Raises ConflictError."""
    document = slots.document
    if document is None:
        raise ConflictError(f"{paths.live_calls(org)} has no room yet")
    try:
        version, *_ = await engine.store.commit(
            Update(document.path, {"held": held}, document.version)
        )
    except ConflictError:
        slots.forget()
        raise
    written = Document(document.path, version, {**document.data, "held": held})
    slots.note(written, engine.clock.now())


def _lacks_room(engine: Engine, slots: OrgSlots) -> bool:
    """Tell whether an organisation was given less than it may have."""
    return slots.room(slot_end(engine)) < engine.limits.live_calls_per_org


def limit(engine: Engine, slots: OrgSlots, until: datetime) -> int:
    """Return how many calls the organisation may have, of those that end by `until`."""
    return min(engine.limits.live_calls_per_org, slots.room(until))


def _room(engine: Engine, slots: OrgSlots) -> int:
    """Return how many slots are free, by what we know."""
    taken = slots.taken(engine.clock.now())
    return max(0, limit(engine, slots, slot_end(engine)) - len(taken))
