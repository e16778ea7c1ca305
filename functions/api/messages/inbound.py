"""What people text to our numbers, over REST: who wrote, when, and what it was taken for."""

from datetime import datetime
from typing import Any, Literal

from fastapi import APIRouter
from pydantic import BaseModel

from functions.domain.times import iso
from functions.engine.ports.store import Document
from functions.engine.receipts import inbound
from functions.web.auth import Area, Caller, Role
from functions.web.caller_route import RestRoute, Viewer
from functions.web.context import Context
from functions.web.cursors import Cursor, Limit, decode_cursor, encode_cursor, page
from functions.web.fields import Id

router = APIRouter(prefix="/inbound", tags=[Area.MESSAGES], route_class=RestRoute)


class ShownText(BaseModel):
    """A text that somebody sent us.

    `body` is shown to operators only. `message_id` is the message that was answered, if any.
    """

    id: str
    at: str
    address: str
    to: str
    provider: str
    taken_for: Literal["opt_out", "opt_in", "reply"]
    contact_id: str
    message_id: str | None
    body: str | None


class TextPage(BaseModel):
    """Some of the texts, newest first."""

    data: list[ShownText]
    next_cursor: str | None


@router.get("", response_model=TextPage)
async def list_inbound(
    context: Context, caller: Viewer, cursor: Cursor = "", limit: Limit = 100
) -> dict[str, Any]:
    """Show what people have texted to our numbers, newest first."""
    found = await inbound.load_all(context.engine, caller.org, after=_after(cursor), limit=limit)
    rows = [_shown(each, caller) for each in found]
    if len(found) < limit:
        return page(rows, None)
    return page(rows, encode_cursor([found[-1].data["at"], found[-1].id]))


@router.get("/{inbound_id}")
async def get_inbound(inbound_id: Id, context: Context, caller: Viewer) -> ShownText:
    """Show one text."""
    return _shown(await inbound.load(context.engine, caller.org, inbound_id), caller)


def _after(cursor: str) -> tuple[datetime, str] | None:
    values = decode_cursor(cursor, datetime, str)
    return (values[0], values[1]) if values else None


def _shown(text: Document, caller: Caller) -> ShownText:
    data = text.data
    return ShownText(
        id=text.id,
        at=iso(data["at"]),
        contact_id=data["contact"].rpartition("/")[2],
        message_id=data["message"],
        body=data["body"] if caller.role.covers(Role.OPERATOR) else None,
        **{name: data[name] for name in ("address", "to", "provider", "taken_for")},
    )
