"""What Plivo's answer means that refuses an order: it names its errors in words, without a code."""

import re
from typing import Final

import httpx

from functions.channels.plivo.sms_statuses import NO_CREDITS
from functions.channels.provider_api import json_of
from functions.channels.statuses import ProviderStatus
from functions.domain.messages.delivery_events import EventKind, Retry

_NO_CREDITS: Final = re.compile(r"\b(insufficient|not enough|out of) (\w+ )?(credit|balance|funds)")
#: Of the person's number, whoever the text is from.
_OF_THEM: Final = re.compile(r"\b(dst|to|destination|recipient)\b")
_OF_US: Final = re.compile(r"\b(src|from|source|sender|caller|powerpack|account|dlt)\b|\bblocked\b")
#: The statuses that may be of the order as well as of us.
_TOLD_BY_WORDS: Final = frozenset(
    {httpx.codes.BAD_REQUEST, httpx.codes.PAYMENT_REQUIRED, httpx.codes.UNPROCESSABLE_ENTITY}
)
_REFUSED: Final = ProviderStatus(EventKind.FAILED, Retry.REFUSED, "sender_refused")


def refusal_in(response: httpx.Response) -> ProviderStatus | None:
    """Return what an answer without success says of us; None where it says nothing of us."""
    if response.status_code not in _TOLD_BY_WORDS:
        return None
    error = str(json_of(response).get("error")).lower()
    if _NO_CREDITS.search(error):
        return NO_CREDITS
    return _REFUSED if _OF_US.search(error) and not _OF_THEM.search(error) else None
