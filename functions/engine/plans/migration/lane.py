"""The migration's lane: people go over to another version of their plan, a page at a time, by id.

One commit holds the lane's renewal and its place, each enrollment over the version that was read,
the messages that are written off, the statistics and what subscribers are told. So a crash or a
second worker can neither repeat nor skip anybody, and whoever was moved meanwhile goes over as they
stand then. It goes on while the campaign is paused, and stops where that has ended.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

import structlog

from functions.domain.campaigns.status import CampaignStatus
from functions.engine import paths
from functions.engine.campaigns.lifecycle import load
from functions.engine.kernel import lanes
from functions.engine.kernel.claims import with_claims
from functions.engine.kernel.engine import Engine
from functions.engine.kernel.lanes import MIGRATION, LaneLease
from functions.engine.kernel.lease import LookAgainError
from functions.engine.notifications.outbox import commit_with_notices
from functions.engine.plans.changes import record_walks
from functions.engine.plans.decisions import Decided
from functions.engine.plans.enroll import wake
from functions.engine.plans.migration.people import Judged, People
from functions.engine.plans.walk import in_parts
from functions.engine.ports.store import Document, Query, Write

log = structlog.get_logger()

#: Enrollments that are read at once and go over in one commit.
PAGE: Final = 200


async def migrate(engine: Engine, org: str, campaign_id: str) -> None:
    """Let people go over until all have, or the task's time is up."""
    lease = await lanes.acquire(engine, org, campaign_id, MIGRATION)
    if lease is not None:
        await lease.work(_Pages(lease).pass_)


async def migrate_some(engine: Engine, org: str, campaign_id: str, *, most: int) -> None:
    """Let so many go over at once, where nobody else is at it; a task goes on behind them."""
    lease = await lanes.acquire(engine, org, campaign_id, MIGRATION)
    if lease is None:
        return
    pages = _Pages(lease)

    async def pass_() -> None:
        await pages.pass_()
        if lease.is_held and lease.data["looked_at"] >= most:
            await lease.hand_on()

    await lease.work(pass_)


class _Pages:
    """The passes over a campaign's enrollments."""

    def __init__(self, lease: LaneLease) -> None:
        self._lease = lease
        self._engine: Engine = lease.engine
        self._campaign = lease.campaign
        self._people = People(lease)
        self._size = PAGE

    async def pass_(self) -> None:
        """Let the next page go over; give the lane back behind the last."""
        lease = self._lease
        if lease.data["done"]:
            await lease.release()
            return
        page = [] if self._campaign.has_ended else await self._page()
        if not page:
            await lease.release(done=True, ended_at=self._engine.clock.now())
            log.info("people_migrated", campaign_id=self._campaign.id, **self._counted(()))
            return
        try:
            await self._go_over(page)
        except LookAgainError:
            # Where much happens a page never stands still: a smaller one does.
            self._size = max(1, self._size // 2)
            raise
        self._size = min(PAGE, self._size * 2)

    async def _page(self) -> list[Document]:
        """Return the next enrollments, whether they are to go over or not."""
        collection, after = self._collection, self._lease.data["after"]
        start_after = (f"{collection}/{after}",) if after else None
        query = Query(collection, limit=self._size, start_after=start_after)
        return await self._engine.store.query(query)

    @property
    def _collection(self) -> str:
        return paths.enrollments(self._campaign.org, self._campaign.id)

    async def _go_over(self, page: Sequence[Document]) -> None:
        """Commit as many of a page as a store takes at once, and wake the lanes that walk them."""
        judged = await self._people.judge(page)
        decided = [each.decided for each in judged if each.decided]
        first = next(in_parts(decided), [])
        last = first[-1].walk.id if len(first) < len(decided) else page[-1].id
        within = [each for each in judged if each.id <= last]
        await self._commit(first, self._counted(within), last)
        # Read after the commit: resuming wakes every lane, and till then none is to be looked at.
        self._campaign = await load(self._engine, self._campaign.org, self._campaign.id)
        if self._campaign.status is CampaignStatus.RUNNING:
            await self._wake(first)

    async def _commit(self, decided: Sequence[Decided], counted: dict[str, Any], last: str) -> None:
        lease, campaign = self._lease, self._lease.campaign
        writes, notices = record_walks(self._engine, campaign, decided)
        heeded = await self._heeded(decided)

        async def by(*every: Any) -> list[int]:
            return await lease.commit(*every, after=last, **counted)

        every = [*writes, *heeded]
        await commit_with_notices(self._engine, campaign.org, every, notices, by=by)

    async def _heeded(self, decided: Sequence[Decided]) -> list[Write]:
        """Return what tells the lanes of messages that are written off.

        Raises LookAgainError where one of them is being handed over by now.
        """
        changed = [tracked for each in decided for tracked, _ in each.dropped]
        seen, writes = await with_claims(self._engine, self._campaign, changed)
        if any(now.value != before.value for now, before in zip(seen, changed, strict=True)):
            raise LookAgainError("a message has been claimed")
        return writes

    async def _wake(self, decided: Sequence[Decided]) -> None:
        """Have the lanes look at whoever is due; who has left may have been the last one."""
        engine, campaign = self._engine, self._campaign
        await wake(engine, campaign, [(each.walk.id, each.after) for each in decided])
        if campaign.completes and any(each.after.has_ended for each in decided):
            for name in lanes.lane_names(campaign):
                at = engine.clock.now()
                await lanes.wake(engine, campaign.org, campaign.id, name, at=at, reopen=True)

    def _counted(self, judged: Sequence[Judged]) -> dict[str, Any]:
        """Return what the lane counts, with those who were just looked at."""
        data = self._lease.data
        exited = sum(each.exits for each in judged)
        decided = sum(each.decided is not None for each in judged)
        stuck = Counter(data["stuck"])
        stuck.update(each.stuck for each in judged if each.stuck)
        return {
            "looked_at": data["looked_at"] + len(judged),
            "migrated": data["migrated"] + decided - exited,
            "exited": data["exited"] + exited,
            "stuck": dict(stuck),
            "failed": data["failed"] + sum(each.failed for each in judged),
        }
