"""What people text to our numbers, over REST: who wrote, when, and what it was taken for."""

from typing import Any, Literal

from fastapi import APIRouter
from pydantic import BaseModel

from functions.engine.ports.store import Document
from functions.engine.receipts import inbound
from functions.web.auth import Area, Role
from functions.web.caller_route import RestRoute, Viewer
from functions.web.cursors import Cursor, Limit, Page, after_instant, instant_cursor, page
from functions.web.fields import Id, Instant

router = APIRouter(prefix="/inbound", tags=[Area.MESSAGES], route_class=RestRoute)


class ShownText(BaseModel):
    """A text that somebody sent us.

    `body` is shown to operators only. `message_id` is the message that was answered, if any.
    `address` is the person's as we know it, `provider_address` as their provider wrote it.
    """

    id: str
    at: Instant
    address: str
    provider_address: str
    to: str
    provider: str
    taken_for: Literal["opt_out", "opt_in", "reply"]
    contact_id: str
    message_id: str | None
    body: str | None


class TextPage(Page[ShownText]):
    """Some of the texts, newest first."""


@router.get("", response_model=TextPage)
async def list_inbound(context: Viewer, cursor: Cursor = "", limit: Limit = 100) -> dict[str, Any]:
    """Show what people have texted to our numbers, newest first."""
    found = await inbound.page_of(
        context.engine, context.org, after=after_instant(cursor), limit=limit
    )
    rows = [_shown(each, context.caller.role) for each in found]
    return page(rows, instant_cursor(found, limit, by="at"))


@router.get("/{inbound_id}")
async def get_inbound(inbound_id: Id, context: Viewer) -> ShownText:
    """Show one text."""
    return _shown(await inbound.load(context.engine, context.org, inbound_id), context.caller.role)


def _shown(text: Document, role: Role) -> ShownText:
    data = text.data
    return ShownText(
        id=text.id,
        contact_id=data["contact"].rpartition("/")[2],
        message_id=data["message"],
        provider_address=data["named"],
        body=data["body"] if role.covers(Role.OPERATOR) else None,
        **{name: data[name] for name in ("at", "address", "to", "provider", "taken_for")},
    )
