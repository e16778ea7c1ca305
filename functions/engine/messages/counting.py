"""Counting: what a commit adds to the statistics of the campaign whose messages it changes.

Shard n of a campaign's statistics counts the messages and the walks of lane n, whoever changes
them. So they are read in as many documents as the campaign has lanes, and lanes never write to
each other's. Once the campaign has ended they are folded (shards.py).
"""

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, TypeAlias

from functions.domain.campaigns.campaign import Campaign
from functions.domain.messages.ids import lane_number
from functions.domain.messages.message import Changes, Message, MessageStatus
from functions.engine import paths
from functions.engine.messages import tallies
from functions.engine.messages.shards import COUNTS, OPEN_TIER, total
from functions.engine.messages.statistics import (
    ATTEMPTS,
    DURATION,
    EXHAUSTED,
    FOLLOWED,
    LATE,
    REACTED,
    REACTIONS,
    RETRYING,
)
from functions.engine.messages.tallies import LATENESS_S, Tally
from functions.engine.ports.store import Add, Update, Write

Pair: TypeAlias = tuple[Message, Changes]
"""A message as it was, and what is written of it."""

_REACTIONS_AT = frozenset(f"{name}_at" for name in REACTIONS)
#: What decides of messages as what they are counted besides their status.
_COUNTED_BY = ("status", "attempt", "send", "followed", "address")


class Increments:
    """What one commit adds to the statistics of a campaign, and to days of its organisation."""

    def __init__(self, campaign: Campaign, *, now: datetime) -> None:
        self._campaign = campaign
        self._now = now
        self._lanes: defaultdict[int, Counter[str]] = defaultdict(Counter)
        self._days: defaultdict[date, Counter[str]] = defaultdict(Counter)

    def create(self, messages: Mapping[str, Mapping[str, Any]]) -> None:
        """Count new messages, given by their paths."""
        of_lanes: defaultdict[int, list[Mapping[str, Any]]] = defaultdict(list)
        for path, fields in messages.items():
            of_lanes[self.lane_of(path.rpartition("/")[2])].append(fields)
        for lane, new in of_lanes.items():
            self.add(lane, _statuses_of(new))
            self._tally(lane, tallies.created(self._campaign, new, now=self._now))

    def change(self, pairs: Iterable[Pair]) -> None:
        """Count messages that change."""
        of_lanes: defaultdict[int, list[Pair]] = defaultdict(list)
        for pair in pairs:
            of_lanes[self.lane_of(pair[0].id)].append(pair)
        for lane, of_lane in of_lanes.items():
            self.add(lane, _changed(self._campaign, of_lane))
            self._tally(lane, tallies.changed(self._campaign, of_lane, now=self._now))

    def add(self, lane: int, amounts: Mapping[str, int]) -> None:
        """Add to what a lane's shard counts."""
        counted = self._lanes[lane]
        for name, amount in amounts.items():
            counted[name] += amount

    def lane_of(self, id_: str) -> int:
        """Return the lane of the message, or of the walk, with this id."""
        return lane_number(id_, self._campaign.lanes)

    @property
    def amounts(self) -> dict[str, int]:
        """What is added, of all lanes together."""
        return _told(total(*self._lanes.values()))

    def writes(self) -> list[Write]:
        """Return the writes, if any are needed: one for each shard and each day."""
        org = self._campaign.org
        days = {paths.delivery_day(org, day): _told(names) for day, names in self._days.items()}
        return [
            *self._counts(),
            *(Add(path, names) for path, names in days.items() if names),
        ]

    def _counts(self) -> list[Write]:
        """Return the writes to the campaign's counts (shards.py)."""
        campaign = self._campaign
        home = paths.campaign(campaign.org, campaign.id)
        tier = tallies.tier_of(campaign, now=self._now)
        if tier is None or campaign.facts.counts_itself:
            amounts = self.amounts
            return [Add(home, amounts, must_exist=True, within=COUNTS)] if amounts else []
        of_lanes = {lane: _told(names) for lane, names in self._lanes.items()}
        writes: list[Write] = [
            Add(paths.statistics(campaign.org, campaign.id, lane), names)
            for lane, names in of_lanes.items()
            if names
        ]
        if writes and campaign.open_tier != tier:
            writes.append(Update(home, {OPEN_TIER: tier}))
        return writes

    def _tally(self, lane: int, tally: Tally) -> None:
        self.add(lane, tally.of_campaign)
        for day, names in tally.of_days.items():
            self._days[day].update(names)


def _told(names: Mapping[str, int]) -> dict[str, int]:
    return {name: amount for name, amount in names.items() if amount}


def _statuses_of(messages: Iterable[Mapping[str, Any]]) -> Counter[str]:
    amounts = Counter(str(each["status"]) for each in messages)
    amounts.update(f"{FOLLOWED}{each['status']}" for each in messages if each.get("followed"))
    return amounts


def _changed(campaign: Campaign, pairs: Sequence[Pair]) -> Counter[str]:
    """Return what is added where messages change so, but for what tallies count."""
    amounts: Counter[str] = Counter()
    _count_statuses(amounts, pairs)
    for message, changes in pairs:
        if message.sent_at is None and message.due_at and changes.get("sent_at"):
            late = (changes["sent_at"] - message.due_at).total_seconds()
            amounts[f"{LATE}{bisect_left(LATENESS_S, late)}"] += 1
        if "attempt" in changes:
            amounts[ATTEMPTS] += changes["attempt"] - message.attempt
        if DURATION in changes:
            amounts[DURATION] += changes[DURATION] - message.duration_s
        if not _REACTIONS_AT.isdisjoint(changes):
            amounts.update(f"{REACTED}{name}" for name in _new_reactions(message, changes))
            amounts.subtract(f"{REACTED}{name}" for name in _taken_back(message, changes))
    if campaign.canary or campaign.may_follow_up:
        _count_kinds(amounts, pairs)
    return amounts


def _count_statuses(amounts: Counter[str], pairs: Iterable[Pair]) -> None:
    """Count messages from one status to another; a chunk of them takes few different ways."""
    arrows = Counter(
        (before.status, changes.get("status", before.status)) for before, changes in pairs
    )
    for (before, after), count in arrows.items():
        amounts[str(before)] -= count
        amounts[str(after)] += count


def _count_kinds(amounts: Counter[str], pairs: Iterable[Pair]) -> None:
    """Count what messages are besides their status; of those that change alike one is looked at."""
    alike: defaultdict[Hashable, list[Pair]] = defaultdict(list)
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
        RETRYING: retrying,
        EXHAUSTED: message.exhausted,
        f"{FOLLOWED}{message.status}": message.followed,
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
