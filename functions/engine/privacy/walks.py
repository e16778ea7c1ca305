"""Walks of somebody who is forgotten: where they stood stays, and who it was goes.

Their walks end before their messages are forgotten: a walk that has ended makes none any more. A
lane that had read one of them meanwhile cannot commit what it decided.
"""

from collections import defaultdict
from collections.abc import Sequence
from typing import Final

from functions.domain.campaigns.campaign import Campaign, campaign_from
from functions.domain.campaigns.status import CampaignStatus
from functions.domain.messages.ids import lane_number
from functions.domain.plans.enrollment import enrollment_fields, enrollment_from
from functions.domain.plans.leaving import forgotten
from functions.engine import paths
from functions.engine.kernel import lanes
from functions.engine.kernel.engine import Engine
from functions.engine.kernel.removal import remove_all
from functions.engine.messages.changes import Recorded
from functions.engine.notifications.outbox import commit_with_notices
from functions.engine.plans.changes import record_walks
from functions.engine.plans.decisions import Decided, Walk
from functions.engine.ports.store import ConflictError, Document, Query, Set, Where

#: Walks that are forgotten in one commit; each holds up to 25 kB.
_PAGE: Final = 100


async def is_mentioned(engine: Engine, contact: str) -> bool:
    """Tell whether the person at a contact's path walks anywhere, or callers have told of them."""
    return bool(_of(contact, await engine.store.query(_walks_of(contact)))) or bool(
        await engine.store.query(_events_of(contact, limit=1))
    )


async def forget(engine: Engine, contact: str) -> None:
    """End every walk of the person at a contact's path, and take out who it was."""
    query = _walks_of(contact)
    while found := await engine.store.query(query):
        try:
            await _forget(engine, _of(contact, found))
        except ConflictError:
            continue  # A lane or an event has moved one of them: decide anew.
        query = query.after(found[-1])


async def forget_events(engine: Engine, contact: str) -> None:
    """Remove what callers have told of the person at a contact's path."""
    await remove_all(engine, _events_of(contact, limit=_PAGE))


def _walks_of(contact: str) -> Query:
    where = (Where("who", "==", paths.ids(contact)[1]),)
    return Query("enrollments", where, limit=_PAGE, group=True)


def _of(contact: str, found: Sequence[Document]) -> list[Document]:
    """Return the walks of this person alone: another organisation's has another path."""
    return [each for each in found if each.data["contact"] == contact]


def _events_of(contact: str, *, limit: int) -> Query:
    org, who = paths.ids(contact)
    return Query(paths.custom_events(org), (Where("who", "==", who),), ("at",), limit=limit)


async def _forget(engine: Engine, found: Sequence[Document]) -> None:
    if not found:
        return
    now = engine.clock.now()
    decided: defaultdict[str, list[Decided]] = defaultdict(list)
    for each in found:
        walk = enrollment_from(each.data)
        of_home = decided[paths.parent(each.path)]
        of_home.append(Decided(Walk(each.id, walk, each.version), forgotten(walk, now=now)))
    homes = await engine.store.get_many(list(decided))
    pairs = list(zip(decided.items(), homes, strict=True))
    every = [_recorded(engine, path, home, walks) for (path, walks), home in pairs]
    writes = [write for recorded in every for write in recorded.writes]
    notices = [notice for recorded in every for notice in recorded.notices]
    await commit_with_notices(engine, found[0].org, writes, notices)
    for (_, walks), home in pairs:
        if home is not None:
            await _wake(engine, campaign_from(home.org, home.id, home.data), walks)


def _recorded(
    engine: Engine, path: str, home: Document | None, decided: Sequence[Decided]
) -> Recorded:
    """Return what is written of one campaign's walks; nobody counts those of none."""
    if home is None:
        fields = [(each.walk, enrollment_fields(each.after, None)) for each in decided]
        sets = [Set(f"{path}/enrollments/{walk.id}", of, walk.version) for walk, of in fields]
        return Recorded(sets, ())
    return record_walks(engine, campaign_from(home.org, home.id, home.data), decided)


async def _wake(engine: Engine, campaign: Campaign, decided: Sequence[Decided]) -> None:
    """Have the lanes look: a campaign that is closed ends with the last who leaves it."""
    if campaign.status is not CampaignStatus.RUNNING:
        return
    now, left = engine.clock.now(), [each for each in decided if not each.walk.enrollment.has_ended]
    for number in {lane_number(each.walk.id, campaign.lanes) for each in left}:
        await lanes.wake(engine, campaign.org, campaign.id, str(number), at=now, reopen=True)
