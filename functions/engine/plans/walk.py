"""Walk: a lane walks the enrollments that are due, a page of them in one commit.

The commit holds the lane's renewal, each enrollment over the version that was read, and the
messages that they have come to. So no other worker, crash or event in between can have anybody
walk twice, or lose a step.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final, NamedTuple

from functions.domain.messages.ids import walk_lane
from functions.domain.messages.message import Message, message_from
from functions.domain.plans.enrollment import enrollment_from
from functions.engine import paths
from functions.engine.kernel.lanes import LaneLease
from functions.engine.kernel.lease import LookAgainError
from functions.engine.kernel.versioned import Versioned
from functions.engine.messages import statistics
from functions.engine.notifications.outbox import commit_with_notices
from functions.engine.plans.changes import record_walks, unchanged
from functions.engine.plans.decisions import Decided, Decider, Walk
from functions.engine.ports.store import Document, Query, Where

#: Enrollments that are walked in one commit.
PAGE: Final = 200


class Walked(NamedTuple):
    """A page of walks: how many were due, and the messages that they have come to."""

    due: int
    made: Sequence[Versioned[Message]]


class Walker:
    """Walks the enrollments of one lane."""

    def __init__(self, lease: LaneLease) -> None:
        self._lease = lease
        self._engine = lease.engine
        self._campaign = lease.campaign
        self._decider = Decider(lease.engine, lease.campaign)

    async def walk(self) -> Walked:
        """Walk a page of those who are due; what waits is not read. Raises what commit raises."""
        now = self._engine.clock.now()
        due = await self._engine.store.query(self._query(Where("next_at", "<=", now), limit=PAGE))
        if not due:
            return Walked(0, ())
        walks = [Walk(each.id, enrollment_from(each.data), each.version) for each in due]
        made = await self._commit(await self._decider.decide(walks))
        return Walked(len(due), made)

    async def next_at(self) -> datetime | None:
        """Return when somebody is due next; None where nobody walks in this lane."""
        first = await self._engine.store.query(self._query(limit=1))
        return first[0].data["next_at"] if first else None

    def _query(self, *where: Where, limit: int) -> Query:
        campaign, lane = self._campaign, Where("lane", "==", walk_lane(self._lease.name))
        collection = paths.enrollments(campaign.org, campaign.id)
        return Query(collection, (lane, *where), ("next_at",), limit=limit)

    async def _commit(self, decided: Sequence[Decided]) -> list[Versioned[Message]]:
        """Commit what was decided, but for those of whom something has changed meanwhile."""
        name = self._lease.name
        while decided:
            shard = statistics.walk_shard(name)
            recorded = record_walks(
                self._engine, self._campaign, decided, shard=shard, dropped=name
            )
            try:
                versions = await commit_with_notices(
                    self._engine,
                    self._campaign.org,
                    recorded.writes,
                    recorded.notices,
                    by=self._lease.commit,
                )
            except LookAgainError:
                decided = await unchanged(self._engine, self._campaign, decided)
                continue
            return _made(decided, versions)
        return []


def _made(decided: Sequence[Decided], versions: Sequence[int]) -> list[Versioned[Message]]:
    """Return the messages that were made, as they are stored; they are written first."""
    made = [pair for each in decided for pair in each.messages.items()]
    return [
        Versioned(message_from(Document(path, version, fields).id, fields), version)
        for (path, fields), version in zip(made, versions, strict=False)
    ]
