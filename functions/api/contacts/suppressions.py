"""Suppressions over REST: say whom nobody may contact, with what, why and until when.

An address does not belong in a URL that is logged on its way: a suppression has an id instead,
the same as the contact who is known by the address.
"""

from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query
from pydantic import AfterValidator, BaseModel, Field, model_validator

from functions.domain.contacts.contact import identity, read_details
from functions.domain.contacts.suppressions import ALL, SCOPES, Suppression
from functions.domain.errors import InvalidFieldError, NotFoundError
from functions.engine.contacts import suppressions
from functions.engine.contacts.known_numbers import addresses_of
from functions.engine.kernel.people import id_of
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


MOST: Final = 64  #: characters of a number, whoever writes it
ProviderAddress = Annotated[str, Field(min_length=1, max_length=MOST)]


class NewSuppression(RestBody):
    """An address that must not be contacted: a phone number or an e-mail address.

    `provider_address` is a number as a provider writes it, with or without a plus, such as
    whatsapp:+5215512345678 or a short code: the number that we know the person by is barred, and
    that one too where it is another.
    """

    phone: PhoneNumber | None = None
    email: Annotated[str, Field(min_length=3, max_length=254)] | None = None
    provider_address: ProviderAddress | None = None
    scope: Scope = ALL
    reason: Reason
    until: ZonedInstant | None = None

    model_config = example({"phone": "+12025550142", "scope": "sms", "reason": "asked us to stop"})

    @model_validator(mode="after")
    def _one_address(self) -> "NewSuppression":
        if [self.phone, self.email, self.provider_address].count(None) != 2:  # noqa: PLR2004 - of three
            raise ValueError("must have one of phone, email and provider_address")
        return self


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
    engine = context.engine
    addresses = await _addresses(context, new.phone, new.email, new.provider_address)
    for address in addresses:
        await suppressions.suppress(
            engine,
            context.org,
            address,
            scope=new.scope,
            reason=new.reason,
            until=new.until,
            by=context.by,
        )
    id_ = await id_of(engine, context.org, addresses[0])
    made = await suppressions.load(engine, context.org, id_)
    return _shown(made, engine.clock.now())


async def _addresses(
    context: CallerContext, phone: str | None, email: str | None, named: str | None
) -> list[str]:
    """Return the addresses that are meant, as they are stored. Raises InvalidFieldError."""
    if named is not None:
        field = "provider_address"
        return await addresses_of(context.engine, context.org, named, field=field)
    return [identity(read_details({"phone": phone} if phone else {"email": email}))]


@router.get("", response_model=SuppressionPage)
async def list_suppressions(
    context: Viewer,
    address: Annotated[
        str, Query(max_length=254, description="Only this phone number or e-mail address.")
    ] = "",
    provider_address: Annotated[
        str, Query(max_length=MOST, description="Only whom a provider names so.")
    ] = "",
    cursor: Cursor = "",
    limit: Limit = 100,
) -> dict[str, Any]:
    """Show the suppressed addresses, page by page, or those of one person."""
    engine, now = context.engine, context.engine.clock.now()
    if address or provider_address:
        asked = await _asked(context, address, provider_address)
        return page([_shown(each, now) for each in await _of(context, asked)], None)
    found, following = await suppressions.page_of(
        engine, context.org, after=after_id(cursor), limit=limit
    )
    return page([_shown(each, now) for each in found], id_cursor(following))


async def _asked(context: CallerContext, address: str, named: str) -> list[str]:
    if address and named:
        message = "provider_address: cannot go with address"
        raise InvalidFieldError("provider_address", message)
    # A + that was not written as %2B arrives as a blank.
    written, named = (f"+{each[1:]}" if each.startswith(" ") else each for each in (address, named))
    is_email = "@" in written
    phone, email = (None, written) if is_email else (written or None, None)
    return await _addresses(context, phone, email, named or None)


async def _of(context: CallerContext, addresses: Iterable[str]) -> list[Suppression]:
    engine, org = context.engine, context.org
    found = [await suppressions.find(engine, org, address) for address in addresses]
    return [each for each in found if each]


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
