"""The audit trail: who did what, when and why."""

from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from functions.api.spans import Span
from functions.engine.kernel import audit_trail
from functions.engine.kernel.audit_trail import AuditFilter
from functions.engine.ports.store import Document
from functions.web.auth import Area
from functions.web.caller_route import RestRoute, Viewer
from functions.web.cursors import (
    Cursor,
    Limit,
    Page,
    after_instant,
    instant_cursor,
    last_cursor,
    page,
)
from functions.web.fields import Id, Instant

router = APIRouter(route_class=RestRoute)


class Entry(BaseModel):
    """One thing that was done. `about` names what it was done to, and the fields it changed."""

    id: str
    at: Instant
    action: str
    by: str
    reason: str | None
    about: dict[str, Any]


class EntryPage(Page[Entry]):
    """Some of the trail."""


class AuditQuery(Span):
    """Which entries are shown."""

    action: Annotated[str, Field(max_length=64, description="Such as `pause`.")] = ""
    by: Annotated[str, Field(max_length=300, description="Who did it, as entries name it.")] = ""


@router.get("/campaigns/{campaign_id}/audit", tags=[Area.CAMPAIGNS], response_model=EntryPage)
async def get_campaign_audit(
    campaign_id: Id, context: Viewer, cursor: Cursor = "", limit: Limit = 100
) -> dict[str, Any]:
    """Show what was done to a campaign, oldest first; that of a deleted draft too."""
    found = await audit_trail.of_campaign(
        context.engine, context.org, campaign_id, after=after_instant(cursor), limit=limit
    )
    return page([_shown(entry) for entry in found], instant_cursor(found, limit, by="at"))


@router.get("/audit", tags=[Area.SETTINGS], response_model=EntryPage)
async def get_audit(
    context: Viewer,
    wanted: Annotated[AuditQuery, Query()],
) -> dict[str, Any]:
    """Show what was done in the organisation, newest first.

    Entries are looked through for an action or a person: a page may be short, and still lead on.
    """
    shown = AuditFilter(
        action=wanted.action, by=wanted.by, since=wanted.since, before=wanted.before
    )
    after = after_instant(wanted.cursor)
    found = await audit_trail.of_organisation(
        context.engine, context.org, shown, after=after, limit=wanted.limit
    )
    return page([_shown(entry) for entry in found.documents], last_cursor(found.last, by="at"))


def _shown(entry: Document) -> dict[str, Any]:
    data = entry.data
    return {
        "id": entry.id,
        **{name: data.get(name) for name in _SHOWN},
        "about": {name: value for name, value in data.items() if name not in _SHOWN},
    }


_SHOWN = ("at", "action", "by", "reason")
