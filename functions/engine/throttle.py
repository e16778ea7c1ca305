"""Admission: which messages may be sent now, by the rates and the live-call slots of all scopes.

The scopes' states are small documents; what is reserved in all of them is one conditional commit.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from random import random
from typing import NamedTuple

import structlog

from functions.domain.campaign import Campaign
from functions.domain.outcomes import Deferred, SendOutcome, Unknown
from functions.domain.text_length import measure
from functions.domain.throttle import hold, reserve
from functions.domain.warm_up import next_day
from functions.engine import paths, scopes
from functions.engine.core import Engine
from functions.engine.lanes import Lease
from functions.engine.modify import modify
from functions.engine.moves import Tracked
from functions.engine.ports import Create, Document, Update, Write
from functions.engine.scopes import State

log = structlog.get_logger()

#: How far ahead sends are reserved and claimed. Were this process to die, so many seconds' worth
#: of messages would be in doubt; and so soon does a pause bite.
HORIZON = timedelta(seconds=0.25)
#: A message that is later than that for its turn must not leave: it would meet those behind it.
TOLERANCE = timedelta(seconds=0.03)
#: So much of it must be free: a reservation for each message would wear the documents out.
_ROOM = HORIZON / 2
#: Of those who wait for the same room, each comes back so much later at most, by chance: all at
#: once, they would hinder each other, and the first takes it all.
_STAGGER = HORIZON / 5
#: How long to wait where no live-call slot is free.
_NO_SLOT = timedelta(seconds=0.5)
#: A slot outlives the longest call by this much, then it frees itself.
_MARGIN = timedelta(minutes=5)


class Admission(NamedTuple):
    """The admitted messages, and when it is the turn of each; without a turn it is now.

    Where none is admitted, `again_at` is when to ask again.
    """

    ids: Sequence[str]
    asked_at: datetime
    again_at: datetime
    turns: Mapping[str, datetime] = {}
    held_until: datetime | None = None  #: when their live-call slots free themselves
    reason: str = ""  #: why none is admitted, where that is for a day


def at_once(engine: Engine, campaign: Campaign) -> int:
    """Return how many to claim together: few, for a pause or a crash finds them claimed."""
    rate = scopes.slowest(engine, campaign)
    chunk = engine.limits.chunk
    return chunk if rate is None else min(chunk, math.ceil(rate * HORIZON.total_seconds()))


def is_missed(turn: datetime, now: datetime) -> bool:
    """Tell whether it is too late for a turn."""
    return now - turn > TOLERANCE


async def admit(lease: Lease, campaign: Campaign, offered: Sequence[Tracked]) -> Admission:
    """Reserve what these messages need; those for which there is no room now are left out.

    None are admitted once the lane was taken away: its new holder's slots must not be taken for
    ours. The lane is read last, so that who sees those slots also sees whose lane it is.
    """
    engine = lease.engine
    rates = scopes.of(engine, campaign)
    live = _live_scopes(campaign) if engine.traits(campaign).holds_live_call else []
    weights = _weights(engine, campaign, offered)

    def decide(documents: list[Document | None]) -> tuple[Admission, Sequence[Write]]:
        *found, lane = documents
        now = engine.clock.now()
        if not lease.owns(lane):
            return Admission([], now, now), []
        slots = dict(zip(live, found[len(rates) :], strict=True))
        states = scopes.states(rates, found[: len(rates)])
        limiting = [state for state in states if state.holds_back(now)]
        return _admit(engine, weights, limiting, slots, now)

    paths_ = [*(scope.path for scope in rates), *live, lease.path]
    return await modify(engine.store, paths_, decide)


def _live_scopes(campaign: Campaign) -> list[str]:
    return [paths.live_calls(campaign.org), paths.ALL_LIVE_CALLS]


def _weights(engine: Engine, campaign: Campaign, offered: Sequence[Tracked]) -> dict[str, int]:
    """Return how many turns each message takes, by its id."""
    if not engine.traits(campaign).by_segments:
        return {tracked.message.id: 1 for tracked in offered}
    return {
        tracked.message.id: max(1, measure(tracked.message.body).segments) for tracked in offered
    }


def _admit(
    engine: Engine,
    weights: Mapping[str, int],
    rates: list[State],
    live: dict[str, Document | None],
    now: datetime,
) -> tuple[Admission, Sequence[Write]]:
    until = now + engine.policy.longest_call + _MARGIN
    with_slot, _ = _hold_all(engine, live, list(weights), now, until)
    if not with_slot:
        return Admission([], now, now + _NO_SLOT), []
    room = _reserve_all(engine, rates, [weights[id_] for id_ in with_slot], now)
    if not room.granted:
        return Admission([], now, room.again_at, reason=room.reason), []
    admitted, live_writes = _hold_all(engine, live, with_slot[: room.granted], now, until)
    turns = dict(zip(admitted, room.turns, strict=False))
    admission = Admission(admitted, now, now, turns, until)
    return admission, [*room.writes, *live_writes]


class _Room(NamedTuple):
    """What the rates of all scopes have room for."""

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
    earliest = now + engine.lead.length
    found = [state.as_of(now) for state in rates]
    turns, free = reserve(found, wanted, earliest=earliest, horizon=HORIZON)
    begins_at = turns[0] if turns else max(free)
    if begins_at > earliest + HORIZON - _ROOM:
        stagger = _STAGGER * random()  # noqa: S311 - nobody gains by guessing it
        return _Room(0, now + (begins_at - earliest) - (HORIZON - _ROOM) + stagger)
    writes = [state.charged(at, len(turns), now) for state, at in zip(rates, free, strict=True)]
    return _Room(len(turns), now, turns, writes)


async def heed(engine: Engine, campaign: Campaign, outcomes: Sequence[SendOutcome]) -> None:
    """Slow the sender down where the provider's answers to a chunk ask for it.

    They do so where one of them says that we are too fast, and where to most of them there was no
    answer: whoever is down, or drowning, is not helped by more.
    """
    asked = [o for o in outcomes if isinstance(o, Deferred) and o.throttled]
    lost = [o for o in outcomes if isinstance(o, Unknown) or _is_unreachable(o)]
    if asked or 2 * len(lost) > len(outcomes):
        pauses = [o.retry_after for o in asked if o.retry_after is not None]
        await slow_down(engine, campaign, max(pauses, default=None))


def _is_unreachable(outcome: SendOutcome) -> bool:
    return isinstance(outcome, Deferred) and outcome.reason == "provider_unreachable"


async def slow_down(engine: Engine, campaign: Campaign, pause: timedelta | None = None) -> None:
    """Slow down a campaign's sender, whose provider has said that it is too fast.

    `pause`: the provider wants nothing for so long. All campaigns of the sender keep to it.
    """
    sender = scopes.sender(engine, campaign)

    def decide(documents: list[Document | None]) -> tuple[float | None, list[Write]]:
        now = engine.clock.now()
        state = State(sender, documents[0])
        slowdown, had_room_at = state.slowdown.cut(now), state.as_of(now).free_at
        free_at = max(had_room_at or now, now + (pause or timedelta()))
        if slowdown == state.slowdown and free_at == had_room_at:
            return None, []
        return slowdown.share, [state.slowed(slowdown, free_at)]

    share = await modify(engine.store, [sender.path], decide)
    if share is not None:
        log.info("sender_slowed_down", campaign_id=campaign.id, share=share)


def _hold_all(
    engine: Engine,
    states: dict[str, Document | None],
    ids: Sequence[str],
    now: datetime,
    until: datetime,
) -> tuple[list[str], list[Write]]:
    """Take a slot in every scope for as many of `ids` as all scopes have room for."""
    limits = (engine.limits.live_calls_per_org, engine.limits.live_calls_total)
    granted = list(ids)
    for document, limit in zip(states.values(), limits, strict=False):
        granted, _ = hold(_held(document), granted, limit, now=now, until=until)
    writes = []
    for (path, document), limit in zip(states.items(), limits, strict=False):
        _, held = hold(_held(document), granted, limit, now=now, until=until)
        writes.append(_write(path, document, {"held": held}))
    return granted, writes


def _held(document: Document | None) -> dict[str, datetime]:
    return document.data["held"] if document else {}


def _write(path: str, document: Document | None, fields: dict[str, object]) -> Write:
    if document is None:
        return Create(path, fields)
    return Update(path, fields, document.version)


async def free(engine: Engine, campaign: Campaign, ids: Sequence[str]) -> None:
    """Give back the live-call slots of messages that are no longer with the provider."""
    if ids:
        await _drop(engine, campaign, lambda id_, _: id_ in ids)


async def withdraw(engine: Engine, campaign: Campaign, admission: Admission) -> None:
    """Give back the slots of messages that were not sent after all.

    Somebody else may have taken the lane over and been admitted for the same messages meanwhile:
    the slots are then theirs, and are left alone.
    """
    ids, until = set(admission.ids), admission.held_until
    await _drop(engine, campaign, lambda id_, held_until: id_ in ids and held_until == until)


async def _drop(
    engine: Engine, campaign: Campaign, is_free: Callable[[str, datetime], bool]
) -> None:
    if not engine.traits(campaign).holds_live_call:
        return

    def decide(documents: list[Document | None]) -> tuple[None, list[Write]]:
        writes: list[Write] = []
        for document in filter(None, documents):
            before = document.data["held"]
            held = {id_: until for id_, until in before.items() if not is_free(id_, until)}
            if len(held) < len(before):
                writes.append(Update(document.path, {"held": held}, document.version))
        return None, writes

    await modify(engine.store, _live_scopes(campaign), decide)
