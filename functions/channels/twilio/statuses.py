"""What Twilio's statuses and error codes mean, in our words, as tables.

Source: "Message status values" of the Messages resource and the error and warning dictionary in
Twilio's documentation. A request may be refused with an error, and a message that was taken may
fail with one later: an error means the same in both.
"""

from collections.abc import Mapping
from typing import Final

from functions.channels.statuses import (
    INVALID_ADDRESS,
    OPTED_OUT,
    UNDELIVERED,
    WELL,
    ProviderStatus,
    error_status,
    failed,
)
from functions.domain.messages.delivery_events import EventKind, Retry

ERRORS: Final[Mapping[int, ProviderStatus]] = {
    21211: INVALID_ADDRESS,  # no phone number
    21614: INVALID_ADDRESS,  # no mobile number
    21635: INVALID_ADDRESS,  # a landline
    30005: INVALID_ADDRESS,  # unknown to its network
    30006: INVALID_ADDRESS,  # a landline, or its carrier cannot be reached
    63003: INVALID_ADDRESS,  # not known to the channel
    63024: INVALID_ADDRESS,  # not on WhatsApp
    21610: OPTED_OUT,
    30036: ProviderStatus(EventKind.FAILED, reason="expired"),  # its validity period has passed
    **failed(
        Retry.NEVER,
        21617,  # over 1600 characters
        21656,  # content variables are invalid
        30004,  # blocked for this person
        63016,  # outside the 24 hours in which WhatsApp allows a text of one's own
        63032,  # the person is part of an experiment of Meta's
        63049,  # Meta chose not to deliver this marketing message
    ),
    **failed(
        Retry.REFUSED,
        21408,  # the account does not send to this country
        21608,  # a trial account sends to verified numbers only
        21612,  # this sender cannot reach this number
        30010,  # dearer than we allow
        30024,  # the carrier does not know the sender
        30040,  # the carrier wants the sender registered
        30450,  # blocked as fraud
        30453,  # blocked as fraud
        63013,  # the channel's policy forbids it
        63038,  # the account's messages of the day are used up
    ),
    **failed(
        Retry.LATER,
        30001,  # the queue overflowed
        30003,  # the phone is off, or out of reach
        30008,  # unknown to Twilio itself
        30017,  # the carrier's network is congested
    ),
    **failed(
        Retry.DEFER,
        14107,  # too many to this number
        20429,  # too many requests at a time
        21611,  # the sender's queue is full
        30022,  # faster than the carriers allow the registered campaign (A2P 10DLC)
        30023,  # the carrier's daily cap for the registered brand
        63018,  # faster than the channel allows
    ),
    **failed(
        Retry.STOP,
        20003,  # wrong account or token
        20005,  # the account is not active
        21212,  # the sender is no phone number
        21603,  # there is no sender
        21606,  # the sender cannot send texts
        21655,  # the content does not exist
        21659,  # the sender is not a number of Twilio's
        21660,  # the sender is not a number of the account's
        21701,  # the messaging service does not exist
        21703,  # the messaging service has no numbers
        30002,  # the account is suspended
        30007,  # filtered as spam: so would be the next
        30032,  # the toll-free sender is not verified
        30033,  # the registered campaign of the sender is suspended (A2P 10DLC)
        30034,  # the sender is not registered (A2P 10DLC)
        30037,  # the account may not send
        63007,  # the sender has no such channel
        63020,  # the business account is not set up
        63027,  # no such template in that language
        63028,  # too many or too few parameters for the template
        63040,  # the template was rejected
        63041,  # the template is paused: people did not like it
        63042,  # the template is disabled for good
        63051,  # the WhatsApp Business account is locked
        63112,  # Meta has disabled the business account
    ),
}

#: None for what goes on.
STATUS: Final[Mapping[str, ProviderStatus | None]] = {
    **dict.fromkeys(("accepted", "scheduled", "queued", "sending")),
    **WELL,
    "undelivered": UNDELIVERED,
    "failed": ProviderStatus(EventKind.FAILED, reason="provider_failed"),
    "canceled": ProviderStatus(EventKind.FAILED, reason="recalled"),
}
#: These may come with an error.
FAILURES: Final = frozenset({"undelivered", "failed"})


def status_of(status: str, code: int | None) -> ProviderStatus | None:
    """Return what a status means; the error, where there is one, decides how it has failed.

    None for what goes on, and for what Twilio may tell one day that we do not know.
    """
    failure = status in FAILURES and code
    return error_status(ERRORS, code) if failure else STATUS.get(status)
