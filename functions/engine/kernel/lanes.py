"""Lanes: slices of a campaign's work, each held by one worker at a time, on a lease.

Pausing and cancelling a campaign change its lanes' epoch. That takes each lane away from its
worker, whose claims of messages are conditional on the lane's version.

A worker that finds nothing to do says that it is about to rest, looks once more, and only then
gives the lane back. A worker that comes for a safety look says so as it takes the lane: it hardly
ever finds anything. Whoever makes work for a lane commits it first and then wakes the lane: a
worker that has not said so will look anyway, and the lane's document is left alone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from functions.domain.campaigns.campaign import Campaign, campaign_from
from functions.domain.campaigns.status import CampaignStatus
from functions.domain.messages.message import Message
from functions.engine import paths
from functions.engine.kernel.claims import Claim, claims_fields, claims_of
from functions.engine.kernel.commits.modify import modify
from functions.engine.kernel.engine import Engine
from functions.engine.kernel.lease import Lease, is_leased
from functions.engine.kernel.task_queue import TaskKind, enqueue, task_of
from functions.engine.ports.store import Create, Document, Update, Write


@dataclass
class LaneLease(Lease):
    """A lane that this worker holds, and the campaign as it was when the lane was taken."""

    campaign: Campaign
    name: str
    #: What is being handed over, by whoever holds or has held the lane. The worker takes out what
    #: has its results; the document is told with its next change.
    claims: dict[str, Claim] = field(init=False)

    def __post_init__(self) -> None:
        """Begin with the claims that an earlier worker has left."""
        super().__post_init__()
        self.claims = claims_of(self.data)

    @property
    def is_resting(self) -> bool:
        """True from saying that nothing was found until something else is committed."""
        return bool(self.data.get("resting"))

    async def prepare_to_rest(self) -> None:
        """Say that nothing was found: whoever makes work after this interrupts the lane's rest.

        The next look may be the last one. Raises what commit raises.
        """
        await self.commit(resting=True)

    async def release_for_safety(self, look_at: datetime) -> None:
        """Give the lane back until it is woken; the check looks at it at `look_at` all the same.

        Raises what commit raises.
        """
        await self.release(look_at, with_task=False, look_at=look_at)

    @property
    def touches(self) -> int:
        """How often others have changed messages that wait, as far as the last commit has seen."""
        return int(self.data.get("touches", 0))

    @property
    def next_claim(self) -> str:
        """The key of the claim that is made next."""
        return str(self.data.get("claimed", 0))

    async def claim(self, messages: Sequence[Message], *writes: Write) -> list[int]:
        """Name messages that are handed over now, under the key `next_claim`, with other writes.

        Returns and raises what commit does; where it raises nothing is claimed.
        """
        until = self.engine.clock.now() + self.engine.policy.send_lease
        claim = Claim(until, {message.id: message.attempt + 1 for message in messages})
        key = self.next_claim
        named = {**self.claims, key: claim}
        claimed = self.data.get("claimed", 0) + len(messages)
        versions = await self.commit(*writes, claims=claims_fields(named), claimed=claimed)
        self.claims[key] = claim  # of the others some may have got their results meanwhile
        return versions

    async def release(
        self, wake_at: datetime | None = None, *, with_task: bool = True, **changes: Any
    ) -> None:
        """Give the lane back; see Lease. Claims that have no result yet stay in it."""
        await super().release(wake_at, with_task=with_task, **self._left(), **changes)

    def _renewal(self) -> dict[str, Any]:
        return {**super()._renewal(), "resting": False, **self._left()}

    def _left(self) -> dict[str, Any]:
        """Return the claims that are left, where the document names others, too."""
        named = self.data.get("claims", {})
        return {"claims": claims_fields(self.claims)} if named.keys() != self.claims.keys() else {}


async def acquire(engine: Engine, org: str, campaign_id: str, name: str) -> LaneLease | None:
    """Take a lane that nobody holds; None if there is nothing to take or somebody was faster."""
    lane_path = paths.lane(org, campaign_id, name)
    both = await engine.store.get_many([lane_path, paths.campaign(org, campaign_id)])
    lane, document = both
    if lane is None or document is None:
        return None
    campaign = campaign_from(org, campaign_id, document.data)
    rests = campaign.status is CampaignStatus.PAUSED and name not in _WHILE_PAUSED
    if rests or is_leased(lane, engine.clock.now()) or _is_over(lane.data):
        return None
    task = task_of(TaskKind.LANE, org, campaign_id, name)
    lease = LaneLease(engine, task, lane_path, lane.data, lane.version, campaign, name)
    look_at = lane.data.get("look_at")
    is_due = look_at is not None and look_at <= engine.clock.now()
    is_safety_look = is_due and look_at == lane.data["wake_at"]  # nobody has woken it before that
    return lease if await lease.acquire(resting=is_safety_look) else None


class OutdatedError(Exception):
    """A campaign was paused, resumed or cancelled since it was read."""


def _is_over(lane: Mapping[str, Any]) -> bool:
    """Tell whether a lane has come to its end and nobody has woken it since."""
    return bool(lane.get("done")) and lane["wake_at"] is None and not lane.get("claims")


async def wake(
    engine: Engine,
    org: str,
    campaign_id: str,
    name: str,
    *,
    at: datetime,
    reopen: bool = False,
    epoch: int | None = None,
) -> None:
    """See to it that a lane is looked at no later than `at`, after the work for it is committed.

    `reopen`: it has something to do again, so its campaign is not to end on its having come to
    rest. Raises OutdatedError, with nothing done, where the lane was taken away from its worker
    since the campaign had that `epoch`.
    """

    def decide(documents: list[Document | None]) -> tuple[bool, list[Write]]:
        lane = documents[0]
        if lane is None:
            return False, []
        if epoch is not None and lane.data["epoch"] > epoch:
            raise OutdatedError(lane.path)
        now = engine.clock.now()
        is_held, reopens = is_leased(lane, now), reopen and lane.data["done"]
        if is_held and not lane.data.get("resting") and not reopens:
            return False, []  # its worker looks once more before it rests
        wake_at = lane.data["wake_at"]
        if not is_held and wake_at is not None and wake_at <= at and not reopens:
            return False, []
        # The instant makes it a change in any case: only a change stops the worker's rest.
        changes: dict[str, Any] = {"wake_at": min(wake_at or at, at), "woken_at": now}
        if reopens:
            changes["done"] = False
        return not is_held, [Update(lane.path, changes, lane.version)]

    if await modify(engine.store, [paths.lane(org, campaign_id, name)], decide):
        await enqueue(engine, task_of(TaskKind.LANE, org, campaign_id, name), at=at)


async def wake_lanes(lease: LaneLease) -> None:
    """Have each lane that dispatches a campaign's messages look at what was made for it."""
    engine, campaign = lease.engine, lease.campaign
    for name in lane_names(campaign):
        await wake(engine, campaign.org, campaign.id, name, at=engine.clock.now())


LAUNCH = "launch"
MIGRATION = "migration"
POLL = "poll"
RECALL = "recall"


#: Lanes that are worked on in a paused campaign, too: nothing is sent by them.
_WHILE_PAUSED = frozenset({MIGRATION})


def lane_names(campaign: Campaign) -> list[str]:
    """Return the names of the lanes in which a campaign's messages are dispatched."""
    return [str(number) for number in range(campaign.lanes)]


def working_lanes(campaign: Campaign) -> list[str]:
    """Return the names of the lanes in which a campaign's messages are made and dispatched."""
    return [LAUNCH] * campaign.launches + lane_names(campaign)


def new_lanes(campaign: Campaign, now: datetime | None) -> list[Write]:
    """Create the lanes of a campaign that starts now; the launch wakes the dispatching lanes.

    `now` is None where it does not start before it is resumed.
    """
    names = working_lanes(campaign)
    first = {LAUNCH} if campaign.launches else set(names)
    state: dict[str, dict[str, Any]] = {
        POLL: {"wake_at": None, "poll_count": 0},
        **{name: {"wake_at": now if name in first else None, "done": False} for name in names},
    }
    common = {"epoch": campaign.epoch, "fence": 0, "lease_until": None}
    return [
        Create(paths.lane(campaign.org, campaign.id, name), {**common, **fields})
        for name, fields in state.items()
    ]


def recall_lane(campaign: Campaign, now: datetime) -> Create:
    """Create the lane that takes back what the provider still has; see delivery/recall.py."""
    state = {"epoch": campaign.epoch, "fence": 0, "lease_until": None, "wake_at": now}
    begun = {"after": "", "settled": False, "recalled": 0, "beyond_recall": 0, "done": False}
    return Create(paths.lane(campaign.org, campaign.id, RECALL), {**state, **begun})


def fence(campaign: Campaign, wake_at: datetime | None) -> list[Write]:
    """Take a campaign's lanes away from their workers, each to wake at this instant or never."""
    changes = {"epoch": campaign.epoch, "lease_until": None, "wake_at": wake_at}
    return [
        Update(paths.lane(campaign.org, campaign.id, name), changes)
        for name in working_lanes(campaign)
    ]
