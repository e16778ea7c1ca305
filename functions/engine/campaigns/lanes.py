"""Lanes: slices of a campaign's work, each held by one worker at a time.

A lane is held by a lease. Whoever takes it raises its fencing token; pausing and cancelling
change its epoch. Both change the lane's version, which every claim of messages is conditional
on: a worker that has lost its lane cannot claim anything more, however late it notices.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import structlog

from functions.domain.campaigns.campaign import Campaign, campaign_from
from functions.domain.campaigns.status import CampaignStatus
from functions.engine import paths
from functions.engine.kernel.engine import Engine
from functions.engine.kernel.modify import modify
from functions.engine.kernel.task_queue import enqueue, lane_task
from functions.engine.ports.store import ConflictError, Document, Update, Write

log = structlog.get_logger()


@dataclass(slots=True)
class Lease:
    """A lane that this worker holds, and the campaign as it was when the lane was taken."""

    engine: Engine
    campaign: Campaign
    name: str
    data: dict[str, Any]
    version: int
    until: datetime
    deadline: datetime = field(init=False)  #: when this task hands on to its continuation

    def __post_init__(self) -> None:
        self.deadline = self.engine.clock.now() + self.engine.limits.task_deadline

    @property
    def path(self) -> str:
        """The lane's document."""
        return paths.lane(self.campaign.org, self.campaign.id, self.name)

    @property
    def is_late(self) -> bool:
        """True once the task should hand on to its continuation."""
        return self.engine.stopping.is_set() or self.engine.clock.now() >= self.deadline

    def renewal(self, **changes: Any) -> Update:
        """Return the write that keeps the lease; it fails if the lane was taken away."""
        now = self.engine.clock.now()
        self.until = now + self.engine.limits.lane_lease
        times = {"lease_until": self.until, "wake_at": self.until, "heartbeat_at": now}
        return Update(self.path, {**times, **changes}, self.version)

    async def keep(self) -> bool:
        """Renew the lease where half of it is over; False if the lane was taken away."""
        left = self.until - self.engine.clock.now()
        if left > self.engine.limits.lane_lease / 2:
            return True
        return await self.commit(self.renewal())

    async def commit(self, lane: Update, *writes: Write) -> bool:
        """Commit a write of the lane with others; False if any of them conflicts."""
        return await self.write(lane, *writes) is not None

    async def write(self, lane: Update, *writes: Write) -> list[int] | None:
        """Commit a write of the lane with others; return their versions, None after a conflict."""
        try:
            self.version, *versions = await self.engine.store.commit(lane, *writes)
        except ConflictError:
            return None
        self.data.update(lane.changes)
        return versions

    async def is_lost(self) -> bool:
        """After a conflict: True if the lane was taken away, False if it was only woken."""
        document = await self._reread()
        if document is None:
            return True
        self.version = document.version
        return False

    async def is_taken(self) -> bool:
        """Tell whether the lane was taken away, without a conflict to tell it."""
        return await self._reread() is None

    async def _reread(self) -> Document | None:
        document = await self.engine.store.get(self.path)
        return document if self.owns(document) else None

    def owns(self, lane: Document | None) -> bool:
        """Tell by the lane's document whether it is still ours."""
        return lane is not None and _token(lane.data) == _token(self.data)

    async def release(self, wake_at: datetime | None, **changes: Any) -> bool:
        """Give the lane back, to be looked at again at `wake_at`.

        False where somebody changed the lane since it was last read: look once more.
        """
        fields = {"lease_until": None, "wake_at": wake_at, **changes}
        if not await self.commit(Update(self.path, fields, self.version)):
            return False
        if wake_at is not None:
            campaign = self.campaign
            task = lane_task(campaign.org, campaign.id, self.name)
            await enqueue(self.engine, task, at=wake_at)
        return True

    async def hand_on(self) -> None:
        """Leave the lane to a task that continues at once."""
        while not await self.release(self.engine.clock.now()):
            if await self.is_lost():
                return


def _token(data: dict[str, Any]) -> tuple[int, int]:
    return data["epoch"], data["fence"]


async def acquire(engine: Engine, org: str, campaign_id: str, name: str) -> Lease | None:
    """Take a lane that nobody holds; None if there is nothing to take or somebody was faster."""
    lane_path = paths.lane(org, campaign_id, name)
    both = await engine.store.get_many([lane_path, paths.campaign(org, campaign_id)])
    lane, document = both
    if lane is None or document is None:
        return None
    campaign = campaign_from(org, campaign_id, document.data)
    if campaign.status is CampaignStatus.PAUSED or _is_held(lane, engine.clock.now()):
        return None
    lane.data["fence"] += 1
    lease = Lease(engine, campaign, name, lane.data, lane.version, engine.clock.now())
    renewal = lease.renewal(fence=lane.data["fence"], holder=engine.instance)
    return lease if await lease.commit(renewal) else None


def _is_held(lane: Document, now: datetime) -> bool:
    until = lane.data["lease_until"]
    return until is not None and until > now


async def wake(
    engine: Engine,
    org: str,
    campaign_id: str,
    name: str,
    *,
    at: datetime,
    interrupt: bool,
    reopen: bool = False,
) -> None:
    """See to it that a lane is looked at no later than `at`.

    `interrupt`: also if it is held just now, by somebody who may have looked too early. `reopen`:
    it has something to do again, so its campaign is not to end on its having come to rest.
    """

    def decide(documents: list[Document | None]) -> tuple[bool, list[Write]]:
        lane = documents[0]
        if lane is None:
            return False, []
        now = engine.clock.now()
        wake_at, held = lane.data["wake_at"] or at, _is_held(lane, now)
        awake = lane.data["wake_at"] is not None and wake_at <= at
        if not interrupt if held else awake:
            return False, []
        # The instant makes it a change in any case: only a change stops the holder's next write.
        changes: dict[str, Any] = {"wake_at": min(wake_at, at), "woken_at": now}
        if reopen:
            changes["done"] = False
        return not held, [Update(lane.path, changes, lane.version)]

    if await modify(engine.store, [paths.lane(org, campaign_id, name)], decide):
        await enqueue(engine, lane_task(org, campaign_id, name), at=at)


def soon(engine: Engine, seconds: float) -> datetime:
    """Return the instant `seconds` from now."""
    return engine.clock.now() + timedelta(seconds=seconds)
