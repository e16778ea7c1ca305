"""Campaigns with a plan: they are written, started, and closed to whoever would enter."""

from collections.abc import Callable, Mapping
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
from functions.domain.errors import StaleError, WrongStatusError
from functions.domain.kinds import CampaignKind, ChannelKind
from functions.domain.plans.plan import Plan
from functions.domain.sending_rules.windows import SendWindow
from functions.engine import paths
from functions.engine.accounts import organisation
from functions.engine.campaigns.audience_size import audience_and_size
from functions.engine.campaigns.lifecycle import change, create_campaign, load
from functions.engine.kernel import audit_trail, lanes
from functions.engine.kernel.commits.modify import at_version, modify
from functions.engine.kernel.engine import Engine
from functions.engine.kernel.plan_versions import plan_of
from functions.engine.kernel.task_queue import TaskKind, enqueue_for
from functions.engine.plans.entry import check_entry
from functions.engine.plans.writing import versions
from functions.engine.plans.writing.following import (
    check_again,
    check_kind,
    check_nodes,
    check_walks,
    checked,
    following,
    following_anew,
)
from functions.engine.ports.store import Create, Document, Update, Write

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
    claim: Callable[[str], Create] | None = None,
) -> Campaign:
    """Create a draft; a time that lies ahead schedules it at once.

    `claim` returns the write that gives its id a name; ConflictError is raised where that has it.
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
    return await create_campaign(engine, campaign, version, *([claim(id_)] if claim else ()))


async def change_plan(
    engine: Engine,
    org: str,
    id_: str,
    document: Mapping[str, Any],
    *,
    by: str,
    if_version: int | None,
) -> Campaign:
    """Give a campaign that has not ended another plan: its next version; the same is none.

    Whoever is under way goes on by the version they walk by; whoever enters walks by the new one.
    Raises InvalidPlanError, NotFoundError, StaleError, WrongStatusError, and InvalidFieldError for
    a campaign of another kind.
    """
    now = engine.clock.now()
    before, plan = await read_change(engine, org, id_, document)
    decided = await organisation.load(engine, org)
    is_same = await is_current(engine, before, plan)

    def decide(documents: list[Document | None]) -> tuple[Campaign, list[Write]]:
        found_at = at_version(documents[0], "Campaign", id_, if_version)
        found = campaign_from(org, id_, found_at.data)
        _check_may_change(found, before)
        if is_same and found.plan == before.plan:
            return found, []
        number, is_started = found.plan + 1, found.status in _STARTED
        written = replace(found, plan=number, updated_at=now)
        follow = following_anew if is_started else following
        after = follow(engine, decided, written, plan)
        # Its workers know it by the plan before: each is to take its lane anew.
        after = replace(after, epoch=found.epoch + 1) if is_started else after
        wake_at = now if found.status is CampaignStatus.RUNNING else None
        fences = lanes.fence(after, wake_at) if is_started else []
        version = versions.stored(after, document, by=by, at=now)
        update = Update(found_at.path, campaign_fields(after), found_at.version)
        about: dict[str, Any] = {"campaign": id_, "status": found.status, "plan": number}
        trail = audit_trail.entry(
            org, f"{id_}-plan-{number}", action="change_plan", by=by, at=now, **about
        )
        return after, [update, version, trail, *fences]

    campaign = await modify(engine.store, [paths.campaign(org, id_)], decide)
    if campaign.status is CampaignStatus.RUNNING and campaign.plan > before.plan:
        names = lanes.working_lanes(campaign)
        await enqueue_for(engine, TaskKind.LANE, [paths.lane(org, id_, name) for name in names])
    log.info("plan_changed", org=org, campaign_id=id_, by=by, version=campaign.plan)
    return campaign


async def read_change(
    engine: Engine, org: str, id_: str, document: Mapping[str, Any]
) -> tuple[Campaign, Plan]:
    """Return a campaign, and the plan that it is to have next.

    Raises what change_plan raises.
    """
    campaign = await load(engine, org, id_)
    check_walks(campaign, "plan")
    check_kind(document, campaign.kind)
    _check_may_change(campaign, campaign)
    decided = await organisation.load(engine, org)
    starts = campaign.status in _STARTED  # people are sent to as soon as they enter
    return campaign, await checked(engine, decided, campaign, document, starts=starts)


async def is_current(engine: Engine, campaign: Campaign, plan: Plan) -> bool:
    """Tell whether a plan says what the campaign's plan says already."""
    current = (await plan_of(engine, campaign, campaign.plan)).plan.document
    return (plan.document, plan.document.model_fields_set) == (current, current.model_fields_set)


def _check_may_change(found: Campaign, before: Campaign) -> None:
    """Raise where a campaign's plan may not change, or was looked at as if it had not started."""
    if found.has_ended:
        raise WrongStatusError("change the plan of", found.status, already=False, ended=True)
    if (found.status in _STARTED) is not (before.status in _STARTED):
        raise StaleError("Campaign")


_UNSTARTED = frozenset({CampaignStatus.DRAFT, CampaignStatus.SCHEDULED})
_STARTED = frozenset({CampaignStatus.RUNNING, CampaignStatus.PAUSED})


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
