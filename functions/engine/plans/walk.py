"""Walk: a lane walks the enrollments that are due, a page of them in one commit.

The commit holds the lane's renewal, each enrollment over the version that was read, and the
messages that they have come to. So no other worker, crash or event in between can have anybody
walk twice, or lose a step.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final

import structlog

from functions.domain.campaigns.content import Texts
from functions.domain.messages.ids import walk_lane
from functions.domain.messages.message import Message, message_from
from functions.domain.plans.enrollment import enrollment_from
from functions.engine import paths
from functions.engine.kernel import parts
from functions.engine.kernel.commits.versioned import Versioned
from functions.engine.kernel.lanes import LaneLease
from functions.engine.kernel.lease import LookAgainError
from functions.engine.notifications.outbox import commit_with_notices
from functions.engine.plans.changes import record_walks, unchanged
from functions.engine.plans.decisions import Decided, Decider, Walk
from functions.engine.plans.walked_page import WalkedPage
from functions.engine.ports.store import Document, Query, StoreError, Update, Where

log = structlog.get_logger()

#: Enrollments that are walked in one commit, at most.
PAGE: Final = 200
#: Bytes that are written in one commit, by our reckoning; a store takes ten megabytes.
_WRITTEN: Final = 6_000_000
#: What a walk and its messages take beside their moves and texts, and what a move takes.
_OVERHEAD, _PER_MOVE = 3_000, 300
#: Whoever cannot be decided about is tried again after this.
_TRY_AGAIN: Final = timedelta(minutes=15)


class Walker:
    """Walks the enrollments of one lane."""

    def __init__(self, lease: LaneLease) -> None:
        self._lease = lease
        self._engine = lease.engine
        self._campaign = lease.campaign
        self._decider = Decider(lease.engine, lease.campaign)

    async def walk(self) -> WalkedPage:
        """Walk a page of those who are due; what waits is not read. Raises what commit raises."""
        now = self._engine.clock.now()
        due = await self._engine.store.query(self._query(Where("next_at", "<=", now), limit=PAGE))
        made: list[Versioned[Message]] = []
        for part in in_parts(await self._decide(due)):
            made += await self._commit(part)
        return WalkedPage(len(due), made)

    async def next_at(self) -> datetime | None:
        """Return when somebody is due next; None where nobody walks in this lane."""
        first = await self._engine.store.query(self._query(limit=1))
        return first[0].data["next_at"] if first else None

    def _query(self, *where: Where, limit: int) -> Query:
        campaign, lane = self._campaign, Where("lane", "==", walk_lane(self._lease.name))
        collection = paths.enrollments(campaign.org, campaign.id)
        return Query(collection, (lane, *where), ("next_at",), limit=limit)

    # --- What becomes of them -----------------------------------------------------------------

    async def _decide(self, due: Sequence[Document]) -> list[Decided]:
        """Return what becomes of those who are due; one who fails keeps none of the others."""
        decided: list[Decided] = []
        failed: list[tuple[Document, Exception]] = []
        parts = [due] if due else []
        while parts:
            part = parts.pop()
            try:
                walks = [Walk(each.id, enrollment_from(each.data), each.version) for each in part]
                decided += await self._decider.decide(walks)
            except StoreError:
                raise  # that is nobody's fault: the whole page is tried again
            except Exception as error:  # noqa: BLE001 - whatever it is, it is this walk's alone
                if len(part) == 1:
                    failed.append((part[0], error))
                else:
                    half = len(part) // 2
                    parts += [part[half:], part[:half]]
        if failed:
            await self._put_off(failed)
        return decided

    async def _put_off(self, failed: Sequence[tuple[Document, Exception]]) -> None:
        """Try those again later who cannot be decided about, and have the operator see it."""
        campaign, (first, error) = self._campaign, failed[0]
        log.error(
            "walks_put_off",
            campaign_id=campaign.id,
            walks=len(failed),
            enrollment_id=first.id,
            exc_info=error,
        )
        what = f"{type(error).__name__}: {error}"
        trouble = f"{len(failed)} cannot be walked on, {first.id} among them: {what}"
        put_off = {"next_at": self._engine.clock.now() + _TRY_AGAIN}
        await self._lease.commit(
            *(Update(document.path, put_off, document.version) for document, _ in failed),
            Update(
                paths.campaign(campaign.org, campaign.id), {"trouble": trouble, "attention": True}
            ),
        )

    async def _commit(self, decided: Sequence[Decided]) -> list[Versioned[Message]]:
        """Commit what was decided, but for those of whom something has changed meanwhile."""
        while decided:
            recorded = record_walks(self._engine, self._campaign, decided)
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


def in_parts(decided: Sequence[Decided]) -> Iterator[list[Decided]]:
    """Yield what was decided in parts that a store takes in one commit."""
    return parts.in_parts(decided, _size, largest=_WRITTEN)


def _size(decided: Decided) -> int:
    texts = (
        Texts(**{name: fields[name] for name in Texts._fields if name in fields})
        for fields in decided.messages.values()
    )
    return _OVERHEAD + _PER_MOVE * len(decided.after.moves) + sum(each.bytes for each in texts)


def _made(decided: Sequence[Decided], versions: Sequence[int]) -> list[Versioned[Message]]:
    """Return the messages that were made, as they are stored; they are written first."""
    made = [pair for each in decided for pair in each.messages.items()]
    return [
        Versioned(message_from(Document(path, version, fields).id, fields), version)
        for (path, fields), version in zip(made, versions, strict=False)
    ]
