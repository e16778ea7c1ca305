"""The calendar over REST: what some days bring, and on which of them people may not be reached."""

from datetime import date, timedelta
from typing import Annotated, Final
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from functions.api.campaigns.limit_views import (
    ShownAudience,
    ShownSendWindow,
    shown_audience,
    shown_window,
)
from functions.domain.campaigns.status import CampaignStatus
from functions.domain.errors import InvalidFieldError
from functions.domain.kinds import CampaignKind, ChannelKind
from functions.domain.organisation import Organisation
from functions.domain.sending_rules.country_rules import closed_days
from functions.domain.times import check_zone, zone_of
from functions.engine.accounts import organisation
from functions.engine.reporting.ahead import calendar
from functions.engine.reporting.ahead.calendar import Days, Entry, EntryType
from functions.web.auth import Area
from functions.web.caller_route import RestRoute, Viewer
from functions.web.fields import Day, Instant, MaybeInstant

router = APIRouter(tags=[Area.CAMPAIGNS], route_class=RestRoute)

#: Days that are shown at once.
_MOST_DAYS: Final = 100
_USUAL: Final = timedelta(days=30)


class CalendarEntry(BaseModel):
    """Something that a day brings, and the campaign that it leads to."""

    type: EntryType = Field(
        description="campaign: its start, as it was or is to be; run: a coming run of its series;"
        " steps: people whose next step comes on that day."
    )
    at: Instant = Field(description="When; of steps: when the day begins.")
    date: str = Field(description="The day in the calendar's zone.", examples=["2026-03-02"])
    campaign_id: str = Field(description="It; of a run: the run of its series that waits.")
    name: str
    kind: CampaignKind
    channel: ChannelKind = Field(description="By what it is sent; of a plan its nodes say more.")
    status: CampaignStatus
    people: int | None = Field(description="How many people it is for; null: not known yet.")
    audience: ShownAudience | None = Field(
        description="Whom it is for, to see what meets on a day; null: of steps."
    )
    send_window: ShownSendWindow | None
    not_after: MaybeInstant
    ended_at: MaybeInstant
    run: int | None = Field(
        description="Which run of its series it is; null: it comes once.", examples=[3]
    )


class Holiday(BaseModel):
    """A day on which the rules in force let nobody of a country be reached by some channels."""

    date: str = Field(description="The day, wherever it is.", examples=["2026-07-14"])
    region: str
    name: str = Field(description="What the day is called.", examples=["National Day"])
    channels: list[ChannelKind] = Field(description="By which they may not be reached then.")


class ShownCalendar(BaseModel):
    """What some days bring."""

    model_config = {"populate_by_name": True}

    first: str = Field(alias="from", description="The first day.", examples=["2026-03-01"])
    to: str = Field(description="The last day.", examples=["2026-03-31"])
    zone: str = Field(description="Whose clocks days go by.", examples=["Europe/Berlin"])
    now: Instant = Field(description="When it was looked up.")
    complete: bool = Field(
        description="False: there is more. Fewer days show it, but not the runs of a series behind"
        " its next hundred."
    )
    entries: list[CalendarEntry] = Field(description="What they bring, in the order of time.")
    quiet_hours: dict[str, str] | None
    holidays: list[Holiday] = Field(description="Public holidays that the rules in force keep.")


@router.get("/calendar")
async def get_calendar(
    context: Viewer,
    first: Annotated[
        Day | None, Query(alias="from", description="The first day; without it today.")
    ] = None,
    last: Annotated[
        Day | None,
        Query(alias="to", description="The last day; without it the thirtieth behind the first."),
    ] = None,
    zone: Annotated[
        str,
        Query(
            max_length=64,
            description="Whose clocks days go by, IANA; without it the organisation's, or UTC.",
        ),
    ] = "",
) -> ShownCalendar:
    """Show the campaigns of some days, the coming runs of series, and the next steps of people."""
    decided = await organisation.load(context.engine, context.org)
    if zone:
        check_zone("zone", zone)
    name = zone or decided.default_zone or "UTC"
    now = context.engine.clock.now()
    days = _days(first or now.astimezone(zone_of(name)).date(), last, zone_of(name))
    found = await calendar.calendar(context.engine, context.org, days)
    return ShownCalendar(
        first=days.first.isoformat(),
        to=days.last.isoformat(),
        zone=name,
        now=now,
        complete=found.complete,
        entries=[_entry(each, days.zone) for each in found.entries],
        quiet_hours=None if decided.quiet_hours is None else dict(decided.quiet_hours),
        holidays=_holidays(decided, days) if context.engine.limits.windows else [],
    )


def _days(first: date, last: date | None, zone: ZoneInfo) -> Days:
    """Return the days that are asked for. Raises InvalidFieldError."""
    last = first + _USUAL if last is None else last
    if last < first:
        raise InvalidFieldError("to", "to: lies before from")
    if (last - first).days >= _MOST_DAYS:
        raise InvalidFieldError("to", f"to: must be within {_MOST_DAYS} days from the first one")
    return Days(first, last, zone)


def _entry(entry: Entry, zone: ZoneInfo) -> CalendarEntry:
    campaign = entry.campaign
    steps = entry.type is EntryType.STEPS
    return CalendarEntry(
        type=entry.type,
        at=entry.at,
        date=entry.at.astimezone(zone).date().isoformat(),
        campaign_id=campaign.id,
        name=campaign.name,
        kind=campaign.kind,
        channel=campaign.channel,
        status=campaign.status,
        people=entry.people,
        audience=None if steps else shown_audience(campaign.audience),
        send_window=shown_window(campaign),
        not_after=None if entry.type is EntryType.RUN else campaign.not_after,
        ended_at=campaign.ended_at,
        run=entry.run,
    )


def _holidays(decided: Organisation, days: Days) -> list[Holiday]:
    return [
        Holiday(
            date=each.day.isoformat(),
            region=each.region,
            name=each.name,
            channels=list(each.channels),
        )
        for each in closed_days(decided.country_rules, days.first, days.last)
    ]
