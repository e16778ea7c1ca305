"""What a caller may say of contacts, and is shown of them."""

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, Field
from pydantic.config import JsonDict

from functions.domain.campaigns.status import CampaignStatus
from functions.domain.contacts.contact import LENGTHS
from functions.domain.kinds import CampaignKind
from functions.domain.messages.message import MessageStatus
from functions.domain.messages.reasons import explain
from functions.engine.contacts.contacts import Result
from functions.engine.contacts.in_use import Uses
from functions.engine.reporting import reports
from functions.engine.reporting.contact_history import Entry
from functions.web.cursors import Page
from functions.web.fields import MaybeInstant, RestBody, example

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
    external_id: str | None = _text("external_id", "What your own system calls this person.")
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


#: A text that may be empty, which is shown as null.
_Text = Annotated[str | None, BeforeValidator(lambda text: text or None)]


def _same_as(name: str) -> Any:
    return Field(validation_alias=name)


class ContactItem(BaseModel):
    """A person; firstname, lastname and prefered_product repeat ours for other systems."""

    id: str
    phone: _Text
    email: _Text
    first_name: _Text
    last_name: _Text
    location: _Text
    preferred_product: _Text
    external_id: _Text
    firstname: _Text = _same_as("first_name")
    lastname: _Text = _same_as("last_name")
    prefered_product: _Text = _same_as("preferred_product")
    zone: _Text
    zones: list[str]
    region: _Text
    active: bool
    attributes: dict[str, str]
    created_at: MaybeInstant
    updated_at: MaybeInstant


class ContactPage(Page[ContactItem]):
    """Some people; `next_cursor` null: no more follow."""


class BulkRow(BaseModel):
    """What became of a row, by its index from 0."""

    index: int
    result: Result
    id: _Text
    field: _Text
    reason: _Text


class BulkAnswer(BaseModel):
    """How many rows came to what, and each of them."""

    created: int
    updated: int
    unchanged: int
    invalid: int
    results: list[BulkRow]


class UsingCampaign(BaseModel):
    """A campaign that has not ended."""

    id: str
    name: str
    kind: CampaignKind
    status: CampaignStatus


class UsesAnswer(BaseModel):
    """The campaigns that have not ended: a list or a segment is kept for them."""

    data: list[UsingCampaign]
    complete: bool = Field(description="false: there are too many campaigns to look through all.")


def shown_uses(found: Uses) -> dict[str, Any]:
    """Show the campaigns that use a list, a segment or a template."""
    rows = [{**each.data, "id": each.id} for each in found.campaigns]
    return {"data": rows, "complete": found.complete}


class HistoryItem(BaseModel):
    """A message to a person: why it was not sent, or when it was and what it said."""

    id: str
    campaign_id: str
    campaign_name: str
    channel: str
    status: MessageStatus
    reason: _Text
    reason_words: str = Field(description="The reason in words; empty where there is none.")
    created_at: MaybeInstant
    due_at: MaybeInstant
    sent_at: MaybeInstant
    read_at: MaybeInstant
    clicked_at: MaybeInstant
    replied_at: MaybeInstant
    ended_at: MaybeInstant
    subject: _Text
    body: _Text
    enrollment_id: str | None = Field(description="The walk it was part of; null: of none.")
    node: str | None = Field(description="The node of the campaign's plan; null: no plan.")
    visit: int | None = Field(
        description="The number of the node among those that the person came to; null: no plan."
    )


class HistoryPage(Page[HistoryItem]):
    """Some of a history; `next_cursor` null: no more follows."""


def entry(of: Entry) -> dict[str, Any]:
    """Show a message of a history."""
    message = of.message
    return {
        **message._asdict(),
        "id": of.id,
        "campaign_id": of.campaign.id,
        "campaign_name": of.campaign.name,
        "channel": of.campaign.send(message.send).channel,
        "reason_words": explain(message.reason) if message.reason else "",
        **reports.place_of(of.campaign, message),
    }
