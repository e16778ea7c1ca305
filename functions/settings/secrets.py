"""Which deployable function reads which secret.

Settings are refused, channels built and secrets handed out by the table of functions here and
the rows in providers.py. infra/deploy.sh runs this module, so it needs nothing but Python:

    python -m functions.settings.secrets VOICE_PROVIDER=plivo SMS_PROVIDER=twilio

prints each function of a deployment with these settings, and after it the secrets it is given.
"""

import sys
from collections.abc import Mapping, Sequence
from typing import Final

from functions.settings.providers import Use, chosen

EVERYTHING: Final = frozenset(Use)
_CALLERS: Final = frozenset({Use.CALLERS})
_NOTHING: Final[frozenset[Use]] = frozenset()

#: The functions of main.py. Those without users are told by Google's token, a provider's
#: signature or a link's, or answer everybody.
TARGETS: Final[Mapping[str, frozenset[Use]]] = {
    "app": EVERYTHING,
    "api": frozenset({Use.CALLERS, Use.SIGNS_IN, Use.SHOWS}),
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


def secrets_of(target: str, settings: Mapping[str, str]) -> list[str]:
    """Return the secrets that a function is given in a deployment with these settings."""
    uses = TARGETS[target]
    users = Use.CALLERS in uses and not settings.get("JWT_JWKS_URL")
    found = ["JWT_SECRET"] if users else []
    if Use.SIGNS_IN in uses and settings.get("CONSOLE_URL"):
        found += ["SESSION_SECRET"] + ["OIDC_CLIENT_SECRET"] * bool(settings.get("OIDC_ISSUER"))
    for provider in chosen(settings.get):
        found += provider.secrets_for(uses)
    return list(dict.fromkeys(found))


def _main(arguments: Sequence[str]) -> None:
    settings = {name: value for name, _, value in (each.partition("=") for each in arguments)}
    for target in TARGETS:
        sys.stdout.write(" ".join((target, *secrets_of(target, settings))) + "\n")


if __name__ == "__main__":
    _main(sys.argv[1:])
