"""One row for each provider: what chooses it, and what it needs from the settings.

Choices, refusals, secrets and names are read off these rows; bootstrap/providers.py holds the
factories. infra/deploy.sh reads them too (secrets.py), so this module needs nothing but Python.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final


class Use(StrEnum):
    """What a function does that takes a secret."""

    CALLERS = "callers"  #: tells users by their tokens
    SIGNS_IN = "signs_in"  #: signs people in to the console, and knows them by their sessions
    SENDS = "sends"  #: hands messages to providers, and asks them for what became of them
    RECEIVES = "receives"  #: verifies what providers tell
    LINKS = "links"  #: reads the links in mails
    SHOWS = "shows"  #: shows what webhook messages are verified with


@dataclass(frozen=True, slots=True)
class Provider:
    """A provider of one kind of channel."""

    kind: str  #: of channel, such as "sms"
    choice: str  #: what the kind's setting says where this provider is chosen
    name: str  #: in campaigns, messages and callback URLs
    account: str = ""  #: the setting that says whom the provider knows us as
    api_url: str = ""  #: the setting that says where the provider is reached
    secrets: Mapping[Use, tuple[str, ...]] = field(default_factory=dict)  #: settings by use
    pretends_to: str = ""  #: what a simulator seems to do; it is refused in the cloud

    @property
    def setting(self) -> str:
        """The setting that chooses among the providers of this kind."""
        return f"{self.kind}_provider".upper()

    def secrets_for(self, uses: frozenset[Use]) -> list[str]:
        """Return the settings that hold the secrets which these uses take."""
        return [name for use, names in self.secrets.items() if use in uses for name in names]


def _with_token(token: str) -> Mapping[Use, tuple[str, ...]]:
    """Return the secrets of a provider whose one token pays for messages and signs callbacks."""
    return {Use.SENDS: (token,), Use.RECEIVES: (token,)}


#: What the setting of a kind says where nobody sends for it.
NONE: Final = "none"

_PLIVO: Final = ("PLIVO_AUTH_ID", "PLIVO_API_URL", _with_token("PLIVO_AUTH_TOKEN"))
_TWILIO: Final = ("TWILIO_ACCOUNT_SID", "TWILIO_API_URL", _with_token("TWILIO_AUTH_TOKEN"))

PROVIDERS: Final = (
    Provider("voice", "simulator", "simulator", pretends_to="call people"),
    Provider("voice", "plivo", "plivo", *_PLIVO),
    Provider("sms", "simulator", "simulator-texts", pretends_to="text people"),
    Provider("sms", "twilio", "twilio-sms", *_TWILIO),
    Provider("sms", "plivo", "plivo-sms", *_PLIVO),
    Provider("whatsapp", "simulator", "simulator-texts", pretends_to="text people"),
    Provider("whatsapp", "twilio", "twilio-whatsapp", *_TWILIO),
    Provider(
        "whatsapp",
        "cloud",
        "whatsapp",
        account="WHATSAPP_PHONE_NUMBER_ID",
        api_url="WHATSAPP_API_URL",
        secrets={
            Use.SENDS: ("WHATSAPP_TOKEN",),
            Use.RECEIVES: ("WHATSAPP_APP_SECRET", "WHATSAPP_VERIFY_TOKEN"),
        },
    ),
    Provider("email", "simulator", "simulator-texts", pretends_to="send mails"),
    Provider(
        "email",
        "smtp",
        "smtp",
        secrets={Use.SENDS: ("SMTP_URL", "SIGNING_SECRET"), Use.LINKS: ("SIGNING_SECRET",)},
    ),
    Provider("webhook", "simulator", "simulator-texts", pretends_to="post messages"),
    Provider(
        "webhook",
        "http",
        "webhook",
        secrets={Use.SENDS: ("SIGNING_SECRET",), Use.SHOWS: ("SIGNING_SECRET",)},
    ),
)


def chosen(choice: Callable[[str], str | None]) -> list[Provider]:
    """Return the providers that settings choose; `choice` reads a setting by its name."""
    return [provider for provider in PROVIDERS if choice(provider.setting) == provider.choice]


def choices(kind: str) -> list[str]:
    """Return what the setting of a kind may say."""
    return [NONE, *(provider.choice for provider in PROVIDERS if provider.kind == kind)]


def alternatives(kind: str, *, without: str = "") -> str:
    """Return the choices of a kind in words, such as "off, simulator or smtp"."""
    *others, last = (choice for choice in choices(kind) if choice != without)
    return f"{', '.join(others)} or {last}" if others else last
