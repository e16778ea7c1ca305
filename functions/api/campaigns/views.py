"""What a caller is shown of campaigns."""

from datetime import datetime
from typing import Any, Final, TypeVar

from pydantic import BaseModel, Field

from functions.api.campaigns.limit_views import (
    ShownAudience,
    ShownCanary,
    ShownGuardrail,
    ShownSendWindow,
    shown_audience,
    shown_canary,
    shown_guardrail,
    shown_window,
)
from functions.api.campaigns.series import ShownRun, shown_run
from functions.api.campaigns.walks import (
    ShownEntry,
    ShownNode,
    ShownWalks,
    shown_entry,
    shown_nodes,
    shown_walks,
)
from functions.api.lateness import Spread, shown_spread
from functions.api.plans.version_views import ShownMigration, shown_migration
from functions.api.warnings import Warned, shown_warnings
from functions.domain.campaigns.attention import Attention, attention_of
from functions.domain.campaigns.campaign import Campaign, campaign_from
from functions.domain.campaigns.lifecycle import LateStart
from functions.domain.campaigns.send import Send
from functions.domain.campaigns.status import CampaignStatus
from functions.domain.kinds import CampaignKind, ChannelKind
from functions.domain.messages.message import MessageStatus
from functions.domain.messages.reasons import explain
from functions.domain.templates.template import Missing
from functions.domain.times import iso
from functions.engine import paths
from functions.engine.campaigns.warnings import warnings_of
from functions.engine.kernel.commits.modify import at_version
from functions.engine.kernel.engine import Engine
from functions.engine.messages import statistics
from functions.engine.messages.statistics import Statistics, spread
from functions.engine.plans.migration.progress import progress_of
from functions.engine.plans.writing import warnings as plan_warnings
from functions.engine.reporting import overview, recalls
from functions.engine.reporting.recalls import Recalled
from functions.web.caller_route import CallerContext
from functions.web.fields import MaybeInstant


class Stats(BaseModel):
    """A campaign's messages by what became of them.

    Those of a fallback count beside the ones that they followed. `delivered` ones count as sent
    too, `read` ones as both, and those whose outcome is `unknown` as sending. What people have
    done (`clicked` and so on) is counted once for a message, whatever became of it.
    """

    total: int
    pending: int
    sending: int
    sent: int
    failed: int
    skipped: int
    cancelled: int
    expired: int
    delivered: int
    read: int
    unknown: int
    clicked: int
    replied: int
    complained: int
    opted_out: int


class ShownSaid(BaseModel):
    """What is said by one channel, and from where."""

    channel: ChannelKind
    base_template: str
    subject: str
    html: str
    provider_template: str
    language: str
    parameters: list[str]
    sender: str
    bot_url: str
    webhook_url: str


class ShownFallback(ShownSaid):
    """How those are reached whom the message before did not reach."""

    after: list[str]
    wait_s: int


class ShownAttention(BaseModel):
    """Why a campaign waits for a person, and what that person does next."""

    code: str = Field(
        description="The reason for which Clarion has paused it; trouble: some of its work was"
        " given up; stale: its work is due, and nobody does it.",
        examples=["too_many_failed"],
    )
    why: str = Field(
        description="The same in words.", examples=["too many of its last messages failed"]
    )
    next_step: str = Field(
        description="What to do about it.",
        examples=["look at the reasons, mend the cause, resume: it is judged anew"],
    )
    since: MaybeInstant = Field(description="Since when it waits; null where that is not known.")


class ShownRecall(BaseModel):
    """What a cancel has taken back of what providers had; the figures are final once `done`."""

    recalled: int
    beyond_recall: int
    done: bool


class CampaignItem(ShownSaid):
    """A campaign with its statistics."""

    id: str
    name: str
    kind: CampaignKind
    status: CampaignStatus
    reason: str | None
    reason_words: str
    attention: ShownAttention | None = Field(
        description="Why it waits for a person, and for what; null where it does not."
    )
    template_id: str
    template_version: int
    missing_fields: Missing
    defaults: dict[str, str]
    audience: ShownAudience
    rate_per_s: float | None
    send_window: ShownSendWindow | None
    not_after: str | None
    late_start: LateStart
    grace_s: int
    guardrail: ShownGuardrail | None
    canary: ShownCanary | None
    fallbacks: list[ShownFallback]
    scheduled_at: str | None
    scheduled_by: str | None
    created_at: str | None
    created_by: str
    updated_at: str | None
    started_at: str | None
    paused_at: str | None
    ended_at: str | None
    stats: Stats
    recall: ShownRecall | None = Field(description="Of a campaign that was cancelled at work.")
    plan_version: int | None = Field(description="Of the plan that people enter; null: no plan.")
    entry: ShownEntry | None = Field(description="Who enters its plan; null: it has no plan.")
    reentry: str | None = Field(description="How often one person enters its plan.")
    repeat: ShownRun | None = Field(description="Which run of a series it is; null: it comes once.")
    entry_open: bool | None = Field(
        description="Whether people may still enter, once it has started."
    )
    walks: ShownWalks | None = Field(description="Who have entered its plan; null: no plan.")


Item = TypeVar("Item", bound=CampaignItem)
#: Characters; a campaign that says more is shown anew each time.
_KEPT_LENGTH: Final = 5000


class WarnedCampaign(CampaignItem, Warned):
    """A campaign with its statistics and, until it starts, the doubts about it."""

    nodes: list[ShownNode] | None = Field(
        description="What has happened at each node of its plan; null: it has no plan."
    )
    migration: ShownMigration | None = Field(
        description="How those who were under way last went over to another version of its plan;"
        " null: they never did."
    )
    message_lateness: Spread = Field(
        description="How long after they were due its messages were sent; up to a quarter above"
        " the true value."
    )


class Sent(Warned):
    """What sending came to; `warnings` only where there are some."""

    campaign_id: str
    messages_queued: int
    status: CampaignStatus


class Steered(BaseModel):
    """A campaign after a step; `in_flight` messages are with the provider.

    A cancel takes back what it can of them: the campaign's `recall` tells how many that were.
    """

    campaign_id: str
    status: CampaignStatus
    in_flight: int


class DeletedCampaigns(BaseModel):
    """Which drafts are gone, and why the others are not."""

    deleted: list[str]
    refused: dict[str, str]


class TestSent(BaseModel):
    """A test that is on its way, as a campaign of its own."""

    to: str
    campaign_id: str
    message_id: str


class TestsSent(Warned):
    """The tests that were sent."""

    messages: list[TestSent]


def item(campaign: Campaign, counts: Statistics, recalled: Recalled | None) -> CampaignItem:
    """Show a campaign."""
    return _item(CampaignItem, campaign, counts, recalled)


def _item(
    kind: type[Item],
    campaign: Campaign,
    counts: Statistics,
    recalled: Recalled | None,
    **more: Any,
) -> Item:
    """Show a campaign as an item of a kind, which may show `more`."""
    content = campaign.own_send.content
    return kind(
        **_said(campaign.own_send),
        id=campaign.id,
        name=campaign.name,
        kind=campaign.kind,
        status=campaign.status,
        reason=campaign.reason,
        reason_words=explain(campaign.reason or ""),
        attention=shown_attention(attention_of(campaign)),
        template_id=content.template_id,
        template_version=content.template_version,
        missing_fields=Missing(content.missing),
        defaults=dict(content.defaults),
        audience=shown_audience(campaign.audience),
        rate_per_s=campaign.own_rate_per_s,
        late_start=LateStart(campaign.late_start),
        grace_s=campaign.grace_s,
        fallbacks=[
            ShownFallback(**_said(each.send), after=list(each.after), wait_s=each.wait_s)
            for each in campaign.fallbacks
        ],
        created_by=campaign.created_by,
        scheduled_by=campaign.scheduled_by,
        stats=stats(campaign, counts),
        recall=None if recalled is None else ShownRecall(**recalled._asdict()),
        send_window=shown_window(campaign),
        guardrail=shown_guardrail(campaign),
        canary=shown_canary(campaign),
        plan_version=campaign.plan or None,
        entry=shown_entry(campaign),
        repeat=shown_run(campaign),
        reentry=campaign.entry.reentry if campaign.entry else None,
        entry_open=campaign.entry_open and not campaign.has_ended if campaign.plan else None,
        walks=shown_walks(campaign, counts),
        **{name: iso(getattr(campaign, name)) for name in _INSTANTS},
        **more,
    )


def shown_attention(attention: Attention | None) -> ShownAttention | None:
    """Show why a campaign waits for a person."""
    return None if attention is None else ShownAttention(**attention._asdict())


def _said(send: Send) -> dict[str, Any]:
    content = send.content._asdict()
    said = {name: content[name] for name in content.keys() & ShownSaid.model_fields}
    more = {"channel": send.channel, "sender": send.sender}
    return {**said, **more, "base_template": send.content.template}


_INSTANTS = (
    "scheduled_at",
    "created_at",
    "updated_at",
    "started_at",
    "paused_at",
    "ended_at",
    "not_after",
)
_SENT = (
    MessageStatus.SENT,
    MessageStatus.DELIVERED,
    MessageStatus.ANSWERED,
    MessageStatus.READ,
    MessageStatus.COMPLETED,
)
_SENDING = (MessageStatus.SENDING, MessageStatus.UNKNOWN)


def stats(campaign: Campaign, counts: Statistics) -> Stats:
    """Show a campaign's statistics.

    People without a message yet are pending; in a campaign that ended before its start, cancelled.
    How many messages a plan makes of them nobody knows.
    """
    unplanned = 0 if campaign.plan else max(0, campaign.total - counts.people)
    never = campaign.has_ended and campaign.started_at is None
    waiting = 0 if campaign.has_ended else unplanned
    return Stats(
        total=counts.total + (unplanned if never else waiting),
        pending=counts[MessageStatus.PENDING] + waiting,
        sending=sum(counts[status] for status in _SENDING),
        sent=sum(counts[status] for status in _SENT),
        failed=counts[MessageStatus.FAILED],
        skipped=counts[MessageStatus.SKIPPED],
        cancelled=counts[MessageStatus.CANCELLED] + (unplanned if never else 0),
        expired=counts[MessageStatus.EXPIRED],
        delivered=sum(counts[status] for status in _SENT if status is not MessageStatus.SENT),
        read=counts[MessageStatus.READ],
        unknown=counts[MessageStatus.UNKNOWN],
        **counts.reactions,
    )


async def shown(
    context: CallerContext, id_: str, *, asked: datetime | None = None
) -> WarnedCampaign:
    """Show a stored campaign, and tell its version; `asked`: the start it has just been given.

    Raises NotFoundError.
    """
    path = paths.campaign(context.org, id_)
    document = at_version(await context.engine.store.get(path), "Campaign", id_)
    memory = context.engine.memory.shown
    known: WarnedCampaign | None = memory.get((path, document.version))
    if known is None:
        campaign = campaign_from(context.org, id_, document.data)
        known = await _made(context.engine, campaign, asked)
        is_short = len(known.html) + len(known.base_template) <= _KEPT_LENGTH
        # Doubts and migrations are told by other documents than the campaign's.
        is_alone = campaign.has_ended and not campaign.plan and overview.tells_all(campaign)
        if is_short and is_alone:
            memory.keep((path, document.version), known)
    return context.tagged((known, document.version))


async def _made(engine: Engine, campaign: Campaign, asked: datetime | None) -> WarnedCampaign:
    counts = await statistics.read_one(engine, campaign)
    recalled = await recalls.read_one(engine, campaign)
    found = []
    if campaign.status in _NOT_STARTED:
        doubts_of = plan_warnings.warnings_of if campaign.plan else warnings_of
        found = await doubts_of(engine, campaign, asked=asked)
    return _item(
        WarnedCampaign,
        campaign,
        counts,
        recalled,
        nodes=shown_nodes(campaign, counts),
        migration=shown_migration(await progress_of(engine, campaign)),
        message_lateness=shown_spread(spread(counts.lateness)),
        warnings=shown_warnings(found),
    )


_NOT_STARTED = frozenset({CampaignStatus.DRAFT, CampaignStatus.SCHEDULED})
