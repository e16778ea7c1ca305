"""What each function of main.py needs that no other may read: the secrets, by what they are for.

Settings are refused, channels built and secrets handed out by the tables here. infra/deploy.sh
asks for them, so this module needs nothing but Python:

    python -m functions.settings.secrets VOICE_PROVIDER=plivo SMS_PROVIDER=twilio

prints each function of a deployment with these settings, and after it the secrets it is given.
"""

import sys
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Final


class Use(StrEnum):
    """What a function does that takes a secret."""

    CALLERS = "callers"  #: tells users by their tokens
    SENDS = "sends"  #: hands messages to providers, and asks them for what became of them
    RECEIVES = "receives"  #: verifies what providers tell
    LINKS = "links"  #: reads the links in mails
    SHOWS = "shows"  #: shows what webhook messages are verified with


EVERYTHING: Final = frozenset(Use)
_CALLERS: Final = frozenset({Use.CALLERS})
_NOTHING: Final[frozenset[Use]] = frozenset()

#: The functions of main.py. Those without users are told by Google's token, a provider's
#: signature or a link's, or answer everybody.
TARGETS: Final[Mapping[str, frozenset[Use]]] = {
    "app": EVERYTHING,
    "api": frozenset({Use.CALLERS, Use.SHOWS}),
    "create_campaign": _CALLERS,
    "pause_campaign": _CALLERS,
    "resume_campaign": _CALLERS,
    "cancel_campaign": _CALLERS,
    "reschedule_campaign": _CALLERS,
    "retry_campaign": _CALLERS,
    "campaign_progress": _CALLERS,
    "get_report_by_campaign": _CALLERS,
    "upload_csv": _CALLERS,
    "get_list_contact": _CALLERS,
    "single_call": _CALLERS,
    "check_scheduled_campaigns": _NOTHING,
    "run_task": frozenset({Use.SENDS}),
    "receive_webhook": frozenset({Use.RECEIVES}),
    "links": frozenset({Use.LINKS}),
    "health": _NOTHING,
}

_PLIVO: Final = {Use.SENDS: ("PLIVO_AUTH_TOKEN",), Use.RECEIVES: ("PLIVO_AUTH_TOKEN",)}
_TWILIO: Final = {Use.SENDS: ("TWILIO_AUTH_TOKEN",), Use.RECEIVES: ("TWILIO_AUTH_TOKEN",)}
#: The secrets of a provider, by the setting that names it.
SECRETS: Final[Mapping[tuple[str, str], Mapping[Use, Sequence[str]]]] = {
    ("VOICE_PROVIDER", "plivo"): _PLIVO,
    ("SMS_PROVIDER", "plivo"): _PLIVO,
    ("SMS_PROVIDER", "twilio"): _TWILIO,
    ("WHATSAPP_PROVIDER", "twilio"): _TWILIO,
    ("WHATSAPP_PROVIDER", "cloud"): {
        Use.SENDS: ("WHATSAPP_TOKEN",),
        Use.RECEIVES: ("WHATSAPP_APP_SECRET", "WHATSAPP_VERIFY_TOKEN"),
    },
    ("EMAIL_PROVIDER", "smtp"): {
        Use.SENDS: ("SMTP_URL", "SIGNING_SECRET"),
        Use.LINKS: ("SIGNING_SECRET",),
    },
    ("WEBHOOK_PROVIDER", "http"): {
        Use.SENDS: ("SIGNING_SECRET",),
        Use.SHOWS: ("SIGNING_SECRET",),
    },
}


def provider_secrets(kind: str, provider: str, uses: frozenset[Use]) -> list[str]:
    """Return which of a provider's secrets these uses take."""
    by_use = SECRETS.get((kind, provider), {})
    return [name for use, names in by_use.items() if use in uses for name in names]


def secrets_of(target: str, settings: Mapping[str, str]) -> list[str]:
    """Return the secrets that a function is given in a deployment with these settings."""
    uses = TARGETS[target]
    users = Use.CALLERS in uses and not settings.get("JWT_JWKS_URL")
    found = ["JWT_SECRET"] if users else []
    for kind, provider in SECRETS:
        if settings.get(kind) == provider:
            found += provider_secrets(kind, provider, uses)
    return list(dict.fromkeys(found))


def _main(arguments: Sequence[str]) -> None:
    settings = {name: value for name, _, value in (each.partition("=") for each in arguments)}
    for target in TARGETS:
        sys.stdout.write(" ".join((target, *secrets_of(target, settings))) + "\n")


if __name__ == "__main__":
    _main(sys.argv[1:])
