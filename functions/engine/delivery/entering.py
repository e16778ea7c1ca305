"""Entering: the audience of a campaign with a plan enters it, page by page, as it starts.

Each page's enrollments, and the messages of those whose first one is due, are committed together
with the cursor behind them: a crash or a second launcher can neither repeat nor skip a page. While
one page is being committed the next is decided about. Once all have entered, whoever was barred
meanwhile is looked for, and only then is the launch done: who bars somebody stores that first, and
asks for their walks after it, so whichever comes second sees the other.
"""

from collections.abc import Sequence
from functools import partial

import structlog

from functions.engine.campaigns.audience import Page, pages, source_of
from functions.engine.campaigns.plans import whole_send
from functions.engine.contacts.bars import heed_bars
from functions.engine.delivery.at_hand import hand_over
from functions.engine.delivery.page_commits import PageCommits
from functions.engine.kernel.lanes import LaneLease, wake_lanes
from functions.engine.kernel.lease import LookAgainError
from functions.engine.notifications.outbox import commit_with_notices
from functions.engine.plans.admission import Admission, first_send
from functions.engine.plans.changes import record_walks, unchanged
from functions.engine.plans.decisions import Decided, Decider, Reached, Walk
from functions.engine.ports.store import StoreError
from functions.engine.process.plan_version import PlanVersion

log = structlog.get_logger()


class Entrance:
    """Lets the audience of a campaign enter its plan."""

    def __init__(self, lease: LaneLease, version: PlanVersion) -> None:
        self._lease = lease
        self._engine, self._campaign = lease.engine, lease.campaign
        self._decider = Decider(lease.engine, lease.campaign)
        self._admission = Admission(lease.engine, lease.campaign, version.plan)
        #: Of the send that everybody begins with, where there is one: the audience is read for it.
        self._first = first_send(version)

    async def enter(self) -> None:
        """Commit page after page, until all have entered or the task is late."""
        if not self._lease.data.get("entered"):
            await self._enter()
        if self._lease.data.get("entered"):
            campaign = self._campaign
            since = campaign.started_at or campaign.created_at
            await heed_bars(self._engine, campaign.org, since=since)
            await self._lease.commit(done=True)

    async def _enter(self) -> None:
        campaign = self._campaign
        send = await whole_send(self._engine, campaign, self._first)
        source = source_of(campaign, send)
        with self._engine.memory.launched.filling(campaign):
            async with PageCommits() as commits:
                async for page in pages(self._engine, source, self._lease.data.get("cursor")):
                    decided = await self._decide(page)
                    await commits.settled()
                    if self._lease.is_late:
                        break
                    await commits.begin(self._commit(decided, page))

    async def _decide(self, page: Page) -> list[Decided]:
        """Return what becomes of the people on a page."""
        walks = await self._admission.walks(page.recipients)
        reached = {}
        if self._first:
            reached = {(self._first, id_): to for id_, (_, to) in walks.items()}
        return await self._decide_all([walk for walk, _ in walks.values()], reached)

    async def _decide_all(self, walks: Sequence[Walk], reached: Reached) -> list[Decided]:
        """Return what becomes of a page; where that fails they enter, and their lanes go on."""
        try:
            return await self._decider.decide(walks, reached)
        except StoreError:
            raise
        except Exception:
            log.exception("entered_undecided", campaign_id=self._campaign.id, walks=len(walks))
            return [Decided(walk, walk.enrollment) for walk in walks]

    async def _commit(self, decided: list[Decided], page: Page) -> None:
        """Commit a page and its cursor; who is there already enters no second time."""
        lease, first = self._lease, "planned" not in self._lease.data
        while True:
            planned = lease.data.get("planned", 0) + len(decided)
            progress = {"cursor": page.cursor, "planned": planned, "entered": page.cursor is None}
            writes, notices = record_walks(self._engine, self._campaign, decided)
            try:
                versions = await commit_with_notices(
                    self._engine,
                    self._campaign.org,
                    writes,
                    notices,
                    by=partial(lease.commit, **progress),
                )
            except LookAgainError:
                decided = await unchanged(self._engine, self._campaign, decided)
                continue
            break
        made = {path: new for each in decided for path, new in each.messages.items()}
        hand_over(lease, made, versions)
        if first and page.cursor is not None:
            await wake_lanes(lease)
