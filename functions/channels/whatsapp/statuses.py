"""What Meta's error codes mean, in our words: one table for its answers and its receipts.

Source: "Error codes" in the documentation of WhatsApp's Cloud API. Meta asks that errors are told
apart by these codes and not by the status of HTTP.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from functions.channels.statuses import OPTED_OUT, UNDELIVERED, ProviderStatus, failed
from functions.domain.messages.delivery_events import Retry

ERRORS: Final[Mapping[int, ProviderStatus]] = {
    **failed(
        Retry.DEFER,
        4,  # too many requests of our app
        80007,  # too many requests of the business account
        130429,  # too many messages of this number
        131056,  # too many messages to this person
    ),
    **failed(
        Retry.LATER,
        1,  # a fault of Meta's, or of the request
        2,  # out of service for now
        131000,  # something went wrong
        131016,  # a service is overloaded
        131057,  # the account is being maintained
    ),
    **failed(
        Retry.STOP,
        0,  # the token does not count any more
        3,  # the token lacks a capability
        10,  # a permission was never given, or taken away
        190,  # the token has expired
        33,  # the sender's number was deleted
        368,  # the account is restricted for breaking a policy
        *range(200, 300),  # a permission was never given, or taken away
        131005,  # a permission was never given, or taken away
        131031,  # the account is locked
        131037,  # the sender's display name is not approved
        131042,  # the account cannot be charged
        131045,  # the sender's certificate is wrong
        131048,  # too much of this sender was called spam
        132000,  # too many or too few parameters for the template
        132001,  # no such template in that language
        132007,  # the template breaks a policy
        132015,  # the template is paused: people did not like it
        132016,  # the template is disabled for good
        133010,  # the sender's number is not registered
    ),
    **failed(
        Retry.NEVER,
        100,  # a parameter is invalid
        130472,  # the person is in an experiment that gets no marketing
        131008,  # a parameter is missing
        131009,  # a parameter's value is invalid
        131021,  # the sender writes to itself
        131047,  # they have not written for 24 hours: only templates may be sent
        131049,  # they get enough marketing: not again within 24 hours
        131051,  # a type of message that there is not
        132005,  # too long once it is filled in
        132012,  # a parameter's format is not the template's
    ),
    **failed(
        Retry.REFUSED,
        130497,  # the account must not write to that country
        131030,  # a test account writes to numbers on its list only
    ),
    131026: UNDELIVERED,  # mostly a number without WhatsApp
    131050: OPTED_OUT,  # they have told WhatsApp that they want no marketing of ours
}

_PAIR: Final = 131056
_MARKETING: Final = 131049
MARKETING_PAUSE: Final = timedelta(hours=24)  #: trying again sooner prolongs the cap
LONGEST_PAIR_PAUSE: Final = timedelta(hours=1)


def pause_after(code: int, attempt: int) -> timedelta | None:
    """Return how long Meta wants nothing sent to this person, where its answer is about them.

    For messages that follow one another too fast it is to grow as 4^n seconds.
    """
    if code == _MARKETING:
        return MARKETING_PAUSE
    if code == _PAIR:
        # From the sixth attempt on it would be longer than an hour.
        return min(timedelta(seconds=4 ** min(attempt, 6)), LONGEST_PAIR_PAUSE)
    return None
