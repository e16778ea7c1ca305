"""Segments over REST: name conditions, count and list the contacts that they hold for."""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import BaseModel, WithJsonSchema

from functions.api.contacts.views import UsesAnswer, shown_uses
from functions.domain.campaigns.audience import AudienceKind
from functions.domain.contacts.contact import contact_from
from functions.domain.segments.conditions import Condition, asks_who
from functions.domain.segments.parser import parse
from functions.engine import paths
from functions.engine.contacts import in_use, segments
from functions.engine.contacts.segments import Segment
from functions.web.auth import Area
from functions.web.caller_route import CallerContext, Operator, RestRoute, Viewer
from functions.web.cursors import Cursor, Limit, NamePrefix, Page, after_id, id_cursor, page
from functions.web.etags import IfMatch
from functions.web.fields import Id, Instant, Name, RestBody, example

router = APIRouter(prefix="/segments", tags=[Area.SEGMENTS], route_class=RestRoute)

#: The document has the recursive schema (functions/api/reference/conditions.py).
Conditions = Annotated[dict[str, Any], WithJsonSchema({"x-schema": "SegmentCondition"})]


class NewSegment(RestBody):
    """A condition and what it is called."""

    name: Name
    conditions: Conditions

    model_config = example(
        {
            "name": "Nairobi",
            "conditions": {"field": "location", "op": "eq", "value": "Nairobi"},
        }
    )


class SegmentChanges(RestBody):
    """What is to change of a segment; what is left out stays."""

    model_config = example({"name": "Nairobi and around"})

    name: Name | None = None
    conditions: Conditions | None = None


class Trial(RestBody):
    """Conditions that are not saved, or not yet."""

    model_config = example({"conditions": {"field": "location", "op": "eq", "value": "Nairobi"}})

    conditions: Conditions


class ShownSegment(BaseModel):
    """A segment."""

    id: str
    name: str
    conditions: Conditions
    created_at: Instant
    created_by: str
    updated_at: Instant


class SegmentPage(Page[ShownSegment]):
    """Some segments."""


class ShownCount(BaseModel):
    """How many active contacts the conditions hold for; at least so many where not exact."""

    count: int
    exact: bool


class SegmentMember(BaseModel):
    """A contact that the conditions hold for."""

    id: str
    phone: str
    email: str
    first_name: str
    last_name: str
    location: str
    preferred_product: str
    attributes: dict[str, str]


class SegmentMemberPage(Page[SegmentMember]):
    """Some contacts. A page may be empty and yet not the last: reading on has its bounds."""


@router.post("", status_code=201, response_model=ShownSegment)
async def create_segment(new: NewSegment, context: Operator) -> Segment:
    """Name a condition."""
    _check_may_ask(context, new.conditions)
    made = await segments.create(
        context.engine, context.org, new.name, new.conditions, by=context.by
    )
    return _tagged(made, context)


@router.get("", response_model=SegmentPage)
async def list_segments(
    context: Viewer, name_prefix: NamePrefix = "", cursor: Cursor = "", limit: Limit = 100
) -> dict[str, Any]:
    """Show the segments, page by page."""
    found, following = await segments.page_of(
        context.engine, context.org, after=after_id(cursor), limit=limit, name_prefix=name_prefix
    )
    return page(found, id_cursor(following))


@router.post("/count", response_model=ShownCount)
async def count_conditions(trial: Trial, context: Viewer) -> segments.Count:
    """Count those for whom conditions hold that need not be saved."""
    _check_may_ask(context, trial.conditions)
    condition = await segments.read(context.engine, context.org, trial.conditions)
    return await segments.count(context.engine, context.org, condition)


@router.post("/contacts", response_model=SegmentMemberPage)
async def list_condition_contacts(
    trial: Trial, context: Viewer, cursor: Cursor = "", limit: Limit = 100
) -> dict[str, Any]:
    """Show those for whom conditions hold that need not be saved, page by page."""
    context.require_contacts()
    condition = await segments.read(context.engine, context.org, trial.conditions)
    return await _people(condition, context, cursor, limit)


@router.get("/{segment_id}", response_model=ShownSegment)
async def get_segment(segment_id: Id, context: Viewer) -> Segment:
    """Show a segment."""
    return _tagged(await segments.load(context.engine, context.org, segment_id), context)


@router.put("/{segment_id}", response_model=ShownSegment)
async def replace_segment(
    segment_id: Id, wanted: NewSegment, context: Operator, if_version: IfMatch
) -> Segment:
    """Replace a segment's name and conditions."""
    return await _updated(segment_id, wanted, context, if_version)


@router.patch("/{segment_id}", response_model=ShownSegment)
async def change_segment(
    segment_id: Id, changes: SegmentChanges, context: Operator, if_version: IfMatch
) -> Segment:
    """Change a segment's name or conditions."""
    return await _updated(segment_id, changes, context, if_version)


@router.delete("/{segment_id}", status_code=204)
async def delete_segment(segment_id: Id, context: Operator, if_version: IfMatch) -> None:
    """Delete a segment, unless a campaign to it has not ended; the contacts stay."""
    await segments.delete(context.engine, context.org, segment_id, if_version=if_version)


@router.get("/{segment_id}/count", response_model=ShownCount)
async def count_segment(segment_id: Id, context: Viewer) -> segments.Count:
    """Count the active contacts that a segment holds just now."""
    condition = await segments.condition(context.engine, context.org, segment_id)
    return await segments.count(context.engine, context.org, condition)


@router.get("/{segment_id}/contacts", response_model=SegmentMemberPage)
async def list_segment_contacts(
    segment_id: Id, context: Viewer, cursor: Cursor = "", limit: Limit = 100
) -> dict[str, Any]:
    """Show the active contacts that a segment holds just now, page by page."""
    context.require_contacts()
    condition = await segments.condition(context.engine, context.org, segment_id)
    return await _people(condition, context, cursor, limit)


@router.get("/{segment_id}/campaigns", response_model=UsesAnswer)
async def list_segment_campaigns(segment_id: Id, context: Viewer) -> dict[str, Any]:
    """List the campaigns to a segment that have not ended; it cannot be deleted meanwhile."""
    engine, org = context.engine, context.org
    await segments.load(engine, org, segment_id)
    return shown_uses(await in_use.uses(engine, org, AudienceKind.SEGMENT, segment_id))


async def _people(
    condition: Condition, context: CallerContext, cursor: str, limit: int
) -> dict[str, Any]:
    """Return a page of the active contacts that a condition holds for."""
    after = after_id(cursor)
    found = await segments.page(
        context.engine,
        context.org,
        condition,
        after=after and paths.contact(context.org, after),
        limit=limit,
    )
    following = found.after and found.after.rpartition("/")[2]
    people = [contact_from(each.id, each.data) for each in found.contacts]
    return page(people, id_cursor(following))


def _check_may_ask(context: CallerContext, conditions: Mapping[str, Any] | None) -> None:
    """Raise ForbiddenError for a question whether there is somebody, of whom may not see people."""
    if conditions is not None and asks_who(parse(conditions)):
        context.require_contacts()


def _tagged(segment: Segment, context: CallerContext) -> Segment:
    return context.tagged((segment, segment.version))


async def _updated(
    segment_id: str,
    changes: NewSegment | SegmentChanges,
    context: CallerContext,
    if_version: int | None,
) -> Segment:
    _check_may_ask(context, changes.conditions)
    changed = await segments.update(
        context.engine,
        context.org,
        segment_id,
        name=changes.name,
        conditions=changes.conditions,
        if_version=if_version,
    )
    return _tagged(changed, context)
