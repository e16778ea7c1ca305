"""Campaigns with a plan over REST: their plans by version, their start and their closing."""

import re
from collections.abc import Mapping
from typing import Annotated, Any, Final

from fastapi import APIRouter, Body, Path, Query

from functions.api.campaigns.bodies import SendWindow
from functions.api.campaigns.views import WarnedCampaign, shown
from functions.api.plans.bodies import DraftChanges, EntryBody, NewPlanCampaign, PlanJson, foreign
from functions.api.plans.version_views import PlanDifference, shown_difference
from functions.api.plans.views import (
    PlanVersions,
    ShownPlan,
    WarnedPlan,
    version_fields,
)
from functions.api.warnings import shown_warnings
from functions.domain.campaigns.campaign import Campaign
from functions.domain.campaigns.entry import NEVER
from functions.domain.campaigns.lifecycle import LateStart
from functions.domain.errors import InvalidFieldError
from functions.domain.segments.conditions import asks_who
from functions.domain.segments.parser import parse
from functions.engine.campaigns import lifecycle
from functions.engine.campaigns.drafts import UNTITLED
from functions.engine.plans import campaigns
from functions.engine.plans.migration.preview import preview
from functions.engine.plans.writing import drafts, versions
from functions.engine.plans.writing.checks import InvalidPlanError
from functions.engine.plans.writing.following import check_kind, check_walks
from functions.engine.plans.writing.versions import Version
from functions.engine.plans.writing.warnings import warnings_of
from functions.web.auth import Area
from functions.web.caller_route import CallerContext, Operator, RestRoute, Viewer
from functions.web.cursors import Cursor, after_id, id_cursor, page
from functions.web.etags import IfMatch
from functions.web.fields import Id

router = APIRouter(prefix="/campaigns", tags=[Area.CAMPAIGNS], route_class=RestRoute)

_MOST_VERSIONS: Final = 10**9
_DIGITS: Final = re.compile(r"[1-9][0-9]{0,8}", re.ASCII)
Number = Annotated[
    int, Path(ge=1, le=_MOST_VERSIONS, description="The number of a version, from 1.")
]
DryRun = Annotated[
    bool, Query(description="Tell what would change, and store nothing.", examples=[True])
]
Few = Annotated[int, Query(ge=1, le=50, description="How many are returned at most.")]


@router.put("/{campaign_id}/plan")
async def replace_plan(
    campaign_id: Id,
    plan: Annotated[PlanJson, Body(description="The plan: a journey or a sequence.")],
    context: Operator,
    if_version: IfMatch,
    *,
    dry_run: DryRun = False,
) -> WarnedPlan | PlanDifference:
    """Give a campaign that has not ended another plan, as its next version.

    Whoever is under way goes on by the version they walk by, until POST /migrate; whoever enters
    walks by this one.
    """
    try:
        if dry_run:
            found = await preview(context.engine, context.org, campaign_id, plan)
            return shown_difference(campaign_id, found)
        changed = await campaigns.change_plan(
            context.engine, context.org, campaign_id, plan, by=context.by, if_version=if_version
        )
    except InvalidPlanError as error:
        raise InvalidPlanError(error.findings, base="") from None
    doubts = await warnings_of(context.engine, changed)
    current = await _current(context, campaign_id)
    return WarnedPlan(**dict(current), warnings=shown_warnings(doubts))


@router.get("/{campaign_id}/plan")
async def get_plan(campaign_id: Id, context: Viewer) -> ShownPlan:
    """Show the plan that people enter."""
    return await _current(context, campaign_id)


@router.get("/{campaign_id}/plans")
async def list_plans(
    campaign_id: Id, context: Viewer, cursor: Cursor = "", limit: Few = 20
) -> PlanVersions:
    """Show the versions of a campaign's plan, the newest first, without what they say."""
    before = _number(after_id(cursor))
    campaign = await _walking(context, campaign_id)
    found = await versions.newest(context.engine, campaign, before=before, limit=limit)
    last = found[-1].number if found else 1
    following = id_cursor(str(last) if last > 1 else None)
    return PlanVersions(**page([version_fields(each) for each in found], following))


@router.get("/{campaign_id}/plans/{number}")
async def get_plan_version(campaign_id: Id, number: Number, context: Viewer) -> ShownPlan:
    """Show one version of a campaign's plan."""
    campaign = await _walking(context, campaign_id)
    return _shown(campaign, await versions.read(context.engine, campaign, number))


@router.post("/{campaign_id}/start")
async def start_campaign(campaign_id: Id, context: Operator) -> WarnedCampaign:
    """Start a journey or a sequence now: whom its entry names begin, and others may enter."""
    await campaigns.start(context.engine, context.org, campaign_id, by=context.by)
    return await shown(context, campaign_id)


@router.post("/{campaign_id}/close")
async def close_campaign(campaign_id: Id, context: Operator) -> WarnedCampaign:
    """Let nobody enter any more; the campaign ends once those inside have come to their end."""
    await campaigns.close(context.engine, context.org, campaign_id, by=context.by)
    return await shown(context, campaign_id)


async def create(context: CallerContext, new: NewPlanCampaign) -> Campaign:
    """Write a campaign with a plan, as somebody describes it."""
    entry = new.entry or EntryBody()
    check_may_ask(context, entry)
    wish = campaigns.NewPlanCampaign(
        name=new.name or UNTITLED,
        document=new.document,
        entry=entry.wanted(new.reentry or NEVER),
        audience=entry.audience,
        own_rate_per_s=new.rate_per_s,
        send_window=new.send_window.wanted if new.send_window else None,
        not_after=new.not_after,
        late_start=new.late_start or LateStart.RUN,
        grace_s=3600 if new.grace_s is None else new.grace_s,
    )
    check_kind(new.document, new.kind)
    try:
        return await campaigns.create(
            context.engine, context.org, wish, by=context.by, scheduled_at=new.scheduled_at
        )
    except InvalidPlanError as error:
        if new.steps is None:
            raise
        raise InvalidPlanError(_in_the_request(error), base="") from None


async def update(
    context: CallerContext, campaign: Campaign, changes: DraftChanges, if_version: int | None
) -> None:
    """Change what is named of a draft with a plan; null means a field's default."""
    members = dict.fromkeys(changes.model_fields_set)
    for name, about in foreign(members, campaign.kind).items():
        raise InvalidFieldError(name, f"{name}: {about}")
    given = {_STORED.get(name, name): getattr(changes, name) for name in members}
    fields = {name: _DEFAULTS[name] if value is None else value for name, value in given.items()}
    if isinstance(window := fields.get("send_window"), SendWindow):
        fields["send_window"] = window.wanted
    if entry := fields.pop("entry", None):
        check_may_ask(context, entry)
        fields |= {"entry": entry.wanted(NEVER), "audience": entry.audience}
    await drafts.update(
        context.engine, context.org, campaign.id, fields, by=context.by, if_version=if_version
    )


#: How members are called that a campaign calls otherwise, and what null stands for.
_STORED: Final = {"rate_per_s": "own_rate_per_s"}
_DEFAULTS: Final[Mapping[str, Any]] = {
    "name": UNTITLED,
    "own_rate_per_s": None,
    "send_window": None,
    "not_after": None,
    "late_start": LateStart.RUN,
    "grace_s": 3600,
    "entry": EntryBody(),
    "reentry": NEVER,
}


def _in_the_request(error: InvalidPlanError) -> list[Any]:
    """Return findings at their places in a request that has the steps beside its other members."""
    return [
        each._replace(pointer="/zone", sentence=each.sentence.replace("timezone", "zone", 1))
        if each.pointer == "/timezone"
        else each
        for each in error.findings
    ]


def check_may_ask(context: CallerContext, entry: EntryBody) -> None:
    """Raise ForbiddenError where conditions ask who people are, and the caller may not know."""
    if entry.conditions is not None and asks_who(parse(entry.conditions)):
        context.require_contacts()


def _number(text: str | None) -> int | None:
    """Return the number that a cursor goes on below."""
    if text is None:
        return None
    if not _DIGITS.fullmatch(text):
        raise InvalidFieldError("cursor", "cursor: must be a next_cursor that an earlier page gave")
    return int(text)


async def _walking(context: CallerContext, id_: str) -> Campaign:
    campaign = await lifecycle.load(context.engine, context.org, id_)
    check_walks(campaign, "plan")
    return campaign


async def _current(context: CallerContext, id_: str) -> ShownPlan:
    """Show a campaign's plan, and name the campaign's version for a later If-Match."""
    campaign = context.tagged(await lifecycle.load_with_version(context.engine, context.org, id_))
    check_walks(campaign, "plan")
    return _shown(campaign, await versions.read(context.engine, campaign, campaign.plan))


def _shown(campaign: Campaign, version: Version) -> ShownPlan:
    about = version_fields(version)
    return ShownPlan(campaign_id=campaign.id, plan=version.document, **about)
