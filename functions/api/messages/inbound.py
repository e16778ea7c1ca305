"""What people text to our numbers, over REST: who wrote, when, and what it was taken for."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from functions.api.spans import Span
from functions.domain.messages.ids import campaign_of
from functions.engine.ports.store import Document
from functions.engine.receipts import inbound
from functions.engine.receipts.inbound import InboundFilter
from functions.web.auth import Area, Role
from functions.web.caller_route import RestRoute, Viewer
from functions.web.cursors import Page, after_instant, last_cursor, page
from functions.web.fields import OPTIONAL_ID, Id, Instant

router = APIRouter(prefix="/inbound", tags=[Area.MESSAGES], route_class=RestRoute)


class ShownText(BaseModel):
    """A text that somebody sent us.

    `body` is shown to operators only. `message_id` is the message that was answered, if any, and
    `campaign_id` the campaign that had sent it.
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
    campaign_id: str | None
    message_id: str | None
    body: str | None


class TextPage(Page[ShownText]):
    """Some of the texts, newest first."""


class InboundQuery(Span):
    """Which texts are shown."""

    contact_id: Annotated[str, Field(pattern=OPTIONAL_ID, description="Whose texts.")] = ""
    campaign_id: Annotated[
        str, Field(pattern=OPTIONAL_ID, description="Only answers to this campaign's messages.")
    ] = ""
    taken_for: Literal["opt_out", "opt_in", "reply"] | None = None


@router.get("", response_model=TextPage)
async def list_inbound(context: Viewer, wanted: Annotated[InboundQuery, Query()]) -> dict[str, Any]:
    """Show what people have texted to our numbers, newest first.

    Texts are looked through for a campaign or what they were taken for: a page may be short, and
    still lead on.
    """
    shown = InboundFilter(**wanted.model_dump(exclude={"cursor", "limit"}))
    after = after_instant(wanted.cursor)
    found = await inbound.page_of(
        context.engine, context.org, shown, after=after, limit=wanted.limit
    )
    rows = [_shown(each, context.caller.role) for each in found.documents]
    return page(rows, last_cursor(found.last, by="at"))


@router.get("/{inbound_id}")
async def get_inbound(inbound_id: Id, context: Viewer) -> ShownText:
    """Show one text."""
    return _shown(await inbound.load(context.engine, context.org, inbound_id), context.caller.role)


def _shown(text: Document, role: Role) -> ShownText:
    data = text.data
    return ShownText(
        id=text.id,
        contact_id=data["contact"].rpartition("/")[2],
        campaign_id=campaign_of(data["message"]) if data["message"] else None,
        message_id=data["message"],
        provider_address=data["named"],
        body=data["body"] if role.covers(Role.OPERATOR) else None,
        **{name: data[name] for name in ("at", "address", "to", "provider", "taken_for")},
    )
