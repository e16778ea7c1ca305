"""Admission: which messages may be sent now, by the rates and the live-call slots of all scopes."""

import math
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from functions.domain.campaigns.campaign import Campaign
from functions.domain.campaigns.send import Send
from functions.domain.messages.message import Message
from functions.domain.sending_rules.rate_limit import HORIZON, TOLERANCE
from functions.domain.templates.sms_segments import measure
from functions.engine.kernel.commits.versioned import Versioned
from functions.engine.kernel.engine import Engine
from functions.engine.kernel.lanes import LaneLease
from functions.engine.pacing import live_calls, rate_scopes
from functions.engine.pacing.lane_slots import LaneSlots
from functions.engine.pacing.turns import Turns


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
    needs_slot: bool = False  #: none is admitted because all live calls are taken


def at_once(engine: Engine, campaign: Campaign, send: Send) -> int:
    """Return how many messages to claim together: few, as a pause or a crash finds them claimed."""
    rate = rate_scopes.slowest(engine, campaign, send)
    chunk = engine.limits.chunk
    return chunk if rate is None else min(chunk, math.ceil(rate * HORIZON.total_seconds()))


def is_missed(turn: datetime, now: datetime) -> bool:
    """Tell whether it is too late for a turn."""
    return now - turn > TOLERANCE


def slots_ahead(engine: Engine, campaign: Campaign, send: Send) -> int:
    """Return for how many messages behind the next ones slots may be taken: as turns may be."""
    if not engine.traits(send).holds_live_call:
        return 0
    rate = rate_scopes.slowest(engine, campaign, send)
    ahead = engine.limits.reserve_ahead.total_seconds()
    chunk = engine.limits.chunk
    return chunk if rate is None else min(chunk, math.ceil(rate * ahead))


async def admit(
    lease: LaneLease,
    send: Send,
    slots: LaneSlots,
    offered: Sequence[Versioned[Message]],
    following: Sequence[Versioned[Message]] = (),
    *,
    wanted: int,
) -> Admission:
    """Give turns and live-call slots to as many of the offered messages as there is room for.

    `wanted` messages wait in all, for which turns may be reserved ahead, and slots for those that
    are `following`. Raises LeaseLostError: the new holder's slots must not be taken for ours.
    """
    engine, org = lease.engine, lease.campaign.org
    live = engine.traits(send).holds_live_call
    looks = live and not slots.has(offered[0].value.id)
    if looks and (again_at := await live_calls.find_room(engine, org, wanted)):
        return Admission([], engine.clock.now(), again_at, needs_slot=True)
    turns = Turns(engine, rate_scopes.of(engine, lease.campaign, send))
    weights = _weights(engine, send, offered)
    room = await turns.take(list(weights.values()), wanted)
    ids = list(weights)[: room.granted]
    given = dict(zip(ids, room.turns, strict=False))
    if not ids or not live:
        return Admission(ids, room.asked_at, room.again_at, given, reason=room.reason)
    # One that is tried again may still be told that its attempt before has ended.
    fresh = [each.value.id for each in following if not each.value.attempt]
    taken = await slots.take(ids, fresh)
    if len(taken.ids) < len(ids):
        turns.give_back(room, len(taken.ids))
    return Admission(taken.ids, room.asked_at, engine.clock.now(), given, taken.until)


def _weights(engine: Engine, send: Send, offered: Sequence[Versioned[Message]]) -> dict[str, int]:
    """Return how many turns each message takes, by its id."""
    if not engine.traits(send).by_segments:
        return {tracked.value.id: 1 for tracked in offered}
    return {tracked.value.id: max(1, measure(tracked.value.body).segments) for tracked in offered}


async def withdraw(engine: Engine, org: str, admission: Admission) -> None:
    """Give back the live-call slots of admitted messages that were not sent."""
    if admission.held_until is not None:
        await live_calls.withdraw(engine, org, admission.ids, admission.held_until)
