"""The REST API's tokens for programs: shown once, ended at any time."""

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import BaseModel, Field

from functions.engine.accounts import api_keys
from functions.engine.accounts.api_keys import NewKey
from functions.web.auth import Area, Caller, ForbiddenError, Role
from functions.web.caller_route import Admin, RestRoute
from functions.web.cursors import Cursor, Limit, Page, after_id, id_cursor, page
from functions.web.fields import Id, Instant, MaybeInstant, Name, RestBody, ZonedInstant, example

router = APIRouter(tags=[Area.API_KEYS], route_class=RestRoute)


class NewApiKey(RestBody):
    """A key for one program; without `areas` it may do whatever its role may."""

    model_config = example({"name": "shop", "role": "operator", "areas": ["contacts"]})

    name: Name
    role: Role
    areas: Annotated[list[Area], Field(min_length=1)] | None = None
    expires_at: ZonedInstant | None = None


class ShownKey(BaseModel):
    """What is told of a key. `last_used_at` is right to the minute."""

    id: str
    name: str
    role: Role
    areas: list[Area] | None
    created_at: Instant
    created_by: str
    expires_at: MaybeInstant
    revoked_at: MaybeInstant
    last_used_at: MaybeInstant


class KeyPage(Page[ShownKey]):
    """Some of an organisation's keys."""


class MadeKey(ShownKey):
    """A key that was made just now, with its token, which is not shown again."""

    token: str


@router.post("/api-keys", status_code=201, response_model=MadeKey)
async def create_api_key(new: NewApiKey, context: Admin) -> dict[str, Any]:
    """Make a key. Its token is in this answer and nowhere else: Clarion keeps a digest only."""
    _check_reach(context.caller, new)
    areas = None if new.areas is None else sorted(set(new.areas))
    wish = NewKey(
        name=new.name, role=new.role, areas=areas, expires_at=new.expires_at, by=context.by
    )
    key, token = await api_keys.create(context.engine, context.org, wish)
    context.forbid_keeping()
    return asdict(key) | {"token": token}


@router.get("/api-keys", response_model=KeyPage)
async def list_api_keys(context: Admin, cursor: Cursor = "", limit: Limit = 100) -> dict[str, Any]:
    """Show the organisation's keys, revoked ones too, page by page."""
    keys, following = await api_keys.page_of(
        context.engine, context.org, limit=limit, after=after_id(cursor)
    )
    return page(keys, id_cursor(following))


@router.delete("/api-keys/{key_id}", status_code=204)
async def revoke_api_key(key_id: Id, context: Admin) -> None:
    """End a key at once and for good."""
    await api_keys.revoke(context.engine, context.org, key_id, by=context.by)


def _check_reach(caller: Caller, new: NewApiKey) -> None:
    """Refuse a key that may do more than who makes it. Roles need no look: an admin makes it."""
    if caller.areas is not None and not caller.areas.issuperset(new.areas or Area):
        mine = ", ".join(sorted(caller.areas))
        raise ForbiddenError(f"A key for {mine} makes keys for these areas only.")
