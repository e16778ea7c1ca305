"""SendGrid's event webhook: what has become of mails, many at a time."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

import orjson
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey

from functions.channels.callback_urls import Callback, is_inbound, parse_callback
from functions.channels.mail.composer import PROVIDER, UNIQUE_ARG
from functions.channels.mail.sendgrid_signature import verify
from functions.channels.provider_api import event_id
from functions.channels.statuses import DELIVERED, READ, SENT, ProviderStatus
from functions.domain.messages.delivery_events import DeliveryEvent, EventKind
from functions.engine.ports.channel import WebhookRequest
from functions.engine.ports.clock import Clock

_BOUNCED: Final = ProviderStatus(EventKind.FAILED, reason="bounced", suppress="bounced")
#: For now: the server would not have this mail, or not from us; the mailbox may be fine.
_BLOCKED: Final = ProviderStatus(EventKind.FAILED, reason="provider_blocked")
_UNSUBSCRIBED: Final = ProviderStatus(EventKind.OPTED_OUT, suppress="unsubscribed")

#: SendGrid's events; of others, such as `deferred`, which it tries again itself, nothing comes.
EVENTS: Final[Mapping[str, ProviderStatus]] = {
    "processed": SENT,
    "delivered": DELIVERED,
    "open": READ,
    "click": ProviderStatus(EventKind.CLICKED),
    "bounce": _BOUNCED,
    "dropped": ProviderStatus(EventKind.FAILED, reason="provider_dropped"),
    "spamreport": ProviderStatus(EventKind.COMPLAINED, suppress="complained"),
    "unsubscribe": _UNSUBSCRIBED,
    "group_unsubscribe": _UNSUBSCRIBED,
}


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
        return status.event(id_, callback, _text(told.get("smtp-id")), at)

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
    match told.get("event"), told.get("type"):
        case "bounce", "blocked":
            return _BLOCKED
        case "open", _ if told.get("sg_machine_open"):
            return None  # A program has fetched the pictures beforehand; nobody has read yet.
        case event, _:
            return EVENTS.get(_text(event))


def _callback(told: Mapping[str, Any]) -> Callback | None:
    try:
        callback = parse_callback(_text(told.get(UNIQUE_ARG)))
    except ValueError:
        return None
    return callback if callback.provider == PROVIDER else None


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
