"""Delivery: what became of an organisation's messages, by day, channel, provider and sender.

Most of it stands with the days of the organisation (engine/scheduling/delivery_days.py); what does
not yet is read of the campaigns at work and of those that ended lately, up to a bound.
"""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Final, NamedTuple

from functions.domain.campaigns.campaign import Campaign, campaign_from
from functions.domain.campaigns.rules_in_force import RulesInForce, rules_of
from functions.domain.campaigns.send import Send
from functions.domain.campaigns.status import CampaignStatus
from functions.domain.kinds import ChannelKind
from functions.domain.messages.outcomes import ENDS
from functions.engine import paths
from functions.engine.accounts import organisation
from functions.engine.kernel.engine import Engine, ProviderMissingError
from functions.engine.messages import moved_days, statistics, tallies
from functions.engine.messages.moved_days import Moved
from functions.engine.messages.statistics import Lateness
from functions.engine.messages.tallies import LATE, DayCount, Sender
from functions.engine.pacing import rate_scopes
from functions.engine.pacing.rate_scopes import Scope
from functions.engine.pacing.reservation import furthest
from functions.engine.ports.store import Query, Where

#: Of so many campaigns that run, are paused, or ended lately the newest counts are read.
_READ: Final[Mapping[str, int]] = {"running": 50, "paused": 50, "ended": 100}
#: Counts may be moved while they are read: then all of them are read once more, so often at most.
_TRIES: Final = 3


class Wanted(NamedTuple):
    """What a report is about; an empty name: all of them."""

    first: date  #: days of UTC, both included
    last: date
    channel: str = ""
    provider: str = ""
    sender: str = ""

    def holds(self, day: date, sender: Sender) -> bool:
        """Tell whether something of a day is part of the report."""
        pairs = zip((self.channel, self.provider, self.sender), sender, strict=True)
        return self.first <= day <= self.last and all(not asked or asked == n for asked, n in pairs)


@dataclass(slots=True)
class Figures:
    """What became of messages."""

    outcomes: Counter[str] = field(default_factory=Counter)
    reasons: Counter[tuple[str, str]] = field(default_factory=Counter)  #: by outcome and reason
    late: Counter[int] = field(default_factory=Counter)  #: by the number of a bound

    def add(self, counted: DayCount, amount: int) -> None:
        """Add a count of a day."""
        if counted.what == LATE:
            self.late[int(counted.detail)] += amount
            return
        self.outcomes[counted.what] += amount
        if counted.what in ENDS and counted.detail:
            self.reasons[counted.what, counted.detail] += amount

    def update(self, others: "Figures") -> None:
        """Add others."""
        self.outcomes.update(others.outcomes)
        self.reasons.update(others.reasons)
        self.late.update(others.late)

    @property
    def lateness(self) -> Lateness:
        """How late messages were sent."""
        return statistics.spread(+self.late)


class Throttle(NamedTuple):
    """How fast a sender may send."""

    rate_per_s: float | None = None  #: its usual rate; None: any
    allowed_per_s: float | None = None  #: now
    share: float = 1.0  #: of its usual rate; below 1 where its provider has asked us to slow down
    slowed_at: datetime | None = None
    whole_again_at: datetime | None = None
    held_until: datetime | None = None  #: nothing is sent before then
    left_today: int | None = None  #: of a sender that is being warmed up


@dataclass(frozen=True, slots=True)
class Report:
    """What became of an organisation's messages."""

    now: datetime
    days: Mapping[tuple[date, Sender], Figures]
    senders: Mapping[Sender, Figures]
    throttles: Mapping[Sender, Throttle]
    total: Figures
    left_out: int  #: campaigns at work or just ended whose newest counts were not read


async def report(engine: Engine, org: str, wanted: Wanted) -> Report:
    """Return what became of an organisation's messages on some days."""
    counts, left_out = await _counts(engine, org, wanted)
    days: defaultdict[tuple[date, Sender], Figures] = defaultdict(Figures)
    senders: defaultdict[Sender, Figures] = defaultdict(Figures)
    total = Figures()
    for (day, name), amount in counts.items():
        counted = tallies.day_count(name)
        if wanted.holds(day, counted.sender):
            days[day, counted.sender].add(counted, amount)
    for (_, sender), figures in days.items():
        senders[sender].update(figures)
        total.update(figures)
    throttles = await _throttles(engine, org, list(senders))
    return Report(engine.clock.now(), days, senders, throttles, total, left_out)


async def _counts(
    engine: Engine, org: str, wanted: Wanted
) -> tuple[Counter[tuple[date, str]], int]:
    """Return counts by day and name, those that were moved and those that were not yet."""
    for _ in range(_TRIES):
        seen = await moved_days.moved(engine)
        told, (fresh, left_out) = await asyncio.gather(
            _told(engine, org, wanted), _fresh(engine, org, seen)
        )
        if (await moved_days.moved(engine)).version == seen.version:
            break
    told.update(fresh)
    return told, left_out


async def _told(engine: Engine, org: str, wanted: Wanted) -> Counter[tuple[date, str]]:
    """Return what stands with the days."""
    length = (wanted.last - wanted.first).days + 1
    days = [wanted.first + timedelta(days=number) for number in range(length)]
    found = await engine.store.get_many([paths.delivery_day(org, day) for day in days])
    documents = zip(days, found, strict=True)
    return Counter(
        {(day, name): n for day, each in documents if each for name, n in each.data.items()}
    )


async def _fresh(engine: Engine, org: str, seen: Moved) -> tuple[Counter[tuple[date, str]], int]:
    """Return what campaigns have counted that was not moved, and how many of them were left out."""
    queries = _queries(org, seen)
    found, sizes = await asyncio.gather(
        asyncio.gather(*(engine.store.query(query) for query in queries)),
        asyncio.gather(*(engine.store.count(query) for query in queries)),
    )
    documents = {each.path: each for page in found for each in page}
    campaigns = [campaign_from(org, each.id, each.data) for each in documents.values()]
    counted = await statistics.read(engine, campaigns)
    counts: Counter[tuple[date, str]] = Counter()
    for campaign, each in zip(campaigns, counted, strict=True):
        counts.update(dict(_unmoved(campaign, each.amounts, seen)))
    return counts, max(0, sum(sizes) - len(campaigns))


def _queries(org: str, seen: Moved) -> list[Query]:
    """Return the queries for campaigns whose counts may not have been moved, the newest first."""
    last = seen.behind(len(tallies.TIERS) - 1)
    since = (Where("ended_at", ">=", last[0]),) if last else ()
    at_work = [
        Query(paths.campaigns(org), (Where("status", "==", each),), ("-created_at",), _READ[each])
        for each in (CampaignStatus.RUNNING, CampaignStatus.PAUSED)
    ]
    return [*at_work, Query(paths.campaigns(org), since, ("-ended_at",), _READ["ended"])]


def _unmoved(
    campaign: Campaign, amounts: Mapping[str, int], seen: Moved
) -> Iterator[tuple[tuple[date, str], int]]:
    found: Counter[tuple[date, str]] = Counter()
    for name, amount in amounts.items():
        told = tallies.of_day(name)
        if told and not seen.has(campaign, told.tier):
            found[told.day, told.name] += amount
    yield from found.items()


# --- Throttles ------------------------------------------------------------------------------------


async def _throttles(engine: Engine, org: str, senders: Sequence[Sender]) -> dict[Sender, Throttle]:
    """Return how fast senders may send now, by the organisation's rules as they are now."""
    rules = rules_of(await organisation.load(engine, org))
    scopes = {sender: scope for sender in senders if (scope := _scope(engine, org, sender, rules))}
    found = await engine.store.get_many([scope.path for scope in scopes.values()])
    states = rate_scopes.states(list(scopes.values()), found)
    now = engine.clock.now()
    known = {
        sender: Throttle(
            state.scope.rate_per_s,
            state.rate_at(now),
            state.slowdown.share_at(now),
            state.slowdown.at,
            state.slowdown.whole_again_at(now),
            state.held_until(now, reserved=furthest(engine.limits.reserve_ahead)),
            state.left_today(now),
        )
        for sender, state in zip(scopes, states, strict=True)
    }
    return {sender: known.get(sender, Throttle()) for sender in senders}


def _scope(engine: Engine, org: str, sender: Sender, rules: RulesInForce) -> Scope | None:
    """Return the rate of a sender; None where its provider is not set up any more."""
    send = Send("", ChannelKind(sender.channel), sender.provider, sender.sender)
    try:
        return rate_scopes.sender(engine, org, send, rules)
    except ProviderMissingError:
        return None
