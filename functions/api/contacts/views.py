"""What a caller may say of contacts, and is shown of them."""

from typing import Annotated, Any

from pydantic import BaseModel, Field
from pydantic.config import JsonDict

from functions.domain.contacts.contact import ALIASES, LENGTHS, Contact
from functions.domain.messages.message import MessageStatus
from functions.domain.times import iso
from functions.engine.contacts.contacts import Result, RowResult
from functions.engine.reporting.contact_history import Entry
from functions.web.fields import RestBody, example

_ANA: JsonDict = {
    "phone": "+1 212 555 2000",
    "email": "ana@example.com",
    "first_name": "Ana",
    "last_name": "Sol",
    "location": "New York",
    "preferred_product": "tea",
    "zone": "America/New_York",
    "attributes": {"tier": "gold"},
}


def _text(name: str, description: str = "") -> Any:
    return Field(None, max_length=LENGTHS[name], description=description or None)


class ContactBody(RestBody):
    """A person, or what is to be changed of one; phone or email is required of a new one."""

    phone: str | None = _text("phone", "International; blanks and punctuation do not matter.")
    email: str | None = _text("email")
    first_name: str | None = _text("first_name")
    last_name: str | None = _text("last_name")
    location: str | None = _text("location")
    preferred_product: str | None = _text("preferred_product")
    zone: str | None = _text("zone", "IANA time zone; else that of the number.")
    active: bool | None = Field(None, description="false: no campaign to everybody reaches them.")
    attributes: dict[str, str | None] | None = Field(None, description="Any other facts.")
    firstname: str | None = _text("first_name", "The same as first_name.")
    lastname: str | None = _text("last_name", "The same as last_name.")
    prefered_product: str | None = _text("preferred_product", "The same as preferred_product.")

    model_config = example(_ANA)


class People(RestBody):
    """People to be created or changed, each as in POST /contacts."""

    contacts: Annotated[list[dict[str, Any]], Field(min_length=1, max_length=1000)]

    model_config = example({"contacts": [_ANA, {"phone": "+12125552001", "first_name": "Ben"}]})


class ContactItem(BaseModel):
    """A person; firstname, lastname and prefered_product repeat ours for other systems."""

    id: str
    phone: str | None
    email: str | None
    first_name: str | None
    last_name: str | None
    location: str | None
    preferred_product: str | None
    firstname: str | None
    lastname: str | None
    prefered_product: str | None
    zone: str | None
    zones: list[str]
    region: str | None
    active: bool
    attributes: dict[str, str]
    created_at: str | None
    updated_at: str | None


class ContactPage(BaseModel):
    """Some people; `next_cursor` null: no more follow."""

    data: list[ContactItem]
    next_cursor: str | None


class BulkRow(BaseModel):
    """What became of a row, by its index from 0."""

    index: int
    result: Result
    id: str | None
    field: str | None
    reason: str | None


class BulkAnswer(BaseModel):
    """How many rows came to what, and each of them."""

    created: int
    updated: int
    unchanged: int
    invalid: int
    results: list[BulkRow]


class HistoryItem(BaseModel):
    """A message to a person: why it was not sent, or when it was and what it said."""

    id: str
    campaign_id: str
    campaign_name: str
    channel: str
    status: MessageStatus
    reason: str | None
    created_at: str | None
    due_at: str | None
    sent_at: str | None
    read_at: str | None
    clicked_at: str | None
    replied_at: str | None
    ended_at: str | None
    subject: str | None
    body: str | None


class HistoryPage(BaseModel):
    """Some of a history; `next_cursor` null: no more follows."""

    data: list[HistoryItem]
    next_cursor: str | None


def item(contact: Contact) -> ContactItem:
    """Show a person."""
    texts = {name: getattr(contact, name) or None for name in LENGTHS}
    return ContactItem(
        id=contact.id,
        **texts,
        **{alias: texts[name] for alias, name in ALIASES.items()},
        zones=list(contact.zones),
        region=contact.region or None,
        active=contact.active,
        attributes=dict(contact.attributes),
        created_at=iso(contact.created_at),
        updated_at=iso(contact.updated_at),
    )


def row(index: int, result: RowResult) -> BulkRow:
    """Show what became of a row."""
    return BulkRow(
        index=index,
        result=result.result,
        id=result.id or None,
        field=result.field or None,
        reason=result.reason or None,
    )


def entry(of: Entry) -> HistoryItem:
    """Show a message of a history."""
    message = of.message
    return HistoryItem(
        id=of.id,
        campaign_id=of.campaign.id,
        campaign_name=of.campaign.name,
        channel=of.campaign.at_step(message.step).channel,
        status=MessageStatus(message.status),
        reason=message.reason or None,
        subject=message.subject or None,
        body=message.body or None,
        **{name: iso(getattr(message, name)) for name in _INSTANTS},
    )


_INSTANTS = tuple(name for name in HistoryItem.model_fields if name.endswith("_at"))
