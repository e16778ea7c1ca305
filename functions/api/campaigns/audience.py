"""Whom a campaign would reach, over REST: counted when it is asked, by the launch's own rules."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field

from functions.domain.campaigns.campaign import Campaign
from functions.domain.messages.reasons import explain
from functions.domain.plans.words import why_left
from functions.engine.reporting.ahead import audience_count
from functions.engine.reporting.ahead.audience_count import LOOKED_AT, AudienceCount
from functions.web.auth import Area
from functions.web.caller_route import RestRoute, Viewer
from functions.web.fields import Id, Instant, ZonedInstant

router = APIRouter(prefix="/campaigns", tags=[Area.CAMPAIGNS], route_class=RestRoute)


class NotReached(BaseModel):
    """People who would get nothing, for one reason."""

    reason: str = Field(examples=["suppressed"])
    reason_words: str
    count: int = Field(description="How many people.")


class ShownAudienceCount(BaseModel):
    """Whom a campaign would reach if it started.

    `total` is `reached`, `by_fallback` and `not_reached` together.
    """

    campaign_id: str
    counted_at: Instant = Field(description="When it was counted.")
    at: Instant = Field(description="The start that it was counted for.")
    exact: bool = Field(
        description="False: a part of the people were looked at, and the figures are concluded"
        " from them; or, where total is null, are of them alone."
    )
    looked_at: int = Field(description=f"People who were looked at, some {LOOKED_AT} at most.")
    total: int | None = Field(
        description="People in the audience; null where only reading all of them would tell."
    )
    reached: int = Field(description="People for whom a message is made; of a plan: who enter.")
    waiting: int = Field(description="Those of them whose hours have to open first.")
    by_fallback: int = Field(
        description="People whom the campaign's own channel cannot reach, and a fallback is to."
    )
    not_reached: int = Field(description="People who get nothing.")
    reasons: list[NotReached] = Field(description="Why these get nothing, the largest first.")


@router.get("/{campaign_id}/audience")
async def count_audience(
    campaign_id: Id,
    context: Viewer,
    request: Request,
    at: Annotated[
        ZonedInstant | None,
        Query(description="The start; without it the campaign's time, or now."),
    ] = None,
) -> ShownAudienceCount:
    """Count whom a campaign that has not started would reach, and why others get nothing.

    It reads the audience as the launch does, for ten seconds at most; whoever hangs up ends that.
    """
    found = await audience_count.count(
        context.engine, context.org, campaign_id, at=at, has_gone=request.is_disconnected
    )
    return _shown(found)


def _shown(found: AudienceCount) -> ShownAudienceCount:
    tally = found.tally
    people = tally.looked_at if found.total is None else found.total
    share = people / tally.looked_at if tally.looked_at else 1.0
    reasons = [
        NotReached(reason=reason, reason_words=_words(found.campaign, reason), count=number)
        for reason, counted in tally.reasons.most_common()
        if (number := round(counted * share))
    ]
    by_fallback = round(tally.by_fallback * share)
    not_reached = sum(each.count for each in reasons)
    reached = people - by_fallback - not_reached
    return ShownAudienceCount(
        campaign_id=found.campaign.id,
        counted_at=found.counted_at,
        at=found.at,
        exact=found.exact,
        looked_at=tally.looked_at,
        total=found.total,
        reached=reached,
        waiting=min(reached, round(tally.waiting * share)),
        by_fallback=by_fallback,
        not_reached=not_reached,
        reasons=reasons,
    )


def _words(campaign: Campaign, reason: str) -> str:
    return why_left(reason) if campaign.plan else explain(reason)
