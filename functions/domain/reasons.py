"""What statuses, reasons and receipts mean, in words for people who ask why."""

import re
from collections.abc import Mapping
from typing import Final

from functions.domain.events import EventKind
from functions.domain.message import MessageStatus

#: What a message in each status is, after "it".
STATUSES: Final[Mapping[MessageStatus, str]] = {
    MessageStatus.PENDING: "waits to be sent",
    MessageStatus.SENDING: "is being handed to the provider",
    MessageStatus.UNKNOWN: "was handed to the provider, and nobody knows what became of it",
    MessageStatus.SENT: "was taken by the provider, which has not told more yet",
    MessageStatus.DELIVERED: "has reached the person's phone",
    MessageStatus.ANSWERED: "was answered",
    MessageStatus.COMPLETED: "was answered, and the call has ended",
    MessageStatus.FAILED: "did not reach the person",
    MessageStatus.SKIPPED: "was not sent",
    MessageStatus.CANCELLED: "was not sent",
}

#: What each receipt says.
RECEIPTS: Final[Mapping[EventKind, str]] = {
    EventKind.DELIVERED: "the text has reached the person's phone",
    EventKind.RINGING: "the person's phone rings",
    EventKind.ANSWERED: "somebody or something picked up",
    EventKind.MACHINE: "an answering machine was heard",
    EventKind.COMPLETED: "the call was answered and has ended",
    EventKind.FAILED: "the attempt has failed",
    EventKind.UNCERTAIN: "the attempt has ended, and the provider does not say how",
}

#: Why a message is where it is, after "because".
REASONS: Final[Mapping[str, str]] = {
    "duplicate_address": "somebody else in this campaign has the same address",
    "suppressed": "the address must not be contacted",
    "inactive": "the contact is not active",
    "no_address": "the contact has no phone number",
    "contact_erased": "the person has asked to be forgotten",
    "missing_field": "the contact lacks a field that the text needs",
    "template_too_large": "the text came out too large for this contact",
    "no_common_window": "there is no hour at which they may be reached in every zone that they"
    " may be in",
    "quiet_hours": "it is outside the hours at which they may be reached",
    "lane_lost": "it was put back unsent when the campaign was paused or cancelled, or when"
    " another worker took over",
    "busy": "the line was busy",
    "no_answer": "nobody picked up in time",
    "machine": "an answering machine picked up, and was hung up on as asked",
    "undelivered": "the carrier could not deliver it",
    "invalid_address": "there is no such number",
    "sender_lost": "the process that was sending it died before it wrote down the answer",
    "no_receipt": "no ending was reported, and nothing takes that long",
    "channel_error": "our own code failed while it was being handed over",
    "provider_timeout": "the provider did not answer in time",
    "provider_disconnected": "the connection broke while it was being handed over",
    "provider_unreachable": "the provider could not be reached",
    "provider_unreadable_answer": "the provider said yes and did not say to what",
    "provider_rejected": "the provider refused it",
    "provider_unknown": "the provider told an ending that we do not know",
    "campaign_cancelled": "its campaign was cancelled first",
    "campaign_failed": "its campaign failed first",
    # Of campaigns:
    "bot_not_ready": "the bot did not answer",
    "no_recipients": "there was nobody to send it to",
    "every_message_failed": "not one of its messages reached anybody",
}

#: Reasons of which there are as many as providers have codes.
_FAMILIES: Final = (
    (re.compile(r"provider_([0-9]{3})"), "the provider answered with HTTP status {}"),
    (re.compile(r"provider_([0-9]+)"), "the provider ended it with its code {}"),
    (re.compile(r"provider_([a-z_]+)"), "the provider told it as '{}'"),
    (re.compile(r"campaign_([a-z]+)"), "its campaign was {} first"),
)


def explain(reason: str) -> str:
    """Return what a reason means; what a person wrote as a reason speaks for itself."""
    if reason in REASONS:
        return REASONS[reason]
    for family, words in _FAMILIES:
        if found := family.fullmatch(reason):
            return words.format(found[1])
    return reason
