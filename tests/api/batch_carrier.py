"""A carrier that posts all it has to tell in signed batches to one URL of ours."""

import hmac
import json
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any, Final

import httpx

from functions.channels.provider_api import Account, ProviderApi
from functions.domain.messages.delivery_events import (
    DeliveryEvent,
    EventKind,
    Inbound,
    MessageRef,
    Retry,
)
from functions.domain.messages.send_outcomes import Accepted, SendOutcome
from functions.engine.ports.channel import Answer, Outbound, SignatureError, Traits, WebhookRequest
from functions.engine.ports.clock import Clock

PROVIDER: Final = "batches"
PATH: Final = f"/webhooks/{PROVIDER}/inbound/default"
_KEY: Final = b"the carrier's own key"
_HEADER: Final = "x-batch-signature"


class BatchChannel(ProviderApi):
    """The Channel of that carrier: it takes every text, and understands its batches."""

    traits = Traits()

    def __init__(self, clock: Clock) -> None:
        super().__init__(Account("", "", "", "", clock))
        self.taken: list[Outbound] = []
        self.on_send: Callable[[Outbound], Awaitable[object]] | None = None  #: before its answer

    async def send(self, outbound: Outbound) -> SendOutcome:
        """Take a text."""
        self.taken.append(outbound)
        if self.on_send is not None:
            await self.on_send(outbound)
        return Accepted(_id(outbound.ref))

    def parse_webhook(self, request: WebhookRequest) -> Sequence[DeliveryEvent | Inbound]:
        """Return what a batch tells; SignatureError unless the carrier signed it."""
        given = request.headers.get(_HEADER, "")
        if not hmac.compare_digest(_sign(request.body).encode(), given.encode()):
            raise SignatureError("The signature is missing or wrong.")
        return [_read(each) for each in json.loads(request.body)]

    async def look_up(self, sent: Outbound, provider_id: str) -> DeliveryEvent | None:
        """Know nothing."""
        _ = sent, provider_id
        return None

    def greet(self, request: WebhookRequest) -> Answer:
        """Echo the challenge of whoever knows the word."""
        asked = httpx.URL(request.url).params
        if asked.get("token") != "open sesame":
            raise SignatureError("The token is wrong.")
        return Answer("text/plain", asked["challenge"].encode())


def happened(ref: MessageRef, kind: EventKind, at: datetime, **more: Any) -> dict[str, Any]:
    """Return one receipt of a batch."""
    return {"ref": list(ref), "kind": kind, "at": at.isoformat(), **more}


def said(id_: str, address: str, body: str, at: datetime) -> dict[str, Any]:
    """Return one text of a batch."""
    return {"id": id_, "from": address, "body": body, "at": at.isoformat()}


def signed(batch: Iterable[Mapping[str, Any]]) -> tuple[bytes, dict[str, str]]:
    """Return a batch's body and headers, as the carrier posts them."""
    body = json.dumps(list(batch)).encode()
    return body, {_HEADER: _sign(body), "content-type": "application/json"}


def _sign(body: bytes) -> str:
    return hmac.digest(_KEY, body, sha256).hex()


def _id(ref: MessageRef) -> str:
    return f"b-{ref.message}"


def _read(each: Mapping[str, Any]) -> DeliveryEvent | Inbound:
    at = datetime.fromisoformat(each["at"])
    if "from" in each:
        return Inbound(each["id"], each["from"], "+12025550100", each["body"], at)
    ref, kind = MessageRef(*each["ref"]), EventKind(each["kind"])
    return DeliveryEvent(
        id=f"{kind}-{ref.message}",
        ref=ref,
        attempt=1,
        kind=kind,
        at=at,
        provider_id=_id(ref),
        reason=each.get("reason", ""),
        retry=Retry.NEVER,
        suppress=each.get("suppress", ""),
    )
