"""Text messages (SMS) over Plivo's REST API."""

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote

import httpx

from functions.channels.callback_urls import (
    Callback,
    CallbackEvent,
    callback_url,
    is_inbound,
    parse_callback,
)
from functions.channels.plivo.refusals import refusal_in
from functions.channels.plivo.signature import verified_text_form
from functions.channels.plivo.sms_statuses import status_of
from functions.channels.provider_api import (
    Account,
    ProviderApi,
    event_id,
    number_of,
)
from functions.channels.statuses import ProviderStatus
from functions.domain.contacts.provider_numbers import reading
from functions.domain.messages.delivery_events import DeliveryEvent, EventKind, Inbound
from functions.domain.messages.send_outcomes import Rejected, SendOutcome
from functions.engine.ports.channel import Outbound, Traits, WebhookRequest

PROVIDER: Final = "plivo-sms"

INDIA: Final = "+91"
#: How long Plivo lets a text wait for its turn, in seconds.
SHORTEST_WAIT_S: Final = 5
LONGEST_WAIT_S: Final = 10_799


class PlivoSms(ProviderApi):
    """The Channel of Plivo's text messages."""

    #: Plivo takes 300 requests in five seconds of an account.
    traits = Traits(rate_per_s=5.0, account_rate_per_s=60.0, by_segments=True, needs_sender=True)

    def __init__(self, account: Account, *, dlt_entity_id: str, dlt_template_category: str) -> None:
        super().__init__(account, auth=account.basic_auth)
        self._texts_url = account.url("/v1/Account/{}/Message/")
        self._dlt = {
            "dlt_entity_id": dlt_entity_id,
            "dlt_template_category": dlt_template_category,
        }

    async def send(self, outbound: Outbound) -> SendOutcome:
        """Hand the text to Plivo, once."""
        left_s = self._left_s(outbound)
        if left_s is not None and left_s < SHORTEST_WAIT_S:
            return Rejected("expired")
        order = self._ordered(outbound, left_s)
        return await self._order(self._texts_url, _id_in, self._refused, json=order)

    def parse_webhook(self, request: WebhookRequest) -> list[DeliveryEvent | Inbound]:
        """Return what a callback tells; SignatureError unless Plivo signed it for this URL."""
        form = verified_text_form(request, self._account.token)
        text_id = form.get("MessageUUID", "")
        if request.method != "POST" or not text_id:
            raise ValueError("The callback does not name its text.")
        if is_inbound(request.url, PROVIDER):
            return self._inbound(text_id, form)
        callback = parse_callback(request.url)
        if (callback.provider, callback.event) != (PROVIDER, CallbackEvent.RECEIPT):
            raise ValueError("This is not a callback that Plivo was asked for.")
        # Plivo numbers the statuses of a text ("Sequence"), but ours only rise: no order is needed.
        status = status_of(form.get("Status", ""), number_of(form.get("ErrorCode")))
        return [] if status is None else [self._event(callback, text_id, status)]

    async def look_up(self, sent: Outbound, provider_id: str) -> DeliveryEvent | None:
        """Return how a text ended, from its record, which tells nothing new until then."""
        if not provider_id:
            return None  # Plivo keeps no id of ours to find the text by
        record = await self._ask(f"{self._texts_url}{quote(provider_id, safe='')}/")
        status = status_of(str(record.get("message_state")), number_of(record.get("error_code")))
        if status is None or status.kind is EventKind.SENT:
            return None
        callback = Callback(PROVIDER, CallbackEvent.RECEIPT, sent.ref, sent.attempt)
        return self._event(callback, provider_id, status)

    def _ordered(self, outbound: Outbound, left_s: int | None) -> dict[str, Any]:
        callback = Callback(PROVIDER, CallbackEvent.RECEIPT, outbound.ref, outbound.attempt)
        order: dict[str, Any] = {
            "src": outbound.sender.removeprefix("+"),
            "dst": outbound.to.removeprefix("+"),
            "text": outbound.body,
            "type": "sms",
            "url": callback_url(self._account.public_base_url, callback),
            "method": "POST",
        }
        if left_s is not None:
            order["message_expiry"] = min(left_s, LONGEST_WAIT_S)
        return order | (self._registered(outbound) if outbound.to.startswith(INDIA) else {})

    def _registered(self, outbound: Outbound) -> dict[str, str]:
        """Return what India's registry (DLT) knows the sender and the text by, as far as we do."""
        known = {**self._dlt, "dlt_template_id": outbound.provider_template}
        return {name: value for name, value in known.items() if value}

    def _left_s(self, outbound: Outbound) -> int | None:
        """Return the seconds in which a text must have left Plivo; None where there is no hurry."""
        if outbound.expires_at is None:
            return None
        return int((outbound.expires_at - self._clock.now()).total_seconds())

    def _refused(self, response: httpx.Response) -> SendOutcome:
        """Return what an answer without success means: by its words where they are of us."""
        return self._refused_as(refusal_in(response), response)

    def _inbound(self, text_id: str, form: Mapping[str, str]) -> list[DeliveryEvent | Inbound]:
        """Return what somebody has written to us, unless the sender is no phone, as a brand is."""
        named, to = form.get("From", ""), reading(form.get("To"))
        if not (address := reading(named, near=to)):
            return []
        id_ = event_id(PROVIDER, "inbound", text_id)
        return [Inbound(id_, address, to, form.get("Text", ""), self._clock.now(), named)]

    def _event(self, callback: Callback, text_id: str, status: ProviderStatus) -> DeliveryEvent:
        id_ = event_id(PROVIDER, status.kind, status.kind, callback.attempt, text_id)
        # Plivo does not tell the zone of its own times.
        return status.event(id_, callback, text_id, self._clock.now())


def _id_in(answer: Mapping[str, Any]) -> Any:
    ids = answer.get("message_uuid")
    return ids[0] if isinstance(ids, list) and ids else None
