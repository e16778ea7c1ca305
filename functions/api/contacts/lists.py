"""Lists over REST: people who are written to together."""

from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import BaseModel, Field

from functions.api.contacts.views import ContactItem, UsesAnswer, shown_uses
from functions.domain.campaigns.audience import AudienceKind
from functions.engine.contacts import in_use, list_rows, lists
from functions.engine.contacts.lists import PeopleList
from functions.web.auth import Area
from functions.web.caller_route import Operator, RestRoute, Viewer
from functions.web.cursors import (
    Cursor,
    Limit,
    NamePrefix,
    Page,
    after_id,
    after_instant,
    encode_cursor,
    id_cursor,
    page,
)
from functions.web.etags import IfMatch
from functions.web.fields import Id, MaybeInstant, Name, RestBody, example

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
    created_at: MaybeInstant


class ListPage(Page[ListItem]):
    """Some lists; `next_cursor` null: no more follow."""


class Extended(BaseModel):
    """How many people are new on a list."""

    added: int


class MemberItem(BaseModel):
    """Somebody on a list; `contact` null while they are being erased."""

    id: str
    address: str
    region: str
    zones: list[str]
    attributes: dict[str, str]
    contact: ContactItem | None


class MemberPage(Page[MemberItem]):
    """Some of the people on a list; `next_cursor` null: no more follow."""


@router.get("", response_model=ListPage)
async def list_lists(
    context: Viewer, name_prefix: NamePrefix = "", limit: Limit = 100, cursor: Cursor = ""
) -> dict[str, Any]:
    """List the lists, the newest first."""
    found = await lists.page_of(
        context.engine,
        context.org,
        limit=limit,
        after=after_instant(cursor),
        name_prefix=name_prefix,
    )
    end = found.end
    return page(found.lists, encode_cursor([end.created_at, end.id]) if end else None)


@router.post("", status_code=201, response_model=ListItem)
async def create_list(new: ListBody, context: Operator) -> PeopleList:
    """Create an empty list."""
    return context.tagged(await lists.create(context.engine, context.org, new.name))


@router.get("/{list_id}", response_model=ListItem)
async def get_list(list_id: Id, context: Viewer) -> PeopleList:
    """Show a list."""
    return context.tagged(await lists.load(context.engine, context.org, list_id))


@router.patch("/{list_id}", response_model=ListItem)
async def rename_list(
    list_id: Id, changes: ListBody, context: Operator, if_version: IfMatch
) -> PeopleList:
    """Give a list another name."""
    found = await lists.rename(
        context.engine, context.org, list_id, changes.name, if_version=if_version
    )
    return context.tagged(found)


@router.delete("/{list_id}", status_code=204)
async def delete_list(list_id: Id, context: Operator, if_version: IfMatch) -> None:
    """Remove a list, unless a campaign to it has not ended; the people stay contacts."""
    await lists.delete(context.engine, context.org, list_id, if_version=if_version)


@router.get("/{list_id}/campaigns", response_model=UsesAnswer)
async def list_list_campaigns(list_id: Id, context: Viewer) -> dict[str, Any]:
    """List the campaigns to a list that have not ended; it cannot be deleted meanwhile."""
    await lists.load(context.engine, context.org, list_id)
    return shown_uses(await in_use.uses(context.engine, context.org, AudienceKind.LIST, list_id))


@router.get("/{list_id}/contacts", response_model=MemberPage)
async def list_members(
    list_id: Id, context: Viewer, limit: Limit = 100, cursor: Cursor = ""
) -> dict[str, Any]:
    """List the people on a list, in the order in which they were put on it."""
    context.require_contacts()
    people, following = await list_rows.members(
        context.engine, context.org, list_id, limit=limit, after=after_id(cursor)
    )
    return page(people, id_cursor(following))


@router.post("/{list_id}/contacts")
async def add_members(list_id: Id, new: NewMembers, context: Operator) -> Extended:
    """Put up to 1,000 contacts on a list, all or, where one does not exist, none."""
    added = await lists.add(context.engine, context.org, list_id, new.contact_ids)
    return Extended(added=added)


@router.delete("/{list_id}/contacts/{contact_id}", status_code=204)
async def remove_member(list_id: Id, contact_id: Id, context: Operator) -> None:
    """Take somebody off a list."""
    await lists.remove(context.engine, context.org, list_id, contact_id)
