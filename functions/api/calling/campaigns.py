"""The functions that create, steer and show campaigns."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any

from fastapi import APIRouter
from fastapi.responses import Response, StreamingResponse
from pydantic import AfterValidator, Field

from functions.api.warnings import told_warnings
from functions.domain.campaigns.status import Action
from functions.domain.contacts.phones import parse_phone
from functions.domain.errors import InvalidFieldError
from functions.domain.kinds import ChannelKind
from functions.domain.messages.ids import whole_id
from functions.domain.messages.message import MessageStatus
from functions.domain.times import iso
from functions.domain.urls.public_urls import BOT_SCHEMES, check_public_url
from functions.engine.campaigns import copies, creation, lifecycle, single_message
from functions.engine.campaigns.senders import provider_of
from functions.engine.campaigns.warnings import warnings_of
from functions.engine.campaigns.writing import series
from functions.engine.messages import statistics
from functions.engine.reporting import reports
from functions.engine.reporting.progress import Progress, in_flight, progress_of
from functions.engine.reporting.reports import MessageFilter
from functions.settings.providers import PROVIDERS
from functions.web.auth import Area
from functions.web.caller_route import CallerContext, CallerRoute, Operator, Viewer
from functions.web.fields import (
    Body,
    Cursor,
    Id,
    MachineDetection,
    Name,
    PageSize,
    PhoneNumber,
    Reason,
    ScheduledTime,
    Url,
    example,
)

router = APIRouter(tags=["campaigns"], route_class=CallerRoute)

_VOICE_PROVIDERS = sorted(row.name for row in PROVIDERS if row.kind == "voice")


def _known_provider(name: str) -> str:
    if name not in _VOICE_PROVIDERS:
        raise ValueError(f"must be one of {', '.join(_VOICE_PROVIDERS)}")
    return name


VoiceProvider = Annotated[
    str, AfterValidator(_known_provider), Field(json_schema_extra={"enum": [*_VOICE_PROVIDERS]})
]


class NewVoiceCampaign(Body):
    """A campaign to be started at once, or at scheduledTime."""

    model_config = example(
        {
            "campaignName": "Spring",
            "listId": "4f2a8c01",
            "fromNumber": "+12025550199",
            "wssUrl": "wss://bot.example.com/stream",
            "scheduledTime": "2030-03-02T09:00:00+03:00",
        }
    )

    campaign_name: Name
    list_id: Id
    from_number: PhoneNumber
    wss_url: Url
    client_id: Id | None = None
    provider: VoiceProvider | None = None
    machine_detection: MachineDetection = ""
    scheduled_time: ScheduledTime | None = None
    scheduled_by: Name | None = None


class OneCampaign(Body):
    """The campaign that is meant."""

    model_config = example({"campaignId": "4f2a8c01"})

    campaign_id: Id


class Stop(OneCampaign):
    """The campaign that is to be stopped, and why: for the audit trail and its progress."""

    model_config = example({"campaignId": "4f2a8c01", "reason": "lunch"})

    reason: Reason | None = None


class Retry(OneCampaign):
    """A finished campaign whose people are to be called again."""

    model_config = example({"campaignId": "4f2a8c01", "includeUnknown": False})

    include_unknown: bool = False


class Reschedule(OneCampaign):
    """A scheduled campaign and its new start."""

    model_config = example({"campaignId": "4f2a8c01", "scheduledTime": "2030-03-02T09:00:00Z"})

    scheduled_time: ScheduledTime


class SingleCall(Body):
    """One call outside a campaign."""

    model_config = example(
        {"from": "+12025550199", "to": "+12025550123", "wssUrl": "wss://bot.example.com/stream"}
    )

    from_: PhoneNumber = Field(alias="from")
    to: PhoneNumber
    wss_url: Url
    provider: VoiceProvider | None = None
    machine_detection: MachineDetection = ""


Seconds = Annotated[int, Field(ge=0, le=10_000_000)]


class Filters(Body):
    """Which messages a report shows: those that all of these hold for."""

    status: MessageStatus | None = None
    min_duration: Seconds | None = Field(None, description="Seconds of conversation at least.")
    max_duration: Seconds | None = Field(None, description="Seconds of conversation at most.")


class ReportQuery(OneCampaign):
    """A page of a report, or all of it as CSV."""

    model_config = example(
        {"campaignId": "4f2a8c01", "limit": 100, "filters": {"status": "failed"}}
    )

    cursor: Cursor = ""
    limit: PageSize = 100
    filters: Filters = Filters()
    is_download: bool = False


@router.post("/create-campaign")
async def create_campaign(new: NewVoiceCampaign, context: Operator) -> dict[str, Any]:
    """Create a campaign and start it now, or at scheduledTime."""
    wish = creation.NewVoiceCampaign(
        name=new.campaign_name,
        sender=new.from_number,
        bot_url=_bot_url(context, new.wss_url),
        provider=_provider(context, new.provider),
        by=context.by,
        client_id=new.client_id,
        machine_detection=new.machine_detection,
        scheduled_at=new.scheduled_time,
        scheduled_by=new.scheduled_by or context.by,
    )
    with _sender_called("fromNumber"):
        made = await creation.create_for_list(context.engine, context.org, wish, new.list_id)
    more = told_warnings(await warnings_of(context.engine, made))
    if made.scheduled_at is None:
        return _done("Campaign started successfully", campaignId=made.id, **more)
    time = iso(made.scheduled_at)
    message = f"Campaign scheduled successfully for {time}"
    return _done(message, campaignId=made.id, scheduledTime=time, **more)


@router.post("/pause-campaign")
async def pause_campaign(wanted: Stop, context: Operator) -> dict[str, Any]:
    """Stop calling; calls already with the carrier are told in `inFlight`."""
    in_flight = await _stop(context, wanted, Action.PAUSE)
    return _success(
        "Campaign paused successfully", campaignId=wanted.campaign_id, inFlight=in_flight
    )


@router.post("/resume-campaign")
async def resume_campaign(wanted: OneCampaign, context: Operator) -> dict[str, Any]:
    """Go on calling where the campaign was paused."""
    org, id_ = context.org, wanted.campaign_id
    await series.resume(context.engine, org, id_, by=context.by)
    progress = await progress_of(context.engine, org, id_)
    return _success(
        f"Campaign resumed from position {progress.processed}",
        campaignId=id_,
        remainingContacts=progress.total - progress.processed,
    )


@router.post("/cancel-campaign")
async def cancel_campaign(wanted: Stop, context: Operator) -> dict[str, Any]:
    """End a campaign; calls already with the carrier are told in `inFlight`."""
    in_flight = await _stop(context, wanted, Action.CANCEL)
    message = "Campaign cancelled successfully"
    return {"success": True, **_done(message, campaignId=wanted.campaign_id, inFlight=in_flight)}


@router.post("/reschedule-campaign")
async def reschedule_campaign(wanted: Reschedule, context: Operator) -> dict[str, Any]:
    """Move the start of a campaign that still waits for it."""
    await lifecycle.reschedule(
        context.engine, context.org, wanted.campaign_id, wanted.scheduled_time, by=context.by
    )
    time = iso(wanted.scheduled_time)
    message = f"Campaign rescheduled successfully for {time}"
    return _done(message, campaignId=wanted.campaign_id, scheduledTime=time)


@router.post("/retry-campaign")
async def retry_campaign(wanted: Retry, context: Operator) -> dict[str, Any]:
    """Call again, in a new campaign, those whom a finished one did not reach."""
    made = await copies.retry(
        context.engine,
        context.org,
        wanted.campaign_id,
        by=context.by,
        unknown=wanted.include_unknown,
    )
    return _done(
        f"Retrying {made.total} contact(s)",
        campaignId=made.id,
        campaignName=made.name,
        retryOf=wanted.campaign_id,
        totalContacts=made.total,
    )


@router.post("/single-call")
async def single_call(wanted: SingleCall, context: Operator) -> dict[str, Any]:
    """Call one number now."""
    wish = creation.NewVoiceCampaign(
        name="Single call",
        sender=wanted.from_,
        bot_url=_bot_url(context, wanted.wss_url),
        provider=_provider(context, wanted.provider),
        by=context.by,
        machine_detection=wanted.machine_detection,
    )
    to = parse_phone(wanted.to)
    with _sender_called("from"):
        made, message_id = await single_message.call_once(context.engine, context.org, wish, to)
    return _done("Call accepted", campaignId=made.id, callId=whole_id(made.id, message_id))


@router.get("/campaign-progress/{campaign_id}")
async def campaign_progress(campaign_id: Id, context: Viewer) -> dict[str, Any]:
    """Show how far a campaign has come."""
    progress = await progress_of(context.engine, context.org, campaign_id)
    return {"success": True, **_shown(progress)}


@router.post("/get-report-by-campaign", response_model=None)
async def get_report_by_campaign(wanted: ReportQuery, context: Viewer) -> dict[str, Any] | Response:
    """Show what became of each person, page by page or as CSV.

    An API key without the area `messages` sees no numbers and no subjects.
    """
    shows_people = context.caller.may_use(Area.MESSAGES)
    engine, filters = context.engine, wanted.filters
    shown = MessageFilter(
        status=filters.status,
        min_duration_s=filters.min_duration,
        max_duration_s=filters.max_duration,
    )
    campaign = await lifecycle.load(engine, context.org, wanted.campaign_id)
    if wanted.is_download:
        lines = reports.as_csv(engine, campaign, shown, shows_people=shows_people)
        headers = {"content-disposition": f'attachment; filename="{campaign.id}.csv"'}
        return StreamingResponse(lines, media_type="text/csv", headers=headers)
    page = await reports.messages(engine, campaign, shown, cursor=wanted.cursor, limit=wanted.limit)
    counts = await statistics.read_one(engine, campaign)
    rows = [reports.row(campaign, each, shows_people=shows_people) for each in page.rows]
    return _done(
        "OK",
        campaignId=campaign.id,
        scheduledBy=campaign.scheduled_by,
        rows=rows,
        totals=counts.by_status,
        totalDuration=counts.duration_s,
        nextCursor=page.cursor,
    )


async def _stop(context: CallerContext, wanted: Stop, action: Action) -> int:
    engine, org, id_ = context.engine, context.org, wanted.campaign_id
    stopped = await lifecycle.change(engine, org, id_, action, by=context.by, reason=wanted.reason)
    return await in_flight(engine, stopped)


def _bot_url(context: CallerContext, url: str) -> str:
    try:
        private = context.settings.allow_private_hosts
        check_public_url(url, schemes=BOT_SCHEMES, allow_private=private)
    except ValueError as error:
        raise InvalidFieldError("wssUrl", f"wssUrl: {error}") from None
    return url


def _provider(context: CallerContext, wanted: str | None) -> str:
    provider = provider_of(context.engine, ChannelKind.VOICE, field="provider")
    if wanted not in {None, provider}:
        raise InvalidFieldError("provider", f"provider: {wanted} is not set up here")
    return provider


@contextmanager
def _sender_called(name: str) -> Iterator[None]:
    """Tell what is wrong with a campaign's sender by the name that this request has for it."""
    try:
        yield
    except InvalidFieldError as error:
        if error.field != "sender":
            raise
        sentence = str(error).removeprefix("sender")
        raise InvalidFieldError(name, f"{name}{sentence}", code=error.code) from None


def _done(message: str, **more: Any) -> dict[str, Any]:
    return {"status": 200, "message": message, **more}


def _success(message: str, **more: Any) -> dict[str, Any]:
    return {"success": True, "message": message, **more}


def _shown(progress: Progress) -> dict[str, Any]:
    campaign, health = progress.campaign, progress.health
    total, processed = progress.total, progress.processed
    lateness = campaign.start_lateness
    return {
        "campaignId": campaign.id,
        "campaignName": campaign.name,
        "status": campaign.status,
        "reason": campaign.reason,
        "progress": {
            "currentIndex": processed,
            "totalContacts": total,
            "processedContacts": processed,
            "remainingContacts": total - processed,
            "progressPercentage": round(100 * processed / total, 1) if total else 100.0,
        },
        "timing": {
            "createdAt": iso(campaign.created_at),
            "scheduledTime": iso(campaign.scheduled_at),
            "scheduledBy": campaign.scheduled_by,
            "startedAt": iso(campaign.started_at),
            "startLatenessSeconds": None if lateness is None else lateness.total_seconds(),
            "lastActivity": iso(health.heartbeat_at),
            "pausedAt": iso(campaign.paused_at),
            "resumedAt": iso(campaign.resumed_at),
            "endedAt": iso(campaign.ended_at),
            "estimatedCompletion": iso(progress.estimated_end_at),
        },
        "statistics": {
            "connectedCalls": progress.connected,
            "failedCalls": progress.counts[MessageStatus.FAILED],
            "inFlight": progress.in_flight,
            "byStatus": progress.counts,
        },
        "health": {
            "heartbeat": iso(health.heartbeat_at),
            "heartbeatStatus": health.status,
            "containerId": health.holder,
            "trouble": campaign.trouble,
        },
    }
