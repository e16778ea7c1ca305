"""Turns: when each message may leave, by all of its rate scopes.

Reserving is not claiming. A process reserves a part of a scope's time, some seconds ahead where
nobody else makes use of the scope, and gives turns in it to the messages of all its campaigns as
they are claimed. That somebody else reserves too is seen by the document, which we were not the
last to write: then no more is reserved than is needed next. Time that nobody has used when it comes
lapses, and is never made up for.
"""

from collections.abc import Sequence
from contextlib import AsyncExitStack
from datetime import datetime
from typing import NamedTuple

from functions.domain.sending_rules.rate_limit import HORIZON, reserve
from functions.engine.kernel.commits.modify import modify
from functions.engine.kernel.engine import Engine
from functions.engine.pacing.rate_scopes import Scope
from functions.engine.pacing.reservation import (
    SPARE,
    Need,
    Part,
    Reservation,
    Room,
    limiting,
    reserve_ahead,
    wait_for,
)
from functions.engine.ports.store import Document, Write

#: Reservations after each other, where what was reserved first has lapsed before the last was.
_ROUNDS = 3


class _Had(NamedTuple):
    """From when a scope was free before turns were given, and after it."""

    part: Part
    day: str
    free_at: datetime | None
    used_until: datetime


class Turns:
    """The turns of a send's messages in this process."""

    def __init__(self, engine: Engine, scopes: Sequence[Scope]) -> None:
        self._engine = engine
        self._parts = [Part(scope, engine.memory.reserved.of(scope.path)) for scope in scopes]
        self._had: list[_Had] = []  #: by the turns that were given last

    async def take(self, weights: Sequence[int], wanted: int) -> Room:
        """Give turns to as many of the next messages as there is room for.

        What is needed for them is reserved before, and more where nobody else reserves: for
        `wanted` messages at most.
        """
        asked_at = self._engine.clock.now()
        for _ in range(_ROUNDS):
            missing = self._missing(weights[0], asked_at)
            ours = [part for part in self._parts if part not in missing]
            room, free = self._room(ours, weights, asked_at)
            if not room.granted:
                return room
            if not missing:
                self._use(room, free)
                return room
            reserved = await self._reserve(missing, Need(weights, wanted))
            if reserved.waits:
                return reserved.waits
            asked_at = reserved.at
        return Room(0, asked_at, self._engine.clock.now() + SPARE)

    def give_back(self, room: Room, sent: int) -> None:
        """Take turns back of messages that are not sent: all but the first ones.

        Where none is sent, and nobody was given a turn behind them, theirs are free again. Others
        lapse.
        """
        for part, day, free_at, used_until in self._had:
            if part.scope.ramp is not None and part.span.day == day:
                part.span.left += room.granted - sent
            if not sent and part.span.free_at == used_until:
                part.span.free_at = free_at

    def _missing(self, weight: int, now: datetime) -> list[Part]:
        """Return the scopes of which too little is ours for the next message."""
        ahead, earliest = self._engine.limits.reserve_ahead, self._earliest(now)
        return [part for part in self._parts if not part.has_room(weight, earliest, now, ahead)]

    def _earliest(self, now: datetime) -> datetime:
        """Return the first turn that what is asked for now can be ready for."""
        return now + self._engine.memory.send_lead.length

    def _room(
        self, parts: Sequence[Part], weights: Sequence[int], now: datetime
    ) -> tuple[Room, Sequence[datetime]]:
        """Return the room in scopes of which enough is ours, and from when each is free after it.

        Where nothing limits the messages they have no turns: they may go at once.
        """
        earliest, held_back = self._earliest(now), limiting(parts, now)
        if not held_back:
            return Room(len(weights), now, now), ()
        ours = [part.ours(now) for part in held_back]
        left = [part.span.left for part in held_back if part.scope.ramp is not None]
        fitting = weights[: min(left, default=len(weights))]
        turns, free = reserve(ours, fitting, earliest=earliest, horizon=HORIZON)
        begins_at = turns[0] if turns else max(free)
        if begins_at > earliest + HORIZON - SPARE:
            return wait_for(begins_at, earliest, now), ()
        return Room(len(turns), now, now, turns=turns), free

    def _use(self, room: Room, free: Sequence[datetime]) -> None:
        """Note which turns are given away."""
        held_back = limiting(self._parts, room.asked_at)
        self._had = [
            _Had(part, part.span.day, part.span.free_at, at)
            for part, at in zip(held_back, free, strict=True)
        ]
        for part, _, _, used_until in self._had:
            part.span.free_at = used_until
            part.span.left -= room.granted if part.scope.ramp is not None else 0

    async def _reserve(self, missing: Sequence[Part], need: Need) -> Reservation:
        """Reserve time in scopes, and remember what is ours by it."""
        async with AsyncExitStack() as stack:
            for part in sorted(missing, key=lambda part: part.scope.path):
                await stack.enter_async_context(part.span.lock)
            now = self._engine.clock.now()
            still = self._missing(need.weights[0], now)
            asked = [part for part in missing if part in still]
            # Another lane of this process may have reserved meanwhile.
            return await self._commit(asked, need) if asked else Reservation(now)

    async def _commit(self, asked: Sequence[Part], need: Need) -> Reservation:
        """Commit a reservation, and remember what is ours by it."""
        versions: list[int] = []

        async def commit(*writes: Write) -> None:
            versions[:] = await self._engine.store.commit(*writes)

        def decide(documents: list[Document | None]) -> tuple[Reservation, list[Write]]:
            now = self._engine.clock.now()
            others = [part for part in self._parts if part not in asked]
            found = list(zip(asked, documents, strict=True))
            ahead, earliest = self._engine.limits.reserve_ahead, self._earliest(now)
            made = reserve_ahead(found, others, need, ahead=ahead, earliest=earliest, now=now)
            return made, made.writes

        paths = [part.scope.path for part in asked]
        reservation = await modify(self._engine.store, paths, decide, commit=commit)
        reservation.remember(versions)
        return reservation
