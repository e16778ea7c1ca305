"""Webhook messages: one signed request to the organisation's own server for each person.

The signature is that of Standard Webhooks 1.0.0. The server answers 2xx once it has taken the
message, and that is the end of it: `sent` is the best that becomes of such a message.
"""

import json
from typing import Any, Final

import httpx
from httpx import codes

from functions.channels.base import BaseChannel
from functions.domain.messages.delivery_events import DeliveryEvent, Retry
from functions.domain.messages.ids import whole_id
from functions.domain.messages.send_outcomes import Accepted, Deferred, Rejected, SendOutcome
from functions.domain.notifications.notification import NoResponse, PostResult, Responded, is_taken
from functions.domain.notifications.signing import headers, webhook_secret
from functions.domain.times import iso
from functions.engine.ports.channel import Outbound, SignatureError, Traits, WebhookRequest
from functions.engine.ports.clock import Clock
from functions.transport.notifier import HttpNotifier
from functions.transport.public_http import Resolve

PROVIDER: Final = "webhook"

#: The server does not let us in, whoever the message is for.
_NOT_LET_IN: Final = frozenset({codes.UNAUTHORIZED, codes.PAYMENT_REQUIRED, codes.FORBIDDEN})


class WebhookChannel(BaseChannel):
    """The Channel of messages that are posted to the organisation's own server."""

    #: The server knows a repeated message by its `webhook-id`, so repeating it is harmless.
    traits = Traits(idempotent=True, rate_per_s=20.0)

    def __init__(
        self,
        *,
        signing_secret: str,
        allow_private_hosts: bool,
        clock: Clock,
        http: httpx.AsyncClient | None = None,
        resolve: Resolve | None = None,
    ) -> None:
        super().__init__(clock)
        self._signing_secret = signing_secret
        self._server = HttpNotifier(
            allow_private_hosts=allow_private_hosts, clock=clock, http=http, resolve=resolve
        )

    async def send(self, outbound: Outbound) -> SendOutcome:
        """Post the message, once."""
        now, id_ = self._clock.now(), outbound.ref.message
        sent_at = iso(now)
        body = json.dumps({**_said(outbound), "sent_at": sent_at}, ensure_ascii=False).encode()
        secret = webhook_secret(self._signing_secret, outbound.ref.org)
        signed = headers([secret], id_, body, now=now)
        return _outcome(id_, await self._server.post(outbound.webhook_url, signed, body))

    def parse_webhook(self, request: WebhookRequest) -> list[DeliveryEvent]:
        """Refuse: such a server has answered, and has nothing to call back for."""
        raise SignatureError(f"Nobody calls back for webhook messages: {request.method}.")

    async def close(self) -> None:
        """Close the connections."""
        await self._server.close()


def _said(outbound: Outbound) -> dict[str, Any]:
    """Return what is posted of a message."""
    return {
        "type": "message",
        "id": outbound.ref.message,
        "message_id": whole_id(outbound.ref.campaign, outbound.ref.message),
        "campaign_id": outbound.ref.campaign,
        "campaign_name": outbound.campaign_name,
        "attempt": outbound.attempt,
        "to": outbound.to,
        "body": outbound.body,
    }


def _outcome(id_: str, result: PostResult) -> SendOutcome:
    """Return what the server's answer means.

    A time-out, a broken connection and an error of the server's own are deferred like a refusal:
    whether or not the message was taken, the server knows it when it is posted again.
    """
    match result:
        case Responded():
            return Accepted(id_) if is_taken(result) else _refusal(result)
        case NoResponse("timeout" | "unreachable" as trouble):
            return Deferred(f"provider_{trouble}")
        case NoResponse():
            # The URL is the campaign's: what is refused for one message is refused for all.
            return Rejected("webhook_url_refused", Retry.STOP)


def _refusal(answered: Responded) -> SendOutcome:
    status, retry_after = answered
    reason, throttled = f"provider_{status}", status == codes.TOO_MANY_REQUESTS
    if throttled or codes.is_server_error(status):
        return Deferred(reason, retry_after, throttled)
    if status in _NOT_LET_IN:
        return Rejected(reason, Retry.REFUSED)
    return Rejected(reason)
