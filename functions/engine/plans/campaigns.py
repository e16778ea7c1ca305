"""Campaigns with a plan: they are written, started, and closed to whoever would enter."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import uuid4

import orjson
import structlog

from functions.domain.campaigns.audience import Audience, AudienceKind
from functions.domain.campaigns.campaign import Campaign, campaign_fields, campaign_from
from functions.domain.campaigns.entry import Entry
from functions.domain.campaigns.lifecycle import check_start_time
from functions.domain.campaigns.send import Send
from functions.domain.campaigns.status import Action, CampaignStatus
from functions.domain.digest import digest
from functions.domain.errors import InvalidFieldError, WrongStatusError
from functions.domain.kinds import CampaignKind
from functions.domain.plans.document import PlanDocument
from functions.domain.plans.lint.findings import Finding, Level
from functions.domain.plans.plan import Plan
from functions.domain.plans.reading import read_plan
from functions.domain.plans.sends import routes_of
from functions.domain.sending_rules.windows import QuietHours, SendWindow
from functions.engine import paths
from functions.engine.campaigns.audience_size import audience_and_size
from functions.engine.campaigns.in_force import with_rules
from functions.engine.campaigns.lifecycle import change, create_campaign, load
from functions.engine.campaigns.senders import provider_of
from functions.engine.kernel import audit_trail, lanes
from functions.engine.kernel.engine import Engine
from functions.engine.kernel.modify import at_version, modify
from functions.engine.ports.store import Create, Document, Update, Write

log = structlog.get_logger()


class InvalidPlanError(InvalidFieldError):
    """A plan has mistakes; `findings` tells each, and where it stands."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        wrong = [each for each in findings if each.level is Level.ERROR]
        first = wrong[0]
        more = f" (and {len(wrong) - 1} more)" if len(wrong) > 1 else ""
        place = f"plan{first.pointer}"
        super().__init__(place, f"{place}: {first.sentence}{more}", code="INVALID_PLAN")
        self.findings = findings


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


async def create(
    engine: Engine,
    org: str,
    new: NewPlanCampaign,
    *,
    by: str,
    scheduled_at: datetime | None = None,
) -> Campaign:
    """Create a draft; a time schedules it at once.

    Raises InvalidPlanError, NotFoundError for a list or segment, and InvalidFieldError.
    """
    now, id_ = engine.clock.now(), uuid4().hex
    if scheduled_at is not None:
        longest = engine.limits.schedule_ahead
        check_start_time(scheduled_at, now=now, field="scheduled_at", longest=longest)
    wanted = new.audience or Audience(AudienceKind.ENTRANTS)
    audience, total = await audience_and_size(engine, org, id_, wanted)
    plan = checked_plan(new.document, now=now)
    campaign = Campaign(
        id=id_,
        org=org,
        name=new.name,
        kind=_kind(plan),
        status=CampaignStatus.SCHEDULED if scheduled_at else CampaignStatus.DRAFT,
        epoch=1,
        own_send=_routes(engine, plan)[0],
        audience=audience,
        total=total,
        lanes=1,
        own_rate_per_s=new.own_rate_per_s,
        send_window=new.send_window,
        not_after=new.not_after,
        created_at=now,
        created_by=by,
        updated_at=now,
        scheduled_at=scheduled_at,
        scheduled_by=by if scheduled_at else None,
        entry=new.entry,
        entry_open=new.entry.stays_open,
    )
    campaign = await _following(engine, campaign, plan, 1)
    stored = _version(campaign, new.document, by=by, now=now)
    return await create_campaign(engine, campaign, stored)


async def change_plan(
    engine: Engine,
    org: str,
    id_: str,
    document: Mapping[str, Any],
    *,
    by: str,
    if_version: int | None,
) -> Campaign:
    """Give a draft another plan: its next version.

    Raises InvalidPlanError, NotFoundError, StaleError, and WrongStatusError where it has started.
    """
    now = engine.clock.now()
    plan = checked_plan(document, now=now)
    before = await load(engine, org, id_)
    planned = await _following(engine, before, plan, before.plan + 1)

    def decide(documents: list[Document | None]) -> tuple[Campaign, list[Write]]:
        stored = at_version(documents[0], "Campaign", id_, if_version)
        found = campaign_from(org, id_, stored.data)
        if found.status not in _UNSTARTED or found.plan != before.plan:
            raise WrongStatusError(
                "change the plan of", found.status, already=False, ended=found.has_ended
            )
        after = replace(planned, status=found.status, epoch=found.epoch, updated_at=now)
        version = _version(after, document, by=by, now=now)
        return after, [Update(stored.path, campaign_fields(after), stored.version), version]

    return await modify(engine.store, [paths.campaign(org, id_)], decide)


_UNSTARTED = frozenset({CampaignStatus.DRAFT, CampaignStatus.SCHEDULED})


async def start(engine: Engine, org: str, id_: str, *, by: str) -> Campaign:
    """Start a draft now. Raises NotFoundError, WrongStatusError and InvalidFieldError."""
    campaign = await load(engine, org, id_)
    check_walks(campaign, "start")
    return await change(engine, org, id_, Action.SEND, by=by)


async def close(engine: Engine, org: str, id_: str, *, by: str) -> Campaign:
    """Let nobody enter any more; those inside come to their end, and the campaign with them.

    Raises NotFoundError, and WrongStatusError where it has not started, has ended or is closed.
    """
    now = engine.clock.now()

    def decide(documents: list[Document | None]) -> tuple[Campaign, list[Write]]:
        stored = at_version(documents[0], "Campaign", id_)
        campaign = campaign_from(org, id_, stored.data)
        check_walks(campaign, "close")
        if campaign.status not in _STARTED or not campaign.entry_open:
            closed = campaign.status in _STARTED
            raise WrongStatusError(
                "close", campaign.status, already=closed, ended=campaign.has_ended
            )
        about = {"campaign": id_, "status": campaign.status}
        trail = audit_trail.entry(org, f"{id_}-closed", action="close", by=by, at=now, **about)
        after = replace(campaign, entry_open=False, updated_at=now)
        changes = {"entry_open": False, "updated_at": now}
        return after, [Update(stored.path, changes, stored.version), trail]

    campaign = await modify(engine.store, [paths.campaign(org, id_)], decide)
    for name in lanes.lane_names(campaign):  # the last one finds that nobody is left
        await lanes.wake(engine, org, id_, name, at=now, reopen=True)
    log.info("campaign_closed", org=org, campaign_id=id_, by=by)
    return campaign


_STARTED = frozenset({CampaignStatus.RUNNING, CampaignStatus.PAUSED})


def checked_plan(document: Mapping[str, Any], *, now: datetime) -> Plan:
    """Return the plan that a document describes. Raises InvalidPlanError."""
    plan, findings = read_plan(document, now=now)
    if plan is None:
        raise InvalidPlanError(findings)
    return plan


def check_walks(campaign: Campaign, action: str) -> None:
    """Refuse what is for campaigns with a plan alone. Raises InvalidFieldError."""
    if not campaign.facts.walks:
        sentence = f"kind: a {campaign.kind} has no plan: {action} is for journeys and sequences"
        raise InvalidFieldError("kind", sentence)


def _kind(plan: Plan) -> CampaignKind:
    is_journey = isinstance(plan.document, PlanDocument)
    return CampaignKind.JOURNEY if is_journey else CampaignKind.SEQUENCE


def _routes(engine: Engine, plan: Plan) -> list[Send]:
    routes = routes_of(plan)
    if not routes:
        raise InvalidFieldError("plan", "plan: sends nothing: no node has the action send")
    return [
        Send("", route.channel, provider_of(engine, route.channel), route.sender)
        for route in routes
    ]


async def _following(engine: Engine, campaign: Campaign, plan: Plan, number: int) -> Campaign:
    """Return a campaign that follows a version of a plan, under its organisation's rules."""
    routes = _routes(engine, plan)
    quiet = plan.document.quiet_hours
    hours = QuietHours(quiet.start, quiet.end) if quiet and quiet.start != quiet.end else None
    written = replace(campaign, plan=number, routes=routes, own_send=routes[0], plan_hours=hours)
    ruled = await with_rules(engine, written)
    zone = plan.document.timezone
    if "timezone" in plan.document.model_fields_set or not ruled.rules.default_zone:
        return replace(ruled, rules=ruled.rules._replace(default_zone=zone))
    return ruled


def _version(campaign: Campaign, document: Mapping[str, Any], *, by: str, now: datetime) -> Create:
    """Store a version of a plan, as it was written."""
    text = orjson.dumps(document).decode()
    path = paths.plan(campaign.org, campaign.id, campaign.plan)
    return Create(path, {"text": text, "digest": digest(text), "by": by, "at": now})
