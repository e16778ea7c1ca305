"""Campaigns with a plan: they are written, started, and closed to whoever would enter."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final
from uuid import uuid4

import structlog

from functions.domain.campaigns.audience import Audience, AudienceKind
from functions.domain.campaigns.campaign import Campaign, campaign_fields, campaign_from
from functions.domain.campaigns.entry import Entry
from functions.domain.campaigns.lifecycle import LateStart, check_start_time
from functions.domain.campaigns.send import Send
from functions.domain.campaigns.status import Action, CampaignStatus
from functions.domain.campaigns.validation import check_not_after
from functions.domain.errors import DomainError, StaleError, WrongStatusError
from functions.domain.kinds import CampaignKind, ChannelKind
from functions.domain.sending_rules.windows import SendWindow
from functions.engine import paths
from functions.engine.accounts import organisation
from functions.engine.campaigns.audience_size import audience_and_size
from functions.engine.campaigns.lifecycle import change, create_campaign, load
from functions.engine.kernel import audit_trail, lanes
from functions.engine.kernel.engine import Engine
from functions.engine.kernel.modify import at_version, modify
from functions.engine.plans.entry import check_entry
from functions.engine.plans.writing import versions
from functions.engine.plans.writing.following import (
    check_again,
    check_kind,
    check_nodes,
    check_walks,
    checked,
    following,
)
from functions.engine.ports.store import Document, Update, Write

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPlanCampaign:
    """What a new campaign with a plan shall be."""

    name: str
    document: Mapping[str, Any]  #: the plan's JSON
    entry: Entry
    audience: Audience | None = None  #: who enters at the start; None: nobody
    own_rate_per_s: float | None = None
    send_window: SendWindow | None = None
    not_after: datetime | None = None
    late_start: LateStart = LateStart.RUN
    grace_s: int = 3600


#: What a campaign takes over as it is written.
WRITTEN: Final = (
    "name",
    "entry",
    "own_rate_per_s",
    "send_window",
    "not_after",
    "late_start",
    "grace_s",
)
#: Stands where the plan's first send will: a plan that is right has one.
_NOTHING: Final = Send("", ChannelKind.EMAIL, "", "")


async def create(
    engine: Engine,
    org: str,
    new: NewPlanCampaign,
    *,
    by: str,
    scheduled_at: datetime | None = None,
) -> Campaign:
    """Create a draft; a time that lies ahead schedules it at once.

    Raises InvalidPlanError, NotFoundError for what its entry names and there is not, and
    InvalidFieldError.
    """
    now, id_ = engine.clock.now(), uuid4().hex
    start_at = scheduled_at if scheduled_at is not None and scheduled_at > now else None
    if start_at is not None:
        longest = engine.limits.schedule_ahead
        check_start_time(start_at, now=now, field="scheduled_at", longest=longest)
    await check_entry(engine, org, new.entry)
    wanted = new.audience or Audience(AudienceKind.ENTRANTS)
    audience, total = await audience_and_size(engine, org, id_, wanted)
    blank = Campaign(
        **{name: getattr(new, name) for name in WRITTEN},
        id=id_,
        org=org,
        kind=CampaignKind.JOURNEY,
        status=CampaignStatus.SCHEDULED if start_at else CampaignStatus.DRAFT,
        epoch=1,
        own_send=_NOTHING,
        audience=audience,
        total=total,
        lanes=1,
        created_at=now,
        created_by=by,
        updated_at=now,
        scheduled_at=start_at,
        scheduled_by=by if start_at else None,
        entry_open=new.entry.stays_open,
        plan=1,
    )
    check_not_after(blank, start_at or now)
    decided = await organisation.load(engine, org)
    plan = await checked(engine, decided, blank, new.document)
    campaign = following(engine, decided, blank, plan)
    version = versions.stored(campaign, new.document, by=by, at=now)
    return await create_campaign(engine, campaign, version)


async def change_plan(
    engine: Engine,
    org: str,
    id_: str,
    document: Mapping[str, Any],
    *,
    by: str,
    if_version: int | None,
) -> Campaign:
    """Give a campaign that has not started another plan: its next version; the same is none.

    Raises InvalidPlanError, NotFoundError, StaleError, WrongStatusError, and InvalidFieldError for
    a campaign of another kind.
    """
    now = engine.clock.now()
    before = await load(engine, org, id_)
    check_walks(before, "plan")
    check_kind(document, before.kind)
    decided = await organisation.load(engine, org)
    plan = await checked(engine, decided, before, document)
    current = await versions.read(engine, before, before.plan)
    is_same = current.text == versions.text_of(document)

    def decide(documents: list[Document | None]) -> tuple[Campaign, list[Write]]:
        found_at = at_version(documents[0], "Campaign", id_, if_version)
        found = campaign_from(org, id_, found_at.data)
        if found.has_ended:
            raise WrongStatusError("change the plan of", found.status, already=False, ended=True)
        if found.status not in _UNSTARTED:
            raise PlanStartedError(found.status)
        if is_same and found.plan == before.plan:
            return found, []
        number = found.plan + 1
        after = following(engine, decided, replace(found, plan=number, updated_at=now), plan)
        version = versions.stored(after, document, by=by, at=now)
        update = Update(found_at.path, campaign_fields(after), found_at.version)
        about: dict[str, Any] = {"campaign": id_, "status": found.status, "plan": number}
        trail = audit_trail.entry(
            org, f"{id_}-plan-{number}", action="change_plan", by=by, at=now, **about
        )
        return after, [update, version, trail]

    campaign = await modify(engine.store, [paths.campaign(org, id_)], decide)
    log.info("plan_changed", org=org, campaign_id=id_, by=by, version=campaign.plan)
    return campaign


_UNSTARTED = frozenset({CampaignStatus.DRAFT, CampaignStatus.SCHEDULED})


class PlanStartedError(DomainError):
    """The plan of a campaign was to change that people may be walking through."""

    code = "INVALID_CAMPAIGN_STATUS"

    def __init__(self, status: str) -> None:
        rule = "a plan does not change once it has started; duplicate the campaign"
        super().__init__(f"Cannot change the plan of a {status} campaign: {rule}")


async def check_ready(engine: Engine, org: str, id_: str, *, start_at: datetime) -> None:
    """Refuse what is wrong by now with the plan of a campaign that is to start then.

    Nothing where it has none, or has started. Raises NotFoundError and InvalidPlanError.
    """
    campaign = await load(engine, org, id_)
    if campaign.plan and campaign.status in _UNSTARTED:
        await check_again(engine, replace(campaign, scheduled_at=start_at), starts=True)


async def check_may_send(engine: Engine, org: str, id_: str) -> None:
    """Refuse a campaign that was paused, and has a plan of which a node may not be sent any more.

    Raises NotFoundError and InvalidPlanError.
    """
    campaign = await load(engine, org, id_)
    if campaign.plan and campaign.status is CampaignStatus.PAUSED:
        await check_nodes(engine, campaign)


async def start(engine: Engine, org: str, id_: str, *, by: str) -> Campaign:
    """Start a draft now.

    Raises NotFoundError, InvalidPlanError, WrongStatusError, InvalidFieldError, and StaleError
    where its plan is changed meanwhile.
    """
    campaign = await load(engine, org, id_)
    check_walks(campaign, "start")
    if campaign.status is CampaignStatus.DRAFT:
        await check_again(engine, campaign, starts=True)

    def also(found: Campaign) -> Mapping[str, Any]:
        if found.plan != campaign.plan:
            raise StaleError("Campaign")
        check_not_after(found, engine.clock.now())
        return {}

    return await change(engine, org, id_, Action.SEND, by=by, also=also)


async def close(engine: Engine, org: str, id_: str, *, by: str) -> Campaign:
    """Let nobody enter any more; those inside come to their end, and the campaign with them.

    Raises NotFoundError, and WrongStatusError where it has not started, has ended or is closed.
    """
    now = engine.clock.now()

    def decide(documents: list[Document | None]) -> tuple[tuple[Campaign, bool], list[Write]]:
        stored = at_version(documents[0], "Campaign", id_)
        campaign = campaign_from(org, id_, stored.data)
        check_walks(campaign, "close")
        if campaign.status not in _STARTED:
            raise WrongStatusError(
                "close", campaign.status, already=False, ended=campaign.has_ended
            )
        if not campaign.entry_open:
            return (campaign, False), []
        about = {"campaign": id_, "status": campaign.status}
        trail = audit_trail.entry(org, f"{id_}-closed", action="close", by=by, at=now, **about)
        after = replace(campaign, entry_open=False, updated_at=now)
        changes = {"entry_open": False, "updated_at": now}
        return (after, True), [Update(stored.path, changes, stored.version), trail]

    campaign, is_new = await modify(engine.store, [paths.campaign(org, id_)], decide)
    # Also where it is closed: whoever closed it may have died before this, and asks once more.
    for name in lanes.lane_names(campaign):  # the last one finds that nobody is left
        await lanes.wake(engine, org, id_, name, at=now, reopen=True)
    if not is_new:
        raise WrongStatusError("close", "closed", already=True, ended=False)
    log.info("campaign_closed", org=org, campaign_id=id_, by=by)
    return campaign


_STARTED = frozenset({CampaignStatus.RUNNING, CampaignStatus.PAUSED})
