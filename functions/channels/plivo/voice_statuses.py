"""How a Plivo call ended, in our words: their hangup causes and call statuses as tables.

Source: "Hangup causes" in Plivo's voice documentation.
"""

from collections.abc import Mapping
from typing import Final

from functions.channels.statuses import (
    BUSY,
    COMPLETED,
    INVALID_ADDRESS,
    MACHINE_DROPPED,
    NO_ANSWER,
    ProviderStatus,
    failed,
)
from functions.domain.messages.delivery_events import EventKind, Retry

CANCELLED: Final = 1000  #: through the API, before anybody answered


def _uncertain(*codes: int) -> dict[int, ProviderStatus]:
    return {
        code: ProviderStatus(EventKind.UNCERTAIN, Retry.NEVER, f"provider_{code}") for code in codes
    }


HANGUP_CAUSES: Final[Mapping[int, ProviderStatus]] = {
    **_uncertain(
        0,  # unknown to Plivo itself
        5000,  # network error
        5010,  # internal error
        5020,  # routing error
    ),
    **failed(
        Retry.NEVER,
        CANCELLED,
        2020,  # SIP endpoint not registered
        2060,  # loop
        3020,  # rejected by the person
        3040,  # forbidden by the destination
        3110,  # declined
    ),
    **failed(
        Retry.STOP,
        1010,  # out of credits
        2030,  # country barred
        2040,  # number barred
        2050,  # prefix barred
        2070,  # media anchoring: a rule for calls to India
        3030,  # unknown caller id
        3130,  # spam block
        3140,  # caller id on the do-not-originate list
        7011,  # our answer URL failed
        8011,  # our answer XML is invalid
    ),
    **failed(Retry.ONCE, 2010),  # destination out of service
    **failed(
        Retry.LATER,
        3070,  # the carrier did not answer in time
        3080,  # the carrier failed
        3090,  # the carrier is congested
    ),
    **failed(
        Retry.DEFER,
        1020,  # too many calls to this destination at once
        5030,  # too many calls of this account at once
    ),
    2000: INVALID_ADDRESS,  # invalid destination
    3050: INVALID_ADDRESS,  # unallocated number
    3120: INVALID_ADDRESS,  # user does not exist anywhere
    3000: NO_ANSWER,
    6010: NO_ANSWER,  # ring timeout
    3010: BUSY,
    3100: BUSY,  # busy everywhere
    9100: MACHINE_DROPPED,  # hung up on an answering machine, as asked
    4000: COMPLETED,
    4010: COMPLETED,  # end of the XML
    4020: COMPLETED,  # conference ended
    4030: COMPLETED,  # removed from a conference
    6000: COMPLETED,  # our time limit
    6020: COMPLETED,  # answered, then no sound for a minute
}

#: For causes that are missing or newer than the table above.
STATUS: Final[Mapping[str, ProviderStatus]] = {
    "completed": COMPLETED,
    "busy": BUSY,
    "no-answer": NO_ANSWER,
    "timeout": NO_ANSWER,
    "failed": ProviderStatus(EventKind.FAILED),
    "cancel": ProviderStatus(EventKind.FAILED),
}


def status_of(code: int | None, call_status: str) -> ProviderStatus:
    """Return what an ending means; the status decides where the code is not known."""
    if code is not None and code in HANGUP_CAUSES:
        return HANGUP_CAUSES[code]
    status = STATUS.get(call_status, ProviderStatus(EventKind.UNCERTAIN))
    if status.kind is EventKind.COMPLETED or status.reason:
        return status
    told = call_status if call_status in STATUS else "unknown"
    return status._replace(reason=f"provider_{told if code is None else code}")
