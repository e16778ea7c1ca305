"""What statuses, reasons and receipts mean, in words for people who ask why."""

import re
from collections.abc import Mapping
from typing import Final

from functions.domain.messages.delivery_events import EventKind
from functions.domain.messages.message import MessageStatus
from functions.domain.messages.refusal_codes import REFUSALS

#: What a message in each status is, after "it".
STATUSES: Final[Mapping[MessageStatus, str]] = {
    MessageStatus.PENDING: "waits to be sent",
    MessageStatus.SENDING: "is being handed to the provider",
    MessageStatus.UNKNOWN: "was handed to the provider, and nobody knows what became of it",
    MessageStatus.SENT: "was taken by the provider, which has not told more yet",
    MessageStatus.DELIVERED: "has reached the person's phone, or their mail server",
    MessageStatus.ANSWERED: "was answered",
    MessageStatus.READ: "was read",
    MessageStatus.COMPLETED: "was answered, and the call has ended",
    MessageStatus.FAILED: "did not reach the person",
    MessageStatus.SKIPPED: "was not sent",
    MessageStatus.CANCELLED: "was not sent",
    MessageStatus.EXPIRED: "was not sent in time",
}

#: What each receipt says.
RECEIPTS: Final[Mapping[EventKind, str]] = {
    EventKind.SENT: "the provider has handed it on",
    EventKind.DELIVERED: "the text has reached the person's phone, or the mail their server",
    EventKind.READ: "the person has read it",
    EventKind.CLICKED: "the person has followed a link of it",
    EventKind.REPLIED: "the person has written back",
    EventKind.COMPLAINED: "the person has called it unwanted",
    EventKind.OPTED_OUT: "the person wants no more of these",
    EventKind.RINGING: "the person's phone rings",
    EventKind.ANSWERED: "somebody or something picked up",
    EventKind.BOT_LOST: "the call's connection with the bot failed or broke off",
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
    "no_address": "the contact has no address that the channel could reach",
    "contact_erased": "the person has asked to be forgotten",
    "missing_field": "the contact lacks a field that the text needs",
    "template_too_large": "the text came out too large for this contact",
    "no_common_window": "there is no hour at which they may be reached in every zone that they"
    " may be in",
    "invalid_zone": "they are said to be in a time zone that there is not",
    "frequency_cap": "they have been reached as often as they may be within some hours",
    "quiet_hours": "it is outside the hours at which they may be reached",
    "warm_up": "its sender is new, and may not send more on that day",
    "turn_missed": "its turn had passed before it could be handed over, so it was given another",
    "lane_lost": "it was put back unsent when the campaign was paused or cancelled, or when"
    " another worker took over",
    "worker_stopped": "it was put back before its turn, since its worker was stopped",
    "callback_raised": "the function that was called has raised an error",
    "callback_timeout": "the function that was called took too long",
    "busy": "the line was busy",
    "no_answer": "nobody picked up in time",
    "machine": "an answering machine picked up, and was hung up on as asked",
    "undelivered": "the carrier could not deliver it",
    "invalid_address": "there is no such number or mailbox",
    "invalid_sender": "the campaign's sender is no mail address",
    "expired": "it could no longer arrive in time",
    "mailbox_full": "their mailbox is full",
    "relay_denied": "the mail server does not pass on our mails: it takes us for strangers (relay)",
    "sender_listed": "our mail server is on a block list, or has a bad reputation",
    "sender_refused": "the sender is refused: its address or number, its domain or its mail server",
    "not_authenticated": "the sender's domain could not be proven (SPF, DKIM, DMARC)",
    "login_refused": "the mail server wants a login or TLS before it takes mails",
    "sending_quota": "our account has sent as much as it may for now",
    "refused_by_policy": "a rule of the receiving side forbids our mails, or takes them for spam",
    "opted_out": "they have asked not to be contacted any more",
    "sender_lost": "the process that was sending it died before it wrote down the answer",
    "no_receipt": "no ending was reported, and nothing takes that long",
    "channel_error": "our own code failed while it was being handed over",
    "provider_timeout": "the provider did not answer in time",
    "provider_disconnected": "the connection broke while it was being handed over",
    "provider_unreachable": "the provider could not be reached",
    "provider_slow": "the provider was busy with those before it for too long",
    "provider_tls_failed": "the mail server could not prove who it is",
    "provider_login_impossible": "the mail server offers no way to log in that is safe",
    "provider_unreadable_answer": "the provider said yes and did not say to what",
    "provider_rejected": "the provider refused it",
    "provider_unknown": "the provider told an ending that we do not know",
    "webhook_url_refused": "the URL does not lead to the public Internet",
    "recalled": "its campaign was cancelled, and its provider gave it back unsent",
    "unsubscribed": "they have unsubscribed",
    "bounced": "their mail server sent it back for good",
    "complained": "they have called an earlier mail unwanted",
    "not_delivered": "no receipt told in time that it had arrived",
    "moved_on": "the person had come to another node of the plan before it was sent",
    "plan_changed": "its node says something else in a newer version of the plan, or is no more",
    "left_plan": "the person had left the plan before it was sent",
    "enrollment_paused": "the person's way through the plan was paused first",
    "destroyed": "the program that had defined it has removed it",
    "campaign_cancelled": "its campaign was cancelled first",
    "campaign_failed": "its campaign failed first",
    # Of campaigns:
    "bot_not_ready": "the bot did not answer",
    "late_start": "its time was missed by more than its grace period",
    "sender_not_allowed": "its organisation may not send from its sender any more",
    "no_sender": "it names no sender, and its provider needs one",
    "run_skipped": "this run of its series was passed over",
    "canary_failed": "too many of its first messages failed",
    "too_many_failed": "too many of its last messages failed",
    "no_recipients": "there was nobody to send it to",
    "every_message_failed": "not one of its messages reached anybody",
}

#: Reasons of which there are as many as providers have codes.
_FAMILIES: Final = (
    (re.compile(r"provider_([0-9]{3})"), "the provider answered with HTTP status {}"),
    (re.compile(r"provider_(?:error_)?([0-9]+)"), "the provider ended it with its code {}"),
    (re.compile(r"provider_([a-z_]+)"), "the provider told it as '{}'"),
    (re.compile(r"campaign_([a-z]+)"), "its campaign was {} first"),
)


def explain(reason: str) -> str:
    """Return what a reason means; what a person wrote as a reason speaks for itself."""
    known = REASONS.get(reason) or REFUSALS.get(reason)
    if known:
        return known
    for family, words in _FAMILIES:
        if found := family.fullmatch(reason):
            return words.format(found[1])
    return reason
