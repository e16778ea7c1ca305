"""Contacts over REST: create, change, find and forget people; also under /customers."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Annotated, Any, Final, TypeAlias

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from functions.api.contacts.views import (
    BulkAnswer,
    ContactBody,
    ContactItem,
    ContactPage,
    HistoryPage,
    People,
    entry,
)
from functions.domain.contacts.contact import Contact, Details, read_details
from functions.domain.errors import InvalidFieldError
from functions.engine.contacts import contacts
from functions.engine.contacts.contacts import Filters, Result
from functions.engine.privacy import erasure
from functions.engine.reporting import contact_history
from functions.engine.reporting.contact_history import Position
from functions.web.auth import Area
from functions.web.caller_route import Operator, RestRoute, Viewer
from functions.web.cursors import (
    Cursor,
    Limit,
    after_instant,
    encode_cursor,
    last_cursor,
    page,
)
from functions.web.etags import IfMatch
from functions.web.fields import Id

MOST_OFFSET: Final = 10_000

router = APIRouter(tags=[Area.CONTACTS], route_class=RestRoute)

_USUAL: Final = 100
_MOST: Final = 1000
_Wanted: TypeAlias = Annotated[str | None, Field(max_length=200)]


class ContactQuery(BaseModel):
    """Which people are listed, and which part of them."""

    phone: Annotated[
        str, Field(max_length=64, description="A phone number, in any spelling of it.")
    ] = ""
    email: Annotated[str, Field(max_length=254, description="An e-mail address.")] = ""
    external_id: _Wanted = None
    active: bool | None = None
    location: _Wanted = None
    preferred_product: _Wanted = None
    limit: Annotated[int, Field(description="How many at most: 100, and never more than 1000.")] = (
        _USUAL
    )
    offset: Annotated[int, Field(ge=0, description="How many are left out, at most 10,000.")] = 0
    cursor: Annotated[
        str, Field(max_length=2000, description="`next_cursor` of an earlier page.")
    ] = ""


Handler: TypeAlias = Callable[..., Any]


def _on(method: str, path: str, **options: Any) -> Callable[[Handler], Handler]:
    """Serve a handler below /contacts, and below what other systems call them.

    The OpenAPI document describes it once.
    """

    def serve(handler: Handler) -> Handler:
        for prefix in ("/contacts", "/customers"):
            router.add_api_route(
                f"{prefix}{path}",
                handler,
                methods=[method],
                include_in_schema=prefix == "/contacts",
                **options,
            )
        return handler

    return serve


@_on("POST", "", status_code=201, response_model=ContactItem)
async def create_contact(new: ContactBody, context: Operator) -> Contact:
    """Store somebody new; 409 where somebody is known by the same address."""
    details = read_details(new.model_dump(exclude_unset=True))
    return context.tagged(await contacts.create(context.engine, context.org, details))


@_on("GET", "", response_model=ContactPage)
async def list_contacts(
    context: Viewer, wanted: Annotated[ContactQuery, Query()]
) -> dict[str, Any]:
    """List people, the newest first, those that all filters hold for.

    From `offset`, or on from `next_cursor`.
    """
    _check_offset(wanted.offset, wanted.cursor)
    known = wanted.model_dump(exclude={"limit", "offset", "cursor", "phone", "email"})
    found = await contacts.page_of(
        context.engine,
        context.org,
        Filters(**{**known, **_address(wanted)}),
        limit=min(wanted.limit, _MOST) if wanted.limit > 0 else _USUAL,
        after=after_instant(wanted.cursor),
        offset=wanted.offset,
    )
    return page(found.contacts, last_cursor(found.last, by="created_at"))


def _address(wanted: ContactQuery) -> dict[str, str]:
    """Return the addresses asked for as they are stored. Raises InvalidFieldError."""
    # A + that was not written as %2B arrives as a blank.
    phone = f"+{wanted.phone[1:]}" if wanted.phone.startswith(" ") else wanted.phone
    given = {"phone": phone, "email": wanted.email}
    details = read_details({name: text for name, text in given.items() if text.strip()})
    return {name: details[name] for name in given if name in details}


def _check_offset(offset: int, cursor: str) -> None:
    if offset > MOST_OFFSET:
        message = f"offset: goes up to {MOST_OFFSET}; follow next_cursor to what lies behind"
        raise InvalidFieldError("offset", message)
    if offset and cursor:
        raise InvalidFieldError("offset", "offset: cannot go with cursor")


@_on("POST", "/bulk", response_model=BulkAnswer)
async def upsert_contacts(wanted: People, context: Operator) -> dict[str, Any]:
    """Create or change up to 1,000 people; bad rows are told by index, good ones kept.

    A row is merged into the person who is known by its address: what it does not name stays.
    """
    # In a thread: a thousand numbers take long enough to keep others waiting.
    rows = await asyncio.to_thread(_read, wanted.contacts)
    results = await contacts.upsert(context.engine, context.org, rows)
    counts = Counter(result.result for result in results)
    rows_done = [{**result._asdict(), "index": index} for index, result in enumerate(results)]
    return {**{result: counts[result] for result in Result}, "results": rows_done}


def _read(rows: Iterable[Mapping[str, Any]]) -> list[Details | InvalidFieldError]:
    read: list[Details | InvalidFieldError] = []
    for each in rows:
        try:
            read.append(read_details(each))
        except InvalidFieldError as error:
            read.append(error)
    return read


@_on("GET", "/{contact_id}", response_model=ContactItem)
async def get_contact(contact_id: Id, context: Viewer) -> Contact:
    """Show a person."""
    return context.tagged(await contacts.load(context.engine, context.org, contact_id))


@_on("PATCH", "/{contact_id}", response_model=ContactItem)
async def change_contact(
    contact_id: Id, changes: ContactBody, context: Operator, if_version: IfMatch
) -> Contact:
    """Change what is named of a person; null clears, attribute by attribute (RFC 7396).

    The address that somebody is known by, the phone number or else the e-mail address, is fixed.
    """
    details = read_details(changes.model_dump(exclude_unset=True))
    found = await contacts.update(
        context.engine, context.org, contact_id, details, if_version=if_version
    )
    return context.tagged(found)


@_on("PUT", "/{contact_id}", response_model=ContactItem)
async def replace_contact(
    contact_id: Id, wanted: ContactBody, context: Operator, if_version: IfMatch
) -> Contact:
    """Replace all that is known of a person but the address that they are known by."""
    details = read_details(wanted.model_dump(exclude_unset=True))
    found = await contacts.replace(
        context.engine, context.org, contact_id, details, if_version=if_version
    )
    return context.tagged(found)


@_on("DELETE", "/{contact_id}", status_code=204)
async def erase_contact(contact_id: Id, context: Operator, if_version: IfMatch) -> None:
    """Forget a person: the contact, its places in lists, and who every message to it was for.

    What is still pending is cancelled. A suppression of the address stays. If this breaks off,
    repeat it: it goes on where it stopped.
    """
    await erasure.erase(
        context.engine, context.org, contact_id, by=context.by, if_version=if_version
    )


@_on("GET", "/{contact_id}/history", response_model=HistoryPage)
async def get_history(
    contact_id: Id, context: Viewer, limit: Limit = 100, cursor: Cursor = ""
) -> dict[str, Any]:
    """Show everything that was ever planned for a person, sent or refused, the newest first."""
    decoded = after_instant(cursor)
    after = Position(*decoded) if decoded else None
    found = await contact_history.read(
        context.engine, context.org, contact_id, after=after, limit=limit
    )
    following = encode_cursor(found.end) if found.end else None
    return page([entry(each) for each in found.entries], following)
