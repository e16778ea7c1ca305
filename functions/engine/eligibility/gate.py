"""Gate: which messages whose turn has come are held back, and until when."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import cache

from functions.domain.campaigns.campaign import Campaign
from functions.domain.campaigns.send import Send
from functions.domain.messages.attempts import end
from functions.domain.messages.message import Changes, Message, MessageStatus
from functions.domain.times import UnknownZoneError
from functions.engine.contacts.suppressions import FreshSuppressions
from functions.engine.eligibility import sending_hours
from functions.engine.eligibility.fallbacks import Fallbacks
from functions.engine.eligibility.frequency_caps import FrequencyCaps
from functions.engine.eligibility.halted import halted
from functions.engine.eligibility.sending_hours import Place
from functions.engine.kernel.commits.versioned import Versioned
from functions.engine.kernel.engine import Engine


class Gate:
    """Holds back the messages of one send that must not go out, or not now."""

    def __init__(self, engine: Engine, campaign: Campaign, send: Send, caps: FrequencyCaps) -> None:
        self._engine = engine
        self._campaign = campaign
        self._caps = caps
        self._hours = sending_hours.of(engine, campaign, send)
        self._fresh = FreshSuppressions(engine, campaign, send)
        self._fallbacks = Fallbacks(engine, campaign, send)
        self._closings: dict[Place, datetime | None] = {}

    async def held_back(
        self, following: Sequence[Versioned[Message]]
    ) -> list[tuple[Versioned[Message], Changes]]:
        """Return the messages held back in this pass, each with its changes."""
        return (
            await halted(self._engine, self._campaign, following)
            or await self._fallbacks.fill(following)
            or await self._suppressed(following)
            or self._untimely(following)
            or self.capped(following, await self._caps.exceeded(following))
        )

    def capped(
        self, following: Sequence[Versioned[Message]], waits: Mapping[str, datetime]
    ) -> list[tuple[Versioned[Message], Changes]]:
        """Return the messages whose recipients were reached often enough, each with its changes.

        `waits` says by the message's id until when.
        """
        return [
            (
                tracked,
                self._postponed(
                    self._open_from(tracked.value, until),
                    reason="frequency_cap",
                    message=tracked.value,
                ),
            )
            for tracked in following
            if (until := waits.get(tracked.value.id)) is not None
        ]

    def expires_at(self, message: Message) -> datetime | None:
        """Return when an attempt that begins now is too late to arrive; None where it never is.

        The instant is now or past where the attempt must not begin any more.
        """
        ends_at = self._campaign.last_instant(message)
        closes_at = self._closes_at(_place(message)) if self._hours.are_kept else None
        if closes_at is None or ends_at is None:
            return closes_at or ends_at
        return min(closes_at, ends_at)

    async def _suppressed(
        self, following: Sequence[Versioned[Message]]
    ) -> list[tuple[Versioned[Message], Changes]]:
        """Skip messages to addresses that were suppressed since the launch."""
        if self._campaign.plan:
            made = (tracked.value.created_at or self._campaign.created_at for tracked in following)
            self._fresh.begin_at(min(made))
        suppressed = await self._fresh.among(tracked.value.address for tracked in following)
        skip = end(MessageStatus.SKIPPED, "suppressed", now=self._engine.clock.now())
        return [(tracked, skip) for tracked in following if tracked.value.address in suppressed]

    def _untimely(
        self, following: Sequence[Versioned[Message]]
    ) -> list[tuple[Versioned[Message], Changes]]:
        """Postpone messages out of hours; a message that cannot be sent in time expires."""
        expire = self._campaign.not_after is not None or self._campaign.plan
        if not self._hours.are_kept and not expire:
            return []
        of_place = cache(self._closed)
        decided = [(tracked, self._late(tracked.value, of_place)) for tracked in following]
        return [(tracked, changes) for tracked, changes in decided if changes]

    def _late(
        self, message: Message, of_place: Callable[[Place], Changes | None]
    ) -> Changes | None:
        """Return the changes of a message that cannot be sent now; None where it can.

        A message whose next attempt comes after its campaign's last hour expires at once.
        """
        now = self._engine.clock.now()
        if self._campaign.expires_by(max(now, message.next_at or now), message):
            return self._expired()
        changes = of_place(_place(message))
        if changes and self._campaign.expires_by(changes.get("next_at") or now, message):
            return self._expired()
        return changes

    def _closed(self, place: Place) -> Changes | None:
        """Return the changes of messages to a place that is closed now; None where it is open."""
        if not self._hours.are_kept:
            return None
        now = self._engine.clock.now()
        try:
            until = self._hours.closed_until(place, now=now)
        except UnknownZoneError:
            return end(MessageStatus.SKIPPED, "invalid_zone", now=now)
        return None if until is None else self._postponed(until, reason="quiet_hours")

    def _postponed(
        self, until: datetime, *, reason: str, message: Message | None = None
    ) -> Changes:
        if self._campaign.expires_by(until, message):
            return self._expired()
        return {"next_at": until, "reason": reason}

    def _expired(self) -> Changes:
        return end(MessageStatus.EXPIRED, "expired", now=self._engine.clock.now())

    def _open_from(self, message: Message, at: datetime) -> datetime:
        """Return the first instant from `at` on at which the person may be reached."""
        if not self._hours.are_kept:
            return at
        return self._hours.next_open(*_place(message), now=at) or at

    def _closes_at(self, place: Place) -> datetime | None:
        """Return when a place closes; None where it does not within the horizon."""
        now = self._engine.clock.now()
        known = self._closings.get(place)
        if place not in self._closings or (known is not None and known <= now):
            self._closings[place] = known = self._hours.closes_at(place, now=now)
        return known


def _place(message: Message) -> Place:
    return Place(message.region, tuple(message.zones))
