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
from functions.domain.events import MessageRef
from functions.domain.message import (
    Changes,
    Message,
    MessageStatus,
    after_send,
    claim,
    merge_late_answer,
    message_from,
)
from functions.domain.outcomes import Accepted, Deferred, Rejected, SendOutcome, Unknown
from functions.engine import hours, paths, throttle
from functions.engine.campaigns import stop
from functions.engine.lanes import Lease
from functions.engine.modify import modify
from functions.engine.ports import ConflictError, Document, Outbound, Update, Write
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
            if closed := self._closed(left):
                if not await self._put_off(left, closed):
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

    def _closed(self, left: dict[str, Tracked]) -> dict[str, datetime]:
        """Return those of the next who may not be called now, and until when."""
        if not self._engine.limits.windows or self._campaign.kind is CampaignKind.SINGLE:
            return {}
        following = islice(left.values(), self._engine.limits.chunk)
        now = self._engine.clock.now()
        return hours.closed((tracked.message for tracked in following), now=now)

    async def _put_off(self, left: dict[str, Tracked], closed: dict[str, datetime]) -> bool:
        """Let messages wait for their window; False after a conflict."""
        writes = []
        for id_, opens_at in closed.items():
            tracked = left.pop(id_)
            changes = {"next_at": opens_at, "reason": "quiet_hours"}
            writes.append(Update(self._path(tracked), changes, tracked.version))
        return await self._lease.commit(self._lease.renewal(), *writes)

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
        claims = [
            Update(self._path(tracked), claim(tracked.message, policy, now=now), tracked.version)
            for tracked in chunk
        ]
        try:
            versions = await self._engine.store.commit(self._lease.renewal(), *claims)
        except ConflictError:
            return None
        self._lease.version = versions[0]
        return [
            Tracked(tracked.message, version)
            for tracked, version in zip(chunk, versions[1:], strict=True)
        ]

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
            message.attempt + 1,
            message.address,
            self._campaign.sender,
            self._campaign.bot_url,
            self._campaign.machine_detection,
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
        writes = [
            Update(self._path(tracked), self._after(tracked.message, outcome, now), tracked.version)
            for tracked, outcome in results
        ]
        try:
            await self._engine.store.commit(*writes)
        except ConflictError:
            for tracked, outcome in results:
                await self._record_late(tracked.message, outcome)
        await self._free_refused(results)
        await self._stop_if_refused(outcomes)

    def _after(self, message: Message, outcome: SendOutcome, now: datetime) -> Changes:
        live = self._channel.traits.holds_live_call
        return after_send(message, outcome, self._engine.policy, live=live, now=now)

    async def _record_late(self, sent: Message, outcome: SendOutcome) -> None:
        """Record the answer to a message of which a receipt may have been faster."""
        attempt = sent.attempt + 1

        def decide(documents: list[Document | None]) -> tuple[None, list[Write]]:
            document = documents[0]
            if document is None:
                return None, []
            now = self._engine.clock.now()
            message = message_from(document.id, document.data)
            if message.status == MessageStatus.SENDING and message.attempt == attempt:
                changes = self._after(message, outcome, now)
            else:
                changes = merge_late_answer(message, attempt, outcome, now)
            return None, [Update(document.path, changes, document.version)] if changes else []

        await modify(self._engine.store, [f"{self._collection}/{sent.id}"], decide)

    async def _free_refused(self, results: list[tuple[Tracked, SendOutcome]]) -> None:
        refused = [
            tracked.message.id
            for tracked, outcome in results
            if not isinstance(outcome, Accepted | Unknown)
        ]
        await throttle.free(self._engine, self._campaign, refused)

    async def _stop_if_refused(self, outcomes: list[SendOutcome]) -> None:
        """Pause the campaign where the provider refuses not the message but the sender."""
        refusal = next((o for o in outcomes if isinstance(o, Rejected) and o.stop), None)
        if refusal is None:
            return
        self._stopped = True
        await stop(self._engine, self._campaign, refusal.reason)

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
