"""The lists and the segments that somebody is in, over REST."""

from typing import Any

from fastapi import APIRouter

from functions.api.contacts.lists import ListPage
from functions.api.contacts.segments import SegmentPage
from functions.engine.contacts import memberships
from functions.web.auth import Area
from functions.web.caller_route import RestRoute, Viewer
from functions.web.cursors import Cursor, Limit, after_id, id_cursor, page
from functions.web.fields import Id

router = APIRouter(prefix="/contacts", route_class=RestRoute)


@router.get("/{contact_id}/lists", response_model=ListPage, tags=[Area.LISTS])
async def list_contact_lists(
    contact_id: Id, context: Viewer, cursor: Cursor = "", limit: Limit = 100
) -> dict[str, Any]:
    """Show the lists that somebody is on, page by page."""
    context.require_contacts()
    found, following = await memberships.lists_of(
        context.engine, context.org, contact_id, after=after_id(cursor), limit=limit
    )
    return page(found, id_cursor(following))


@router.get("/{contact_id}/segments", response_model=SegmentPage, tags=[Area.SEGMENTS])
async def list_contact_segments(
    contact_id: Id, context: Viewer, cursor: Cursor = "", limit: Limit = 100
) -> dict[str, Any]:
    """Show the segments that hold somebody just now.

    A page looks at `limit` segments: it may be empty and yet not the last.
    """
    context.require_contacts()
    found, following = await memberships.segments_of(
        context.engine, context.org, contact_id, after=after_id(cursor), limit=limit
    )
    return page(found, id_cursor(following))
