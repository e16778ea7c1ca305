"""Admission: which messages may be sent now, by the rates and the live-call slots of all scopes.

The scopes' states are small documents; what is reserved in all of them is one conditional commit.
"""

import math
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from random import random
from typing import NamedTuple

import structlog

from functions.domain.campaigns.campaign import Campaign
from functions.domain.campaigns.send import Send
from functions.domain.messages.message import Message
from functions.domain.sending_rules.rate_limit import HORIZON, TOLERANCE, reserve
from functions.domain.sending_rules.warm_up import next_day
from functions.domain.templates.sms_segments import measure
from functions.engine.kernel.engine import Engine
from functions.engine.kernel.lanes import LaneLease
from functions.engine.kernel.lease import LeaseLostError
from functions.engine.kernel.modify import modify
from functions.engine.kernel.versioned import Versioned
from functions.engine.pacing import rate_scopes
from functions.engine.pacing.live_calls import MARGIN, drop, hold_slots, live_scopes
from functions.engine.pacing.rate_scopes import State
from functions.engine.ports.store import Document, Write

log = structlog.get_logger()

#: So much of it must be free: a reservation for each message would wear the documents out.
_ROOM = HORIZON / 2
#: Of those who wait for the same room, each comes back so much later at most, by chance: all at
#: once, they would hinder each other, and the first takes it all.
_STAGGER = HORIZON / 5
#: How long to wait where no live-call slot is free.
_NO_SLOT = timedelta(seconds=0.5)


class Admission(NamedTuple):
    """The admitted messages and their turns; a message without a turn goes at once.

    Where no message is admitted, `again_at` is when to ask again.
    """

    ids: Sequence[str]
    asked_at: datetime
    again_at: datetime
    turns: Mapping[str, datetime] = {}
    held_until: datetime | None = None  #: when their live-call slots free themselves
    reason: str = ""  #: why none is admitted, where that is for a day


def at_once(engine: Engine, campaign: Campaign, send: Send) -> int:
    """Return how many messages to claim together: few, as a pause or a crash finds them claimed."""
    rate = rate_scopes.slowest(engine, campaign, send)
    chunk = engine.limits.chunk
    return chunk if rate is None else min(chunk, math.ceil(rate * HORIZON.total_seconds()))


def is_missed(turn: datetime, now: datetime) -> bool:
    """Tell whether it is too late for a turn."""
    return now - turn > TOLERANCE


async def admit(lease: LaneLease, send: Send, offered: Sequence[Versioned[Message]]) -> Admission:
    """Reserve turns and live-call slots for as many of the offered messages as there is room for.

    Raises LeaseLostError: the new holder's slots must not be taken for ours. The lane is read
    last, so that who sees those slots also sees whose lane it is.
    """
    engine = lease.engine
    rates = rate_scopes.of(engine, lease.campaign, send)
    live = live_scopes(lease.campaign.org) if engine.traits(send).holds_live_call else []
    weights = _weights(engine, send, offered)

    def decide(documents: list[Document | None]) -> tuple[Admission, Sequence[Write]]:
        *found, lane = documents
        now = engine.clock.now()
        if not lease.owns(lane):
            raise LeaseLostError(lease.path)
        slots = dict(zip(live, found[len(rates) :], strict=True))
        states = rate_scopes.states(rates, found[: len(rates)])
        limiting = [state for state in states if state.holds_back(now)]
        return _admit(engine, weights, limiting, slots, now)

    paths_ = [*(scope.path for scope in rates), *live, lease.path]
    return await modify(engine.store, paths_, decide)


def _weights(engine: Engine, send: Send, offered: Sequence[Versioned[Message]]) -> dict[str, int]:
    """Return how many turns each message takes, by its id."""
    if not engine.traits(send).by_segments:
        return {tracked.value.id: 1 for tracked in offered}
    return {tracked.value.id: max(1, measure(tracked.value.body).segments) for tracked in offered}


def _admit(
    engine: Engine,
    weights: Mapping[str, int],
    rates: list[State],
    live: dict[str, Document | None],
    now: datetime,
) -> tuple[Admission, Sequence[Write]]:
    until = now + engine.policy.longest_call + MARGIN
    with_slot, _ = hold_slots(engine, live, list(weights), now, until)
    if not with_slot:
        return Admission([], now, now + _NO_SLOT), []
    room = _reserve_all(engine, rates, [weights[id_] for id_ in with_slot], now)
    if not room.granted:
        return Admission([], now, room.again_at, reason=room.reason), []
    admitted, live_writes = hold_slots(engine, live, with_slot[: room.granted], now, until)
    turns = dict(zip(admitted, room.turns, strict=False))
    admission = Admission(admitted, now, now, turns, until)
    return admission, [*room.writes, *live_writes]


class _Room(NamedTuple):
    """The turns that are free in all scopes."""

    granted: int
    again_at: datetime
    turns: Sequence[datetime] = ()
    writes: Sequence[Write] = ()
    reason: str = ""


def _reserve_all(
    engine: Engine, rates: list[State], weights: Sequence[int], now: datetime
) -> _Room:
    """Reserve turns in every scope."""
    if not rates:
        return _Room(len(weights), now)
    left = [each for state in rates if (each := state.left_today(now)) is not None]
    if 0 in left:
        return _Room(0, next_day(now), reason="warm_up")
    wanted = weights[: min(left, default=len(weights))]
    earliest = now + engine.memory.send_lead.length
    found = [state.as_of(now) for state in rates]
    turns, free = reserve(found, wanted, earliest=earliest, horizon=HORIZON)
    begins_at = turns[0] if turns else max(free)
    if begins_at > earliest + HORIZON - _ROOM:
        stagger = _STAGGER * random()  # noqa: S311 - nobody gains by guessing it
        return _Room(0, now + (begins_at - earliest) - (HORIZON - _ROOM) + stagger)
    writes = [state.charged(at, len(turns), now) for state, at in zip(rates, free, strict=True)]
    return _Room(len(turns), now, turns, writes)


async def withdraw(engine: Engine, org: str, send: Send, admission: Admission) -> None:
    """Give back the live-call slots of admitted messages that were not sent.

    Another holder of the lane may have been admitted for the same messages: its slots end at
    another time, and stay.
    """
    ids, until = set(admission.ids), admission.held_until
    await drop(engine, org, send, lambda id_, held_until: id_ in ids and held_until == until)
