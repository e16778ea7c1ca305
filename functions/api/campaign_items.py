"""What a caller is shown of campaigns."""

from fastapi.responses import Response
from pydantic import BaseModel

from functions.api.fields import iso
from functions.api.rest import tag
from functions.domain.campaign import Campaign, CampaignKind, CampaignStatus, ChannelKind
from functions.domain.contact import Contact
from functions.domain.message import MessageStatus
from functions.engine import overview, previews
from functions.engine.core import Engine
from functions.engine.tallies import Tally


class Stats(BaseModel):
    """A campaign's messages by what became of them.

    `delivered` ones count as sent too, and those whose outcome is `unknown` as sending.
    """

    total: int
    pending: int
    sending: int
    sent: int
    failed: int
    skipped: int
    cancelled: int
    delivered: int
    unknown: int


class CampaignItem(BaseModel):
    """A campaign with its statistics."""

    id: str
    name: str
    kind: CampaignKind
    channel: ChannelKind
    status: CampaignStatus
    reason: str | None
    base_template: str
    template_id: str
    template_version: int
    missing_fields: str
    defaults: dict[str, str]
    sender: str
    bot_url: str
    audience: dict[str, str]
    scheduled_at: str | None
    created_at: str | None
    created_by: str
    updated_at: str | None
    started_at: str | None
    paused_at: str | None
    ended_at: str | None
    stats: Stats


class Pagination(BaseModel):
    """Where a numbered page stands among all."""

    page: int
    page_size: int
    total_count: int
    total_pages: int


class CampaignPage(BaseModel):
    """Some campaigns; `pagination` only for numbered pages."""

    data: list[CampaignItem]
    pagination: Pagination | None
    next_cursor: str | None


class Sent(BaseModel):
    """What sending came to."""

    campaign_id: str
    messages_queued: int
    status: CampaignStatus


class Steered(BaseModel):
    """A campaign after a step; `in_flight` messages are with the provider and not called back."""

    campaign_id: str
    status: CampaignStatus
    in_flight: int


class Deleted(BaseModel):
    """Which drafts are gone, and why the others are not."""

    deleted: list[str]
    refused: dict[str, str]


class TestSent(BaseModel):
    """A test that is on its way, as a campaign of its own."""

    to: str
    campaign_id: str
    message_id: str


class TestsSent(BaseModel):
    """The tests that were sent."""

    messages: list[TestSent]


class Customer(BaseModel):
    """The contact that a text is filled in for."""

    id: str
    first_name: str
    last_name: str
    phone: str
    location: str
    preferred_product: str
    prefered_product: str  #: the same, as older callers spell it


class Length(BaseModel):
    """What a text comes to as SMS."""

    encoding: str
    characters: int
    segments: int


class Preview(BaseModel):
    """A text, filled in for one contact; `missing` are the fields that they lack."""

    rendered_message: str
    used_template: str
    customer: Customer
    missing: list[str]
    sms: Length


def shown_preview(preview: previews.Preview, person: Contact) -> Preview:
    """Show what a text says to a contact."""
    names = ("id", "first_name", "last_name", "phone", "location", "preferred_product")
    known = {name: getattr(person, name) for name in names}
    return Preview(
        rendered_message=preview.text,
        used_template=preview.template,
        customer=Customer(**known, prefered_product=person.preferred_product),
        missing=preview.missing,
        sms=Length(**preview.length._asdict()),
    )


def item(campaign: Campaign, tally: Tally) -> CampaignItem:
    """Show a campaign."""
    return CampaignItem(
        id=campaign.id,
        name=campaign.name,
        kind=campaign.kind,
        channel=campaign.channel,
        status=campaign.status,
        reason=campaign.reason,
        base_template=campaign.template,
        template_id=campaign.template_id,
        template_version=campaign.template_version,
        missing_fields=campaign.missing,
        defaults=dict(campaign.defaults),
        sender=campaign.sender,
        bot_url=campaign.bot_url,
        audience=dict(campaign.audience),
        created_by=campaign.created_by,
        stats=stats(campaign, tally),
        **{name: iso(getattr(campaign, name)) for name in _INSTANTS},
    )


_INSTANTS = ("scheduled_at", "created_at", "updated_at", "started_at", "paused_at", "ended_at")
_SENT = (
    MessageStatus.SENT,
    MessageStatus.DELIVERED,
    MessageStatus.ANSWERED,
    MessageStatus.COMPLETED,
)
_SENDING = (MessageStatus.SENDING, MessageStatus.UNKNOWN)


def stats(campaign: Campaign, tally: Tally) -> Stats:
    """Show a campaign's statistics.

    People without a message yet are pending; in a campaign that ended before its start, cancelled.
    """
    unplanned = max(0, campaign.total - tally.total)
    never = campaign.has_ended and campaign.started_at is None
    waiting = 0 if campaign.has_ended else unplanned
    return Stats(
        total=tally.total + (unplanned if never else waiting),
        pending=tally[MessageStatus.PENDING] + waiting,
        sending=sum(tally[status] for status in _SENDING),
        sent=sum(tally[status] for status in _SENT),
        failed=tally[MessageStatus.FAILED],
        skipped=tally[MessageStatus.SKIPPED],
        cancelled=tally[MessageStatus.CANCELLED] + (unplanned if never else 0),
        delivered=sum(tally[status] for status in _SENT if status is not MessageStatus.SENT),
        unknown=tally[MessageStatus.UNKNOWN],
    )


async def shown(engine: Engine, org: str, id_: str, response: Response) -> CampaignItem:
    """Show a stored campaign, and tell its version. Raises NotFoundError."""
    campaign, version, tally = await overview.one(engine, org, id_)
    tag(response, version)
    return item(campaign, tally)
