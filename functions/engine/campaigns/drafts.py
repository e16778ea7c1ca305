"""Drafts: campaigns that are being written, until they are scheduled or sent."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from typing import Any, Final
from uuid import uuid4

import structlog

from functions.domain.campaigns.audience import Audience, AudienceKind
from functions.domain.campaigns.campaign import (
    Campaign,
    Fallback,
    campaign_fields,
    campaign_from,
    with_changes,
)
from functions.domain.campaigns.lifecycle import LateStart
from functions.domain.campaigns.safety_limits import Canary, Guardrail
from functions.domain.campaigns.send import Content, Send
from functions.domain.campaigns.status import Action, CampaignStatus
from functions.domain.campaigns.validation import (
    BY_CHANNEL,
    check_complete,
    check_not_after,
)
from functions.domain.errors import InvalidFieldError, WrongStatusError
from functions.domain.kinds import CampaignKind, ChannelKind
from functions.domain.sending_rules.windows import SendWindow
from functions.domain.templates.template import Missing
from functions.engine import paths
from functions.engine.accounts import organisation
from functions.engine.campaigns import lifecycle, recipients
from functions.engine.campaigns.audience_size import audience_and_size
from functions.engine.campaigns.content.text_checks import (
    refuse_before_start,
    refuse_doubtful_words,
)
from functions.engine.campaigns.copies import if_future
from functions.engine.campaigns.in_force import lanes_for, with_organisation, with_rules
from functions.engine.campaigns.lifecycle import change, create_campaign, load
from functions.engine.campaigns.senders import check_named, provider_of
from functions.engine.campaigns.writing.series import (
    Wanted,
    changed_run,
    check_run,
    check_time,
    first_run,
)
from functions.engine.kernel.commits.modify import at_version, modify
from functions.engine.kernel.engine import Engine
from functions.engine.ports.store import Document, Update, Write
from functions.engine.templates import templates

log = structlog.get_logger()

UNTITLED = "Untitled campaign"
_TEMPLATE: Final = "base_template"  #: what callers call a campaign's text


class EmptyAudienceError(InvalidFieldError):
    """A campaign was to be sent to nobody."""

    def __init__(self) -> None:
        message = "must name at least one contact; or say list_id, segment_id or everyone"
        super().__init__("customer_ids", f"customer_ids: {message}", code="EMPTY_CUSTOMER_IDS")


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What somebody writes of a campaign, by the names that it, its send and its content use."""

    channel: ChannelKind
    name: str = UNTITLED
    template: str = ""
    template_id: str = ""
    template_version: int = 0
    subject: str = ""
    html: str = ""
    provider_template: str = ""
    language: str = ""
    parameters: Sequence[str] = ()
    webhook_url: str = ""
    missing: Missing = Missing.BLANK
    defaults: Mapping[str, str] = field(default_factory=dict)
    sender: str = ""
    bot_url: str = ""
    machine_detection: str = ""
    audience: Audience | None = None  #: None: the contacts that the campaign names itself
    own_rate_per_s: float | None = None
    send_window: SendWindow | None = None
    not_after: datetime | None = None
    late_start: LateStart = LateStart.RUN
    grace_s: int = 3600
    guardrail: Guardrail | None = None
    canary: Canary | None = None
    fallbacks: Sequence[Fallback] = ()


#: What a campaign is written with; its audience is looked up.
_WRITTEN: Final = tuple(f.name for f in fields(Draft) if f.name != "audience")


async def create(
    engine: Engine,
    org: str,
    draft: Draft,
    *,
    scheduled_at: datetime | None,
    by: str,
    repeat: Wanted | None = None,
) -> Campaign:
    """Create a draft; a time that lies ahead schedules it at once, and so does `repeat`.

    Raises InvalidFieldError for a template with a mistake, a time too far ahead, or a channel
    that nobody is set up to send by.
    """
    campaign = await _new(engine, org, draft, by=by)
    if repeat is not None:
        campaign = first_run(engine, campaign, repeat, scheduled_at)
    elif scheduled_at is not None and scheduled_at > engine.clock.now():
        check_time(engine, scheduled_at)
        campaign = replace(campaign, scheduled_at=scheduled_at)
    if campaign.scheduled_at is not None:
        check_complete(campaign)
        check_named(engine, campaign)
        check_not_after(campaign, campaign.scheduled_at)
        campaign = replace(campaign, status=CampaignStatus.SCHEDULED, scheduled_by=by)
    return await create_campaign(engine, campaign)


async def _new(engine: Engine, org: str, draft: Draft, *, by: str) -> Campaign:
    now, id_ = engine.clock.now(), uuid4().hex
    audience, total = await audience_and_size(engine, org, id_, draft.audience)
    blank = Campaign(
        id=id_,
        org=org,
        name=UNTITLED,
        kind=CampaignKind.BROADCAST,
        status=CampaignStatus.DRAFT,
        epoch=1,
        own_send=Send("", draft.channel, provider_of(engine, draft.channel), ""),
        audience=audience,
        total=total,
        lanes=1,
        created_at=now,
        created_by=by,
        updated_at=now,
    )
    written = {name: getattr(draft, name) for name in _WRITTEN}
    campaign = with_changes(blank, {**written, "name": draft.name or UNTITLED})
    check_not_after(campaign, now)
    campaign = await with_rules(engine, campaign)
    await refuse_doubtful_words(engine, campaign)
    return campaign


async def with_template(engine: Engine, org: str, fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return a draft's fields with what the template says that they name, where they are empty.

    Raises NotFoundError, and InvalidFieldError for a text of its own.
    """
    if not fields.get("template_id"):
        unnamed = fields.keys() & {"template", "template_id"}
        return {**fields, **({"template_id": "", "template_version": 0} if unnamed else {})}
    if fields.get("template"):
        message = f"{_TEMPLATE}: cannot go with template_id, which names the text"
        raise InvalidFieldError(_TEMPLATE, message)
    newest = (await templates.load(engine, org, fields["template_id"])).newest
    wording = newest.wording
    said = {
        "template": wording.text,
        "subject": wording.subject,
        "html": wording.html,
        "missing": wording.missing,
        "defaults": wording.defaults,
    }
    given = {name: value for name, value in fields.items() if value or name not in said}
    return {**said, **given, "template_version": newest.number}


async def update(
    engine: Engine,
    org: str,
    id_: str,
    changes: Mapping[str, Any],
    *,
    by: str,
    if_version: int | None,
) -> None:
    """Change fields of a draft, or of a run of a series that waits for its time.

    Later runs say what this one says then. Raises WrongStatusError for any other campaign.
    """
    if "audience" in changes:
        audience, total = await audience_and_size(engine, org, id_, changes["audience"])
        changes = {**changes, "audience": audience, "total": total}
    campaign = await load(engine, org, id_)
    if campaign.plan:
        message = f"kind: a {campaign.kind} says what its plan says: PUT /campaigns/{{id}}/plan"
        raise InvalidFieldError("kind", f"{message}; its name, entry and hours take PATCH")
    decided = await organisation.load(engine, org)
    is_run = campaign.repeat is not None
    await refuse_doubtful_words(engine, with_changes(campaign, changes), with_people=is_run)

    def decide(documents: list[Document | None]) -> tuple[None, list[Write]]:
        stored = at_version(documents[0], "Campaign", id_, if_version)
        before = _editable(campaign_from(org, id_, stored.data))
        changed = _changed(engine, before, changes)
        after = with_organisation(engine, decided, changed)
        update = Update(stored.path, campaign_fields(after), stored.version)
        if before.status is CampaignStatus.DRAFT:
            return None, [update]
        check_run(engine, after)
        return None, [update, changed_run(after, stored.version, by=by, fields=changes)]

    await modify(engine.store, [paths.campaign(org, id_)], decide)
    log.info("campaign_updated", org=org, campaign_id=id_, by=by, fields=sorted(changes))


def _editable(campaign: Campaign) -> Campaign:
    """Return a draft, or a run of a series that has not started. Raises WrongStatusError."""
    waits = campaign.status is CampaignStatus.SCHEDULED and campaign.repeat is not None
    if campaign.status is CampaignStatus.DRAFT or waits:
        return campaign
    raise WrongStatusError("update", campaign.status, already=False, ended=campaign.has_ended)


def _changed(engine: Engine, before: Campaign, changes: Mapping[str, Any]) -> Campaign:
    """Return a draft with changes; what only its former channel could say goes with that."""
    now, channel = engine.clock.now(), changes.get("channel", before.channel)
    if channel != before.channel:
        former = {name: _NOTHING_SAID[name] for name in ("sender", *BY_CHANNEL)}
        changes = {**former, **changes, "provider": provider_of(engine, channel)}
    changed = with_changes(before, {**changes, "updated_at": now})
    if "not_after" in changes:
        check_not_after(changed, now)
    return changed


_NOTHING_SAID: Final = {**Content()._asdict(), "sender": ""}


async def duplicate(engine: Engine, org: str, id_: str, *, by: str) -> Campaign:
    """Create a draft that says what another broadcast says, to the same people."""
    source = await load(engine, org, id_)
    send = source.own_send
    content = send.content._asdict()
    said = {name: content[name] for name in content.keys() & _WRITTEN}
    said |= {"sender": send.sender, "channel": send.channel}
    written = {name: getattr(source, name) for name in _WRITTEN if name not in said}
    draft = Draft(
        **{
            **written,
            **said,
            "name": f"{source.name[:93]} (copy)",
            "missing": Missing(send.content.missing),
            "late_start": LateStart(source.late_start),
            "not_after": if_future(source.not_after, now=engine.clock.now()),
            "audience": source.audience if source.audience.kind in _COPIED else None,
        }
    )
    return await create(engine, org, draft, scheduled_at=None, by=by)


#: Other audiences are of one campaign alone.
_COPIED: Final = frozenset({AudienceKind.LIST, AudienceKind.SEGMENT, AudienceKind.EVERYONE})


async def schedule(
    engine: Engine,
    org: str,
    id_: str,
    scheduled_at: datetime | None,
    *,
    by: str,
    if_version: int | None = None,
    repeat: Wanted | None = None,
) -> Campaign:
    """Have a draft start at a time, or at the first one from then on by which it repeats itself.

    Raises InvalidFieldError, NotFoundError, WrongStatusError.
    """
    if repeat is None:
        check_time(engine, scheduled_at)
    draft = await load(engine, org, id_)

    def timed(campaign: Campaign) -> Campaign:
        if repeat is not None:
            return first_run(engine, campaign, repeat, scheduled_at)
        return replace(campaign, scheduled_at=scheduled_at)

    timed(draft)
    await refuse_before_start(engine, draft)

    def also(campaign: Campaign) -> dict[str, Any]:
        check_complete(campaign)
        after = timed(campaign)
        if after.scheduled_at is not None:
            check_not_after(after, after.scheduled_at)
        return {"scheduled_by": by, **{name: getattr(after, name) for name in _TIMED}}

    return await change(engine, org, id_, Action.SCHEDULE, by=by, also=also, if_version=if_version)


#: What a draft is given that is scheduled.
_TIMED: Final = ("scheduled_at", "series", "repeat")


async def reschedule(
    engine: Engine, org: str, id_: str, scheduled_at: datetime, *, by: str
) -> Campaign:
    """Move the start of a scheduled campaign; the runs behind it stay where they are.

    Raises InvalidFieldError, NotFoundError and WrongStatusError.
    """
    check_time(engine, scheduled_at, of=await load(engine, org, id_))
    return await lifecycle.reschedule(engine, org, id_, scheduled_at, by=by)


async def send(engine: Engine, org: str, id_: str, wanted: Audience | None, *, by: str) -> Campaign:
    """Start a draft now, for this audience or for the one that it has.

    Raises NotFoundError, WrongStatusError, and InvalidFieldError where it could reach nobody.
    """
    chosen = await audience_and_size(engine, org, id_, wanted) if wanted else None
    campaign = await load(engine, org, id_)
    _check_is_sent(campaign)
    await refuse_before_start(engine, campaign, wanted)

    def also(campaign: Campaign) -> dict[str, Any]:
        _check_ready(engine, campaign)
        if chosen is None:
            _check_somebody(campaign)
            return {"lanes": lanes_for(engine, campaign, campaign.total)}
        audience, total = chosen
        lanes = lanes_for(engine, campaign, total)
        return {"audience": audience, "total": total, "lanes": lanes}

    return await change(engine, org, id_, Action.SEND, by=by, also=also)


async def send_to(
    engine: Engine, org: str, id_: str, contact_ids: Sequence[str], *, by: str
) -> tuple[Campaign, int]:
    """Start a draft now for contacts too, or add them to a scheduled campaign.

    Returns the campaign as it stands then, and how many of them are new to it. Raises as `send`
    and recipients.add do, with nobody added but where they lack a field that nobody may lack.
    """
    if not contact_ids:
        raise EmptyAudienceError
    campaign = await load(engine, org, id_)
    _check_is_sent(campaign)
    if campaign.status is CampaignStatus.DRAFT:
        _check_ready(engine, campaign)
    new = await recipients.add(engine, org, id_, contact_ids)
    campaign = await load(engine, org, id_)
    if campaign.status is not CampaignStatus.DRAFT:
        return campaign, new
    try:
        return await send(engine, org, id_, None, by=by), new
    except WrongStatusError:
        # Somebody was faster: what they have started or ended holds those who were added here.
        return await load(engine, org, id_), new


def _check_is_sent(campaign: Campaign) -> None:
    if campaign.plan:
        started = "is started: POST /campaigns/{id}/start; send is for broadcasts"
        raise InvalidFieldError("kind", f"kind: a {campaign.kind} {started}")


def _check_ready(engine: Engine, campaign: Campaign) -> None:
    _check_is_sent(campaign)
    check_complete(campaign)
    check_not_after(campaign, engine.clock.now())


def _check_somebody(campaign: Campaign) -> None:
    own = campaign.audience.kind is AudienceKind.RECIPIENTS
    if own and not campaign.total:
        raise EmptyAudienceError
