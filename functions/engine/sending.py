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
from functions.domain.outcomes import Accepted, Rejected, SendOutcome, Unknown
from functions.domain.windows import next_open
from functions.engine import paths, throttle
from functions.engine.campaigns import stop
from functions.engine.lanes import Lease
from functions.engine.modify import modify
from functions.engine.ports import ConflictError, Document, Outbound, Update, Write
from functions.engine.throttle import Admission

log = structlog.get_logger()

#: How long to wait where no live-call slot is free.
_NO_ROOM_S = 0.5
#: How often in a row to wait so, before looking whether a call was lost that holds a slot.
_PATIENCE = 10
#: Requests of one lane that a provider has to answer at a time.
_SENDS_AT_ONCE = 50
#: Chunks whose results may be under way while the next is claimed.
_RECORDING = 3


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
        self._recording: set[asyncio.Task[None]] = set()
        self._stopped = False

    async def send(self, pending: Sequence[Tracked]) -> bool:
        """Send all of these that may be sent now; False if the lane was taken away."""
        try:
            return await self._send_all(pending)
        finally:
            await self._finish()

    async def _send_all(self, pending: Sequence[Tracked]) -> bool:
        ready = await self._hold_back(pending)
        if ready is None:
            return not await self._lease.is_lost()
        left = {m.message.id: m for m in ready}
        patience = _PATIENCE
        while left and patience and not self._lease.is_late and not self._stopped:
            offered = list(islice(left, self._at_once()))
            admission = await throttle.admit(self._engine, self._campaign, offered)
            patience = _PATIENCE if admission.ids else patience - 1
            chunk = [left.pop(id_) for id_ in admission.ids]
            if not await self._send_at_turn(chunk, admission):
                await throttle.withdraw(self._engine, self._campaign, admission)
                return not await self._lease.is_lost()
        return not (self._stopped and await self._lease.is_lost())

    async def _finish(self) -> None:
        """Wait until every result is recorded: only then does the store tell what is left."""
        recording, self._recording = self._recording, set()
        await asyncio.gather(*recording)

    def _at_once(self) -> int:
        """Return how many to claim together: a second's worth, so that a pause bites in time."""
        rate = self._campaign.rate_per_s
        chunk = self._engine.limits.chunk
        if rate is None:
            return chunk
        return min(chunk, math.ceil(rate * throttle.HORIZON.total_seconds()))

    async def _hold_back(self, pending: Sequence[Tracked]) -> Sequence[Tracked] | None:
        """Put off those whose calling window has closed meanwhile; return the others.

        None where something has changed meanwhile.
        """
        if not self._engine.limits.windows or self._campaign.kind is CampaignKind.SINGLE:
            return pending
        now = self._engine.clock.now()
        later: list[Write] = []
        ready = []
        for tracked in pending:
            opens_at = next_open(tracked.message.region, tracked.message.zones, now=now)
            if opens_at == now:
                ready.append(tracked)
            else:
                changes = {"next_at": opens_at or now + timedelta(days=1), "reason": "quiet_hours"}
                later.append(Update(self._path(tracked), changes, tracked.version))
        if later and not await self._lease.commit(self._lease.renewal(), *later):
            return None
        return ready

    async def _send_at_turn(self, chunk: list[Tracked], admission: Admission) -> bool:
        """Send a chunk when its time has come; False, with nothing sent, after a conflict."""
        if not await self._await_turn(admission):
            return False
        return not chunk or await self._send_chunk(chunk, admission)

    async def _await_turn(self, admission: Admission) -> bool:
        """Wait until the first admitted message may leave; False if the lane was taken away."""
        wait = _NO_ROOM_S
        if admission.ids:
            wait = (admission.first_at - self._engine.clock.now()).total_seconds()
        if wait > 0:
            await self._engine.clock.sleep(wait)
        return await self._lease.keep()

    async def _send_chunk(self, chunk: list[Tracked], admission: Admission) -> bool:
        """Claim, send and record a chunk; False, with nothing sent, if the claim conflicts."""
        now = self._engine.clock.now()
        policy = self._engine.policy
        claims = [
            Update(self._path(tracked), claim(tracked.message, policy, now=now), tracked.version)
            for tracked in chunk
        ]
        try:
            versions = await self._engine.store.commit(self._lease.renewal(), *claims)
        except ConflictError:
            return False
        self._lease.version = versions[0]
        claimed = [
            Tracked(tracked.message, version)
            for tracked, version in zip(chunk, versions[1:], strict=True)
        ]
        outcomes = await self._hand_over(claimed, admission)
        await self._record_beside(claimed, outcomes)
        return True

    async def _hand_over(self, chunk: list[Tracked], admission: Admission) -> list[SendOutcome]:
        """Send each at its turn, some at a time; return the outcomes in the chunk's order."""
        outcomes: dict[int, SendOutcome] = {}
        turns = iter(enumerate(chunk))

        async def work() -> None:
            for number, tracked in turns:
                if admission.interval:
                    await self._sleep_until(admission.first_at + number * admission.interval)
                outcomes[number] = await self._send_one(tracked.message)

        await asyncio.gather(*(work() for _ in chunk[:_SENDS_AT_ONCE]))
        return [outcomes[number] for number in range(len(chunk))]

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

    async def _record_beside(self, chunk: list[Tracked], outcomes: list[SendOutcome]) -> None:
        """Record results while the next chunk is claimed, but never far behind."""
        task = asyncio.create_task(self._record(chunk, outcomes))
        self._recording.add(task)
        if len(self._recording) >= _RECORDING:
            done, self._recording = await asyncio.wait(
                self._recording, return_when=asyncio.FIRST_COMPLETED
            )
            for finished in done:
                finished.result()

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
