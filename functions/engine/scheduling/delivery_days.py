"""Delivery days: what campaigns have counted of days is moved into the days of their organisation.

So a report of a month reads as many documents as it has days, beside the campaigns at work. Of a
campaign that has ended its counts are added, a tier at a time (engine/messages/tallies.py): once
the tier is over, nobody adds to it. The commit that adds them notes up to where that was done, so
that they are added once, and folds what else the campaign counts (engine/messages/shards.py). Of a
campaign that goes on for days its shards give away the days before yesterday, so that they stay
small: in one commit a shard loses what a day gains. So do those of one that has counted more than
one commit adds to a day.
"""

from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import date, timedelta
from functools import partial
from itertools import islice
from typing import Final

import structlog

from functions.domain.campaigns.campaign import Campaign, campaign_from
from functions.domain.campaigns.status import CampaignStatus
from functions.domain.kinds import CampaignKind
from functions.engine import paths
from functions.engine.kernel.commits.modify import modify
from functions.engine.kernel.engine import Engine
from functions.engine.messages import folding, tallies
from functions.engine.messages.folding import Unfolded
from functions.engine.messages.moved_days import Moved, moved
from functions.engine.messages.shards import shard_paths
from functions.engine.messages.tallies import MARGIN, TIERS, OfDay
from functions.engine.ports.store import (
    Add,
    Document,
    Query,
    RefusedError,
    StoreError,
    Where,
    Write,
)

log = structlog.get_logger()

#: Campaigns whose counts are moved in one commit, and such commits in one check, at most.
_PAGE: Final = 20
_PAGES: Final = 25
#: Different counts that one commit adds to a day at most: Firestore takes 500.
_NAMES: Final = 400
#: A campaign that has started since then holds no days before yesterday.
_YOUNG: Final = timedelta(days=1)

_Days = defaultdict[str, Counter[str]]


async def sweep(engine: Engine) -> None:
    """Move what may be moved by now, once in some minutes: an idle check asks for nothing."""
    if engine.memory.delivery_days.is_due(engine.clock.now()):
        await move(engine)


async def move(engine: Engine) -> None:
    """Move what may be moved by now, up to a bound; the next check goes on."""
    try:
        seen: Moved = await moved(engine)
        for tier in range(len(TIERS)):
            seen = await _as_far_as_it_goes(engine, seen, partial(_move_ended, engine, tier))
        await _as_far_as_it_goes(engine, seen, partial(_give_away, engine))
    except StoreError as error:
        # Another check moves them, somebody counts just now, or the store is down.
        log.warning("delivery_days_not_moved", error=str(error))


async def _as_far_as_it_goes(
    engine: Engine, seen: Moved, step: Callable[[Moved], Awaitable[bool]]
) -> Moved:
    """Take a step until it has found nothing, or up to a bound; return up to where that led."""
    for _ in range(_PAGES):
        if not await step(seen):
            return seen
        seen = await moved(engine)
    engine.memory.delivery_days.hurry()
    return seen


async def _move_ended(engine: Engine, tier: int, seen: Moved) -> bool:
    """Move a tier of the next campaigns that have ended; False where there are none."""
    found = await engine.store.query(_ended(engine, tier, seen))
    if not found:
        return False
    try:
        await _move_some(engine, tier, seen, found)
    except RefusedError:
        await _move_first(engine, tier, seen, found[0])
    return True


async def _move_some(
    engine: Engine, tier: int, seen: Moved, found: Sequence[Document], *, folds: bool = True
) -> None:
    """Move a tier of the first of some campaigns, as many as one commit takes, and fold them."""
    ended = {each.home.path: each for each in await folding.read(engine, found)}
    counted = {path: _of_tier(each, tier) for path, each in ended.items()}
    last, days = _as_many_as_fit(found, counted)
    if any(len(names) > _NAMES for names in days.values()):
        # The first alone is too much for a commit. Bit by bit; the next step then passes it.
        first = ended[found[0].path].campaign
        await _give_away_of(engine, first, lambda told: told.tier == tier)
        return
    passed = [ended[each.path] for each in found[: found.index(last) + 1] if each.path in ended]
    folded = _folds(seen, tier, passed) if folds else []
    await engine.store.commit(_passing(seen, tier, last), *_adds(days), *folded)


def _folds(seen: Moved, tier: int, ended: Sequence[Unfolded]) -> list[Write]:
    """Return the writes that fold campaigns of which a tier is moved, without what was moved."""
    writes: list[Write] = []
    for each in ended:
        if each.is_open(tier):

            def keeps(name: str, campaign: Campaign = each.campaign) -> bool:
                told = tallies.of_day(name)
                return told is None or not (told.tier == tier or seen.has(campaign, told.tier))

            writes += each.writes(keeps)
    return writes


async def _move_first(engine: Engine, tier: int, seen: Moved, first: Document) -> None:
    """Move a tier of one campaign, or leave it out: others behind it are not kept waiting.

    Where its own document does not take its statistics, they stay in their shards.
    """
    try:
        with suppress(RefusedError):
            return await _move_some(engine, tier, seen, [first])
        await _move_some(engine, tier, seen, [first], folds=False)
    except RefusedError as error:
        _say_left_out(first.org, first.id, error)
        now = await moved(engine)
        if now.behind(tier) == seen.behind(tier):
            await engine.store.commit(_passing(now, tier, first))


def _passing(seen: Moved, tier: int, last: Document) -> Write:
    return seen.noting(**{f"tier_{tier}": {"at": last.data["ended_at"], "path": last.path}})


def _say_left_out(org: str, campaign_id: str, error: RefusedError) -> None:
    log.error("delivery_days_left_out", org=org, campaign_id=campaign_id, error=str(error))


def _ended(engine: Engine, tier: int, seen: Moved) -> Query:
    """Return the query for the next campaigns of which a tier is over, in every organisation."""
    until = engine.clock.now() - TIERS[tier] - MARGIN
    where = (Where("ended_at", "<=", until),)
    after = seen.behind(tier)
    return Query("campaigns", where, ("ended_at",), limit=_PAGE, start_after=after, group=True)


def _campaign(document: Document) -> Campaign | None:
    """Return a stored campaign; None of one that a newer version has made, or somebody broken."""
    if document.data["kind"] not in list(CampaignKind):
        return None
    return campaign_from(document.org, document.id, document.data)


def _of_tier(ended: Unfolded, tier: int) -> _Days:
    told = ((tallies.of_day(name), amount) for name, amount in ended.amounts.items())
    return _by_day(ended.campaign.org, ((at, n) for at, n in told if at and at.tier == tier))


def _by_day(org: str, counts: Iterable[tuple[OfDay, int]]) -> _Days:
    """Return counts by the path of their day."""
    days: _Days = defaultdict(Counter)
    for told, amount in counts:
        if amount:
            days[paths.delivery_day(org, told.day)][told.name] += amount
    return days


def _as_many_as_fit(
    found: Sequence[Document], counted: Mapping[str, _Days]
) -> tuple[Document, _Days]:
    """Return the last campaign whose counts one commit still takes, and all counts up to it."""
    days: _Days = defaultdict(Counter)
    last = found[0]
    for document in found:
        of_one: Mapping[str, Counter[str]] = counted.get(document.path, {})
        sizes = (len(days[path].keys() | names.keys()) for path, names in of_one.items())
        too_many = any(size > _NAMES for size in sizes)
        if too_many and document is not found[0]:
            break
        for path, names in of_one.items():
            days[path].update(names)
        last = document
    return last, days


def _adds(days: Mapping[str, Mapping[str, int]]) -> list[Add]:
    told = {path: {name: n for name, n in names.items() if n} for path, names in days.items()}
    return [Add(path, names) for path, names in told.items() if names]


# --- Bit by bit: campaigns that go on for days, or have counted much ------------------------------


async def _give_away(engine: Engine, seen: Moved) -> bool:
    """Let the next running campaigns give away their old days; False where all have today."""
    today = tallies.today(engine.clock.now())
    begun = seen.get("given_on") == today.isoformat()
    if begun and seen.get("given_behind") is None:
        return False
    behind = (seen.get("given_behind"),) if begun else None
    where = (Where("status", "==", CampaignStatus.RUNNING),)
    query = Query("campaigns", where, limit=_PAGE, start_after=behind, group=True)
    found = await engine.store.query(query)
    if not found and not begun:
        return False  # Nobody runs: an idle check writes nothing.
    for campaign in filter(None, map(_campaign, found)):
        since = campaign.started_at
        if since is not None and engine.clock.now() - since > _YOUNG:
            await _give_away_before(engine, campaign, today - timedelta(days=1))
    last = found[-1].path if len(found) == _PAGE else None
    note = (await moved(engine)).noting(given_on=today.isoformat(), given_behind=last)
    await engine.store.commit(note)
    return last is not None


async def _give_away_before(engine: Engine, campaign: Campaign, before: date) -> None:
    """Move what a campaign has counted of the days before one."""
    try:
        await _give_away_of(engine, campaign, lambda told: told.day < before)
    except RefusedError as error:
        _say_left_out(campaign.org, campaign.id, error)


async def _give_away_of(
    engine: Engine, campaign: Campaign, wanted: Callable[[OfDay], bool]
) -> None:
    """Move those counts out of a campaign's documents, as many at a time as may be moved."""
    for path in (paths.campaign(campaign.org, campaign.id), *shard_paths(campaign)):
        decide = partial(_bit, campaign.org, wanted)
        while await modify(engine.store, [paths.DELIVERY_DAYS, path], decide):
            pass


def _bit(
    org: str, wanted: Callable[[OfDay], bool], documents: Sequence[Document | None]
) -> tuple[bool, Sequence[Write]]:
    """Return the writes that move a bit of a document's counts, and whether there may be more."""
    note, document = documents
    counted = folding.counts_in(document) if document else {}
    told = {name: tallies.of_day(name) for name in counted}
    found = ((name, at) for name, at in told.items() if at and wanted(at))
    given = dict(islice(found, _NAMES))
    if document is None or not given:
        return False, []
    kept = {name: n for name, n in counted.items() if name not in given}
    # The note has nothing new to tell but that something was moved: whoever reads both the
    # shards and the days sees by its version that they are not of one moment.
    gained = _adds(_by_day(org, ((at, counted[name]) for name, at in given.items())))
    writes = [Moved(note).noting(), folding.keeping(document, kept), *gained]
    return len(given) == _NAMES, writes
