"""Exports: all contacts, suppressions or messages of an organisation, as they are read."""

from collections.abc import AsyncIterator
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse

from functions.engine.campaigns import lifecycle
from functions.engine.reporting import exports
from functions.engine.reporting.exports import Format
from functions.web.auth import Area
from functions.web.caller_route import RestRoute, Viewer
from functions.web.fields import OPTIONAL_ID

router = APIRouter(prefix="/exports", route_class=RestRoute)

_TYPES: Final = {Format.CSV: "text/csv", Format.JSON_LINES: "application/x-ndjson"}
_TEXT: Final = {"schema": {"type": "string", "description": "One line for each row."}}
_OPTIONS: Final[dict[str, Any]] = {
    "response_class": StreamingResponse,
    "responses": {200: {"content": dict.fromkeys(_TYPES.values(), _TEXT)}},
}
Wanted = Annotated[Format, Query(alias="format", description="How the rows are written.")]


@router.get("/contacts", tags=[Area.CONTACTS], **_OPTIONS)
async def export_contacts(context: Viewer, form: Wanted = Format.CSV) -> StreamingResponse:
    """Give out all contacts; as CSV each attribute that anybody has is a column."""
    return _file("contacts", form, exports.contacts(context.engine, context.org, form))


@router.get("/suppressions", tags=[Area.SUPPRESSIONS], **_OPTIONS)
async def export_suppressions(context: Viewer, form: Wanted = Format.CSV) -> StreamingResponse:
    """Give out all addresses that are not contacted, a row for each scope."""
    return _file("suppressions", form, exports.suppressions(context.engine, context.org, form))


@router.get("/messages", tags=[Area.MESSAGES], **_OPTIONS)
async def export_messages(
    context: Viewer,
    form: Wanted = Format.CSV,
    campaign_id: Annotated[
        str, Query(pattern=OPTIONAL_ID, description="Only those of this campaign.")
    ] = "",
) -> StreamingResponse:
    """Give out the messages of one campaign, or of all of them."""
    engine, org = context.engine, context.org
    campaign = await lifecycle.load(engine, org, campaign_id) if campaign_id else None
    return _file("messages", form, exports.messages(engine, org, form, campaign=campaign))


def _file(name: str, form: Format, content: AsyncIterator[bytes]) -> StreamingResponse:
    headers = {"content-disposition": f'attachment; filename="{name}.{form}"'}
    return StreamingResponse(content, media_type=_TYPES[form], headers=headers)
