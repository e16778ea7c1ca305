"""What a caller may say of a campaign."""

from typing import Annotated, Final, Literal, get_args

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    model_validator,
)

from functions.api.campaigns.elsewhere import OfDraft, refused
from functions.domain.calendar.rules import parse_rule
from functions.domain.campaigns import audience, campaign, safety_limits
from functions.domain.campaigns.audience import AudienceKind
from functions.domain.campaigns.fallbacks import FAILED
from functions.domain.campaigns.lifecycle import LateStart
from functions.domain.campaigns.send import Content, Send
from functions.domain.contacts.addresses import SENDER_LENGTH
from functions.domain.contacts.emails import read_email
from functions.domain.kinds import CampaignKind, ChannelKind
from functions.domain.organisation import SLOWEST
from functions.domain.plans.parts import RuleText, Zone
from functions.domain.sending_rules import windows
from functions.domain.templates.fields import field_name
from functions.domain.templates.template import Missing
from functions.domain.times import TIME_OF_DAY
from functions.engine.campaigns.writing.series import Wanted
from functions.web.fields import (
    Id,
    Name,
    PhoneNumber,
    Reason,
    RestBody,
    Url,
    Weekday,
    ZonedInstant,
    example,
)


def _no_line(text: str) -> str:
    if any(character in text for character in "\r\n\0"):
        raise ValueError("must be one line")
    return text


def _channel(channel: ChannelKind | None) -> ChannelKind:
    if channel is None:
        raise ValueError(f"has no default: must be one of {', '.join(ChannelKind)}")
    return channel


def _email(text: str) -> str:
    if not text:
        raise ValueError("must look like name@example.com")
    return read_email(text, field="emails")


Text = Annotated[str, Field(max_length=10_000)]
Subject = Annotated[str, Field(min_length=1, max_length=255), AfterValidator(_no_line)]
Html = Annotated[str, Field(max_length=100_000)]
Parameter = Annotated[str, Field(max_length=1000)]
ProviderTemplate = Annotated[str, Field(max_length=512, pattern=r"^[A-Za-z0-9_.-]+$")]
Language = Annotated[str, Field(pattern=r"^[a-z]{2,3}(_[A-Z]{2})?$")]
#: A number, an address, or what else the channel sends from: which is checked with the channel.
Sender = Annotated[str, Field(min_length=1, max_length=SENDER_LENGTH)]
Percent = Annotated[int, Field(ge=1, le=100)]
TimeOfDay = Annotated[str, Field(pattern=f"^{TIME_OF_DAY}$")]
RRULE: Final = "FREQ=WEEKLY;BYDAY=MO;BYHOUR=9;BYMINUTE=0"
_DAYS: Final[tuple[Weekday, ...]] = get_args(Weekday)
#: A message's reason, or one of the words of domain/campaigns/fallbacks.py that stand for several.
Cause = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
Email = Annotated[str, Field(max_length=254), AfterValidator(_email)]
FieldName = Annotated[str, Field(min_length=1, max_length=64), AfterValidator(field_name)]


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
    def wanted(self) -> audience.Audience | None:
        """The audience that is named; None where nothing is."""
        if self.list_id:
            return audience.Audience(AudienceKind.LIST, self.list_id)
        if self.segment_id:
            return audience.Audience(AudienceKind.SEGMENT, self.segment_id)
        return audience.Audience(AudienceKind.EVERYONE) if self.everyone else None


class SendWindow(RestBody):
    """From `start` up to but not including `end`, in each person's own zone, on these days."""

    model_config = example({"start": "09:00", "end": "18:00", "days": ["mon", "tue", "wed"]})

    start: TimeOfDay
    end: TimeOfDay
    days: list[Weekday] = Field(default_factory=lambda: list(_DAYS), min_length=1, max_length=7)

    @model_validator(mode="after")
    def _opens(self) -> "SendWindow":
        if self.start == self.end:
            raise ValueError("start and end must differ; null is for no window")
        if len(set(self.days)) < len(self.days):
            raise ValueError("days must differ")
        return self

    @property
    def wanted(self) -> windows.SendWindow:
        """The window as a campaign has it."""
        return windows.SendWindow(**self.model_dump())


class Guardrail(RestBody):
    """Pause the campaign once so many percent of so many last messages have failed."""

    model_config = example({"failed_percent": 30, "of_last": 100})

    failed_percent: Percent
    of_last: Annotated[int, Field(ge=10, le=10_000)]

    @property
    def wanted(self) -> safety_limits.Guardrail:
        """The guardrail as a campaign has it."""
        return safety_limits.Guardrail(**self.model_dump())


class Canary(RestBody):
    """Send to so many first, wait for what becomes of them, and pause if too many have failed."""

    model_config = example({"first": 50, "failed_percent": 10, "wait_s": 600})

    first: Annotated[int, Field(ge=1, le=10_000)]
    failed_percent: Percent
    wait_s: Annotated[int, Field(ge=1, le=86_400)] = 600

    @property
    def wanted(self) -> safety_limits.Canary:
        """The canary as a campaign has it."""
        return safety_limits.Canary(**self.model_dump())


class Said(RestBody):
    """What is said by one channel, and from where."""

    base_template: Text | None = None
    subject: Subject | None = None
    html: Html | None = None
    provider_template: ProviderTemplate | None = None
    language: Language | None = None
    parameters: Annotated[list[Parameter], Field(max_length=10)] | None = None
    sender: Sender | None = None
    bot_url: Url | None = None
    webhook_url: Url | None = None


class Fallback(Said):
    """How somebody is reached whom the message before did not reach, and after which failures."""

    model_config = example({"channel": "sms", "base_template": "Hi!", "after": ["no_answer"]})

    channel: ChannelKind
    after: list[Cause] = Field(default_factory=lambda: [FAILED], min_length=1, max_length=20)
    wait_s: Annotated[int, Field(ge=0, le=7 * 86_400)] = 0

    @property
    def wanted(self) -> campaign.Fallback:
        """The fallback before it is known which provider sends it."""
        content = Content(
            template=self.base_template or "",
            subject=self.subject or "",
            html=self.html or "",
            provider_template=self.provider_template or "",
            language=self.language or "",
            parameters=self.parameters or (),
            webhook_url=self.webhook_url or "",
            bot_url=self.bot_url or "",
        )
        send = Send("", self.channel, "", self.sender or "", content)
        return campaign.Fallback(send, self.after, self.wait_s)


class Changes(Said):
    """What may be changed of a draft; what is left out stays as it is."""

    model_config = example({"name": "Spring sale, second try", "base_template": "Hi {first_name}!"})

    name: Name | None = None
    channel: Annotated[ChannelKind | None, AfterValidator(_channel)] = None
    template_id: Id | None = None
    missing_fields: Missing | None = None
    defaults: dict[FieldName, Annotated[str, Field(max_length=1000)]] | None = None
    audience: Audience | None = None
    rate_per_s: Annotated[float, Field(ge=SLOWEST, le=100_000, allow_inf_nan=False)] | None = None
    send_window: SendWindow | None = None
    not_after: ZonedInstant | None = None
    late_start: LateStart | None = None
    grace_s: Annotated[int, Field(ge=0, le=7 * 86_400)] | None = None
    guardrail: Guardrail | None = None
    canary: Canary | None = None
    fallbacks: Annotated[list[Fallback], Field(max_length=3)] | None = None


class Repetition(RestBody):
    """How a broadcast comes again and again; each run reads its list or segment anew."""

    model_config = example({"rrule": RRULE, "zone": "America/New_York", "count": 10})

    rrule: RuleText = Field(
        min_length=1,
        description="A rule of RFC 5545: FREQ of a day or longer, and what goes with it.",
        examples=[RRULE],
    )
    zone: Zone = Field(description="Whose clocks it goes by: a zone of a region, IANA.")
    count: Annotated[int, Field(ge=1, le=100_000, strict=True)] | None = Field(
        default=None, description="How many runs there are; null: no end by number."
    )
    until: ZonedInstant | None = Field(
        default=None, description="No run comes after this instant; null: no end by time."
    )

    @model_validator(mode="after")
    def _ends_one_way(self) -> "Repetition":
        rule, problems = parse_rule(self.rrule), {}
        if rule.times is not None and self.count is not None:
            problems["count"] = "must not stand beside the rule's COUNT"
        if rule.until is not None and self.until is not None:
            problems["until"] = "must not stand beside the rule's UNTIL"
        if problems:
            raise refused(problems, {})
        return self

    @property
    def wanted(self) -> Wanted:
        """How a campaign is to repeat itself."""
        return Wanted(self.rrule, self.zone, self.count, self.until)


class NewCampaign(Changes):
    """A campaign to be written; a scheduled_at that lies ahead schedules it."""

    kind: Literal[CampaignKind.BROADCAST] | None = None  #: absent: a broadcast too
    channel: ChannelKind
    scheduled_at: ZonedInstant | None = None
    repeat: Repetition | None = None

    model_config = example(
        {
            "name": "Spring sale",
            "channel": "sms",
            "base_template": "Hello {first_name}!",
            "scheduled_at": None,
        }
    )


class Replacement(OfDraft, Changes):
    """All that can be changed of a draft; what is left out falls back to its default."""

    model_config = example({"channel": "sms", "base_template": "Hi {first_name}!"})

    channel: ChannelKind


class When(RestBody):
    """When a campaign is to start."""

    model_config = example({"scheduled_at": "2030-03-02T09:00:00+03:00"})

    scheduled_at: ZonedInstant


class WhenAndHow(RestBody):
    """When a campaign is to start, and how it repeats itself: one of both at least.

    A broadcast that repeats itself starts at the first time from `scheduled_at`, or now, on.
    """

    model_config = example(
        {"scheduled_at": None, "repeat": {"rrule": RRULE, "zone": "America/New_York", "count": 10}}
    )

    scheduled_at: ZonedInstant | None = None
    repeat: Repetition | None = None


class StopReason(RestBody):
    """Why a campaign is stopped: for the audit trail."""

    model_config = example({"reason": "wrong prices"})

    reason: Reason | None = None


class Sending(Audience):
    """Whom to send to: contacts, or one of a list, a segment and everyone."""

    customer_ids: Annotated[list[Id], Field(max_length=10_000)] | None = None

    model_config = example({"customer_ids": ["4f2a8c01d3e5"]})


def _customer(id_: object) -> object:
    """Accept the numbers that other systems know people by: nobody has one here."""
    if isinstance(id_, int) and not isinstance(id_, bool):
        return str(id_) if id_ else None
    return id_ or None


CustomerId = Annotated[Id | None, BeforeValidator(_customer)]


class OneSend(RestBody):
    """Which of a campaign's sends is meant: of a plan, that of a node or of its fallback."""

    node: Annotated[str, Field(min_length=1, max_length=64)] | None = None
    fallback: Annotated[int, Field(ge=0, le=3)] = 0


class CampaignPreview(OneSend):
    """For whom a campaign's text, or another one, is to be filled in."""

    model_config = example({"customer_id": "4f2a8c01d3e5"})

    customer_id: CustomerId = None
    override_template: Text | None = None


class TestMessages(OneSend):
    """Where a draft or a node is to be sent as a test, filled in for a contact: mails to emails."""

    model_config = example({"phones": ["+254712345678"]})

    phones: list[PhoneNumber] = Field(default_factory=list)
    emails: list[Email] = Field(default_factory=list)
    customer_id: Id | None = None

    @model_validator(mode="after")
    def _some_but_few(self) -> "TestMessages":
        if not 1 <= len(self.phones) + len(self.emails) <= _MOST_TESTS:
            raise ValueError(f"phones and emails must be 1 to {_MOST_TESTS} together")
        return self


_MOST_TESTS: Final = 10
