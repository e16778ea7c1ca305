"""Walks of a person: found in whatever campaigns they are under way, and marked.

A mark has a walk looked at by its lane, which alone decides. It is written unread: where the lane
has committed before it, it looks once more; where it has not, its commit fails and it decides anew.
"""

from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple, TypeAlias

from functions.domain.campaigns.campaign import Campaign, campaign_from
from functions.domain.campaigns.status import CampaignStatus
from functions.domain.messages.ids import lane_number, walk_lane, whole_id
from functions.domain.plans.enrollment import Enrollment, EnrollmentStatus, enrollment_from
from functions.engine import paths
from functions.engine.kernel import lanes
from functions.engine.kernel.engine import Engine
from functions.engine.ports.store import ConflictError, Query, Store, Update, Where, Write

#: Enrollments that are read at once, and marked in one commit.
_PAGE: Final = 200
_UNDER_WAY: Final = frozenset({EnrollmentStatus.ACTIVE, EnrollmentStatus.PAUSED})


class PersonsWalk(NamedTuple):
    """A walk that somebody is under way on, in a campaign that has not ended."""

    campaign: Campaign
    id: str
    enrollment: Enrollment

    @property
    def whole_id(self) -> str:
        """What callers know the enrollment by."""
        return whole_id(self.campaign.id, self.id)


Marked: TypeAlias = tuple[PersonsWalk, Mapping[str, Any]]
"""A walk, and what its mark changes beside having it looked at."""
Commit: TypeAlias = Callable[..., Awaitable[list[int]]]
"""Commits writes and returns their versions."""


def mark(campaign: Campaign, enrollment_id: str, *, now: datetime, **changes: Any) -> Update:
    """Return the write that has a walk looked at, by the lane that also sends its messages."""
    lane = walk_lane(lane_number(enrollment_id, campaign.lanes))
    path = paths.enrollment(campaign.org, campaign.id, enrollment_id)
    return Update(path, {"lane": lane, "next_at": now, **changes})


async def walks_of(
    engine: Engine, org: str, who: str, *, hearing: bool = False
) -> AsyncIterator[Sequence[PersonsWalk]]:
    """Yield the walks of a person, or of a free subject, by its id; a page of them at a time.

    `hearing`: only those that hear custom events where they stand.
    """
    where = Where("hearer" if hearing else "who", "==", who)
    query = Query("enrollments", (where,), limit=_PAGE, group=True)
    while True:
        found = await engine.store.query(query)
        ours = [each for each in found if each.org == org and each.data["status"] in _UNDER_WAY]
        homes = {paths.parent(each.path) for each in ours}
        stored = await engine.store.get_many(list(homes)) if homes else []
        campaigns = {each.path: campaign_from(org, each.id, each.data) for each in stored if each}
        running = {path: each for path, each in campaigns.items() if not each.has_ended}
        yield [
            PersonsWalk(running[home], each.id, enrollment_from(each.data))
            for each in ours
            if (home := paths.parent(each.path)) in running
        ]
        if len(found) < _PAGE:
            return
        query = query.after(found[-1])


async def mark_walks(engine: Engine, marked: Sequence[Marked]) -> None:
    """Mark walks, each once, and wake their lanes.

    What dies in between is made good by whoever repeats what led to it.
    """
    for first in range(0, len(marked), _PAGE):
        part, now = marked[first : first + _PAGE], engine.clock.now()
        writes = [mark(walk.campaign, walk.id, now=now, **changes) for walk, changes in part]
        await commit_marked(engine.store, writes, engine.store.commit)
    of_campaign: defaultdict[str, list[PersonsWalk]] = defaultdict(list)
    for walk, _ in marked:
        of_campaign[walk.campaign.id].append(walk)
    for walks in of_campaign.values():
        await wake(engine, walks[0].campaign, [walk.id for walk in walks])


async def wake(engine: Engine, campaign: Campaign, ids: Iterable[str]) -> None:
    """Wake the lanes of enrollments that are marked; a campaign that resumes wakes its own."""
    if campaign.status is CampaignStatus.PAUSED:
        # It may have been resumed since it was read, and have looked before the mark was there.
        stored = await engine.store.get(paths.campaign(campaign.org, campaign.id))
        if stored is None or stored.data["status"] == CampaignStatus.PAUSED:
            return
    for number in sorted({lane_number(id_, campaign.lanes) for id_ in ids}):
        now = engine.clock.now()
        await lanes.wake(engine, campaign.org, campaign.id, str(number), at=now)


async def commit_marked(store: Store, writes: Sequence[Write], commit: Commit) -> list[int]:
    """Commit writes that marks are among, without those of enrollments that are gone.

    These would have the commit refused for ever. Nothing is read where it succeeds. Raises what
    `commit` raises.
    """
    try:
        return await commit(*writes)
    except ConflictError:
        blind = [write.path for write in writes if _is_mark(write)]
        gone = {
            path
            for path, each in zip(blind, await store.get_many(blind), strict=True)
            if each is None
        }
        if not gone:
            raise
    kept = [write for write in writes if write.path not in gone]
    return await commit(*kept) if kept else []


def _is_mark(write: Write) -> bool:
    is_blind = isinstance(write, Update) and write.if_version is None
    return is_blind and paths.collection_of(write.path) == "enrollments"
