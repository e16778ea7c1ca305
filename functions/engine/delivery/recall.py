"""Recall: what the provider of a cancelled campaign still queues is taken back.

Its messages that the provider has taken, and has told nothing of, are looked through page by page
and asked for. A page's outcome and the place where the next one begins stand in one commit: a
crash repeats the asking for one page at most, which does no harm. Messages that were just being
handed over when the campaign was cancelled are waited for, and looked through by another pass.
"""

from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from typing import Final

import structlog

from functions.domain.campaigns.send import Send
from functions.domain.messages.attempts import end
from functions.domain.messages.message import Message, MessageStatus, message_from
from functions.engine import paths
from functions.engine.kernel import lanes
from functions.engine.kernel.claims import handed_over
from functions.engine.kernel.commits.versioned import Versioned
from functions.engine.kernel.concurrency import for_each
from functions.engine.kernel.engine import Engine
from functions.engine.kernel.lanes import RECALL, LaneLease, lane_names
from functions.engine.kernel.lease import LookAgainError
from functions.engine.messages import statistics
from functions.engine.messages.changes import commit_changes
from functions.engine.messages.outbound import outbound
from functions.engine.pacing import live_calls
from functions.engine.ports.store import Query, Where

log = structlog.get_logger()

#: Messages read in one query and settled in one commit: few, for so many a crash asks for again.
_PAGE: Final = 50
#: Requests that a provider has to answer at a time.
_AT_ONCE: Final = 20
#: How soon to look again for messages that were being handed over.
_AGAIN: Final = timedelta(seconds=2)


async def recall(engine: Engine, org: str, campaign_id: str) -> None:
    """Take back what can be, until everything was asked for or the task's time is up."""
    lease = await lanes.acquire(engine, org, campaign_id, RECALL)
    if lease is not None:
        await lease.work(_Recall(lease).pass_)


class _Recall:
    """The passes over a cancelled campaign's messages."""

    def __init__(self, lease: LaneLease) -> None:
        self._lease = lease
        self._engine = lease.engine
        self._campaign = lease.campaign
        self._may_recall = any(map(self._recalls, lease.campaign.sends))

    async def pass_(self) -> None:
        """Settle the next page; give the lane back behind the last."""
        lease = self._lease
        if lease.data["done"]:
            await lease.release()
            return
        if not lease.data["after"]:
            await self._begin()
        page = await self._next_page() if self._may_recall else []
        if page:
            await self._record(page, await self._ask(page))
        else:
            await self._rest()

    async def _begin(self) -> None:
        """Begin to look through the messages.

        Where no provider recalls anything, the statistics tell already what comes of that.
        """
        campaign = self._lease.campaign
        counts = await statistics.read_one(self._engine, campaign)
        lanes_ = [paths.lane(campaign.org, campaign.id, name) for name in lane_names(campaign)]
        under_way = handed_over(await self._engine.store.get_many(lanes_), counts.attempts)
        beyond = 0 if self._may_recall else counts[MessageStatus.SENT]
        settled = under_way + counts[MessageStatus.SENDING] <= 0
        await self._lease.commit(settled=settled, beyond_recall=beyond)

    async def _rest(self) -> None:
        """Give the lane back: for good, or until what is being handed over has been."""
        settled = self._lease.data["settled"]
        again_at = None if settled else self._engine.clock.now() + _AGAIN
        await self._lease.release(again_at, done=settled, after="")

    def _recalls(self, send: Send) -> bool:
        """Tell whether a send's provider recalls anything; one that is not set up here does not."""
        channel = self._engine.channels.get(send.provider)
        return channel is not None and channel.traits.recalls

    async def _next_page(self) -> list[Versioned[Message]]:
        """Return the next messages that the provider has taken and has told nothing of."""
        collection, after = self._collection, self._lease.data["after"]
        where = (Where("status", "==", MessageStatus.SENT),)
        start_after = (f"{collection}/{after}",) if after else None
        query = Query(collection, where, limit=_PAGE, start_after=start_after)
        documents = await self._engine.store.query(query)
        return [Versioned(message_from(d.id, d.data), d.version) for d in documents]

    @property
    def _collection(self) -> str:
        return paths.messages(self._lease.campaign.org, self._lease.campaign.id)

    async def _ask(self, page: Sequence[Versioned[Message]]) -> list[Versioned[Message]]:
        """Ask for every message of a page; return those that reach nobody any more."""
        recalled = set[str]()

        async def ask(tracked: Versioned[Message]) -> None:
            if await self._is_recalled(tracked.value):
                recalled.add(tracked.value.id)

        await for_each(page, ask, at_once=_AT_ONCE)
        return [tracked for tracked in page if tracked.value.id in recalled]

    async def _is_recalled(self, message: Message) -> bool:
        send = self._campaign.send(message.send)
        if not self._recalls(send):
            return False
        asked = outbound(self._campaign, send, message)
        try:
            return await self._engine.channel(send).recall(asked, message.provider_id)
        except Exception:
            # A channel promises not to raise; one that does must not hold up the others.
            log.exception("recall_raised", campaign_id=self._campaign.id, message_id=message.id)
            return False

    async def _record(
        self, page: Sequence[Versioned[Message]], recalled: list[Versioned[Message]]
    ) -> None:
        """Record the outcome of a page."""
        # First, for a crash would leave them held: whatever follows, nobody's phone is in use.
        await self._free(recalled)
        given_up = 0
        while True:
            try:
                return await self._commit(page, recalled, given_up)
            except LookAgainError:
                recalled, more = await self._refreshed(recalled)
                given_up += more

    async def _commit(
        self,
        page: Sequence[Versioned[Message]],
        recalled: Sequence[Versioned[Message]],
        given_up: int,
    ) -> None:
        lease = self._lease
        cancelled = end(MessageStatus.CANCELLED, "recalled", now=self._engine.clock.now())
        decided = [(tracked, cancelled) for tracked in recalled]
        count = len(recalled) + given_up
        commit = partial(
            lease.commit,
            after=page[-1].value.id,
            recalled=lease.data["recalled"] + count,
            beyond_recall=lease.data["beyond_recall"] + len(page) - count,
        )
        await commit_changes(self._engine, lease.campaign, decided, by=commit)

    async def _refreshed(
        self, recalled: Sequence[Versioned[Message]]
    ) -> tuple[list[Versioned[Message]], int]:
        """Read messages again of which receipts may have been faster.

        Return those that still wait for one, and how many have failed: that is how some providers
        themselves report what they have given up.
        """
        documents = await self._engine.store.get_many(
            [f"{self._collection}/{tracked.value.id}" for tracked in recalled]
        )
        found = [Versioned(message_from(d.id, d.data), d.version) for d in documents if d]
        failed = sum(tracked.value.status == MessageStatus.FAILED for tracked in found)
        return [each for each in found if each.value.status == MessageStatus.SENT], failed

    async def _free(self, recalled: Sequence[Versioned[Message]]) -> None:
        """Give back the live-call slots of calls that are not made."""
        for key in {tracked.value.send for tracked in recalled}:
            ids = [tracked.value.id for tracked in recalled if tracked.value.send == key]
            send = self._campaign.send(key)
            await live_calls.free(self._engine, self._campaign.org, send, ids)
