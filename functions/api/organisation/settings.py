"""What holds for the whole organisation: senders, zone, quiet hours, rates, polling."""

from typing import Annotated, Any, Final

from fastapi import APIRouter
from pydantic import AfterValidator, BaseModel, Field

from functions.api.organisation.sending_rules import (
    CountryRule,
    CountryRules,
    FrequencyCap,
    ShownRules,
    shown_rules,
)
from functions.domain.contacts.addresses import SENDER_LENGTH
from functions.domain.contacts.opt_out_keywords import (
    IN_WORDS,
    LANGUAGES,
    LENGTH,
    OPTIONAL_OUT_WORDS,
    OUT_WORDS,
    WORDS,
)
from functions.domain.contacts.sender_lists import ENTRY_LENGTH
from functions.domain.errors import NotFoundError
from functions.domain.kinds import ChannelKind
from functions.domain.notifications.signing import webhook_secret
from functions.domain.organisation import DECIDED, Organisation
from functions.domain.plain_text import check_name
from functions.engine.accounts import organisation
from functions.web.auth import Area
from functions.web.caller_route import Admin, RestRoute, Viewer
from functions.web.etags import IfMatch
from functions.web.fields import MaybeInstant, RestBody, example

router = APIRouter(prefix="/settings", tags=[Area.SETTINGS], route_class=RestRoute)

_Sender = Annotated[str, Field(max_length=SENDER_LENGTH)]
_Name = Annotated[str, Field(max_length=100), AfterValidator(check_name)]
_Email = Annotated[str, Field(max_length=254)]
_Allowed = Annotated[
    str,
    Field(
        min_length=1,
        max_length=ENTRY_LENGTH,
        description="A number, address, @domain, name or id to send from, or template:NAME.",
    ),
]
_Zone = Annotated[str, Field(max_length=64)]
_ShownTime = Annotated[str, Field(max_length=5)]
_Rate = Annotated[float, Field(gt=0, le=100_000, allow_inf_nan=False)]
_Seconds = Annotated[int, Field(ge=1, le=10_000_000)]
_Region = Annotated[str, Field(max_length=3)]
_Word = Annotated[str, Field(min_length=1, max_length=LENGTH)]
_Words = Annotated[list[_Word], Field(min_length=1, max_length=WORDS)]
_WordsByLanguage = Annotated[
    dict[Annotated[str, Field(max_length=35)], _Words | None], Field(max_length=LANGUAGES)
]


class Senders(RestBody):
    """The number or address that people see, by channel; null takes it away."""

    voice: _Sender | None = None
    sms: _Sender | None = None
    whatsapp: _Sender | None = None
    email: _Sender | None = None


class Rates(RestBody):
    """Messages a second, by channel, up to what the deployment sends; null for as many."""

    voice: _Rate | None = None
    sms: _Rate | None = None
    whatsapp: _Rate | None = None
    email: _Rate | None = None
    webhook: _Rate | None = None


class Ramp(RestBody):
    """How many messages a new sender may send: so many on its first day, then times `growth`."""

    starts_on: Annotated[str, Field(max_length=10)]
    first_day: Annotated[int, Field(ge=1, le=1_000_000)]
    growth: Annotated[float, Field(ge=1, le=5, allow_inf_nan=False)]


class WarmUp(RestBody):
    """How each sender is warmed up, by channel and by days of UTC; null for not at all."""

    voice: Ramp | None = None
    sms: Ramp | None = None
    whatsapp: Ramp | None = None
    email: Ramp | None = None
    webhook: Ramp | None = None


class QuietHours(RestBody):
    """From `start` up to but not including `end`, in each person's own zone, nothing is sent."""

    start: _ShownTime
    end: _ShownTime


class Settings(RestBody):
    """What an organisation may decide. Campaigns made from then on follow it."""

    name: _Name | None = None
    unsubscribe_email: _Email | None = None
    senders: Senders | None = None
    allowed_senders: Annotated[list[_Allowed], Field(max_length=1000)] | None = None
    default_zone: _Zone | None = None
    default_country: _Region | None = None
    quiet_hours: QuietHours | None = None
    rates: Rates | None = None
    polling_schedule_s: list[_Seconds] | None = None
    warm_up: WarmUp | None = None
    country_rules: Annotated[dict[_Region, CountryRules | None], Field(max_length=250)] | None = (
        None
    )
    frequency_caps: Annotated[list[FrequencyCap], Field(max_length=10)] | None = None
    opt_out_words: _WordsByLanguage | None = None
    opt_in_words: _WordsByLanguage | None = None

    model_config = example(
        {
            "name": "Shop of Alice",
            "unsubscribe_email": "unsubscribe@shop.example",
            "senders": {"sms": "+12025550111"},
            "allowed_senders": ["+12025550111", "@acme.example", "template:acme_*"],
            "default_zone": "America/New_York",
            "default_country": "US",
            "quiet_hours": {"start": "21:00", "end": "09:00"},
            "rates": {"sms": 5},
            "polling_schedule_s": [30, 300, 1800],
            "warm_up": {"email": {"starts_on": "2026-03-02", "first_day": 50, "growth": 2}},
            "country_rules": {"GB": {"voice": {"opens": "10:00", "closes": "18:00"}}},
            "frequency_caps": [{"most": 3, "hours": 24, "channels": ["sms", "email"]}],
            "opt_out_words": {"fr": ["ARRET"], "es": ["BAJA", "SALIR"]},
        }
    )


class ShownSettings(BaseModel):
    """What an organisation has decided; what is null or empty is left to the deployment."""

    name: str
    unsubscribe_email: str
    senders: dict[ChannelKind, str]
    allowed_senders: list[str] | None
    default_zone: str
    default_country: str
    quiet_hours: QuietHours | None
    rates: dict[ChannelKind, float]
    polling_schedule_s: list[int] | None
    warm_up: dict[ChannelKind, Ramp]
    country_rules: dict[str, dict[ChannelKind, CountryRule]]
    frequency_caps: list[FrequencyCap]
    opt_out_words: dict[str, list[str]]
    opt_in_words: dict[str, list[str]]
    opt_out_words_always: Annotated[
        list[str], Field(description="These opt out whatever is decided.")
    ] = list(OUT_WORDS)
    opt_in_words_always: Annotated[
        list[str], Field(description="These opt in again whatever is decided.")
    ] = list(IN_WORDS)
    opt_out_words_optional: Annotated[
        dict[str, list[str]], Field(description="Words to add, for whoever writes the language.")
    ] = {language: list(words) for language, words in OPTIONAL_OUT_WORDS.items()}
    updated_at: MaybeInstant
    updated_by: str


@router.get("", response_model=ShownSettings)
async def get_settings(context: Viewer) -> Organisation:
    """Show what the organisation has decided."""
    return context.tagged(await organisation.load_versioned(context.engine, context.org))


@router.put("", response_model=ShownSettings)
async def replace_settings(wanted: Settings, context: Admin, if_version: IfMatch) -> Organisation:
    """Decide everything anew: what is left out is left to the deployment."""
    whole = {name: _given(wanted, name) for name in DECIDED}
    stored = await organisation.replace(
        context.engine, context.org, whole, by=context.by, if_version=if_version
    )
    return context.tagged(stored)


@router.patch("", response_model=ShownSettings)
async def change_settings(wanted: Settings, context: Admin, if_version: IfMatch) -> Organisation:
    """Decide what is named; the rest, other channels and countries included, stays as it is."""
    named = {name: _given(wanted, name) for name in DECIDED if name in wanted.model_fields_set}
    stored = await organisation.update(
        context.engine, context.org, named, by=context.by, if_version=if_version
    )
    return context.tagged(stored)


@router.get("/rules", response_model=ShownRules)
async def get_rules(context: Viewer) -> dict[str, Any]:
    """Show when and how often people may be reached, by whose rule and since which version of it.

    Campaigns made from now on keep to it.
    """
    decided = await organisation.load(context.engine, context.org)
    return shown_rules(decided, kept=context.engine.limits.windows)


class ShownSecret(BaseModel):
    """What an organisation's webhook messages are signed with, as Standard Webhooks has it."""

    secret: str


@router.get("/webhook-secret")
async def get_webhook_secret(context: Admin) -> ShownSecret:
    """Show the secret that verifies the organisation's webhook messages.

    There is none where the deployment signs none (SIGNING_SECRET).
    """
    context.forbid_keeping()
    signing_secret = context.settings.signing_secret.get_secret_value()
    if not signing_secret:
        raise NotFoundError("Webhook secret", context.org)
    return ShownSecret(secret=webhook_secret(signing_secret, context.org))


_TEXTS: Final = ("name", "unsubscribe_email", "default_zone", "default_country")


def _given(wanted: Settings, name: str) -> Any:
    """Return what a body says of a field."""
    value = wanted.model_dump(include={name}, exclude_unset=True).get(name)
    return "" if name in _TEXTS and value is None else value
