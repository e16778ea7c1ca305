"""What a mail server's answers come to (RFC 5321, 4.2; RFC 3463; RFC 4954).

Nobody has a mail before the server has all of it: whatever goes wrong earlier may be tried again.
"""

import ssl
from typing import Final

from aiosmtplib.errors import (
    SMTPDataError,
    SMTPException,
    SMTPRecipientRefused,
    SMTPResponseException,
    SMTPServerDisconnected,
)

from functions.channels.mail.refusals import meaning
from functions.channels.statuses import code_reason
from functions.domain.messages.delivery_events import Retry
from functions.domain.messages.send_outcomes import Deferred, Rejected, SendOutcome, Unknown

CLOSING: Final = 421  #: the server ends the connection
TOO_FAST: Final = frozenset({CLOSING, 454})  #: 454 is how Amazon SES throttles
#: The server wants a login, another one, or TLS before it.
_NOT_LET_IN: Final = frozenset({530, 534, 535, 538})
_REFUSAL: Final = 400
_FINAL: Final = 500
_UNREADABLE: Final = "provider_unreadable_answer"

#: What it comes to where there was no answer, by the first kind that fits.
_UNANSWERED: Final[tuple[tuple[type[Exception], SendOutcome], ...]] = (
    (SMTPServerDisconnected, Deferred("provider_disconnected")),
    (TimeoutError, Deferred("provider_timeout")),
    (OSError, Deferred("provider_unreachable")),
    (SMTPException, Rejected("provider_login_impossible", Retry.STOP)),
)


def before_data(error: Exception) -> SendOutcome:
    """Return what it comes to where the server was not told the mail yet."""
    if isinstance(error, SMTPResponseException):
        return _answered(error)
    if isinstance(error, ssl.SSLError) or isinstance(error.__cause__, ssl.SSLError):
        return Deferred("provider_tls_failed")
    return next(outcome for kind, outcome in _UNANSWERED if isinstance(error, kind))


def _answered(error: SMTPResponseException) -> SendOutcome:
    if isinstance(error, SMTPRecipientRefused):
        return _refused(error)
    # What it says to us, our login or our sender it says to every mail of the campaign.
    return _refused(error, Retry.STOP)


def after_data(error: Exception) -> SendOutcome:
    """Return what it comes to where the server may have the mail."""
    match error:
        case SMTPDataError(code=code) if code >= _REFUSAL:
            return _refused(error)
        case SMTPResponseException():
            return Unknown(_UNREADABLE)
        case TimeoutError():
            return Unknown("provider_timeout")
        case _:
            return Unknown("provider_disconnected")


def _refused(error: SMTPResponseException, final: Retry = Retry.NEVER) -> SendOutcome:
    code = error.code
    if code in _NOT_LET_IN:
        return Rejected(code_reason(code), Retry.STOP)
    if code >= _FINAL:
        return _for_good(error, final)
    if code < _REFUSAL:
        return Deferred(_UNREADABLE)
    return Deferred(code_reason(code), throttled=code in TOO_FAST)


def _for_good(error: SMTPResponseException, final: Retry) -> Rejected:
    """Return what a final refusal means: by what the server says, else `final`."""
    status = meaning(error.message)
    if final is Retry.STOP:
        of_us = status is not None and status.retry is Retry.REFUSED
        return Rejected(status.reason if status and of_us else code_reason(error.code), final)
    if status is None:
        return Rejected(code_reason(error.code), final)
    return Rejected(status.reason, status.retry, status.suppress)
