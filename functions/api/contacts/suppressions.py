"""Suppressions over REST: say whom nobody may contact, with what, why and until when.

An address does not belong in a URL that is logged on its way: a suppression has an id instead,
the same as the contact who is known by the address.
"""

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import AfterValidator, BaseModel, Field, model_validator

from functions.domain.contacts.contact import identity, read_details
from functions.domain.contacts.suppressions import ALL, SCOPES, Suppression, suppression_id
from functions.domain.errors import NotFoundError
from functions.engine.contacts import suppressions
from functions.web.auth import Area
from functions.web.caller_route import CallerContext, Operator, RestRoute, Viewer
from functions.web.cursors import Cursor, Limit, Page, after_id, id_cursor, page
from functions.web.fields import (
    Id,
    Instant,
    MaybeInstant,
    PhoneNumber,
    Reason,
    RestBody,
    ZonedInstant,
    example,
)

router = APIRouter(prefix="/suppressions", tags=[Area.SUPPRESSIONS], route_class=RestRoute)


def _known_scope(text: str) -> str:
    if text not in SCOPES:
        raise ValueError(f"must be one of {', '.join(SCOPES)}")
    return text


Scope = Annotated[
    str,
    AfterValidator(_known_scope),
    Field(
        description="Everything, one channel, or one kind of campaign.",
        json_schema_extra={"enum": [str(scope) for scope in SCOPES]},
    ),
]


class NewSuppression(RestBody):
    """An address that must not be contacted: a phone number or an e-mail address."""

    phone: PhoneNumber | None = None
    email: Annotated[str, Field(min_length=3, max_length=254)] | None = None
    scope: Scope = ALL
    reason: Reason
    until: ZonedInstant | None = None

    model_config = example({"phone": "+12025550142", "scope": "sms", "reason": "asked us to stop"})

    @model_validator(mode="after")
    def _one_address(self) -> "NewSuppression":
        if (self.phone is None) == (self.email is None):
            raise ValueError("must have one of phone and email")
        return self

    @property
    def address(self) -> str:
        """The address, as it is stored. Raises InvalidFieldError."""
        given = {"phone": self.phone} if self.phone else {"email": self.email}
        return identity(read_details(given))


class ShownBar(BaseModel):
    """Why the address is not contacted under one scope; `active` until it expires."""

    scope: str
    reason: str
    at: Instant
    until: MaybeInstant
    by: str
    active: bool


class ShownSuppression(BaseModel):
    """An address that must not be contacted."""

    id: str
    address: str
    scopes: list[ShownBar]


class SuppressionPage(Page[ShownSuppression]):
    """Some suppressions."""


@router.post("", status_code=201, response_model=ShownSuppression)
async def create_suppression(new: NewSuppression, context: Operator) -> dict[str, Any]:
    """Leave an address out, of running campaigns too. What bars it for longer already, stays."""
    engine, address = context.engine, new.address
    await suppressions.suppress(
        engine,
        context.org,
        address,
        scope=new.scope,
        reason=new.reason,
        until=new.until,
        by=context.by,
    )
    made = await suppressions.load(engine, context.org, suppression_id(address))
    return _shown(made, engine.clock.now())


@router.get("", response_model=SuppressionPage)
async def list_suppressions(
    context: Viewer,
    address: Annotated[
        str, Query(max_length=254, description="Only this phone number or e-mail address.")
    ] = "",
    cursor: Cursor = "",
    limit: Limit = 100,
) -> dict[str, Any]:
    """Show the suppressed addresses, page by page, or one of them."""
    engine, now = context.engine, context.engine.clock.now()
    if address:
        return page([_shown(each, now) for each in await _of(context, address)], None)
    found, following = await suppressions.page_of(
        engine, context.org, after=after_id(cursor), limit=limit
    )
    return page([_shown(each, now) for each in found], id_cursor(following))


async def _of(context: CallerContext, written: str) -> list[Suppression]:
    # A + that was not written as %2B arrives as a blank.
    written = f"+{written[1:]}" if written.startswith(" ") else written
    details = read_details({"email" if "@" in written else "phone": written})
    id_ = suppression_id(identity(details))
    try:
        return [await suppressions.load(context.engine, context.org, id_)]
    except NotFoundError:
        return []


@router.get("/{suppression_id}", response_model=ShownSuppression)
async def get_suppression(suppression_id: Id, context: Viewer) -> dict[str, Any]:
    """Show why an address is not contacted."""
    found = await suppressions.load(context.engine, context.org, suppression_id)
    return _shown(found, context.engine.clock.now())


@router.delete("/{suppression_id}", status_code=204)
async def lift_suppression(
    suppression_id: Id,
    context: Operator,
    scope: Annotated[Scope, Query(description="What is lifted; other scopes stay.")],
) -> None:
    """Let an address be contacted again under one scope."""
    engine = context.engine
    found = await suppressions.load(engine, context.org, suppression_id)
    if not await suppressions.lift(engine, context.org, found.address, scope=scope, by=context.by):
        raise NotFoundError("Suppression", suppression_id)


def _shown(suppression: Suppression, now: datetime) -> dict[str, Any]:
    bars = [
        {**asdict(bar), "scope": scope, "active": bar.holds(now)}
        for scope, bar in sorted(suppression.scopes.items())
    ]
    return {"id": suppression.id, "address": suppression.address, "scopes": bars}
