"""What a caller may say of a campaign."""

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, Field, model_validator

from functions.api.fields import Id, Name, PhoneNumber, Reason, Url, ZonedInstant, example
from functions.api.rest import RestBody
from functions.domain.campaign import AudienceKind, CampaignKind, ChannelKind
from functions.domain.templates import Missing


def _no_line(text: str) -> str:
    if any(character in text for character in "\r\n\0"):
        raise ValueError("must be one line")
    return text


OneLine = Annotated[Name, AfterValidator(_no_line)]
Text = Annotated[str, Field(max_length=10_000)]
FieldName = Annotated[str, Field(min_length=1, max_length=64)]


class Audience(RestBody):
    """Whom a campaign is for: one of these."""

    list_id: Id | None = None
    segment_id: Id | None = None
    everyone: Literal[True] | None = None

    @model_validator(mode="after")
    def _only_one(self) -> "Audience":
        if len(self.model_fields_set) > 1:
            raise ValueError("must name one of list_id, segment_id and everyone")
        return self

    @property
    def wanted(self) -> dict[str, str] | None:
        """The audience as it is stored; None where nothing is named."""
        if self.list_id:
            return {"kind": AudienceKind.LIST, "id": self.list_id}
        if self.segment_id:
            return {"kind": AudienceKind.SEGMENT, "id": self.segment_id}
        return {"kind": AudienceKind.EVERYONE, "id": ""} if self.everyone else None


class Changes(RestBody):
    """What may be changed of a draft; what is left out stays as it is."""

    model_config = example({"name": "Spring sale, second try", "base_template": "Hi {first_name}!"})

    name: OneLine | None = None
    channel: ChannelKind | None = None
    base_template: Text | None = None
    template_id: Id | None = None
    missing_fields: Missing | None = None
    defaults: dict[FieldName, Annotated[str, Field(max_length=1000)]] | None = None
    sender: PhoneNumber | None = None
    bot_url: Url | None = None
    audience: Audience | None = None


class NewCampaign(Changes):
    """A campaign to be written; a scheduled_at that lies ahead schedules it."""

    channel: ChannelKind
    scheduled_at: ZonedInstant | None = None

    model_config = example(
        {
            "name": "Spring sale",
            "channel": "sms",
            "base_template": "Hello {first_name}!",
            "scheduled_at": None,
        }
    )


class Replacement(Changes):
    """All that can be changed of a draft; what is left out falls back to its default."""

    model_config = example({"channel": "sms", "base_template": "Hi {first_name}!"})

    channel: ChannelKind


class When(RestBody):
    """When a campaign is to start."""

    model_config = example({"scheduled_at": "2030-03-02T09:00:00+03:00"})

    scheduled_at: ZonedInstant


class StopReason(RestBody):
    """Why a campaign is stopped: for the audit trail."""

    model_config = example({"reason": "wrong prices"})

    reason: Reason | None = None


class Sending(Audience):
    """Whom to send to: contacts, or one of a list, a segment and everyone."""

    customer_ids: Annotated[list[Id], Field(max_length=10_000)] | None = None

    model_config = example({"customer_ids": ["4f2a8c01d3e5"]})


class CampaignPreviewWish(RestBody):
    """For whom a campaign's text, or another one, is to be filled in."""

    model_config = example({"customer_id": "4f2a8c01d3e5"})

    customer_id: Id | None = None
    override_template: Text | None = None


class TestWish(RestBody):
    """Where a draft is to be sent as a test, filled in for a contact."""

    model_config = example({"phones": ["+254712345678"]})

    phones: Annotated[list[PhoneNumber], Field(min_length=1, max_length=10)]
    customer_id: Id | None = None


class Filters(BaseModel):
    """Which campaigns are listed, in which order, and which part of them."""

    page: Annotated[str, Field(max_length=20)] = "1"
    page_size: Annotated[str, Field(max_length=20)] = "20"
    cursor: Annotated[str, Field(max_length=2000)] = ""
    kind: CampaignKind = CampaignKind.BROADCAST  #: single: tests, and calls outside campaigns
    channel: ChannelKind | None = None
    status: Annotated[str, Field(max_length=20)] = ""
    name_prefix: Annotated[str, Field(max_length=100)] = ""
    created_from: ZonedInstant | None = None
    created_before: ZonedInstant | None = None
    sort: Literal["-created_at", "created_at", "-name", "name"] | None = None
