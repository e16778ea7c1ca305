"""Sending: claim a chunk of messages, hand it to the provider, record each outcome.

Before the provider is called, the lane's document durably names what is being sent. Whatever
happens after that, none of it is sent again before its outcome is known.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from itertools import islice
from typing import NamedTuple

import structlog

from functions.domain.campaigns.send import Send
from functions.domain.messages.attempts import claim as claim_changes
from functions.domain.messages.delivery_events import Retry
from functions.domain.messages.message import Changes, Message, changed
from functions.domain.messages.send_outcomes import (
    Accepted,
    Deferred,
    Rejected,
    SendOutcome,
    Unknown,
)
from functions.domain.notifications.events import EventType
from functions.domain.sending_rules.rate_limit import HORIZON
from functions.engine.campaigns import refusals
from functions.engine.campaigns.lifecycle import stop
from functions.engine.campaigns.refusals import Refused, Told
from functions.engine.campaigns.senders import why_not_sent
from functions.engine.delivery import answers
from functions.engine.delivery.guardrail import Guardrail
from functions.engine.delivery.results import Result, Results, as_they_were
from functions.engine.delivery.waiting import wait_for_slot, wait_until
from functions.engine.eligibility.frequency_caps import FrequencyCaps
from functions.engine.eligibility.gate import Gate
from functions.engine.kernel.commits.versioned import Versioned
from functions.engine.kernel.lanes import LaneLease
from functions.engine.kernel.lease import LeaseLostError, LookAgainError
from functions.engine.messages.changes import commit_changes
from functions.engine.messages.outbound import outbound
from functions.engine.notifications.outbox import is_heard
from functions.engine.pacing import admission as throttle
from functions.engine.pacing import live_calls, slowdown
from functions.engine.pacing.admission import Admission
from functions.engine.pacing.lane_slots import LaneSlots

log = structlog.get_logger()

#: How long to find no room, before looking whether a call was lost that holds a slot.
_PATIENCE = timedelta(minutes=1)
#: Requests of one lane that a provider has to answer at a time.
_SENDS_AT_ONCE = 50
#: Messages that may be claimed and not yet recorded before the next are claimed, of a campaign and
#: of a lane: a crash leaves them in doubt. Three commits of one lane are under way with that.
_IN_HAND, _IN_HAND_OF_LANE = 4000, 1500
#: For how long a sender relies on holding its lane before it looks again.
_TRUST = timedelta(seconds=1)
#: What comes of a claimed message whose lane was taken away before its turn.
_FENCED = Deferred("lane_lost", ours=True)
#: What comes of one that was not ready at its turn: late, it would meet those behind it.
_MISSED = Deferred("turn_missed", ours=True)
#: What comes of one whose window has closed, or whose time is over, before its turn.
_LATE = Deferred("quiet_hours", ours=True)
#: What a rejection allows that is not of the message but of its sender.
_OF_US = frozenset({Retry.STOP, Retry.REFUSED})
#: A wait for room that is shorter than this is waited in the loop, however little is reserved.
_SHORT_WAIT = timedelta(seconds=2)


class Sender:
    """Sends the messages of one lane that go by the same send."""

    def __init__(self, lease: LaneLease, send: Send) -> None:
        self._lease = lease
        self._engine = lease.engine
        self._campaign = lease.campaign
        self._send = send
        self._channel = lease.engine.channel(send)
        self._caps = FrequencyCaps(lease.engine, lease.campaign, send)
        self._gate = Gate(lease.engine, lease.campaign, send, self._caps)
        self._guardrail = Guardrail(lease)
        self._slots = LaneSlots(lease)
        self._results = Results(lease.engine, lease.campaign, send)
        self._delivering: set[asyncio.Task[None]] = set()
        self._in_hand = 0
        self._hears_ring = False  # nobody waits for it but subscribers: it is a receipt more a call
        in_hand = self._channel.traits.in_hand
        self._most_in_hand = in_hand or min(_IN_HAND_OF_LANE, _IN_HAND // lease.campaign.lanes)
        self._sends_at_once = in_hand or _SENDS_AT_ONCE
        self._short_wait = max(_SHORT_WAIT, lease.engine.limits.reserve_ahead + HORIZON)
        self._stopped = False
        self._patient_until = lease.engine.clock.now()
        #: Until when there is no room for any of its messages, where that is far ahead.
        self.rests_until: datetime | None = None

    async def send(self, pending: Sequence[Versioned[Message]]) -> list[Versioned[Message]]:
        """Send the messages that may be sent now; return those that nothing was done about.

        Raises LeaseLostError and LookAgainError.
        """
        left = {m.value.id: m for m in pending}
        try:
            await self._send_all(left)
        finally:
            await self._finish()
        return list(left.values())

    async def _send_all(self, left: dict[str, Versioned[Message]]) -> None:
        if reason := why_not_sent(self._engine, self._campaign.org, self._send):
            await self._stop(reason)
        touches = self._lease.touches
        self._patient_until = self._engine.clock.now() + _PATIENCE
        self.rests_until = None
        while left and not self._is_over and touches == self._lease.touches:
            await self._guardrail.look()
            if aside := await self._not_now(left):
                await self._set_aside(left, aside)
                continue
            paced = throttle.at_once(self._engine, self._campaign, self._send)
            at_once = min(paced, self._caps.at_once, self._most_in_hand)
            admission = await self._admit(left, at_once)
            await self._follow(left, admission)
        if self._stopped:
            await self._lease.confirm()

    async def _admit(self, left: dict[str, Versioned[Message]], at_once: int) -> Admission:
        """Ask for room for the next messages."""
        lease, send = self._lease, self._send
        ahead = throttle.slots_ahead(self._engine, self._campaign, send)
        offered, following = (
            islice(left.values(), at_once),
            islice(left.values(), at_once, at_once + ahead),
        )
        return await throttle.admit(
            lease, send, self._slots, list(offered), list(following), wanted=len(left)
        )

    @property
    def _is_over(self) -> bool:
        is_patient = self._engine.clock.now() < self._patient_until
        is_late = self._lease.is_late or not is_patient
        return is_late or self._stopped or self.rests_until is not None

    async def _follow(self, left: dict[str, Versioned[Message]], admission: Admission) -> None:
        """Do as an admission allows."""
        if not admission.ids:
            await self._wait(left, admission)
            return
        self._patient_until = self._engine.clock.now() + _PATIENCE
        chunk = [left.pop(id_) for id_ in admission.ids]
        try:
            await self._send_chunk(chunk, admission)
        except LeaseLostError:
            await throttle.withdraw(self._engine, self._campaign.org, admission)
            raise

    async def _wait(self, left: dict[str, Versioned[Message]], admission: Admission) -> None:
        """Wait for room: a little here, for longer in the lane."""
        if admission.reason:
            put_off = {"next_at": admission.again_at, "reason": admission.reason}
            following = list(islice(left.values(), self._engine.limits.chunk))
            await self._set_aside(left, [(tracked, put_off) for tracked in following])
        elif admission.needs_slot:
            at, wanted = admission.again_at, len(left)
            await wait_for_slot(self._lease, at, wanted, lambda: self._is_over)
        elif admission.again_at - self._engine.clock.now() > self._short_wait:
            self.rests_until = admission.again_at
        else:
            await wait_until(self._lease, admission.again_at)

    async def _finish(self) -> None:
        """Wait until every result is recorded: only then does the store tell what is left."""
        while self._delivering:
            await self._wait_for_results(asyncio.ALL_COMPLETED)
        await self._slots.give_back()

    async def _not_now(
        self, left: dict[str, Versioned[Message]]
    ) -> list[tuple[Versioned[Message], Changes]]:
        """Return the next messages that are held back in this pass, each with its changes.

        A single message is sent on purpose, whoever it is to.
        """
        if not self._campaign.facts.keeps_rules:
            return []
        return await self._gate.held_back(list(islice(left.values(), self._engine.limits.chunk)))

    async def _set_aside(
        self, left: dict[str, Versioned[Message]], aside: list[tuple[Versioned[Message], Changes]]
    ) -> None:
        """Commit the changes of the messages that are held back."""
        for tracked, _ in aside:
            del left[tracked.value.id]
        lease = self._lease
        await commit_changes(self._engine, self._campaign, aside, by=lease.commit)

    async def _send_chunk(self, chunk: list[Versioned[Message]], admission: Admission) -> None:
        """Claim a chunk and see to its sending. Raises LeaseLostError, with nothing sent."""
        claim = None
        if self._channel.traits.holds_live_call:
            told, org = EventType.MESSAGE_DELIVERED, self._campaign.org
            self._hears_ring = await is_heard(self._engine, org, told)
        while claim is None:
            touches = self._lease.touches
            try:
                claim = await self._claim(chunk)
            except LookAgainError:
                # A receipt woke the lane or moved a message: the reserved turns are not lost.
                if touches != self._lease.touches:
                    chunk = await self._unchanged(chunk)
        if admission.turns:
            self._engine.memory.send_lead.note(self._engine.clock.now() - admission.asked_at)
        if claim.chunk:
            await self._deliver_beside(claim, admission)

    async def _claim(self, chunk: list[Versioned[Message]]) -> "_Claimed":
        """Name messages as being sent, all or none.

        Those who were reached often enough in the meantime are put off instead.
        """
        places = await self._caps.take(chunk)
        capped = self._gate.capped(chunk, places.waits)
        free = [tracked for tracked in chunk if tracked.value.id not in places.waits]
        self._caps.forget(chunk)
        key = self._lease.next_claim
        by = partial(self._lease.claim, [tracked.value for tracked in free])
        await commit_changes(self._engine, self._campaign, capped, *places.writes, by=by)
        await self._free_slots(list(places.waits))
        return _Claimed(key, self._lease.claims[key].until, free)

    async def _unchanged(self, chunk: list[Versioned[Message]]) -> list[Versioned[Message]]:
        """Return those that nobody has changed; the others' places are given back.

        What has changed of those may be who they are for: it is looked at anew, by the next pass.
        """
        same = await as_they_were(self._engine, self._campaign, chunk)
        await self._free_slots([each.value.id for each in chunk if each.value.id not in same])
        return [each for each in chunk if each.value.id in same]

    async def _deliver_beside(self, claim: "_Claimed", admission: Admission) -> None:
        """Send and record a chunk while the next is claimed, but never far behind."""
        self._in_hand += len(claim.chunk)
        self._delivering.add(asyncio.create_task(self._deliver(claim, admission)))
        while self._in_hand >= self._most_in_hand:
            await self._wait_for_results(asyncio.FIRST_COMPLETED)

    async def _wait_for_results(self, return_when: str) -> None:
        """Wait for chunks to be recorded, for as long as a provider takes, and keep the lane."""
        patience = self._engine.limits.lane_lease.total_seconds() / 4
        done, self._delivering = await asyncio.wait(
            self._delivering, return_when=return_when, timeout=patience
        )
        for finished in done:
            finished.result()
        # Whoever has lost the lane is told so by the next claim: what is under way ends first.
        with suppress(LookAgainError, LeaseLostError):
            await self._lease.keep()

    async def _deliver(self, claim: "_Claimed", admission: Admission) -> None:
        claims = [claim_changes(tracked.value, until=claim.until) for tracked in claim.chunk]
        before = [tracked.value for tracked in claim.chunk]
        handed = list(map(changed, before, claims))
        outcomes: dict[int, SendOutcome] = {}
        turns = iter(enumerate(handed))
        trust = _Trust(self._lease)

        async def work() -> None:
            for number, message in turns:
                outcomes[number] = await self._send_at_turn(message, admission, trust)

        await asyncio.gather(*(work() for _ in handed[: self._sends_at_once]))
        told = [outcomes[number] for number in range(len(handed))]
        results = list(map(Result, claim.chunk, claims, handed, told))
        await self._results.record(results, claim.until)
        self._lease.claims.pop(claim.key, None)
        await self._follow_up(list(zip(handed, told, strict=True)))
        self._in_hand -= len(claim.chunk)

    async def _send_at_turn(
        self, message: Message, admission: Admission, trust: "_Trust"
    ) -> SendOutcome:
        """Send a message when its turn has come, unless it comes too late, or without the lane."""
        turn = admission.turns.get(message.id)
        if turn is not None:
            await self._sleep_until(turn)
        if not await trust.is_held():
            return _FENCED
        if turn is not None and throttle.is_missed(turn, self._engine.clock.now()):
            return _MISSED
        return await self._send_one(message)

    async def _sleep_until(self, at: datetime) -> None:
        wait = (at - self._engine.clock.now()).total_seconds()
        if wait > 0:
            await self._engine.clock.sleep(wait)

    async def _send_one(self, message: Message) -> SendOutcome:
        expires_at = self._gate.expires_at(message)
        if expires_at is not None and expires_at <= self._engine.clock.now():
            return _LATE
        try:
            handed = outbound(
                self._campaign, self._send, message, expires_at, hears_ring=self._hears_ring
            )
            outcome = await self._channel.send(handed)
        except Exception:
            # A channel promises not to raise; one that does must not take its chunk with it.
            log.exception("channel_raised", campaign_id=self._campaign.id, message_id=message.id)
            return Unknown("channel_error")
        if not answers.is_plain(outcome):
            org, by = self._campaign.org, self._send.provider
            await answers.heed(self._engine, org, message.address, outcome, by=by)
        return outcome

    async def _follow_up(self, results: list[tuple[Message, SendOutcome]]) -> None:
        """Do what follows from results for the others: room is given back, the sender slowed."""
        await self._free_refused(results)
        outcomes = [outcome for _, outcome in results]
        await slowdown.slow_down_if_asked(self._engine, self._campaign, self._send, outcomes)
        await self._stop_if_refused(results)

    async def _free_refused(self, results: list[tuple[Message, SendOutcome]]) -> None:
        """Give back what was taken for those who were not reached."""
        refused = [
            message for message, outcome in results if not isinstance(outcome, Accepted | Unknown)
        ]
        await self._free_slots([message.id for message in refused])
        await self._caps.give_back(refused)

    async def _free_slots(self, ids: Sequence[str]) -> None:
        await live_calls.free_now(self._engine, self._campaign.org, self._send, ids)

    async def _stop_if_refused(self, results: list[tuple[Message, SendOutcome]]) -> None:
        """Pause the campaign where the provider refuses not the message but the sender."""
        rejected = [
            (message, outcome)
            for message, outcome in results
            if isinstance(outcome, Rejected) and outcome.retry in _OF_US
        ]
        final = [outcome.reason for _, outcome in rejected if outcome.retry is Retry.STOP]
        if final:
            await self._stop(final[0])
        elif rejected:
            refused = Refused(len(rejected), sum(not message.refusals for message, _ in rejected))
            reasons = [outcome.reason for _, outcome in rejected]
            engine, campaign = self._engine, self._campaign
            self._stopped |= await refusals.note(
                engine, campaign, Told.BY_ANSWER, refused, reasons=reasons
            )

    async def _stop(self, reason: str) -> None:
        """Pause the campaign; nothing more of it is sent."""
        self._stopped = True
        await stop(self._engine, self._campaign, reason)


class _Claimed(NamedTuple):
    """A chunk that is being handed over, the key of its claim, and until when it holds."""

    key: str
    until: datetime
    chunk: list[Versioned[Message]]


class _Trust:
    """Whether the lane is still ours, asked again once a second: a pause must bite that soon."""

    def __init__(self, lease: LaneLease) -> None:
        self._lease = lease
        self._until = lease.held_at + _TRUST  # however long ago the claim was: we may have slept
        self._lost = False

    async def is_held(self) -> bool:
        now = self._lease.engine.clock.now()
        if now > self._until and not self._lost:
            self._until = self._lease.held_at + _TRUST
            if now > self._until:
                self._until = now + _TRUST
                self._lost = await self._lease.is_lost()
        return not self._lost
