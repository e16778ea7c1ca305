"""SendGrid's event webhook: what has become of mails, many at a time."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final

import orjson
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey

from functions.channels.callback_urls import Callback, is_inbound, parse_callback
from functions.channels.mail.composer import PROVIDER, UNIQUE_ARG
from functions.channels.mail.refusals import meaning, refusal
from functions.channels.mail.sendgrid_signature import verify
from functions.channels.provider_api import event_id
from functions.channels.statuses import (
    DELIVERED,
    INVALID_ADDRESS,
    READ,
    SENT,
    ProviderStatus,
)
from functions.domain.messages.delivery_events import DeliveryEvent, EventKind
from functions.domain.messages.programs import is_program
from functions.engine.ports.channel import WebhookRequest
from functions.engine.ports.clock import Clock

#: There is no such mailbox.
_BOUNCED: Final = ProviderStatus(EventKind.FAILED, reason="bounced", suppress="bounced")
#: It came back, and why it did does not tell that there is no such mailbox.
_CAME_BACK: Final = ProviderStatus(EventKind.FAILED, reason="bounced")
#: For now: the server would not have this mail; the mailbox may be fine.
_BLOCKED: Final = ProviderStatus(EventKind.FAILED, reason="provider_blocked")
#: Nobody took it in the three days for which SendGrid tries.
_EXPIRED: Final = ProviderStatus(EventKind.FAILED, reason="undelivered")
_NOT_SENT: Final = ProviderStatus(EventKind.FAILED, reason="provider_dropped")
_UNSUBSCRIBED: Final = ProviderStatus(EventKind.OPTED_OUT, suppress="unsubscribed")

#: SendGrid's events; of others, such as `deferred`, which it tries again itself, nothing comes.
EVENTS: Final[Mapping[str, ProviderStatus]] = {
    "processed": SENT,
    "delivered": DELIVERED,
    "open": READ,
    "click": ProviderStatus(EventKind.CLICKED),
    "spamreport": ProviderStatus(EventKind.COMPLAINED, suppress="complained"),
    "unsubscribe": _UNSUBSCRIBED,
    "group_unsubscribe": _UNSUBSCRIBED,
}

#: Why SendGrid did not send, by how its reason begins, in lower case. Of those whom it keeps on its
#: own lists it knows that they have asked not to be written to; "Bounced Address" does not tell why
#: an earlier mail came back.
_DROPPED: Final[Mapping[str, ProviderStatus]] = {
    "unsubscribed": ProviderStatus(
        EventKind.FAILED, reason="unsubscribed", suppress="unsubscribed"
    ),
    "spam reporting": ProviderStatus(EventKind.FAILED, reason="complained", suppress="complained"),
    "invalid smtpapi": refusal("provider_dropped"),
    "invalid": INVALID_ADDRESS,
    "spam content": refusal("refused_by_policy"),
    "recipient list over": refusal("sending_quota"),
}

#: What SendGrid makes of a bounce (`bounce_classification`), where the server's own words say
#: neither that there is no such mailbox nor that we are refused.
_CLASSES: Final[Mapping[str, ProviderStatus]] = {
    "invalid address": _BOUNCED,
    "reputation": refusal("sender_listed"),
    "content": refusal("refused_by_policy"),
    "mailbox unavailable": _CAME_BACK,
    "frequency or volume too high": _BLOCKED,
    "technical": _EXPIRED,
}

#: The types that say no more than the event; others tell that it was not the mailbox.
_BOUNCES: Final = frozenset({"", "bounce"})


class SendGridEvents:
    """Reads batches of events that are signed for our key."""

    def __init__(self, key: EllipticCurvePublicKey, *, clock: Clock) -> None:
        self._key = key
        self._clock = clock

    def parse(self, request: WebhookRequest) -> list[DeliveryEvent]:
        """Return what a batch tells of our mails; SignatureError unless SendGrid signed it.

        Others may send by the same account: events that name no message of ours are left out.
        """
        verify(request, self._key)
        if request.method != "POST" or not is_inbound(request.url, PROVIDER):
            raise ValueError("This is not where SendGrid was asked to post its events.")
        told = [self._event(each) for each in _batch(request.body)]
        return [event for event in told if event is not None]

    def _event(self, told: Mapping[str, Any]) -> DeliveryEvent | None:
        status, callback = _status_of(told), _callback(told)
        if status is None or callback is None:
            return None
        promise = (told.get("sg_event_id"), *callback.ref, callback.attempt)
        id_ = event_id(PROVIDER, status.kind, *promise)
        at = self._at(told.get("timestamp"))
        event = status.event(id_, callback, _text(told.get("smtp-id")), at)
        return replace(event, machine=_is_machine(told)) if event.kind in _BY_READERS else event

    def _at(self, seconds: Any) -> datetime:
        try:
            return datetime.fromtimestamp(seconds, UTC)
        except (TypeError, ValueError, OverflowError, OSError):
            return self._clock.now()


def _batch(body: bytes) -> list[Mapping[str, Any]]:
    batch = orjson.loads(body)  # raises a ValueError
    if not isinstance(batch, list):
        raise ValueError("A batch of events must be an array.")  # noqa: TRY004 (of what was sent)
    return [each for each in batch if isinstance(each, dict)]


def _status_of(told: Mapping[str, Any]) -> ProviderStatus | None:
    match told.get("event"):
        case "bounce":
            return _bounced(told)
        case "dropped":
            reason = _text(told.get("reason")).lower()
            known = (status for start, status in _DROPPED.items() if reason.startswith(start))
            return next(known, _NOT_SENT)
        case event:
            return EVENTS.get(_text(event))


#: What programs do too.
_BY_READERS: Final = frozenset({EventKind.READ, EventKind.CLICKED})


def _is_machine(told: Mapping[str, Any]) -> bool:
    """Tell whether a program has opened a mail or followed a link, and nobody has read yet."""
    agent = _text(told.get("useragent"))
    return bool(told.get("sg_machine_open")) or bool(agent and is_program(agent))


def _bounced(told: Mapping[str, Any]) -> ProviderStatus:
    """Return what a bounce means: by the server's words, else SendGrid's class, else its type.

    Only a bounce of which SendGrid says no more than that it is one is taken for a bad mailbox.
    """
    kind = _text(told.get("type")).lower()
    said, code = _text(told.get("reason")), _text(told.get("status"))
    sort = _text(told.get("bounce_classification")).lower()
    status = meaning(said, enhanced=code) if said or code else None
    if status is not None:
        if not status.suppress:
            return status
        return _BOUNCED if kind in _BOUNCES else _CAME_BACK
    if sort in _CLASSES and (kind in _BOUNCES or not _CLASSES[sort].suppress):
        return _CLASSES[sort]
    if kind in _BOUNCES:
        return _CAME_BACK if said or code else _BOUNCED
    if kind == "expired":
        return _EXPIRED
    # SendGrid calls blocked what is refused for the message's sake or ours, and not the mailbox's.
    return _BLOCKED if said or code or sort or kind != "blocked" else refusal("provider_blocked")


def _callback(told: Mapping[str, Any]) -> Callback | None:
    try:
        callback = parse_callback(_text(told.get(UNIQUE_ARG)))
    except ValueError:
        return None
    return callback if callback.provider == PROVIDER else None


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
