"""Sending: claim a chunk, hand it to the provider, record what came of it.

Before the provider is called, each message is durably marked as being sent. Whatever happens
after that, it is not sent again before its outcome is known.
"""

import asyncio
import math
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import islice
from typing import NamedTuple

import structlog

from functions.domain.campaign import CampaignKind
from functions.domain.events import MessageRef, Retry
from functions.domain.message import (
    Changes,
    Message,
    MessageStatus,
    after_send,
    claim,
    end,
    merge_late_answer,
    message_from,
)
from functions.domain.outcomes import Accepted, Deferred, Rejected, SendOutcome, Unknown
from functions.engine import hours, notify, paths, tallies, throttle
from functions.engine.campaigns import stop
from functions.engine.lanes import Lease
from functions.engine.modify import modify
from functions.engine.ports import (
    Add,
    ConflictError,
    Document,
    Outbound,
    Set,
    Update,
    Write,
)
from functions.engine.suppressions import FreshSuppressions
from functions.engine.throttle import Admission

log = structlog.get_logger()

#: How often in a row to find no room, before looking whether a call was lost that holds a slot.
_PATIENCE = 10
#: Requests of one lane that a provider has to answer at a time.
_SENDS_AT_ONCE = 50
#: Messages of one lane that may be claimed and not yet recorded before the next are claimed.
_IN_HAND = 1000
#: For how long a sender relies on holding its lane before it looks again, seconds.
_TRUST_S = 1.0
#: What comes of a claimed message whose lane was taken away before its turn.
_FENCED = Deferred("lane_lost", timedelta())


class Tracked(NamedTuple):
    """A message and the version it was read at."""

    message: Message
    version: int


class Sender:
    """Sends the messages of one lane."""

    def __init__(self, lease: Lease) -> None:
        self._lease = lease
        self._engine = lease.engine
        self._campaign = lease.campaign
        self._channel = lease.engine.channel(lease.campaign)
        self._hours = hours.of(lease.engine, lease.campaign)
        self._fresh = FreshSuppressions(lease.engine, lease.campaign)
        self._collection = paths.messages(lease.campaign.org, lease.campaign.id)
        self._delivering: set[asyncio.Task[None]] = set()
        self._in_hand = 0
        self._stopped = False

    async def send(self, pending: Sequence[Tracked]) -> bool:
        """Send all of these that may be sent now; False if the lane was taken away."""
        try:
            return await self._send_all(pending)
        finally:
            await self._finish()

    async def _send_all(self, pending: Sequence[Tracked]) -> bool:
        left = {m.message.id: m for m in pending}
        patience = _PATIENCE
        while left and patience and not self._lease.is_late and not self._stopped:
            if aside := await self._not_now(left):
                if not await self._set_aside(left, aside):
                    return not await self._lease.is_lost()
                continue
            offered = list(islice(left, self._at_once()))
            admission = await throttle.admit(self._lease, offered)
            if not admission.ids and await self._lease.is_taken():
                return False
            patience = _PATIENCE if admission.ids else patience - 1
            chunk = [left.pop(id_) for id_ in admission.ids]
            if not await self._send_at_turn(chunk, admission):
                await throttle.withdraw(self._engine, self._campaign, admission)
                return not await self._lease.is_lost()
        return not (self._stopped and await self._lease.is_lost())

    async def _finish(self) -> None:
        """Wait until every result is recorded: only then does the store tell what is left."""
        delivering, self._delivering = self._delivering, set()
        await asyncio.gather(*delivering)

    def _at_once(self) -> int:
        """Return how many to claim together: few, for a pause or a crash finds them claimed."""
        rate = self._campaign.rate_per_s
        chunk = self._engine.limits.chunk
        if rate is None:
            return chunk
        return min(chunk, math.ceil(rate * throttle.HORIZON.total_seconds()))

    async def _not_now(self, left: dict[str, Tracked]) -> list[tuple[Tracked, Changes]]:
        """Return those of the next who must not be reached, or not now, and what becomes of them.

        A single message is sent on purpose, whoever it is to.
        """
        if self._campaign.kind is CampaignKind.SINGLE:
            return []
        following = list(islice(left.values(), self._engine.limits.chunk))
        return await self._suppressed(following) or self._closed(following)

    async def _suppressed(self, following: list[Tracked]) -> list[tuple[Tracked, Changes]]:
        """Skip those who have been suppressed since the launch."""
        barred = await self._fresh.among(tracked.message.address for tracked in following)
        now = self._engine.clock.now()
        skip = end(MessageStatus.SKIPPED, "suppressed", now=now)
        return [(tracked, skip) for tracked in following if tracked.message.address in barred]

    def _closed(self, following: list[Tracked]) -> list[tuple[Tracked, Changes]]:
        """Put off those who may not be contacted now, until their window opens."""
        if not self._hours.are_kept:
            return []
        now = self._engine.clock.now()
        opening = self._hours.closed((tracked.message for tracked in following), now=now)
        return [
            (tracked, {"next_at": opening[tracked.message.id], "reason": "quiet_hours"})
            for tracked in following
            if tracked.message.id in opening
        ]

    async def _set_aside(
        self, left: dict[str, Tracked], aside: list[tuple[Tracked, Changes]]
    ) -> bool:
        """Write what becomes of those who are not sent to; False after a conflict."""
        for tracked, _ in aside:
            del left[tracked.message.id]
        writes = [Update(self._path(m), changes, m.version) for m, changes in aside]
        return await self._lease.commit(self._lease.renewal(), *writes, *self._tallied(aside))

    async def _send_at_turn(self, chunk: list[Tracked], admission: Admission) -> bool:
        """Send a chunk when its time has come; False, with nothing sent, after a conflict."""
        if not await self._await_turn(admission):
            return False
        return not chunk or await self._send_chunk(chunk, admission)

    async def _await_turn(self, admission: Admission) -> bool:
        """Wait until the first admitted message may leave; False if the lane was taken away."""
        await self._sleep_until(admission.first_at)
        return await self._lease.keep()

    async def _send_chunk(self, chunk: list[Tracked], admission: Admission) -> bool:
        """Claim a chunk and see to its sending; False, with nothing sent, without the lane."""
        claimed = await self._claim(chunk)
        while claimed is None:
            # A receipt has woken the lane, or moved one of these: the reserved turns are not lost.
            if await self._lease.is_lost():
                return False
            chunk = await self._refreshed(chunk)
            claimed = await self._claim(chunk)
        await self._deliver_beside(claimed, admission)
        return True

    async def _claim(self, chunk: list[Tracked]) -> list[Tracked] | None:
        """Mark messages as being sent, all or none; None after a conflict."""
        now, policy = self._engine.clock.now(), self._engine.policy
        claims = [(tracked, claim(tracked.message, policy, now=now)) for tracked in chunk]
        writes = [Update(self._path(m), changes, m.version) for m, changes in claims]
        try:
            versions = await self._engine.store.commit(
                self._lease.renewal(), *writes, *self._tallied(claims)
            )
        except ConflictError:
            return None
        self._lease.version = versions[0]
        return [
            Tracked(tracked.message._replace(**changes), version)
            for (tracked, changes), version in zip(claims, versions[1:], strict=False)
        ]

    def _tallied(self, decided: list[tuple[Tracked, Changes]]) -> list[Add]:
        moves = ((tracked.message, changes) for tracked, changes in decided)
        return tallies.moved(self._campaign, self._lease.name, moves)

    async def _refreshed(self, chunk: list[Tracked]) -> list[Tracked]:
        """Read messages again; return those that still wait to be sent."""
        documents = await self._engine.store.get_many([self._path(tracked) for tracked in chunk])
        found = [Tracked(message_from(d.id, d.data), d.version) for d in documents if d]
        return [tracked for tracked in found if tracked.message.status == MessageStatus.PENDING]

    async def _deliver_beside(self, claimed: list[Tracked], admission: Admission) -> None:
        """Send and record a chunk while the next is claimed, but never far behind."""
        self._in_hand += len(claimed)
        self._delivering.add(asyncio.create_task(self._deliver(claimed, admission)))
        while self._in_hand >= _IN_HAND:
            done, self._delivering = await asyncio.wait(
                self._delivering, return_when=asyncio.FIRST_COMPLETED
            )
            for finished in done:
                finished.result()

    async def _deliver(self, claimed: list[Tracked], admission: Admission) -> None:
        outcomes: dict[int, SendOutcome] = {}
        turns = iter(enumerate(claimed))
        trust = _Trust(self._lease)

        async def work() -> None:
            for number, tracked in turns:
                if admission.interval:
                    await self._sleep_until(admission.first_at + number * admission.interval)
                held = await trust.is_held()
                outcomes[number] = await self._send_one(tracked.message) if held else _FENCED

        await asyncio.gather(*(work() for _ in claimed[:_SENDS_AT_ONCE]))
        await self._record(claimed, [outcomes[number] for number in range(len(claimed))])
        self._in_hand -= len(claimed)

    async def _sleep_until(self, at: datetime) -> None:
        wait = (at - self._engine.clock.now()).total_seconds()
        if wait > 0:
            await self._engine.clock.sleep(wait)

    async def _send_one(self, message: Message) -> SendOutcome:
        outbound = Outbound(
            MessageRef(self._campaign.org, self._campaign.id, message.id),
            message.attempt,
            message.address,
            self._campaign.sender,
            self._campaign.bot_url,
            self._campaign.machine_detection,
            message.body,
        )
        try:
            return await self._channel.send(outbound)
        except Exception:
            # A channel promises not to raise; one that does must not take its chunk with it.
            log.exception("channel_raised", campaign_id=self._campaign.id, message_id=message.id)
            return Unknown("channel_error")

    async def _record(self, chunk: list[Tracked], outcomes: list[SendOutcome]) -> None:
        now = self._engine.clock.now()
        results = list(zip(chunk, outcomes, strict=True))
        decided = [(m, self._after(m.message, outcome, now)) for m, outcome in results]
        writes = [Update(self._path(m), changes, m.version) for m, changes in decided]
        told = await self._told(decided)
        try:
            await self._engine.store.commit(*writes, *self._tallied(decided), *told)
        except ConflictError:
            for tracked, outcome in results:
                await self._record_late(tracked.message, outcome)
        else:
            await notify.announce(self._engine, told)
        await self._free_refused(results)
        await self._stop_if_refused(outcomes)

    async def _told(self, decided: list[tuple[Tracked, Changes]]) -> list[Set]:
        to = await notify.listeners(self._engine, self._campaign.org)
        moves = ((tracked.message, changes) for tracked, changes in decided)
        return notify.message_writes(to, self._campaign, moves, now=self._engine.clock.now())

    def _after(self, message: Message, outcome: SendOutcome, now: datetime) -> Changes:
        live = self._channel.traits.holds_live_call
        return after_send(message, outcome, self._engine.policy, live=live, now=now)

    async def _record_late(self, sent: Message, outcome: SendOutcome) -> None:
        """Record the answer to a message of which a receipt may have been faster."""
        to = await notify.listeners(self._engine, self._campaign.org)

        def decide(documents: list[Document | None]) -> tuple[list[Set], list[Write]]:
            document = documents[0]
            if document is None:
                return [], []
            now = self._engine.clock.now()
            message = message_from(document.id, document.data)
            if message.status == MessageStatus.SENDING and message.attempt == sent.attempt:
                changes = self._after(message, outcome, now)
            else:
                changes = merge_late_answer(message, sent.attempt, outcome, now)
            if not changes:
                return [], []
            moves = [(message, changes)]
            tally = tallies.moved(self._campaign, self._lease.name, moves)
            told = notify.message_writes(to, self._campaign, moves, now=now)
            return told, [Update(document.path, changes, document.version), *tally, *told]

        path = f"{self._collection}/{sent.id}"
        await notify.announce(self._engine, await modify(self._engine.store, [path], decide))

    async def _free_refused(self, results: list[tuple[Tracked, SendOutcome]]) -> None:
        refused = [
            tracked.message.id
            for tracked, outcome in results
            if not isinstance(outcome, Accepted | Unknown)
        ]
        await throttle.free(self._engine, self._campaign, refused)

    async def _stop_if_refused(self, outcomes: list[SendOutcome]) -> None:
        """Pause the campaign where the provider refuses not the message but the sender."""
        refusals = [o for o in outcomes if isinstance(o, Rejected) and o.retry is Retry.STOP]
        if refusals:
            self._stopped = True
            await stop(self._engine, self._campaign, refusals[0].reason)

    def _path(self, tracked: Tracked) -> str:
        return f"{self._collection}/{tracked.message.id}"


class _Trust:
    """Whether the lane is still ours, asked again once a second: a pause must bite that soon."""

    def __init__(self, lease: Lease) -> None:
        self._lease = lease
        self._asked_at = lease.engine.clock.now()
        self._lost = False

    async def is_held(self) -> bool:
        now = self._lease.engine.clock.now()
        if not self._lost and (now - self._asked_at).total_seconds() > _TRUST_S:
            self._asked_at = now
            self._lost = await self._lease.is_taken()
        return not self._lost
