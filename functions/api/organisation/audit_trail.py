"""The audit trail: who did what, when and why."""

from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel

from functions.engine.kernel import audit_trail
from functions.engine.ports.store import Document
from functions.web.auth import Area
from functions.web.caller_route import RestRoute, Viewer
from functions.web.cursors import Cursor, Limit, Page, after_instant, instant_cursor, page
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


@router.get("/campaigns/{campaign_id}/audit", tags=[Area.CAMPAIGNS], response_model=EntryPage)
async def get_campaign_audit(
    campaign_id: Id, context: Viewer, cursor: Cursor = "", limit: Limit = 100
) -> dict[str, Any]:
    """Show what was done to a campaign, oldest first; that of a deleted draft too."""
    found = await audit_trail.of_campaign(
        context.engine, context.org, campaign_id, after=after_instant(cursor), limit=limit
    )
    return _page(found, limit)


@router.get("/audit", tags=[Area.SETTINGS], response_model=EntryPage)
async def get_audit(context: Viewer, cursor: Cursor = "", limit: Limit = 100) -> dict[str, Any]:
    """Show what was done in the organisation, newest first."""
    found = await audit_trail.of_organisation(
        context.engine, context.org, after=after_instant(cursor), limit=limit
    )
    return _page(found, limit)


def _page(entries: Sequence[Document], limit: int) -> dict[str, Any]:
    return page([_shown(entry) for entry in entries], instant_cursor(entries, limit, by="at"))


def _shown(entry: Document) -> dict[str, Any]:
    data = entry.data
    return {
        "id": entry.id,
        **{name: data.get(name) for name in _SHOWN},
        "about": {name: value for name, value in data.items() if name not in _SHOWN},
    }


_SHOWN = ("at", "action", "by", "reason")
