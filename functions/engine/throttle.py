"""Admission: which messages may be sent now, by the rates and the live-call slots of all scopes.

The scopes' states are small documents; what is reserved in all of them is one conditional commit.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from functions.domain.campaign import Campaign
from functions.domain.throttle import hold, reserve
from functions.engine import paths
from functions.engine.core import Engine
from functions.engine.lanes import Lease
from functions.engine.modify import modify
from functions.engine.ports import Create, Document, Update, Write

#: How far ahead sends are reserved and claimed. Were this process to die, so many seconds' worth
#: of messages would be in doubt; and so soon does a pause bite.
HORIZON = timedelta(seconds=0.25)
#: How long to wait where no live-call slot is free.
_NO_SLOT = timedelta(seconds=0.5)
#: A slot outlives the longest call by this much, then it frees itself.
_MARGIN = timedelta(minutes=5)


class Admission(NamedTuple):
    """The admitted messages: the first may leave at `first_at`, each next one `interval` later.

    Where none is admitted, `first_at` is when to ask again.
    """

    ids: Sequence[str]
    first_at: datetime
    interval: timedelta
    held_until: datetime  #: when their live-call slots free themselves


async def admit(lease: Lease, ids: Sequence[str]) -> Admission:
    """Reserve what `ids` need; those for which there is no room now are left out.

    None are admitted once the lane was taken away: its new holder's slots must not be taken for
    ours. The lane is read last, so that who sees those slots also sees whose lane it is.
    """
    engine, campaign = lease.engine, lease.campaign
    scopes = _scopes(engine, campaign)
    now = engine.clock.now()
    if not scopes:
        return Admission(ids, now, timedelta(), now)

    def decide(documents: list[Document | None]) -> tuple[Admission, Sequence[Write]]:
        *states, lane = documents
        if not lease.owns(lane):
            return Admission([], now, timedelta(), now), []
        return _admit(engine, campaign, ids, dict(zip(scopes, states, strict=True)))

    return await modify(engine.store, [*scopes, lease.path], decide)


def _scopes(engine: Engine, campaign: Campaign) -> list[str]:
    scopes = []
    if campaign.rate_per_s is not None:
        scopes += _rate_scopes(campaign)
    if engine.channel(campaign).traits.holds_live_call:
        scopes += _live_scopes(campaign)
    return scopes


def _rate_scopes(campaign: Campaign) -> list[str]:
    names = (f"sender-{campaign.sender}", f"campaign-{campaign.id}")
    return [paths.throttle(campaign.org, name) for name in names]


def _live_scopes(campaign: Campaign) -> list[str]:
    return [paths.live_calls(campaign.org), paths.ALL_LIVE_CALLS]


def _admit(
    engine: Engine, campaign: Campaign, ids: Sequence[str], states: dict[str, Document | None]
) -> tuple[Admission, Sequence[Write]]:
    now = engine.clock.now()
    live = {path: states[path] for path in _live_scopes(campaign) if path in states}
    until = now + engine.policy.longest_call + _MARGIN
    with_slot, _ = _hold_all(engine, live, ids, now, until)
    if not with_slot:
        return Admission([], now + _NO_SLOT, timedelta(), until), []
    rates = {path: states[path] for path in _rate_scopes(campaign) if path in states}
    granted, (first_at, interval), rate_writes = _reserve_all(rates, campaign, len(with_slot), now)
    if granted == 0:
        return Admission([], first_at - HORIZON, interval, until), []
    admitted, live_writes = _hold_all(engine, live, with_slot[:granted], now, until)
    return Admission(admitted, first_at, interval, until), [*rate_writes, *live_writes]


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


def _reserve_all(
    states: dict[str, Document | None], campaign: Campaign, count: int, now: datetime
) -> tuple[int, tuple[datetime, timedelta], list[Write]]:
    """Reserve in every scope as many sends as the slowest has room for, from when all have."""
    rate = campaign.rate_per_s
    if rate is None:
        return count, (now, timedelta()), []
    free_at = max([now, *(doc.data["free_at"] for doc in states.values() if doc)])
    room, after = reserve(free_at, count, rate, now=now, horizon=HORIZON)
    writes = [_write(path, document, {"free_at": after}) for path, document in states.items()]
    return room.granted, (room.first_at, room.interval), writes


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
    if not engine.channel(campaign).traits.holds_live_call:
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
