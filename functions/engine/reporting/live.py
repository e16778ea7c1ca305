"""How a campaign stands just now: all that its page asks for while it runs.

It costs two reads beside the campaign's statistics: the campaign, and its lanes with the rates
that hold for it.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from functions.domain.campaigns.campaign import Campaign
from functions.domain.campaigns.send import Send
from functions.engine.campaigns.lifecycle import load
from functions.engine.kernel.claims import handed_over
from functions.engine.kernel.engine import Engine, ProviderMissingError
from functions.engine.messages import statistics, tallies
from functions.engine.messages.statistics import Statistics
from functions.engine.pacing import rate_scopes
from functions.engine.pacing.rate_scopes import Scope, State
from functions.engine.reporting import recalls
from functions.engine.reporting.progress import Progress, lane_paths, progress_from
from functions.engine.reporting.recalls import Recalled
from functions.engine.reporting.timeline import Pace, Piece, pace_of, pieces_of


@dataclass(frozen=True, slots=True)
class Allowed:
    """The rate that holds for a campaign now."""

    per_s: float | None  #: None: none holds
    share: float  #: of its usual rate; below 1 where its provider has asked us to slow down
    whole_again_at: datetime | None


@dataclass(frozen=True, slots=True)
class Reason:
    """How many messages are where they are for one reason."""

    status: str
    reason: str
    count: int


@dataclass(frozen=True, slots=True)
class Live:
    """How a campaign stands just now."""

    progress: Progress
    counts: Statistics
    pace: Pace
    allowed: Allowed
    reasons: Sequence[Reason]
    pieces: Sequence[Piece]
    recalled: Recalled | None


async def live(engine: Engine, org: str, campaign_id: str) -> Live:
    """Return how a campaign stands just now. Raises NotFoundError."""
    campaign = await load(engine, org, campaign_id)
    scopes, lanes = _scopes(engine, campaign), lane_paths(campaign)
    wanted = [*lanes, *(scope.path for scope in scopes)]
    counts, found, recalled = await asyncio.gather(
        statistics.read_one(engine, campaign),
        engine.store.get_many(wanted),
        recalls.read_one(engine, campaign),
    )
    now = engine.clock.now()
    states = rate_scopes.states(scopes, found[len(lanes) :])
    beats = found[: len(lanes)]
    counts = counts.with_handed_over(handed_over(beats, counts.attempts))
    return Live(
        progress_from(campaign, counts, beats, now=now),
        counts,
        pace_of(campaign, counts, now=now),
        _allowed(states, now),
        reasons_of(counts),
        pieces_of(campaign, counts),
        recalled,
    )


async def reasons(engine: Engine, org: str, campaign_id: str) -> list[Reason]:
    """Return how many messages are where they are for each reason. Raises NotFoundError."""
    campaign = await load(engine, org, campaign_id)
    return reasons_of(await statistics.read_one(engine, campaign))


def reasons_of(counts: Statistics) -> list[Reason]:
    """Return a campaign's messages by status and reason, the most first."""
    told = tallies.reasons_of(counts.amounts)
    found = [Reason(*key, count) for key, count in told.items() if count > 0]
    return sorted(found, key=lambda each: (-each.count, each.status, each.reason))


def _scopes(engine: Engine, campaign: Campaign) -> list[Scope]:
    """Return the rates that hold for what a campaign says first, each once."""
    sends: Sequence[Send] = campaign.entry_routes if campaign.plan else [campaign.own_send]
    try:
        found = [each for send in sends for each in rate_scopes.of(engine, campaign, send)]
    except ProviderMissingError:
        return []  # Nothing is sent by it here, and nobody knows how fast it may be.
    return list({scope.path: scope for scope in found}.values())


def _allowed(states: Sequence[State], now: datetime) -> Allowed:
    rates = [rate for state in states if (rate := state.rate_at(now)) is not None]
    slowest = min(states, key=lambda state: state.slowdown.share_at(now), default=None)
    if slowest is None:
        return Allowed(None, 1.0, None)
    slowdown = slowest.slowdown
    return Allowed(min(rates, default=None), slowdown.share_at(now), slowdown.whole_again_at(now))
