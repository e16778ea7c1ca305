"""Slots of one lane: taken for its next calls, and where much is free for those that follow.

A slot that a message holds before its turn is like a turn that is reserved: it spares a write, and
nobody is called for it before the lane has claimed the message. Of what is free half is left to
others. A process that dies leaves these slots to whoever takes the lane, for the same messages.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from functions.domain.sending_rules.rate_limit import hold
from functions.engine import paths
from functions.engine.kernel.commits.modify import retried
from functions.engine.kernel.lanes import LaneLease
from functions.engine.pacing import live_calls


class Taken(NamedTuple):
    """The messages that have a slot now."""

    ids: Sequence[str]
    until: datetime  #: when the slots free themselves


class LaneSlots:
    """The slots that the next messages of a lane hold already."""

    def __init__(self, lease: LaneLease) -> None:
        self._lease = lease
        self._engine, self._org = lease.engine, lease.campaign.org
        self._slots = lease.engine.memory.live_slots.of(self._org)
        self._ahead: dict[str, datetime] = {}  #: until when, by the messages' ids

    def has(self, id_: str) -> bool:
        """Tell whether a message holds a slot already, as far as we know."""
        return id_ in self._ours()

    async def take(self, ids: Sequence[str], following: Sequence[str] = ()) -> Taken:
        """Take slots for as many of the messages as there is room for; these may follow next.

        Raises LeaseLostError: the new holder's slots must not be taken for ours. Who sees those
        slots then looks whose lane it is.
        """

        async def attempt() -> Taken:
            if self._slots.known_at is None:
                await live_calls.look(self._engine, self._org, self._slots)
            if self._ours().issuperset(ids):
                return Taken(ids, max(self._ahead.pop(id_) for id_ in ids))
            return await self._take(ids, following)

        async with self._slots.lock:
            return await retried(attempt, paths.live_calls(self._org))

    async def give_back(self) -> None:
        """Give back what was taken for messages that were not sent."""
        if self._ahead:
            ahead, self._ahead = self._ahead, {}
            until = max(ahead.values())
            await live_calls.withdraw(self._engine, self._org, list(ahead), until)

    def _ours(self) -> set[str]:
        """Return the messages that hold the slots still that we have taken ahead."""
        taken = self._slots.taken(self._engine.clock.now())
        return {id_ for id_, until in self._ahead.items() if taken.get(id_) == until}

    async def _take(self, ids: Sequence[str], following: Sequence[str]) -> Taken:
        """Take slots by a write. What was taken ahead for others than these is given back."""
        engine, slots, ours = self._engine, self._slots, self._ours()
        now, until, ended = engine.clock.now(), live_calls.slot_end(engine), dict(slots.ended)
        unused, taken = ours.difference(ids), slots.taken(now)
        if any(id_ in taken and id_ not in ours for id_ in ids):
            await self._lease.confirm()
        kept = {id_: end for id_, end in taken.items() if id_ not in unused}
        limit = live_calls.limit(engine, slots, until)
        granted, held = hold(kept, ids, limit, now=now, until=until)
        if granted:
            next_ones = [id_ for id_ in following if id_ not in held]
            fitting = next_ones[: max(0, limit - len(held)) // 2]
            ahead, held = hold(held, fitting, limit, now=now, until=until)
            await live_calls.write(engine, self._org, slots, held)
            slots.written(ended)
            self._ahead = dict.fromkeys(ahead, until)
        return Taken(granted, until)
