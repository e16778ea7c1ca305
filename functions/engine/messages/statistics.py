"""Statistics: how many messages of a campaign have each status, and how late they were sent.

The commit that changes messages changes the counts of their lanes' shards (counting.py), so
statistics are never wrong and never late.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from functions.domain.campaigns.campaign import Campaign
from functions.domain.messages.message import MessageStatus
from functions.engine import paths
from functions.engine.kernel.engine import Engine
from functions.engine.messages.shards import COUNTS, OPEN_TIER, may_be_folded, shard_paths, total
from functions.engine.messages.tallies import LATENESS_S

_STATUSES = frozenset(MessageStatus)
LATE = "late_"
#: What people do with a message. A message counts once for each, and nothing takes that away but
#: that it was a program.
REACTIONS = ("clicked", "replied", "complained", "opted_out")
REACTED = "reacted_"
#: Pending messages that have been tried before.
RETRYING = "retrying"
#: Attempts that have a result, or a receipt: what lanes have claimed beyond that is under way.
ATTEMPTS = "attempts"
#: Seconds of conversation.
DURATION = "duration_s"
#: Messages that are exhausted (Message.exhausted).
EXHAUSTED = "exhausted"
#: Messages that another one has followed, by their status.
FOLLOWED = "followed_"
#: What is told of lateness: what half of all kept to, and so on.
SHARES = (0.5, 0.95, 0.99)


class Statistics:
    """The statistics of one campaign: its messages by status, and how late they were sent."""

    def __init__(self, amounts: Mapping[str, int]) -> None:
        self._amounts = amounts

    def __getitem__(self, status: MessageStatus) -> int:
        return self._amounts.get(status, 0)

    @cached_property
    def total(self) -> int:
        """Messages of every status."""
        return sum(amount for name, amount in self._amounts.items() if name in _STATUSES)

    @property
    def by_status(self) -> dict[MessageStatus, int]:
        """Messages of each status."""
        return {status: self[status] for status in MessageStatus}

    @property
    def retrying(self) -> int:
        """Pending messages that have been tried before; counted where there is a canary."""
        return self._amounts.get(RETRYING, 0)

    def followed(self, status: MessageStatus) -> int:
        """Return how many messages of a status another one has followed, by a further channel."""
        return self._amounts.get(f"{FOLLOWED}{status}", 0)

    @property
    def exhausted(self) -> int:
        """Messages to people whom the next channel did not try (Message.exhausted)."""
        return self._amounts.get(EXHAUSTED, 0)

    @property
    def people(self) -> int:
        """Everybody once, by however many channels they were tried."""
        amounts = self._amounts.items()
        return self.total - sum(n for name, n in amounts if name.startswith(FOLLOWED))

    @property
    def reactions(self) -> dict[str, int]:
        """Messages with each of the REACTIONS."""
        return {name: self._amounts.get(f"{REACTED}{name}", 0) for name in REACTIONS}

    @property
    def amounts(self) -> Mapping[str, int]:
        """Every count by its name, those of walks too (engine/plans/counts.py)."""
        return self._amounts

    def with_handed_over(self, messages: int) -> "Statistics":
        """Return the same with so many of the messages that wait as being handed over."""
        moved = min(max(0, messages), self[MessageStatus.PENDING])
        shown = {
            str(MessageStatus.PENDING): self[MessageStatus.PENDING] - moved,
            str(MessageStatus.SENDING): self[MessageStatus.SENDING] + moved,
        }
        return Statistics({**self._amounts, **shown})

    @property
    def attempts(self) -> int:
        """Attempts of all messages together, of which something has been told."""
        return self._amounts.get(ATTEMPTS, 0)

    @property
    def duration_s(self) -> int:
        """Seconds of conversation, of all messages together."""
        return self._amounts.get(DURATION, 0)

    @property
    def lateness(self) -> Counter[int]:
        """Messages sent, by the number of the bound in LATENESS_S that their lateness kept to."""
        late = {name: n for name, n in self._amounts.items() if name.startswith(LATE)}
        return Counter({int(name.removeprefix(LATE)): amount for name, amount in late.items()})


async def read(engine: Engine, campaigns: Sequence[Campaign]) -> list[Statistics]:
    """Return the statistics of campaigns, in their order, by one read of all.

    They are given as they were read just now; nothing is read of those whose own documents tell
    all.
    """
    now = engine.clock.now()
    asked = [path for campaign in campaigns for path in _beside(campaign, now)]
    found = await engine.store.get_many(asked) if asked else []
    data = {document.path: document.data for document in found if document is not None}
    return [Statistics(_amounts(campaign, data)) for campaign in campaigns]


def _beside(campaign: Campaign, now: datetime) -> list[str]:
    """Return what is read of a campaign beside the document that it was made of.

    That one as well where its shards may have been folded since.
    """
    of_shards = shard_paths(campaign) if campaign.open_tier is not None else []
    if of_shards and may_be_folded(campaign, now=now):
        return [paths.campaign(campaign.org, campaign.id), *of_shards]
    return of_shards


def _amounts(campaign: Campaign, data: Mapping[str, Mapping[str, Any]]) -> Mapping[str, int]:
    """Return a campaign's counts, by what was found beside the document that it was made of."""
    counts, open_tier = campaign.counts, campaign.open_tier
    home = data.get(paths.campaign(campaign.org, campaign.id))
    if home is not None:
        counts, open_tier = home.get(COUNTS), home.get(OPEN_TIER, 0)
    if open_tier is None:
        return counts or {}
    return total(counts, *(data.get(path) for path in shard_paths(campaign)))


async def read_lane(engine: Engine, campaign: Campaign, lane: str) -> Statistics:
    """Return the statistics of the messages of one lane."""
    document = await engine.store.get(paths.statistics(campaign.org, campaign.id, lane))
    return Statistics(document.data if document else {})


async def read_one(engine: Engine, campaign: Campaign) -> Statistics:
    """Return a campaign's statistics."""
    return (await read(engine, [campaign]))[0]


def together(counts: Iterable[Statistics]) -> Statistics:
    """Return the statistics of several campaigns as those of one."""
    return Statistics(total(*(each.amounts for each in counts)))


@dataclass(frozen=True, slots=True)
class Lateness:
    """How many were late by how much, seconds: the lateness that a share of them kept to."""

    count: int
    shares: Mapping[float, float | None]  #: by share; None where there was none


def spread(lateness: Counter[int]) -> Lateness:
    """Return how late messages were sent, by the numbers of the bounds that they kept to."""
    return Lateness(lateness.total(), {share: percentile(lateness, share) for share in SHARES})


def percentile(lateness: Counter[int], share: float) -> float | None:
    """Return the lateness, seconds, that this share of messages kept to; None without any.

    It is the bound of a bucket: up to a quarter above the true value.
    """
    wanted = share * sum(lateness.values())
    seen = 0
    for number in sorted(lateness):
        seen += lateness[number]
        if seen >= wanted and seen:
            return LATENESS_S[min(number, len(LATENESS_S) - 1)]
    return None
