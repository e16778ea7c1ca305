"""Campaigns over REST: write, copy and delete them."""

from collections.abc import Mapping, Sequence
from dataclasses import fields as fields_of
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import WrapValidator

from functions.api.campaigns.bodies import (
    Audience,
    Canary,
    Changes,
    Fallback,
    Guardrail,
    NewCampaign,
    Replacement,
    SendWindow,
)
from functions.api.campaigns.views import (
    DeletedCampaigns,
    WarnedCampaign,
    shown,
)
from functions.api.plans import bodies as plan_bodies
from functions.api.plans import campaigns as plan_campaigns
from functions.api.plans.bodies import DraftChanges, NewPlanCampaign
from functions.domain.errors import DomainError, InvalidFieldError
from functions.domain.kinds import ChannelKind
from functions.domain.urls.public_urls import BOT_SCHEMES, WEB_SCHEMES, check_public_url
from functions.engine.campaigns import drafts, lifecycle
from functions.engine.campaigns.drafts import Draft
from functions.engine.campaigns.writing import removal
from functions.engine.plans.writing import drafts as plan_drafts
from functions.web.auth import Area
from functions.web.caller_route import CallerContext, Operator, RestRoute, Viewer
from functions.web.etags import IfMatch
from functions.web.fields import Id

router = APIRouter(prefix="/campaigns", tags=[Area.CAMPAIGNS], route_class=RestRoute)

#: A body is read as its `kind` says.
New = Annotated[
    NewCampaign | NewPlanCampaign, WrapValidator(lambda given, _: plan_bodies.new_campaign(given))
]


@router.post("", status_code=201)
async def create_campaign(new: New, context: Operator) -> WarnedCampaign:
    """Write a campaign: a draft, or scheduled where scheduled_at lies ahead."""
    if isinstance(new, NewPlanCampaign):
        written = await plan_campaigns.create(context, new)
        return await shown(context, written.id, asked=new.scheduled_at)
    fields = await _fields(context, new, new.model_fields_set)
    draft = Draft(**{"channel": new.channel, **fields})
    made = await drafts.create(
        context.engine,
        context.org,
        draft,
        scheduled_at=new.scheduled_at,
        by=context.by,
        repeat=new.repeat.wanted if new.repeat else None,
    )
    return await shown(context, made.id, asked=new.scheduled_at)


@router.get("/{campaign_id}")
async def get_campaign(campaign_id: Id, context: Viewer) -> WarnedCampaign:
    """Show a campaign with its statistics."""
    return await shown(context, campaign_id)


@router.patch("/{campaign_id}")
async def change_campaign(
    campaign_id: Id, changes: DraftChanges, context: Operator, if_version: IfMatch
) -> WarnedCampaign:
    """Change what is named of a draft, or of the run of a series that waits for its time."""
    campaign = await lifecycle.load(context.engine, context.org, campaign_id)
    if campaign.plan:
        await plan_campaigns.update(context, campaign, changes, if_version)
        return await shown(context, campaign_id)
    plan_bodies.check_broadcast(changes)
    fields = await _fields(context, changes, changes.model_fields_set)
    return await _update(context, campaign_id, fields, if_version)


@router.put("/{campaign_id}")
async def replace_campaign(
    campaign_id: Id, wanted: Replacement, context: Operator, if_version: IfMatch
) -> WarnedCampaign:
    """Replace a draft, or a run of a series; what is left out falls back to its default."""
    fields = await _fields(context, wanted, set(Changes.model_fields))
    return await _update(context, campaign_id, fields, if_version)


@router.delete("/{campaign_id}", status_code=204)
async def delete_campaign(campaign_id: Id, context: Operator, if_version: IfMatch) -> None:
    """Remove a draft."""
    await removal.delete(
        context.engine, context.org, campaign_id, by=context.by, if_version=if_version
    )


@router.delete("")
async def delete_campaigns(
    ids: Annotated[list[Id], Query(min_length=1, max_length=100)], context: Operator
) -> DeletedCampaigns:
    """Remove several drafts, `?ids=A&ids=B`; those that cannot be are told with the reason."""
    result = DeletedCampaigns(deleted=[], refused={})
    for id_ in dict.fromkeys(ids):
        try:
            await removal.delete(context.engine, context.org, id_, by=context.by, if_version=None)
        except DomainError as error:
            result.refused[id_] = str(error)
        else:
            result.deleted.append(id_)
    return result


@router.post("/{campaign_id}/duplicate", status_code=201)
async def duplicate_campaign(campaign_id: Id, context: Operator) -> WarnedCampaign:
    """Write a draft that says what another campaign says."""
    campaign = await lifecycle.load(context.engine, context.org, campaign_id)
    copy = plan_drafts.duplicate if campaign.plan else drafts.duplicate
    made = await copy(context.engine, context.org, campaign_id, by=context.by)
    return await shown(context, made.id)


async def _update(
    context: CallerContext, id_: str, fields: Mapping[str, Any], if_version: int | None
) -> WarnedCampaign:
    await drafts.update(
        context.engine, context.org, id_, fields, by=context.by, if_version=if_version
    )
    return await shown(context, id_)


async def _fields(context: CallerContext, body: Changes, names: set[str]) -> dict[str, Any]:
    """Return the draft's fields that a body gives; null means the field's default."""
    _check_urls(context, body)
    fields: dict[str, Any] = {}
    for name in names & set(Changes.model_fields):
        stored = _STORED.get(name, name)
        value = _stored(getattr(body, name))
        fields[stored] = _DEFAULTS[stored] if value is None else value
    if body.template_id:  # what else a PUT leaves out is for the template to say
        fields = {name: fields[name] for name in fields if name not in _SAID or _given(body, name)}
    return await drafts.with_template(context.engine, context.org, fields)


def _stored(value: Any) -> Any:
    """Return what a body says of a field as a draft holds it."""
    match value:
        case [Fallback(), *_]:
            return [fallback.wanted for fallback in value]
        case Audience() | Canary() | Guardrail() | SendWindow():
            return value.wanted
        case _:
            return value


def _given(body: Changes, stored: str) -> bool:
    """Tell whether a body says something of a field; null leaves it to the template."""
    names = [name for name in body.model_fields_set if _STORED.get(name, name) == stored]
    return any(getattr(body, name) is not None for name in names)


#: What a named template says of a campaign.
_SAID = frozenset({"template", "subject", "html", "missing", "defaults"})


_BLANK = Draft(channel=ChannelKind.SMS)
_DEFAULTS = {f.name: getattr(_BLANK, f.name) for f in fields_of(Draft)}
_STORED = {
    "base_template": "template",
    "missing_fields": "missing",
    "rate_per_s": "own_rate_per_s",
}


def _check_urls(context: CallerContext, body: Changes) -> None:
    """Raise InvalidFieldError for a URL that we must not call, of a fallback as well."""
    _check_url(context, "bot_url", body.bot_url, BOT_SCHEMES)
    _check_url(context, "webhook_url", body.webhook_url, WEB_SCHEMES)
    for number, fallback in enumerate(body.fallbacks or ()):
        prefix = f"fallbacks.{number}."
        _check_url(context, f"{prefix}bot_url", fallback.bot_url, BOT_SCHEMES)
        _check_url(context, f"{prefix}webhook_url", fallback.webhook_url, WEB_SCHEMES)


def _check_url(context: CallerContext, field: str, url: str | None, schemes: Sequence[str]) -> None:
    if url is None:
        return
    try:
        private = context.settings.allow_private_hosts
        check_public_url(url, schemes=schemes, allow_private=private)
    except ValueError as error:
        raise InvalidFieldError(field, f"{field}: {error}") from None
