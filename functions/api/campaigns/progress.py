"""How a campaign goes: what its page asks for while it runs, its timeline, and its reasons."""

from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from functions.api.campaigns.views import ShownRecall, Stats, stats
from functions.domain.campaigns.status import CampaignStatus
from functions.domain.messages.message import MessageStatus
from functions.domain.messages.outcomes import Outcome
from functions.domain.messages.reasons import explain
from functions.engine.reporting import live
from functions.engine.reporting.live import Live
from functions.engine.reporting.timeline import Piece, timeline
from functions.web.auth import Area
from functions.web.caller_route import RestRoute, Viewer
from functions.web.fields import Id, Instant, MaybeInstant, ZonedInstant

router = APIRouter(prefix="/campaigns", tags=[Area.CAMPAIGNS], route_class=RestRoute)

#: What the answer that a page polls tells at most: it is to stay small.
_REASONS: Final = 5
_BUCKETS: Final = 3


class Bucket(BaseModel):
    """What became of messages in a piece of a campaign's time.

    A message counts when it was sent, whatever came of that, when it arrived or was answered, and
    when it was given up or left out.
    """

    at: Instant = Field(description="When the piece begins.")
    width_s: int = Field(description="How long it is, seconds: the older the campaign, the longer.")
    sent: int
    delivered: int
    failed: int
    skipped: int


class CampaignTimeline(BaseModel):
    """A campaign's time in pieces, oldest first; those without anything are left out."""

    campaign_id: str
    started_at: MaybeInstant
    now: Instant
    buckets: list[Bucket]


class CountedReason(BaseModel):
    """How many messages are where they are for one reason."""

    status: MessageStatus
    reason: str
    count: int


class ExplainedReason(CountedReason):
    """The same, with what the reason means."""

    reason_words: str


class CampaignReasons(BaseModel):
    """A campaign's messages by status and reason, the most first."""

    campaign_id: str
    reasons: list[ExplainedReason]


class Pace(BaseModel):
    """How fast a campaign sends, and how fast it may."""

    per_s: float | None = Field(description="Messages sent a second; null before the start.")
    over_s: float = Field(description="For how long that was measured, up to now, seconds.")
    allowed_per_s: float | None = Field(
        description="Messages a second that the slowest of its rates allows now; null: any number."
    )
    share: float = Field(
        description="Of its usual rate; below 1 where the provider has asked us to slow down."
    )
    whole_again_at: MaybeInstant = Field(
        description="When it is 1 again if nothing else happens; null: it is."
    )


class Pulse(BaseModel):
    """Whether somebody works on a campaign."""

    status: Literal["active", "idle", "stale"] = Field(
        description="stale: a worker was lost; the next check replaces it."
    )
    heartbeat_at: MaybeInstant = Field(description="When a worker was last heard of.")


class CampaignProgress(BaseModel):
    """How a campaign stands just now: what its page asks for again and again, kept small."""

    campaign_id: str
    status: CampaignStatus
    reason: str | None
    reason_words: str
    started_at: MaybeInstant
    paused_at: MaybeInstant
    ended_at: MaybeInstant
    updated_at: MaybeInstant
    start_lateness_s: float | None = Field(
        description="Seconds from the scheduled to the actual start; null: it has none."
    )
    stats: Stats
    people: int = Field(description="People who are to be reached, or were found not to be.")
    processed: int = Field(description="People for whom everything is done, or being done.")
    in_flight: int
    estimated_end_at: MaybeInstant = Field(
        description="When it is done if it goes on so; null where nobody can say."
    )
    rate: Pace = Field(description="How fast it sends, and how fast it may.")
    health: Pulse = Field(description="Whether somebody works on it.")
    recall: ShownRecall | None = Field(description="Of a campaign that was cancelled at work.")
    reasons: list[CountedReason] = Field(description="The most frequent ones.")
    more_reasons: int = Field(description="How many others there are.")
    timeline: list[Bucket] = Field(description="The newest pieces in which something happened.")


@router.get("/{campaign_id}/progress", response_model=CampaignProgress)
async def get_live_progress(campaign_id: Id, context: Viewer) -> dict[str, Any]:
    """Show how a campaign stands just now; small, to be asked again and again while it runs."""
    return _shown(await live.live(context.engine, context.org, campaign_id))


@router.get("/{campaign_id}/timeline", response_model=CampaignTimeline)
async def get_timeline(
    campaign_id: Id,
    context: Viewer,
    since: Annotated[
        ZonedInstant | None,
        Query(description="Only what ends after that; with its zone."),
    ] = None,
) -> dict[str, Any]:
    """Show what became of a campaign's messages, minute by minute at first, then coarser."""
    campaign, pieces = await timeline(context.engine, context.org, campaign_id, since=since)
    return {
        "campaign_id": campaign.id,
        "started_at": campaign.started_at,
        "now": context.engine.clock.now(),
        "buckets": list(map(_bucket, pieces)),
    }


@router.get("/{campaign_id}/reasons", response_model=CampaignReasons)
async def get_reasons(campaign_id: Id, context: Viewer) -> dict[str, Any]:
    """Show how many messages of a campaign wait, failed or were left out for each reason."""
    found = await live.reasons(context.engine, context.org, campaign_id)
    told = [_reason(each) | {"reason_words": explain(each.reason)} for each in found]
    return {"campaign_id": campaign_id, "reasons": told}


def _shown(seen: Live) -> dict[str, Any]:
    progress, campaign = seen.progress, seen.progress.campaign
    lateness = campaign.start_lateness
    return {
        **{name: getattr(campaign, name) for name in _OF_CAMPAIGN},
        "campaign_id": campaign.id,
        "reason_words": explain(campaign.reason or ""),
        "start_lateness_s": None if lateness is None else lateness.total_seconds(),
        "stats": stats(campaign, seen.counts),
        "people": progress.total,
        "processed": progress.processed,
        "in_flight": progress.in_flight,
        "estimated_end_at": progress.estimated_end_at,
        "rate": _pace(seen),
        "health": {"status": progress.health.status, "heartbeat_at": progress.health.heartbeat_at},
        "recall": None if seen.recalled is None else seen.recalled._asdict(),
        "reasons": list(map(_reason, seen.reasons[:_REASONS])),
        "more_reasons": max(0, len(seen.reasons) - _REASONS),
        "timeline": list(map(_bucket, seen.pieces[-_BUCKETS:])),
    }


_OF_CAMPAIGN: Final = ("status", "reason", "started_at", "paused_at", "ended_at", "updated_at")
_CHARTED: Final = (Outcome.SENT, Outcome.DELIVERED, Outcome.FAILED, Outcome.SKIPPED)


def _pace(seen: Live) -> dict[str, Any]:
    per_s = seen.pace.per_s
    return {
        "per_s": None if per_s is None else round(per_s, 2),
        "over_s": round(seen.pace.over_s, 1),
        "allowed_per_s": seen.allowed.per_s,
        "share": round(seen.allowed.share, 3),
        "whole_again_at": seen.allowed.whole_again_at,
    }


def _reason(counted: live.Reason) -> dict[str, Any]:
    return {"status": counted.status, "reason": counted.reason, "count": counted.count}


def _bucket(piece: Piece) -> dict[str, Any]:
    width = round((piece.until - piece.at).total_seconds())
    counts = {str(outcome): piece.counts.get(outcome, 0) for outcome in _CHARTED}
    return {"at": piece.at, "width_s": width, **counts}
