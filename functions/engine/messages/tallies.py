"""Tallies: what became of a campaign's messages by reason, by time and by day.

Each of these counts is told by the message alone. A change takes away what the message was counted
as before and adds what it is counted as now, so that the counts are those of the messages,
whatever happens to them and in whichever order.

The counts of days are moved from campaigns into the days of their organisation
(engine/scheduling/delivery_days.py), in TIERS: what is counted within so long of a campaign's end
is moved once that has passed. What comes still later is counted with the day at once.
"""

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any, Final, NamedTuple, TypeAlias
from urllib.parse import quote, unquote

from functions.domain.campaigns.campaign import Campaign
from functions.domain.messages.message import Message, MessageStatus, message_from
from functions.domain.messages.outcomes import ENDS, Outcome, outcomes_of
from functions.domain.messages.timeline import bucket_at
from functions.engine.messages.alike import Alike

#: How long after a campaign's end a tier ends.
TIERS: Final = (timedelta(hours=1), timedelta(days=1), timedelta(days=7))
#: A tier is moved so long after it is over: what was counted in it has been committed by then.
MARGIN: Final = timedelta(minutes=10)
#: Upper bounds of lateness, seconds; each is a tenth or more above the one before.
LATENESS_S: Final = tuple(round(0.01 * 1.25**number, 4) for number in range(72))
#: What is counted by day besides outcomes: by which bound of LATENESS_S messages were late.
LATE: Final = "late"

_MINUTE, _REASON, _DAY = "m_", "r_", "d"
_CHARTED: Final = frozenset({Outcome.SENT, Outcome.DELIVERED, Outcome.FAILED, Outcome.SKIPPED})
#: Statuses whose reasons are counted: those of messages that wait, or have come to an end.
_EXPLAINED: Final = frozenset({MessageStatus.PENDING, MessageStatus.COMPLETED, *ENDS})
_LONGEST_REASON: Final = 100

Names: TypeAlias = Counter[str]


class Sender(NamedTuple):
    """By what messages are sent: the channel, its provider, and who people see."""

    channel: str
    provider: str
    sender: str


class DayCount(NamedTuple):
    """What is counted of a day: an outcome with its reason, or how late, as a bound's number."""

    sender: Sender
    what: str
    detail: str  #: a reason, or the number of a bound; "" where there is none

    @property
    def name(self) -> str:
        """What it is called among an organisation's counts of that day."""
        shown = quote(self.sender.sender, safe="+@.")
        return f"{self.sender.channel}|{self.sender.provider}|{shown}|{self.what}|{self.detail}"


class Tally(NamedTuple):
    """What a change adds: to a campaign's shard, and to its organisation's days."""

    of_campaign: Names
    of_days: Mapping[date, Names]


class _DayKey(NamedTuple):
    """What is counted of a day, before it is named: few different ones of many messages."""

    day: int
    send: str
    what: str
    detail: str


_Key: TypeAlias = _DayKey | tuple[str, str | int, str]


def changed(campaign: Campaign, groups: Iterable[Alike], *, now: datetime) -> Tally:
    """Return what is to be added where messages change so."""
    counted: Counter[_Key] = Counter()
    for before, after, number in groups:
        for key in _keys(campaign, before):
            counted[key] -= number
        for key in _keys(campaign, after):
            counted[key] += number
    return _named(campaign, counted, now)


def created(campaign: Campaign, messages: Iterable[Mapping[str, Any]], *, now: datetime) -> Tally:
    """Return what is to be added where messages are created with such fields."""
    told = (
        message_from("", fields)
        for fields in messages
        if fields["status"] != MessageStatus.PENDING or fields.get("reason")
    )
    return of(campaign, told, now=now)


def of(campaign: Campaign, messages: Iterable[Message], *, now: datetime) -> Tally:
    """Return all that messages are counted as."""
    counted = Counter(key for message in messages for key in _keys(campaign, message))
    return _named(campaign, counted, now)


def _keys(campaign: Campaign, message: Message) -> Iterator[_Key]:
    """Yield all that a message is counted as."""
    began_at = campaign.started_at or campaign.created_at
    if message.reason and message.status in _EXPLAINED:
        yield _REASON, message.status, message.reason
    for outcome, at in outcomes_of(message):
        if outcome in _CHARTED:
            yield _MINUTE, bucket_at(at - began_at).start, outcome
        detail = message.reason if outcome in ENDS else ""
        yield _DayKey(_day_of(at), message.send, outcome, detail)
        if outcome is Outcome.SENT and message.due_at is not None:
            late = bisect_left(LATENESS_S, (at - message.due_at).total_seconds())
            yield _DayKey(_day_of(at), message.send, LATE, str(late))


_EPOCH: Final = date(1970, 1, 1).toordinal()
_DAY_S: Final = 86_400


def _day_of(at: datetime) -> int:
    """Return the ordinal of an instant's day in UTC."""
    return _EPOCH + int(at.timestamp() // _DAY_S)


def _named(campaign: Campaign, counted: Counter[_Key], now: datetime) -> Tally:
    """Return counts by their names."""
    names: Names = Counter()
    days: defaultdict[date, Names] = defaultdict(Counter)
    tier = tier_of(campaign, now=now)
    for key, amount in counted.items():
        if not amount:
            continue
        if not isinstance(key, _DayKey):
            kind, first, second = key
            names[f"{kind}{first}_{second[:_LONGEST_REASON]}"] += amount
            continue
        day, name = date.fromordinal(key.day), _name_of(campaign, key)
        if tier is None:
            days[day][name] += amount
        else:
            names[f"{_DAY}{tier}|{day}|{name}"] += amount
    return Tally(names, days)


def _name_of(campaign: Campaign, key: _DayKey) -> str:
    send = campaign.send(key.send)
    sender = Sender(send.channel, send.provider, send.sender)
    return DayCount(sender, key.what, key.detail[:_LONGEST_REASON]).name


def tier_of(campaign: Campaign, *, now: datetime) -> int | None:
    """Return the tier of what a campaign counts now; None: its days are told at once."""
    if campaign.ended_at is None:
        return 0
    since = now - campaign.ended_at
    return next((tier for tier, length in enumerate(TIERS) if since < length), None)


# --- What shards tell -----------------------------------------------------------------------------


def reasons_of(amounts: Mapping[str, int]) -> dict[tuple[str, str], int]:
    """Return how many messages have each status and reason."""
    told = {}
    for name, amount in _named_so(amounts, _REASON):
        status, _, reason = name.removeprefix(_REASON).partition("_")
        told[status, reason] = amount
    return told


def timeline_of(amounts: Mapping[str, int]) -> dict[int, Counter[str]]:
    """Return what has happened in each bucket, by its start, in seconds since the campaign's."""
    buckets: defaultdict[int, Counter[str]] = defaultdict(Counter)
    for name, amount in _named_so(amounts, _MINUTE):
        start, _, outcome = name.removeprefix(_MINUTE).partition("_")
        buckets[int(start)][outcome] += amount
    return dict(sorted(buckets.items()))


def _named_so(amounts: Mapping[str, int], start: str) -> Iterator[tuple[str, int]]:
    return ((name, n) for name, n in amounts.items() if n and name.startswith(start))


class OfDay(NamedTuple):
    """A count of one day that still stands in a campaign's shard."""

    tier: int
    day: date
    name: str  #: what it is called among the organisation's counts of that day


def of_day(name: str) -> OfDay | None:
    """Read the name of a shard's count; None where it is none of a day."""
    head, _, rest = name.partition("|")
    if not rest or not head.startswith(_DAY):
        return None
    day, _, within = rest.partition("|")
    return OfDay(int(head.removeprefix(_DAY)), date.fromisoformat(day), within)


@lru_cache(maxsize=10_000)
def day_count(name: str) -> DayCount:
    """Read what an organisation's count of a day is called."""
    channel, provider, sender, what, detail = name.split("|", 4)
    return DayCount(Sender(channel, provider, unquote(sender)), what, detail)


def today(now: datetime) -> date:
    """Return the day that an instant belongs to: days are those of UTC."""
    return now.astimezone(UTC).date()
