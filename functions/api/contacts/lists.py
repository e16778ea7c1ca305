"""Lists over REST: people who are written to together."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter
from fastapi.responses import Response
from pydantic import BaseModel, Field

from functions.api.contacts.views import ContactItem, item
from functions.domain.times import iso
from functions.engine.contacts import lists
from functions.engine.contacts.lists import Found, Member, PeopleList
from functions.web.auth import Area
from functions.web.caller_route import Operator, RestRoute, Viewer
from functions.web.context import Context
from functions.web.cursors import Cursor, Limit, after_id, decode_cursor, encode_cursor, id_cursor
from functions.web.etags import IfMatch, tag
from functions.web.fields import Id, Name, RestBody, example

router = APIRouter(prefix="/lists", tags=[Area.LISTS], route_class=RestRoute)


class ListBody(RestBody):
    """A list's name."""

    name: Name

    model_config = example({"name": "Spring customers"})


class NewMembers(RestBody):
    """Contacts to be put on a list."""

    contact_ids: Annotated[list[Id], Field(min_length=1, max_length=1000)]

    model_config = example({"contact_ids": ["5f0c8e6d1a2b3c4d5e6f7a8b"]})


class ListItem(BaseModel):
    """A list, and how many people are on it."""

    id: str
    name: str
    size: int
    created_at: str | None


class ListPage(BaseModel):
    """Some lists; `next_cursor` null: no more follow."""

    data: list[ListItem]
    next_cursor: str | None


class Extended(BaseModel):
    """How many people are new on a list."""

    added: int


class MemberItem(BaseModel):
    """Somebody on a list; `contact` null for whom only an uploaded file has named."""

    id: str
    address: str
    region: str
    zones: list[str]
    attributes: dict[str, str]
    contact: ContactItem | None


class MemberPage(BaseModel):
    """Some of the people on a list; `next_cursor` null: no more follow."""

    data: list[MemberItem]
    next_cursor: str | None


@router.get("")
async def list_lists(
    context: Context, caller: Viewer, limit: Limit = 100, cursor: Cursor = ""
) -> ListPage:
    """List the lists, the newest first."""
    after = decode_cursor(cursor, datetime, str) or None
    page = await lists.browse(context.engine, caller.org, limit=limit, after=after)
    end = page.end
    following = encode_cursor([end.created_at, end.id]) if end else None
    return ListPage(data=[_item(each) for each in page.lists], next_cursor=following)


@router.post("", status_code=201)
async def create_list(
    new: ListBody, context: Context, caller: Operator, response: Response
) -> ListItem:
    """Create an empty list."""
    return _shown(await lists.create(context.engine, caller.org, new.name), response)


@router.get("/{list_id}")
async def get_list(list_id: Id, context: Context, caller: Viewer, response: Response) -> ListItem:
    """Show a list."""
    return _shown(await lists.load(context.engine, caller.org, list_id), response)


@router.patch("/{list_id}")
async def rename_list(
    list_id: Id,
    changes: ListBody,
    context: Context,
    caller: Operator,
    response: Response,
    if_version: IfMatch,
) -> ListItem:
    """Give a list another name."""
    found = await lists.rename(
        context.engine, caller.org, list_id, changes.name, if_version=if_version
    )
    return _shown(found, response)


@router.delete("/{list_id}", status_code=204)
async def delete_list(list_id: Id, context: Context, caller: Operator, if_version: IfMatch) -> None:
    """Remove a list, unless a campaign to it has not ended; the people stay contacts."""
    await lists.delete(context.engine, caller.org, list_id, if_version=if_version)


@router.get("/{list_id}/contacts")
async def list_members(
    list_id: Id, context: Context, caller: Viewer, limit: Limit = 100, cursor: Cursor = ""
) -> MemberPage:
    """List the people on a list."""
    people, following = await lists.members(
        context.engine, caller.org, list_id, limit=limit, after=after_id(cursor)
    )
    return MemberPage(data=[_member(each) for each in people], next_cursor=id_cursor(following))


@router.post("/{list_id}/contacts")
async def add_members(list_id: Id, new: NewMembers, context: Context, caller: Operator) -> Extended:
    """Put up to 1,000 contacts on a list, all or, where one does not exist, none."""
    added = await lists.add(context.engine, caller.org, list_id, new.contact_ids)
    return Extended(added=added)


@router.delete("/{list_id}/contacts/{contact_id}", status_code=204)
async def remove_member(list_id: Id, contact_id: Id, context: Context, caller: Operator) -> None:
    """Take somebody off a list."""
    await lists.remove(context.engine, caller.org, list_id, contact_id)


def _shown(found: Found, response: Response) -> ListItem:
    tag(response, found.version)
    return _item(found.list)


def _item(of: PeopleList) -> ListItem:
    return ListItem(id=of.id, name=of.name, size=of.size, created_at=iso(of.created_at))


def _member(member: Member) -> MemberItem:
    return MemberItem(
        id=member.id,
        address=member.address,
        region=member.region,
        zones=list(member.zones),
        attributes=member.attributes,
        contact=None if member.contact is None else item(member.contact),
    )
