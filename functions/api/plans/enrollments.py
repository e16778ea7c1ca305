"""Enrollments over REST: who enters a plan, where each stands, and steps of one person alone."""

import re
from collections.abc import Sequence
from typing import Annotated, Any, Final

from fastapi import APIRouter, Path, Query
from pydantic import AfterValidator, BaseModel, Field

from functions.api.plans.enrollment_views import (
    ContactEnrollmentPage,
    EnrollmentPage,
    EnteredRows,
    MovePage,
    SteeredEnrollment,
    WholeEnrollment,
    enrollment_item,
    move_item,
    whole_item,
)
from functions.api.plans.entrants import Entrants, read_entrant
from functions.domain.campaigns.entry import PARALLEL
from functions.domain.errors import InvalidFieldError
from functions.domain.messages.ids import whole_id
from functions.domain.plans.enrollment import EnrollmentStatus
from functions.domain.plans.plan import Plan
from functions.domain.plans.words import why_left
from functions.engine.campaigns.lifecycle import load
from functions.engine.kernel.plan_versions import plan_of
from functions.engine.plans import enrollments, steering
from functions.engine.plans.enroll import Entered, check_open, enroll
from functions.engine.plans.enrollments import EnrollmentFilter, following
from functions.engine.plans.entry import EntryResult
from functions.engine.plans.steering import Steered
from functions.web.auth import Area
from functions.web.caller_route import Operator, RestRoute, Viewer
from functions.web.cursors import after_id, decode_cursor, encode_cursor, id_cursor, page
from functions.web.fields import Id, PageSize, Reason, RestBody, example, not_reserved

router = APIRouter(tags=[Area.ENROLLMENTS], route_class=RestRoute)

_WHOLE_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,64}\.[A-Za-z0-9_-]{1,64}")

EnrollmentId = Annotated[
    str,
    Path(
        pattern=f"^{_WHOLE_ID.pattern}$",
        description="The campaign's id, a full stop, and the enrollment's own.",
    ),
    AfterValidator(not_reserved),
]


class EnrollmentQuery(BaseModel):
    """Which enrollments are listed."""

    status: EnrollmentStatus | None = None
    node: Annotated[str, Field(max_length=64, description="At which they stand.")] = ""
    cursor: Annotated[str, Field(max_length=200, description="Where to go on.")] = ""
    limit: Annotated[int, Field(ge=1, le=1000)] = 100


class WhyStep(RestBody):
    """Why somebody's walk is paused, or goes on."""

    reason: Reason | None = None

    model_config = example({"reason": "they have called us"})


class WhereTo(RestBody):
    """The node that somebody is moved to."""

    node: Annotated[str, Field(min_length=1, max_length=64)]
    reason: Reason | None = None

    model_config = example({"node": "tips", "reason": "they know the beginning"})


@router.post("/campaigns/{campaign_id}/enrollments", response_model=EnteredRows)
async def enroll_people(campaign_id: Id, wanted: Entrants, context: Operator) -> dict[str, Any]:
    """Let up to 1,000 people enter a plan; bad rows are told by index, good ones kept.

    Whoever is under way enters no second time, however often they are named.
    """
    campaign = await load(context.engine, context.org, campaign_id)
    check_open(campaign)
    needs_key = campaign.entry is not None and campaign.entry.reentry == PARALLEL
    read = [read_entrant(row, needs_key=needs_key) for row in wanted.subjects]
    entered = iter(
        await enroll(
            context.engine,
            context.org,
            campaign_id,
            [each for each in read if not isinstance(each, InvalidFieldError)],
            at=wanted.at,
            per_minute=wanted.stagger.per_minute if wanted.stagger else None,
        )
    )
    plan = (await plan_of(context.engine, campaign, campaign.plan)).plan
    rows: list[dict[str, Any]] = []
    for index, each in enumerate(read):
        if isinstance(each, InvalidFieldError):
            refusal = {"field": each.field, "reason": str(each), "reason_words": str(each)}
            told = {"result": EntryResult.REFUSED, **refusal}
        else:
            told = _row(campaign_id, plan, next(entered))
        rows.append({"index": index, **told})
    results: Sequence[str] = [row["result"] for row in rows]
    return {**{each: results.count(each) for each in EntryResult}, "results": rows}


def _row(campaign_id: str, plan: Plan, entered: Entered) -> dict[str, Any]:
    walk = entered.enrollment
    ahead = following(campaign_id, plan, walk) if walk and not walk.has_ended else None
    nodes = [thread.node for thread in walk.threads.values()] if walk else []
    return {
        "result": entered.result,
        "id": whole_id(campaign_id, entered.id) if entered.id else None,
        "node": nodes[0] if nodes else None,
        "next": ahead and ahead._asdict(),
        "reason": entered.reason or None,
        "reason_words": why_left(entered.reason) if entered.reason else None,
    }


@router.get("/campaigns/{campaign_id}/enrollments", response_model=EnrollmentPage)
async def list_enrollments(
    campaign_id: Id, context: Viewer, wanted: Annotated[EnrollmentQuery, Query()]
) -> dict[str, Any]:
    """List those who have entered a plan, those that the filters hold for."""
    found, last = await enrollments.page_of(
        context.engine,
        context.org,
        campaign_id,
        EnrollmentFilter(status=wanted.status, node=wanted.node),
        after=after_id(wanted.cursor),
        limit=wanted.limit,
    )
    # Who somebody is belongs to the contacts, which a key may be kept from.
    known = context.caller.may_use(Area.CONTACTS)
    names = (
        await enrollments.called(context.engine, context.org, found) if known else [""] * len(found)
    )
    rows = [
        {**enrollment_item(each), "name": name} for each, name in zip(found, names, strict=True)
    ]
    return page(rows, id_cursor(last))


@router.get("/contacts/{contact_id}/enrollments", response_model=ContactEnrollmentPage)
async def list_contact_enrollments(
    contact_id: Id,
    context: Viewer,
    cursor: Annotated[str, Query(max_length=200)] = "",
    limit: PageSize = 100,
) -> dict[str, Any]:
    """List the plans that one contact walks through, or has, and where they stand in each."""
    found, last = await enrollments.of_contact(
        context.engine, context.org, contact_id, after=_behind(cursor), limit=limit
    )
    rows = [{**enrollment_item(each), "campaign_name": each.campaign.name} for each in found]
    return page(rows, last and encode_cursor([last]))


def _behind(cursor: str) -> str | None:
    """Return the enrollment that a page goes on behind. Raises InvalidFieldError."""
    if not cursor:
        return None
    (last,) = decode_cursor(cursor, str)
    if not _WHOLE_ID.fullmatch(last):
        raise InvalidFieldError("cursor", "cursor: must be a next_cursor that an earlier page gave")
    return str(last)


@router.get("/enrollments/{enrollment_id}", response_model=WholeEnrollment)
async def get_enrollment(enrollment_id: EnrollmentId, context: Viewer) -> dict[str, Any]:
    """Show one walk in words: where somebody stands, what they wait for, why each move was made."""
    campaign_id, _, id_ = enrollment_id.partition(".")
    found = await enrollments.find(context.engine, context.org, campaign_id, id_)
    whole = await enrollments.whole(context.engine, found)
    return whole_item(found, whole, with_data=context.caller.may_use(Area.CONTACTS))


@router.get("/enrollments/{enrollment_id}/moves", response_model=MovePage)
async def list_older_moves(
    enrollment_id: EnrollmentId,
    context: Viewer,
    number: Annotated[int, Query(ge=1, description="The page, from 1, the oldest.")] = 1,
) -> dict[str, Any]:
    """Show a page of the moves that a long walk has laid aside, and those of earlier entries."""
    campaign_id, _, id_ = enrollment_id.partition(".")
    found = await enrollments.find(context.engine, context.org, campaign_id, id_)
    moves = await enrollments.older_moves(context.engine, found, number)
    return {"moves": [move_item(each) for each in moves]}


@router.delete("/enrollments/{enrollment_id}", response_model=SteeredEnrollment)
async def exit_enrollment(
    enrollment_id: EnrollmentId,
    context: Operator,
    reason: Annotated[Reason | None, Query(description="Why, for the audit trail.")] = None,
) -> dict[str, Any]:
    """Take one person out of a plan; what waits to be sent to them is written off."""
    at = _place(context.org, enrollment_id)
    return _steered(await steering.exit_(context.engine, *at, by=context.by, reason=reason))


@router.post("/enrollments/{enrollment_id}/pause", response_model=SteeredEnrollment)
async def pause_enrollment(
    enrollment_id: EnrollmentId, context: Operator, why: WhyStep | None = None
) -> dict[str, Any]:
    """Send one person nothing more until they are resumed; what happens is noted all the same."""
    reason, at = why.reason if why else None, _place(context.org, enrollment_id)
    return _steered(await steering.pause(context.engine, *at, by=context.by, reason=reason))


@router.post("/enrollments/{enrollment_id}/resume", response_model=SteeredEnrollment)
async def resume_enrollment(
    enrollment_id: EnrollmentId, context: Operator, why: WhyStep | None = None
) -> dict[str, Any]:
    """Let one person go on where they were paused."""
    reason, at = why.reason if why else None, _place(context.org, enrollment_id)
    return _steered(await steering.resume(context.engine, *at, by=context.by, reason=reason))


@router.post("/enrollments/{enrollment_id}/move", response_model=SteeredEnrollment)
async def move_enrollment(
    enrollment_id: EnrollmentId, where: WhereTo, context: Operator
) -> dict[str, Any]:
    """Let one person go on from another node of their journey."""
    at = _place(context.org, enrollment_id)
    moved = await steering.move(context.engine, *at, where.node, by=context.by, reason=where.reason)
    return _steered(moved)


def _place(org: str, enrollment_id: str) -> tuple[str, str, str]:
    """Return the organisation, the campaign and the enrollment's own id."""
    campaign_id, _, id_ = enrollment_id.partition(".")
    return org, campaign_id, id_


def _steered(steered: Steered) -> dict[str, Any]:
    return {**enrollment_item(steered.found), "beyond_recall": list(steered.beyond_recall)}
