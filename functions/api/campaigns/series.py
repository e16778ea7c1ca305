"""Broadcasts that repeat themselves, over REST: their runs, and one that is passed over."""

from fastapi import APIRouter
from pydantic import BaseModel, Field

from functions.api.campaigns.bodies import RRULE, StopReason
from functions.domain.calendar.rule_words import rule_words
from functions.domain.calendar.rules import parse_rule
from functions.domain.campaigns.campaign import Campaign
from functions.domain.campaigns.repeat import Repeat
from functions.domain.campaigns.status import CampaignStatus
from functions.domain.messages.message import MessageStatus
from functions.domain.times import iso, zone_of
from functions.engine.campaigns.writing import series
from functions.engine.campaigns.writing.series import COUNTED
from functions.web.auth import Area
from functions.web.caller_route import Operator, RestRoute, Viewer
from functions.web.fields import Id, Instant

router = APIRouter(prefix="/campaigns", tags=[Area.CAMPAIGNS], route_class=RestRoute)


class ShownRun(BaseModel):
    """Which run of a series a campaign is, and how the series goes on."""

    series: str = Field(description="The id of the series: that of its first run.")
    number: int = Field(description="Which run it is; the first is 1.", examples=[1])
    occurrence: Instant = Field(description="The time that it stands for, wherever it is moved.")
    rrule: str = Field(description="The rule of RFC 5545.", examples=[RRULE])
    zone: str = Field(description="Whose clocks it goes by.", examples=["America/New_York"])
    count: int | None = Field(description="How many runs there are; null: no end by number.")
    until: str | None = Field(description="No run comes after this instant; null: no end by time.")
    words: str = Field(description="The rule in words.", examples=["every Monday at 09:00"])
    following: str | None = Field(
        description="The id of the next run; null: not made yet, or this is the last."
    )


class SkippedRun(BaseModel):
    """A run that was passed over, and the next one."""

    campaign_id: str = Field(description="The run that was passed over.")
    status: CampaignStatus = Field(description="Where it stands now: cancelled.")
    following: str | None = Field(description="The id of the next run; null: it was the last.")
    scheduled_at: str | None = Field(description="When the next run starts.")


class RunCounts(BaseModel):
    """A run of a series, and what became of its messages."""

    campaign_id: str = Field(description="The run.")
    number: int = Field(description="Which run it is; the first is 1.", examples=[1])
    status: CampaignStatus = Field(description="Where it stands.")
    scheduled_at: str | None = Field(description="When it starts, or should have.")
    messages: dict[MessageStatus, int] = Field(description="Its messages by what became of them.")


class ShownSeries(BaseModel):
    """A series: its newest runs, a hundred at most, and the messages of all of these."""

    run: ShownRun = Field(description="The run that was asked for.")
    runs: list[RunCounts] = Field(description="The newest runs, the newest first.")
    counted: int = Field(description=f"How many runs these are, {COUNTED} at most.")
    messages: dict[MessageStatus, int] = Field(description="The messages of all of these.")


@router.get("/{campaign_id}/series")
async def get_series(campaign_id: Id, context: Viewer) -> ShownSeries:
    """Show the runs of a broadcast that repeats itself, by any one of them."""
    found = await series.read(context.engine, context.org, campaign_id)
    return ShownSeries(
        run=_shown(found.asked, found.repeat),
        runs=[
            RunCounts(
                campaign_id=each.id,
                number=each.repeat.number if each.repeat else 1,
                status=each.status,
                scheduled_at=iso(each.scheduled_at),
                messages=counts.by_status,
            )
            for each, counts in found.runs
        ],
        counted=len(found.runs),
        messages=found.total.by_status,
    )


@router.post("/{campaign_id}/skip")
async def skip_run(campaign_id: Id, context: Operator, why: StopReason | None = None) -> SkippedRun:
    """Pass over a run that has not started; the next one comes at its time.

    Whoever cancels it instead ends the series.
    """
    reason = why.reason if why else None
    engine, org = context.engine, context.org
    skipped = await series.skip(engine, org, campaign_id, by=context.by, reason=reason)
    following = await series.following(engine, skipped)
    return SkippedRun(
        campaign_id=campaign_id,
        status=skipped.status,
        following=following.id if following else None,
        scheduled_at=iso(following.scheduled_at) if following else None,
    )


def shown_run(campaign: Campaign) -> ShownRun | None:
    """Show which run of a series a campaign is; None where it comes once."""
    return _shown(campaign, campaign.repeat) if campaign.repeat else None


def _shown(campaign: Campaign, repeat: Repeat) -> ShownRun:
    rule = parse_rule(repeat.rrule)
    whole = rule._replace(times=rule.times or repeat.times, until=rule.until or repeat.until)
    return ShownRun(
        series=campaign.series,
        number=repeat.number,
        occurrence=iso(repeat.occurrence),
        rrule=repeat.rrule,
        zone=repeat.zone,
        count=repeat.times,
        until=iso(repeat.until),
        words=rule_words(whole, repeat.begins_at, zone_of(repeat.zone)),
        following=repeat.following or None,
    )
