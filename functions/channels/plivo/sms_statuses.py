"""What has become of a text that Plivo took, in our words: its statuses and error codes as tables.

Source: "Error codes" and "Message status callbacks" in Plivo's messaging documentation.
"""

from collections.abc import Mapping
from typing import Final

from functions.channels.statuses import (
    INVALID_ADDRESS,
    OPTED_OUT,
    WELL,
    ProviderStatus,
    error_status,
    failed,
)
from functions.domain.messages.delivery_events import Retry

ERRORS: Final[Mapping[int, ProviderStatus]] = {
    **failed(
        Retry.LATER,
        20,  # the carrier's network had a fault
        80,  # their phone is off, or out of reach
        300,  # Plivo could not hand it on
    ),
    **failed(Retry.REFUSED, 30),  # the carrier takes it for spam
    **failed(
        Retry.STOP,
        40,  # the sender cannot send texts, or is not ours
        900,  # out of credits
        910,  # the account is disabled
    ),
    **failed(
        Retry.NEVER,
        10,  # the carrier calls it invalid
        60,  # a loop of machines that answer each other
        70,  # the number is not in use
        90,  # no carrier leads there
        100,  # their network takes no such texts
        110,  # too long
        201,  # from a toll-free number of the US to Canada
        420,  # it waited for too long at Plivo
        1000,  # nobody knows why
    ),
    50: INVALID_ADDRESS,  # wrong, or a landline
    200: OPTED_OUT,  # they have sent STOP to this sender
}

NO_CREDITS: Final = ERRORS[900]

_FAILURES: Final = frozenset({"failed", "undelivered", "rejected"})


def status_of(status: str, code: int | None) -> ProviderStatus | None:
    """Return what a status means; None where it tells nothing new, as "queued" does."""
    return error_status(ERRORS, code or None) if status in _FAILURES else WELL.get(status)
