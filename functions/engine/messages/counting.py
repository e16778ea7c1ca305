"""Counting: what a commit adds to the statistics of the campaign whose messages it changes.

Shard n of a campaign's statistics counts the messages and the walks of lane n, whoever changes
them. So they are read in as many documents as the campaign has lanes, and lanes never write to
each other's. Once the campaign has ended they are folded (shards.py).
"""

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from typing import Any, Final

from functions.domain.campaigns.campaign import Campaign
from functions.domain.messages.ids import lane_number
from functions.domain.messages.message import Message, MessageStatus
from functions.engine import paths
from functions.engine.messages import tallies
from functions.engine.messages.alike import Alike, Pair, alike
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

_REACTIONS_AT: Final = {name: f"{name}_at" for name in REACTIONS}


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
            groups = alike(of_lane)
            self.add(lane, _changed(self._campaign, groups))
            self._tally(lane, tallies.changed(self._campaign, groups, now=self._now))

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


def _changed(campaign: Campaign, groups: Iterable[Alike]) -> Counter[str]:
    """Return what is added where messages change so, but for what tallies count."""
    amounts: Counter[str] = Counter()
    kinds = bool(campaign.canary) or campaign.may_follow_up
    for before, after, number in groups:
        amounts[ATTEMPTS] += number * (after.attempt - before.attempt)
        amounts[DURATION] += number * (after.duration_s - before.duration_s)
        if before.sent_at is None and before.due_at and after.sent_at:
            late = (after.sent_at - before.due_at).total_seconds()
            amounts[f"{LATE}{bisect_left(LATENESS_S, late)}"] += number
        for name in _names(before, kinds=kinds):
            amounts[name] -= number
        for name in _names(after, kinds=kinds):
            amounts[name] += number
    return amounts


def _names(message: Message, *, kinds: bool) -> Iterator[str]:
    """Yield what a message is counted as: its status, its reactions and, where asked, its kinds."""
    yield str(message.status)
    for name, at in _REACTIONS_AT.items():
        if getattr(message, at):
            yield f"{REACTED}{name}"
    if not kinds:
        return
    if message.status == MessageStatus.PENDING and message.attempt > 0:
        yield RETRYING
    if message.exhausted:
        yield EXHAUSTED
    if message.followed:
        yield f"{FOLLOWED}{message.status}"
