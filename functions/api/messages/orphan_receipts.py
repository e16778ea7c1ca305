"""Receipts whose message does not exist here, over REST: see them, and have them applied again."""

from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel

from functions.domain.messages.delivery_events import EventKind
from functions.domain.messages.ids import whole_id
from functions.engine.ports.store import Document
from functions.engine.receipts import orphans
from functions.web.auth import Area
from functions.web.caller_route import Operator, RestRoute, Viewer
from functions.web.cursors import Cursor, Limit, Page, after_id, id_cursor, page
from functions.web.fields import Instant

router = APIRouter(prefix="/receipts", tags=[Area.MESSAGES], route_class=RestRoute)


class OrphanReceipt(BaseModel):
    """A receipt whose message does not exist here; it is kept until `expires_at`."""

    id: str
    campaign_id: str
    message_id: str
    attempt: int
    kind: EventKind
    reason: str
    provider_id: str
    at: Instant
    received_at: Instant
    expires_at: Instant


class OrphanPage(Page[OrphanReceipt]):
    """Some of them."""


class Replayed(BaseModel):
    """How many found their message this time, and how many did not and are kept."""

    applied: int
    kept: int
    next_cursor: str | None


@router.get("/strays", response_model=OrphanPage)
async def list_strays(context: Viewer, cursor: Cursor = "", limit: Limit = 100) -> dict[str, Any]:
    """Show the receipts that have found no message, page by page."""
    found, following = await orphans.page_of(
        context.engine, context.org, after=after_id(cursor), limit=limit
    )
    return page([_shown(each) for each in found], id_cursor(following))


@router.post("/replay")
async def replay_strays(
    context: Operator,
    cursor: Cursor = "",
    limit: Annotated[int, Query(ge=1, le=500, description="How many are tried at most.")] = 200,
) -> Replayed:
    """Apply receipts again, and forget those that find their message; ask on with the cursor."""
    applied, kept, following = await orphans.replay(
        context.engine, context.org, after=after_id(cursor), limit=limit
    )
    return Replayed(applied=applied, kept=kept, next_cursor=id_cursor(following))


def _shown(orphan: Document) -> dict[str, Any]:
    data = orphan.data
    message_id = whole_id(data["campaign"], data["message"])
    return {**data, "id": orphan.id, "campaign_id": data["campaign"], "message_id": message_id}
