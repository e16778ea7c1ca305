"""Statistics: how many messages of a campaign have each status, kept with every change of one.

The commit that changes messages changes the counts of one shard, so statistics are never wrong and
never late. Shards keep lanes and receipts from writing to one document.
"""

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from functions.domain.campaigns.campaign import Campaign
from functions.domain.messages.ids import lane_number
from functions.domain.messages.message import Changes, Message, MessageStatus
from functions.engine import paths
from functions.engine.kernel.engine import Engine
from functions.engine.messages import tallies
from functions.engine.messages.tallies import LATENESS_S, Tally
from functions.engine.ports.store import Add

#: Receipts arrive several for each message and from everywhere: four shards for each lane.
_RECEIPT_SHARDS = 4
_STATUSES = frozenset(MessageStatus)
_LATE = "late_"
#: What people do with a message. A message counts once for each, and nothing takes that away but
#: that it was a program.
REACTIONS = ("clicked", "replied", "complained", "opted_out")
_REACTIONS_AT = frozenset(f"{name}_at" for name in REACTIONS)
_REACTED = "reacted_"
#: Pending messages that have been tried before.
_RETRYING = "retrying"
#: Seconds of conversation.
_DURATION = "duration_s"
#: Messages that are exhausted (Message.exhausted).
_EXHAUSTED = "exhausted"
#: Messages that another one has followed, by their status.
_FOLLOWED = "followed_"
#: What decides of messages as what they are counted besides their status.
_COUNTED_BY = ("status", "attempt", "send", "followed", "address")
#: What is told of lateness: what half of all kept to, and so on.
SHARES = (0.5, 0.95, 0.99)


def created(
    campaign: Campaign, shard: str, messages: Sequence[Mapping[str, Any]], *, now: datetime
) -> list[Add]:
    """Return the writes, if any are needed, that count new messages, given by their fields."""
    tally = tallies.created(campaign, messages, now=now)
    return _adds(campaign, shard, _statuses_of(messages) + tally.of_campaign, tally)


def amounts_of(
    campaign: Campaign, messages: Sequence[Mapping[str, Any]], *, now: datetime
) -> Counter[str]:
    """Return what new messages of a campaign at work add to a shard, given by their fields."""
    return _statuses_of(messages) + tallies.created(campaign, messages, now=now).of_campaign


def _statuses_of(messages: Iterable[Mapping[str, Any]]) -> Counter[str]:
    amounts = Counter(str(each["status"]) for each in messages)
    amounts.update(f"{_FOLLOWED}{each['status']}" for each in messages if each.get("followed"))
    return amounts


def changed(
    campaign: Campaign,
    shard: str,
    pairs: Sequence[tuple[Message, Changes]],
    *,
    now: datetime,
    created: Sequence[Mapping[str, Any]] = (),
) -> list[Add]:
    """Return the writes, if any are needed, that count messages which change.

    Each is given as it was and with what is written of it; `created` are the fields of those
    that are created beside them.
    """
    amounts = amounts_of(campaign, created, now=now)
    tally = tallies.changed(campaign, pairs, now=now)
    amounts.update(tally.of_campaign)
    _count_statuses(amounts, pairs)
    for message, changes in pairs:
        if message.sent_at is None and message.due_at and changes.get("sent_at"):
            late = (changes["sent_at"] - message.due_at).total_seconds()
            amounts[f"{_LATE}{bisect_left(LATENESS_S, late)}"] += 1
        if _DURATION in changes:
            amounts[_DURATION] += changes[_DURATION] - message.duration_s
        if not _REACTIONS_AT.isdisjoint(changes):
            amounts.update(f"{_REACTED}{name}" for name in _new_reactions(message, changes))
            amounts.subtract(f"{_REACTED}{name}" for name in _taken_back(message, changes))
    if campaign.canary or campaign.may_follow_up:
        _count_kinds(amounts, pairs)
    return _adds(campaign, shard, amounts, tally)


def _adds(campaign: Campaign, shard: str, amounts: Counter[str], tally: Tally) -> list[Add]:
    """Return the writes to a shard, and to days of the organisation where they are told at once."""
    org = campaign.org
    added = {paths.statistics(org, campaign.id, shard): amounts}
    added |= {paths.delivery_day(org, day): names for day, names in tally.of_days.items()}
    told = {path: {name: n for name, n in each.items() if n} for path, each in added.items()}
    return [Add(path, names) for path, names in told.items() if names]


def _count_statuses(amounts: Counter[str], pairs: Iterable[tuple[Message, Changes]]) -> None:
    """Count messages from one status to another; a chunk of them takes few different ways."""
    arrows = Counter(
        (before.status, changes.get("status", before.status)) for before, changes in pairs
    )
    for (before, after), count in arrows.items():
        amounts[str(before)] -= count
        amounts[str(after)] += count


def _count_kinds(amounts: Counter[str], pairs: Iterable[tuple[Message, Changes]]) -> None:
    """Count what messages are besides their status; of those that change alike one is looked at."""
    alike: defaultdict[Hashable, list[tuple[Message, Changes]]] = defaultdict(list)
    for message, changes in pairs:
        before = (message.status, message.attempt, message.send, message.followed)
        after = tuple(map(changes.get, _COUNTED_BY))
        alike[before, bool(message.address), after].append((message, changes))
    for group in alike.values():
        message, changes = group[0]
        for kind in _kinds(message):
            amounts[kind] -= len(group)
        for kind in _kinds(message._replace(**changes)):
            amounts[kind] += len(group)


def _kinds(message: Message) -> list[str]:
    """Return what a message is counted as besides its status."""
    retrying = message.status == MessageStatus.PENDING and message.attempt > 0
    kinds = {
        _RETRYING: retrying,
        _EXHAUSTED: message.exhausted,
        f"{_FOLLOWED}{message.status}": message.followed,
    }
    return [kind for kind, holds in kinds.items() if holds]


def _taken_back(before: Message, changes: Changes) -> list[str]:
    """Return the reactions that turned out to be a program's."""
    told = {name: f"{name}_at" for name in REACTIONS}
    return [
        name
        for name, at in told.items()
        if at in changes and changes[at] is None and getattr(before, at)
    ]


def _new_reactions(before: Message, changes: Changes) -> list[str]:
    """Return the reactions that a message has not had before."""
    return [
        name
        for name in REACTIONS
        if changes.get(f"{name}_at") and not getattr(before, f"{name}_at")
    ]


def receipt_shard(campaign: Campaign, message_id: str) -> str:
    """Return the shard that counts the receipts of a message."""
    return f"receipts-{lane_number(message_id, campaign.lanes * _RECEIPT_SHARDS)}"


def walk_shard(lane: str) -> str:
    """Return the shard that counts what a lane's walks come to."""
    return f"walk-{lane}"


def entry_shard(campaign: Campaign, enrollment_id: str) -> str:
    """Return the shard that counts those who enter, and what people change of a walk."""
    return f"entry-{lane_number(enrollment_id, campaign.lanes * _RECEIPT_SHARDS)}"


def shard_paths(campaign: Campaign) -> list[str]:
    """Return the documents that a campaign's statistics stand in."""
    return [paths.statistics(campaign.org, campaign.id, shard) for shard in _shards(campaign)]


def _shards(campaign: Campaign) -> list[str]:
    lanes, parts = campaign.lanes, campaign.lanes * _RECEIPT_SHARDS
    shards = ["launch", *map(str, range(lanes)), *(f"receipts-{part}" for part in range(parts))]
    if campaign.plan:
        shards += [walk_shard(name) for name in ("launch", *map(str, range(lanes)))]
        shards += [f"entry-{part}" for part in range(parts)]
    return shards


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
        return self._amounts.get(_RETRYING, 0)

    def followed(self, status: MessageStatus) -> int:
        """Return how many messages of a status another one has followed, by a further channel."""
        return self._amounts.get(f"{_FOLLOWED}{status}", 0)

    @property
    def exhausted(self) -> int:
        """Messages to people whom the next channel did not try (Message.exhausted)."""
        return self._amounts.get(_EXHAUSTED, 0)

    @property
    def people(self) -> int:
        """Everybody once, by however many channels they were tried."""
        return self.total - sum(map(self.followed, MessageStatus))

    @property
    def reactions(self) -> dict[str, int]:
        """Messages with each of the REACTIONS."""
        return {name: self._amounts.get(f"{_REACTED}{name}", 0) for name in REACTIONS}

    @property
    def amounts(self) -> Mapping[str, int]:
        """Every count by its name, those of walks too (engine/plans/counts.py)."""
        return self._amounts

    @property
    def duration_s(self) -> int:
        """Seconds of conversation, of all messages together."""
        return self._amounts.get(_DURATION, 0)

    @property
    def lateness(self) -> Counter[int]:
        """Messages sent, by the number of the bound in LATENESS_S that their lateness kept to."""
        late = {name: n for name, n in self._amounts.items() if name.startswith(_LATE)}
        return Counter({int(name.removeprefix(_LATE)): amount for name, amount in late.items()})


async def read(engine: Engine, campaigns: Sequence[Campaign]) -> list[Statistics]:
    """Return the statistics of campaigns, in their order, by one read of all."""
    wanted = list(map(shard_paths, campaigns))
    found = await engine.store.get_many([path for each in wanted for path in each])
    data = {document.path: document.data for document in found if document is not None}
    return [_sum(data.get(path, {}) for path in each) for each in wanted]


async def read_shard(engine: Engine, campaign: Campaign, shard: str) -> Statistics:
    """Return what one shard has counted, such as what one lane has moved."""
    document = await engine.store.get(paths.statistics(campaign.org, campaign.id, shard))
    return Statistics(document.data if document else {})


async def read_one(engine: Engine, campaign: Campaign) -> Statistics:
    """Return a campaign's statistics."""
    return (await read(engine, [campaign]))[0]


def together(counts: Iterable[Statistics]) -> Statistics:
    """Return the statistics of several campaigns as those of one."""
    return _sum(each.amounts for each in counts)


def _sum(shards: Iterable[Mapping[str, int]]) -> Statistics:
    amounts: dict[str, int] = {}
    for shard in shards:
        for name, amount in shard.items():
            amounts[name] = amounts.get(name, 0) + amount
    return Statistics(amounts)


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
