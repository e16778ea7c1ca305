"""Campaigns over REST: found by what they are, when they start, and whether they need anybody."""

import asyncio
import math
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Annotated, Any, Final, Literal

import orjson
from fastapi import APIRouter, Query
from pydantic import BaseModel, Field, WithJsonSchema

from functions.api.campaigns.views import CampaignItem, item, shown_attention
from functions.domain.campaigns.attention import stale
from functions.domain.campaigns.status import CampaignStatus
from functions.domain.errors import InvalidFieldError
from functions.domain.kinds import CampaignKind, ChannelKind
from functions.engine import paths
from functions.engine.ports.store import Document
from functions.engine.reporting import overview, recalls
from functions.engine.reporting.overview import Counted, Order, Search
from functions.web.auth import Area
from functions.web.caller_route import CallerContext, RestRoute, Viewer
from functions.web.cursors import decode_cursor, encode_cursor
from functions.web.fields import Id, ZonedInstant
from functions.web.routing.answers import Json, joined, written

router = APIRouter(prefix="/campaigns", tags=[Area.CAMPAIGNS], route_class=RestRoute)

#: What other systems call our statuses.
SYNONYMS: Final = {"sending": CampaignStatus.RUNNING, "sent": CampaignStatus.COMPLETED}
_LARGEST_PAGE: Final = 100
_KEPT_BYTES: Final = 8000  #: of a row; a longer one is written anew each time
_FARTHEST: Final = 2**31 - 1  #: as far as the stores can leave out documents
#: What `sort` calls the fields that campaigns are sorted by.
_ORDERS: Final = {
    "created_at": Order.CREATED,
    "name": Order.NAME,
    "scheduled_at": Order.SCHEDULED,
}


def _counted(words: str, default: int) -> Any:
    """Return how a count is described that callers may write nonsense in (seed 3's contract)."""
    return WithJsonSchema(
        {"type": "integer", "minimum": 1, "default": default, "description": words}
    )


class Filters(BaseModel):
    """Which campaigns are listed, in which order, and which part of them."""

    page: Annotated[str, _counted("The number of the page; what is none counts as 1.", 1)] = "1"
    page_size: Annotated[str, _counted("Rows of a page, at most 100.", 20)] = "20"
    cursor: Annotated[str, Field(max_length=2000)] = ""
    kind: CampaignKind | None = Field(
        None,
        description="Without it broadcasts, or what needs attention of every kind; single: tests,"
        " and calls outside campaigns.",
    )
    channel: ChannelKind | None = None
    status: Annotated[str, Field(max_length=20)] = ""
    name_prefix: Annotated[str, Field(max_length=100)] = ""
    created_from: ZonedInstant | None = None
    created_before: ZonedInstant | None = None
    scheduled_from: ZonedInstant | None = Field(
        None, description="Those whose start is not before this instant; sorted by their start."
    )
    scheduled_before: ZonedInstant | None = Field(
        None, description="Those whose start is before this instant; sorted by their start."
    )
    needs_attention: bool = Field(
        False, description="Those that wait for a person (`attention`), page by page by cursor."
    )
    series: Id | None = None  #: the runs of a broadcast that repeats itself
    sort: (
        Literal["-created_at", "created_at", "-name", "name", "-scheduled_at", "scheduled_at"]
        | None
    ) = None


class Pagination(BaseModel):
    """Where a numbered page stands among all."""

    page: int
    page_size: int
    total_count: int
    total_pages: int


class CampaignPage(BaseModel):
    """Some campaigns; `pagination` only for numbered pages."""

    data: list[CampaignItem]
    pagination: Pagination | None
    next_cursor: str | None


class CampaignCounts(BaseModel):
    """How many campaigns there are, as the filters of their list find them."""

    kind: CampaignKind = Field(description="The kind that is counted.")
    total: int = Field(description="Campaigns of the kind.")
    by_status: dict[CampaignStatus, int] = Field(description="The same by status.")
    by_channel: dict[ChannelKind, int] = Field(description="The same by channel.")
    needs_attention: int = Field(
        description="Campaigns of every kind that Clarion has stopped, or given up some work of."
    )


@router.get("", response_model=CampaignPage)
async def list_campaigns(wanted: Annotated[Filters, Query()], context: Viewer) -> Json:
    """List campaigns, the newest first: numbered pages, or on from `next_cursor`."""
    search = _search(wanted)
    _check_order(search)
    size = min(_number(wanted.page_size, 20), _LARGEST_PAGE)
    if wanted.cursor:
        return await _behind(context, search, wanted.cursor, size)
    if search.needs_attention:
        return await _waiting(context, search, size)
    return await _numbered(context, search, _number(wanted.page, 1), size)


@router.get("/counts")
async def count_campaigns(
    context: Viewer,
    kind: Annotated[
        CampaignKind, Query(description="The kind that is counted.")
    ] = CampaignKind.BROADCAST,
) -> CampaignCounts:
    """Count the campaigns of a kind by status and by channel, and what needs attention of all."""
    found = await overview.counts_of_kind(context.engine, context.org, kind)
    return CampaignCounts(kind=kind, **found._asdict())


def _search(wanted: Filters) -> Search:
    kind = wanted.kind or (None if wanted.needs_attention else CampaignKind.BROADCAST)
    sort = wanted.sort or _usual_order(wanted)
    return Search(
        kind=kind,
        channel=wanted.channel,
        status=_status(wanted.status),
        name_prefix=wanted.name_prefix,
        created_from=wanted.created_from,
        created_before=wanted.created_before,
        scheduled_from=wanted.scheduled_from,
        scheduled_before=wanted.scheduled_before,
        needs_attention=wanted.needs_attention,
        series=wanted.series or "",
        order=_ORDERS[sort.removeprefix("-")],
        descending=sort.startswith("-"),
    )


def _usual_order(wanted: Filters) -> str:
    if wanted.scheduled_from or wanted.scheduled_before:
        return "scheduled_at"
    return "name" if wanted.name_prefix else "-created_at"


async def _numbered(context: CallerContext, search: Search, number: int, size: int) -> Json:
    query = replace(search.query(context.org), limit=size)
    if number == 1:
        found, total = await asyncio.gather(
            context.engine.store.query(query), context.engine.store.count(query)
        )
    else:
        total = await context.engine.store.count(query)
        # Behind the last page there is nothing to read, however far behind.
        skipped = min((number - 1) * size, total, _FARTHEST)
        found = await context.engine.store.query(replace(query, offset=skipped))
    pages = math.ceil(total / size)
    shown = Pagination(page=number, page_size=size, total_count=total, total_pages=pages)
    return _page(await _rows(context, found), _following(search, found, size), shown)


async def _behind(context: CallerContext, search: Search, cursor: str, size: int) -> Json:
    value, id_ = decode_cursor(cursor, str if search.order is Order.NAME else datetime, str)
    after = (value, paths.campaign(context.org, id_))
    query = replace(search.query(context.org), limit=size, start_after=after)
    found = await context.engine.store.query(query)
    return _page(await _rows(context, found), _following(search, found, size))


async def _waiting(context: CallerContext, search: Search, size: int) -> Json:
    """Return the first page of what needs attention: in front what nobody works on."""
    found = await context.engine.store.query(replace(search.query(context.org), limit=size))
    known = {each.id for each in found}
    overdue = await overview.overdue(context.engine, context.org, search)
    fresh = [each for each in overdue if each.counted.campaign.id not in known]
    items = await _items(context, [each.counted for each in fresh])
    for shown, each in zip(items, fresh, strict=True):
        shown.attention = shown_attention(stale(each.since))
    rows = [*map(written, items), *await _rows(context, found)]
    return _page(rows, _following(search, found, size))


def _page(
    rows: Iterable[bytes], next_cursor: str | None, pagination: Pagination | None = None
) -> Json:
    """Return a CampaignPage."""
    numbers = None if pagination is None else pagination.model_dump()
    page = {"data": joined(rows), "pagination": numbers, "next_cursor": next_cursor}
    return Json(orjson.dumps(page))


def _following(search: Search, found: Sequence[Document], size: int) -> str | None:
    """Return the cursor of what follows a page; None behind the last one."""
    if len(found) < size:
        return None
    return encode_cursor([found[-1].data[search.order], found[-1].id])


async def _rows(context: CallerContext, found: Sequence[Document]) -> list[bytes]:
    """Show campaigns; what shows nothing but its document is written once for each version."""
    memory = context.engine.memory.rows
    known = {each.path: memory.get((each.path, each.version)) for each in found}
    fresh = [each for each in found if known[each.path] is None]
    counted = await overview.counted(context.engine, fresh)
    items = await _items(context, counted)
    for document, each, shown in zip(fresh, counted, items, strict=True):
        known[document.path] = row = written(shown)
        if len(row) <= _KEPT_BYTES and overview.tells_all(each.campaign):
            memory.keep((document.path, document.version), row)
    return [row for row in known.values() if row is not None]


async def _items(context: CallerContext, found: Sequence[Counted]) -> list[CampaignItem]:
    recalled = await recalls.read(context.engine, [each.campaign for each in found])
    return [item(*pair, each) for pair, each in zip(found, recalled, strict=True)]


def _status(text: str) -> CampaignStatus | None:
    if not text:
        return None
    try:
        return SYNONYMS.get(text) or CampaignStatus(text)
    except ValueError:
        known = ", ".join([*CampaignStatus, *SYNONYMS])
        raise InvalidFieldError("status", f"status: must be one of {known}") from None


def _number(text: str, default: int) -> int:
    """Read a count from 1; what is none falls back to the default."""
    number = int(text) if text.isascii() and text.isdigit() else 0
    return min(number, _FARTHEST) or default


def _check_order(search: Search) -> None:
    """Refuse what no index can serve: a range must be on what is sorted by."""
    if search.needs_attention:
        _check_alone(search)
    if search.series and search.order is Order.NAME:
        message = "sort: with series must be created_at or -created_at: its runs have one name"
        raise InvalidFieldError("sort", message)
    if (search.scheduled_from or search.scheduled_before) and search.order is not Order.SCHEDULED:
        message = "scheduled_from and scheduled_before: go with a sort by scheduled_at alone"
        raise InvalidFieldError("scheduled_from", message)
    if search.name_prefix and search.order is not Order.NAME:
        raise InvalidFieldError("sort", "sort: with name_prefix must be name or -name")
    if (search.created_from or search.created_before) and search.order is not Order.CREATED:
        message = "created_from and created_before: go with a sort by created_at alone"
        raise InvalidFieldError("created_from", message)


def _check_alone(search: Search) -> None:
    """Refuse what does not go with the list of what needs attention: it is short, and in order."""
    others = (
        *(search.series, search.name_prefix, search.created_from, search.created_before),
        *(search.scheduled_from, search.scheduled_before),
    )
    usual = search.order is Order.CREATED and search.descending
    if any(others) or not usual:
        message = "needs_attention: goes with kind, channel and status alone, the newest first"
        raise InvalidFieldError("needs_attention", message)
