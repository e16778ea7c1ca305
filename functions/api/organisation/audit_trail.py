"""The audit trail: who did what, when and why."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel

from functions.domain.times import iso
from functions.engine.kernel import audit_trail
from functions.engine.ports.store import Document
from functions.web.auth import Area
from functions.web.caller_route import RestRoute, Viewer
from functions.web.context import Context
from functions.web.cursors import Cursor, Limit, decode_cursor, encode_cursor, page
from functions.web.fields import Id

router = APIRouter(route_class=RestRoute)


class Entry(BaseModel):
    """One thing that was done. `about` names what it was done to, and the fields it changed."""

    id: str
    at: str
    action: str
    by: str
    reason: str | None
    about: dict[str, Any]


class EntryPage(BaseModel):
    """Some of the trail."""

    data: list[Entry]
    next_cursor: str | None


@router.get("/campaigns/{campaign_id}/audit", tags=[Area.CAMPAIGNS], response_model=EntryPage)
async def get_campaign_audit(
    campaign_id: Id, context: Context, caller: Viewer, cursor: Cursor = "", limit: Limit = 100
) -> dict[str, Any]:
    """Show what was done to a campaign, oldest first; that of a deleted draft too."""
    after = _after(cursor)
    found = await audit_trail.of_campaign(
        context.engine, caller.org, campaign_id, after=after, limit=limit
    )
    return _page(found, limit)


@router.get("/audit", tags=[Area.SETTINGS], response_model=EntryPage)
async def get_audit(
    context: Context, caller: Viewer, cursor: Cursor = "", limit: Limit = 100
) -> dict[str, Any]:
    """Show what was done in the organisation, newest first."""
    after = _after(cursor)
    found = await audit_trail.of_organisation(context.engine, caller.org, after=after, limit=limit)
    return _page(found, limit)


def _after(cursor: str) -> tuple[datetime, str] | None:
    values = decode_cursor(cursor, datetime, str)
    return (values[0], values[1]) if values else None


def _page(entries: Sequence[Document], limit: int) -> dict[str, Any]:
    rows = [_shown(entry) for entry in entries]
    if len(entries) < limit:
        return page(rows, None)
    last = entries[-1]
    return page(rows, encode_cursor([last.data["at"], last.id]))


def _shown(entry: Document) -> dict[str, Any]:
    data = entry.data
    return {
        "id": entry.id,
        "at": iso(data["at"]),
        "action": data["action"],
        "by": data["by"],
        "reason": data.get("reason"),
        "about": {name: value for name, value in data.items() if name not in _SHOWN},
    }


_SHOWN = frozenset({"at", "action", "by", "reason"})
