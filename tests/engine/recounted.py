"""Reasons, times, days and claims counted from messages, to hold the statistics against."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from functions.domain.campaigns.campaign import Campaign
from functions.domain.messages.message import Message
from functions.engine import paths
from functions.engine.kernel.claims import claims_of
from functions.engine.messages import tallies
from functions.engine.messages.moved_days import Moved
from functions.engine.messages.statistics import Statistics
from functions.engine.ports.store import Query, Store


def check_tallies(
    campaign: Campaign, messages: Iterable[Message], amounts: Mapping[str, int]
) -> None:
    """Compare a campaign's reasons and timeline with its messages."""
    expected = _recounted(campaign, messages)
    assert tallies.reasons_of(amounts) == tallies.reasons_of(expected)
    assert _timeline(amounts) == _timeline(expected)


def check_claims(
    lanes: Sequence[Mapping[str, Any]], messages: Sequence[Message], counts: Statistics
) -> None:
    """Compare what lanes have claimed with the attempts of messages, and what is under way."""
    claims = [claim for lane in lanes for claim in claims_of(lane).values()]
    open_ = sum(any(claim.names(each) for claim in claims) for each in messages)
    assert counts.attempts == sum(message.attempt for message in messages)
    assert sum(lane.get("claimed", 0) for lane in lanes) == counts.attempts + open_


def _timeline(amounts: Mapping[str, int]) -> dict[int, dict[str, int]]:
    return {start: dict(counts) for start, counts in tallies.timeline_of(amounts).items()}


def day_names(campaign: Campaign, messages: Iterable[Message]) -> Counter[str]:
    """Count what has become of messages, by day and by what a day calls it."""
    return days_within(campaign, _recounted(campaign, messages), Moved(None))


def days_within(campaign: Campaign, amounts: Mapping[str, int], seen: Moved) -> Counter[str]:
    """Return the counts of days of a campaign's shards that were not moved."""
    found = Counter[str]()
    for name, amount in amounts.items():
        if (told := tallies.of_day(name)) and not seen.has(campaign, told.tier):
            found[f"{told.day} {told.name}"] += amount
    return found


async def days_told(store: Store, org: str) -> Counter[str]:
    """Return the counts that stand with the days of an organisation."""
    documents = await store.query(Query(paths.delivery_days(org), limit=100_000))
    found = Counter[str]()
    for document in documents:
        found.update({f"{document.id} {name}": n for name, n in document.data.items()})
    return found


def _recounted(campaign: Campaign, messages: Iterable[Message]) -> Counter[str]:
    now = campaign.started_at or campaign.created_at
    return tallies.of(campaign, messages, now=now).of_campaign
