"""Campaigns over REST: preview, test, schedule, send, pause, resume and cancel them."""

from fastapi import APIRouter

from functions.api.campaigns.bodies import (
    CampaignPreview,
    Sending,
    StopReason,
    TestMessages,
    When,
    WhenAndHow,
)
from functions.api.campaigns.preview_views import Preview, shown_preview
from functions.api.campaigns.views import (
    Sent,
    Steered,
    TestSent,
    TestsSent,
    WarnedCampaign,
    shown,
)
from functions.api.warnings import shown_warnings
from functions.domain.campaigns.campaign import Campaign
from functions.domain.campaigns.status import Action
from functions.domain.contacts.phones import parse_phone
from functions.domain.errors import InvalidFieldError
from functions.domain.messages.ids import whole_id
from functions.engine.campaigns import drafts, lifecycle
from functions.engine.campaigns.content import previews
from functions.engine.campaigns.content.of_nodes import Said
from functions.engine.campaigns.warnings import warnings_of
from functions.engine.campaigns.writing import series
from functions.engine.kernel.engine import Engine
from functions.engine.plans import campaigns as plans
from functions.engine.reporting import progress
from functions.web.auth import Area
from functions.web.caller_route import CallerContext, Operator, RestRoute, Viewer
from functions.web.fields import Id

router = APIRouter(prefix="/campaigns", tags=[Area.CAMPAIGNS], route_class=RestRoute)


@router.post("/{campaign_id}/schedule")
async def schedule_campaign(campaign_id: Id, when: WhenAndHow, context: Operator) -> WarnedCampaign:
    """Have a draft start at a time, or again and again."""
    engine, org, at = context.engine, context.org, when.scheduled_at
    if at is not None:
        await plans.check_ready(engine, org, campaign_id, start_at=at)
    repeat = when.repeat.wanted if when.repeat else None
    await drafts.schedule(engine, org, campaign_id, at, by=context.by, repeat=repeat)
    return await shown(context, campaign_id)


@router.post("/{campaign_id}/reschedule")
async def reschedule_campaign(campaign_id: Id, when: When, context: Operator) -> WarnedCampaign:
    """Move the start of a scheduled campaign."""
    at = when.scheduled_at
    await plans.check_ready(context.engine, context.org, campaign_id, start_at=at)
    await drafts.reschedule(
        context.engine, context.org, campaign_id, when.scheduled_at, by=context.by
    )
    return await shown(context, campaign_id)


@router.post("/{campaign_id}/send", response_model_exclude_unset=True)
async def send_campaign(campaign_id: Id, wanted: Sending, context: Operator) -> Sent:
    """Send a draft now. Contacts named to a scheduled campaign are added, and wait for its time."""
    engine, org = context.engine, context.org
    if wanted.customer_ids is None:
        started = await drafts.send(engine, org, campaign_id, wanted.wanted, by=context.by)
        return await _sent(engine, started, started.total)
    ids, by = wanted.customer_ids, context.by
    return await _sent(engine, *await drafts.send_to(engine, org, campaign_id, ids, by=by))


async def _sent(engine: Engine, campaign: Campaign, queued: int) -> Sent:
    sent = Sent(campaign_id=campaign.id, messages_queued=queued, status=campaign.status)
    found = await warnings_of(engine, campaign)
    return sent.model_copy(update={"warnings": shown_warnings(found)}) if found else sent


@router.post("/{campaign_id}/send-test")
async def send_test(campaign_id: Id, wanted: TestMessages, context: Operator) -> TestsSent:
    """Send what a draft or a plan's node says to some addresses; the campaign stays as it is."""
    if wanted.customer_id is not None:
        context.require_contacts()  # the test says who they are, to whoever reads it
    sent = await previews.send_test(
        context.engine,
        context.org,
        campaign_id,
        phones=[parse_phone(phone) for phone in wanted.phones],
        emails=wanted.emails,
        like=wanted.customer_id,
        said=Said(wanted.node or "", wanted.fallback),
        by=context.by,
    )
    messages = [
        TestSent(to=person.address, campaign_id=test.id, message_id=whole_id(test.id, id_))
        for person, test, id_ in sent
    ]
    return TestsSent(messages=messages)


@router.post("/{campaign_id}/personalized-preview", response_model_exclude_none=True)
async def personalized_preview(
    campaign_id: Id, wanted: CampaignPreview, context: Viewer
) -> Preview:
    """Show what a campaign, a node of its plan, or another text, says to one contact."""
    if wanted.customer_id is None:
        message = "customer_id: is required"
        raise InvalidFieldError("customer_id", message, code="MISSING_CUSTOMER_ID")
    context.require_contacts()
    preview, person = await previews.preview(
        context.engine,
        context.org,
        campaign_id,
        wanted.customer_id,
        override=wanted.override_template,
        said=Said(wanted.node or "", wanted.fallback),
    )
    return shown_preview(preview, person)


@router.post("/{campaign_id}/pause")
async def pause_campaign(
    campaign_id: Id, context: Operator, why: StopReason | None = None
) -> Steered:
    """Stop sending until the campaign is resumed."""
    return await _steer(context, campaign_id, Action.PAUSE, why)


@router.post("/{campaign_id}/resume")
async def resume_campaign(
    campaign_id: Id, context: Operator, why: StopReason | None = None
) -> Steered:
    """Go on sending where the campaign was paused."""
    engine, org, reason = context.engine, context.org, why.reason if why else None
    await plans.check_may_send(engine, org, campaign_id)
    resumed = await series.resume(engine, org, campaign_id, by=context.by, reason=reason)
    return await _steered(context, resumed)


@router.post("/{campaign_id}/cancel")
async def cancel_campaign(
    campaign_id: Id, context: Operator, why: StopReason | None = None
) -> Steered:
    """End a campaign for good; the run of a series that waits for its time ends the series."""
    return await _steer(context, campaign_id, Action.CANCEL, why)


async def _steer(
    context: CallerContext, id_: str, action: Action, why: StopReason | None
) -> Steered:
    reason = why.reason if why else None
    campaign = await lifecycle.change(
        context.engine, context.org, id_, action, by=context.by, reason=reason
    )
    return await _steered(context, campaign)


async def _steered(context: CallerContext, campaign: Campaign) -> Steered:
    in_flight = await progress.in_flight(context.engine, campaign)
    return Steered(campaign_id=campaign.id, status=campaign.status, in_flight=in_flight)
