"""Guardrails: a campaign that goes wrong is paused before it has gone wrong for everybody.

The canary: only the first few messages are sent until it is known how they went. The guardrail:
the campaign is paused when too many of the last messages have failed. Both judge by the
statistics, which all lanes and receipts keep together.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from functions.domain.campaigns import safety_limits
from functions.domain.messages.message import Message, MessageStatus
from functions.engine import paths
from functions.engine.campaigns.lifecycle import stop
from functions.engine.kernel.commits.versioned import Versioned
from functions.engine.kernel.lanes import LaneLease
from functions.engine.messages import statistics
from functions.engine.messages.statistics import Statistics
from functions.engine.ports.store import Update

#: How often one lane looks at the statistics.
_LOOK_EVERY: Final = timedelta(seconds=1)
#: How soon a lane that waits for the canary looks again.
_LOOK_AGAIN: Final = timedelta(seconds=5)
#: Statistics that the guardrail remembers for each window: it is longer than asked by one part.
_PARTS: Final = 20
#: Never handed over.
_KEPT: Final = frozenset(
    {
        MessageStatus.PENDING,
        MessageStatus.SKIPPED,
        MessageStatus.CANCELLED,
        MessageStatus.EXPIRED,
    }
)
#: It may still turn out either way.
_OPEN: Final = frozenset({MessageStatus.SENDING, MessageStatus.UNKNOWN, MessageStatus.SENT})
#: The same of calls: whose phone rings or who talks has not been served yet.
_OPEN_CALLS: Final = _OPEN | {MessageStatus.DELIVERED, MessageStatus.ANSWERED}


def _handed_over(counts: Statistics) -> int:
    """Count messages that were tried, also messages that wait for another attempt."""
    return counts.retrying + sum(n for status, n in counts.by_status.items() if status not in _KEPT)


def _undecided(lease: LaneLease, counts: Statistics) -> int:
    live = lease.engine.traits(lease.campaign.own_send).holds_live_call
    return counts.retrying + sum(counts[status] for status in (_OPEN_CALLS if live else _OPEN))


class Canary:
    """How many messages a lane may send before it is known how the first ones went."""

    def __init__(self, lease: LaneLease) -> None:
        self._lease = lease

    async def admit(self, due: Sequence[Versioned[Message]]) -> Sequence[Versioned[Message]]:
        """Return the messages that the lane may send now.

        Messages that are tried again are among the first ones.
        """
        campaign = self._lease.campaign
        if campaign.canary is None or campaign.canary_passed:
            return due
        room = max(0, await self._room(campaign.canary.first))
        again = [tracked for tracked in due if tracked.value.attempt]
        fresh = [tracked for tracked in due if not tracked.value.attempt]
        if again or room:
            return [*again, *fresh[:room]]
        return due if await self._has_passed(campaign.canary) else []

    async def _room(self, first: int) -> int:
        """Return how many more of the first messages this lane may send."""
        lease = self._lease
        counts = await statistics.read_lane(lease.engine, lease.campaign, lease.name)
        claimed = sum(len(claim.attempts) for claim in lease.claims.values())
        return self._share(first) - _handed_over(counts) - claimed

    def look_again_at(self) -> datetime:
        """Return when to ask again where there is no room."""
        return self._lease.engine.clock.now() + _LOOK_AGAIN

    def _share(self, first: int) -> int:
        """Return how many of the first messages are this lane's."""
        lanes = self._lease.campaign.lanes
        return first // lanes + (int(self._lease.name) < first % lanes)

    async def _has_passed(self, canary: safety_limits.Canary) -> bool:
        """Judge the first messages, once they can be judged."""
        lease = self._lease
        counts = await statistics.read_one(lease.engine, lease.campaign)
        handed_over = _handed_over(counts)
        known = handed_over >= canary.first and not _undecided(lease, counts)
        if not known and not await self._has_waited(timedelta(seconds=canary.wait_s)):
            return False
        failed = counts[MessageStatus.FAILED]
        if failed * 100 > handed_over * canary.failed_percent:
            # Whoever resumes the campaign has decided that it goes on.
            await stop(lease.engine, lease.campaign, "canary_failed", also={"canary_passed": True})
            return False
        await self._pass()
        return True

    async def _has_waited(self, wait: timedelta) -> bool:
        now = self._lease.engine.clock.now()
        since = self._lease.data.get("canary_at")
        if since is None:
            await self._lease.commit(canary_at=now)
            return False
        return bool(now >= since + wait)

    async def _pass(self) -> None:
        lease = self._lease
        campaign = paths.campaign(lease.campaign.org, lease.campaign.id)
        await lease.commit(Update(campaign, {"canary_passed": True}))
        lease.campaign = replace(lease.campaign, canary_passed=True)


class Guardrail:
    """Pauses a campaign of whose last messages too many have failed."""

    def __init__(self, lease: LaneLease) -> None:
        self._lease = lease
        self._looked_at: datetime | None = None
        #: Messages judged, and failed ones of them, as they were; the oldest first.
        self._seen: deque[tuple[int, int]] = deque()

    async def look(self) -> None:
        """Look at what became of the last messages, once a second at most."""
        guardrail, now = self._lease.campaign.guardrail, self._lease.engine.clock.now()
        if guardrail is None or (self._looked_at and now - self._looked_at < _LOOK_EVERY):
            return
        self._looked_at = now
        counts = await statistics.read_one(self._lease.engine, self._lease.campaign)
        failed = counts[MessageStatus.FAILED]
        judged = _handed_over(counts) - _undecided(self._lease, counts)
        if self._too_many(judged, failed, guardrail):
            await stop(self._lease.engine, self._lease.campaign, "too_many_failed")

    def _too_many(self, judged: int, failed: int, guardrail: safety_limits.Guardrail) -> bool:
        """Compare with how it stood `of_last` messages ago, as far as we have seen that."""
        of_last = guardrail.of_last
        if not self._seen or judged - self._seen[-1][0] >= max(1, of_last // _PARTS):
            self._seen.append((judged, failed))
        while len(self._seen) > 1 and judged - self._seen[1][0] >= of_last:
            self._seen.popleft()
        judged_then, failed_then = self._seen[0]
        recent, bad = judged - judged_then, failed - failed_then
        return bool(recent >= of_last and bad * 100 > recent * guardrail.failed_percent)
