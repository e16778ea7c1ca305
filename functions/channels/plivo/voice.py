"""Voice calls over Plivo's REST API."""

from collections.abc import Mapping
from typing import Any, Final, assert_never
from urllib.parse import quote
from xml.sax.saxutils import escape, quoteattr

import httpx

from functions.channels.callback_urls import Callback, CallbackEvent, callback_url, parse_callback
from functions.channels.plivo.refusals import refusal_in
from functions.channels.plivo.signature import verified_form
from functions.channels.plivo.voice_statuses import CANCELLED, status_of
from functions.channels.provider_api import Account, ProviderApi, event_id, number_of
from functions.channels.statuses import BOT_LOST, MACHINE_HEARD, PICKED_UP, RINGING, ProviderStatus
from functions.domain.campaigns.call_headers import call_headers
from functions.domain.messages.delivery_events import DeliveryEvent, MessageRef
from functions.domain.messages.send_outcomes import SendOutcome
from functions.engine.ports.channel import NOTHING_TOLD, Answer, Outbound, Traits, WebhookRequest

PROVIDER: Final = "plivo"

#: Plivo repeats a callback once and only where no answer came, so a single 5xx of ours would
#: lose a hangup. This asks for five repeats, after a 5xx too.
CALLBACK_RETRIES: Final = "#rc=5&rp=ct,rt,5xx"

MACHINE_DETECTION_MS: Final = 5000  #: how long Plivo listens; it allows 2000 to 10000
_STREAM: Final = (
    '<?xml version="1.0" encoding="UTF-8"?>'
    '<Response><Stream bidirectional="true" keepCallAlive="true"'
    ' contentType="audio/x-mulaw;rate=8000"{more}>{url}</Stream></Response>'
)


class PlivoVoice(ProviderApi):
    """The Channel of Plivo calls: each connects the person who answers with the campaign's bot."""

    #: Plivo takes 300 requests in five seconds of an account.
    traits = Traits(
        rate_per_s=2.0,
        account_rate_per_s=60.0,
        holds_live_call=True,
        needs_bot=True,
        recalls=True,
        tells_bot=True,
    )

    def __init__(self, account: Account, *, call_time_limit_s: int, ring_timeout_s: int) -> None:
        super().__init__(account, auth=account.basic_auth)
        self._calls_url = account.url("/v1/Account/{}/Call/")
        self._requests_url = account.url("/v1/Account/{}/Request/")
        self._limits = {"time_limit": call_time_limit_s, "ring_timeout": ring_timeout_s}

    async def send(self, outbound: Outbound) -> SendOutcome:
        """Ask Plivo for the call, once."""
        order = self._ordered(outbound)
        url = self._calls_url
        return await self._order(url, lambda it: it.get("request_uuid"), self._refused, json=order)

    def parse_webhook(self, request: WebhookRequest) -> list[DeliveryEvent]:
        """Return what a callback tells; SignatureError unless Plivo signed it for this URL."""
        form = verified_form(request, self._account.token)
        callback = parse_callback(request.url)
        if callback.provider != PROVIDER or request.method != "POST":
            raise ValueError("This is not a callback that Plivo was asked for.")
        call_id = form.get("RequestUUID") or form.get("CallUUID")
        if not call_id:
            raise ValueError("The callback does not name its call.")
        return self._events(callback, call_id, form)

    async def look_up(self, sent: Outbound, provider_id: str) -> DeliveryEvent | None:
        """Return how a call ended, from its call detail record, which exists once it has ended."""
        if not provider_id:
            return None  # Plivo keeps no id of ours to find the call by
        record = await self._ask(self._call_url(provider_id))
        if not record.get("end_time"):
            return None
        callback = Callback(PROVIDER, CallbackEvent.HANGUP, sent.ref, sent.attempt)
        status, duration_s = _status_of_record(record), _duration_of(record)
        return self._event(callback, provider_id, status, duration_s=duration_s)

    async def recall(self, sent: Outbound, provider_id: str) -> bool:  # noqa: ARG002 (the port's signature)
        """Cancel a call that nobody has answered yet; False for one that was, or has ended.

        A request is cancelled by the id it was given, which leaves conversations alone.
        """
        if not provider_id:
            return False
        try:
            url = f"{self._requests_url}{quote(provider_id, safe='')}/"
            response = await self._request("DELETE", url)
        except httpx.HTTPError:
            return False
        if response.status_code != httpx.codes.NOT_FOUND:
            return response.is_success
        # There is no such request any more: perhaps because we have cancelled it before.
        record = await self._ask(self._call_url(provider_id))
        return number_of(record.get("hangup_cause_code")) == CANCELLED

    def _call_url(self, provider_id: str) -> str:
        return f"{self._calls_url}{quote(provider_id, safe='')}/"

    def answer(
        self,
        ref: MessageRef,
        attempt: int,
        bot_url: str,
        about: Mapping[str, str] = NOTHING_TOLD,
    ) -> Answer:
        """Connect the answered call with the bot, both ways, until one of them hangs up.

        The bot is told what there is room for, and we are told how the connection goes.
        """
        told, callback = (
            call_headers(about).text,
            Callback(PROVIDER, CallbackEvent.STREAM, ref, attempt),
        )
        attributes = {"extraHeaders": told} if told else {}
        attributes["statusCallbackUrl"] = callback_url(self._account.public_base_url, callback)
        attributes["statusCallbackMethod"] = "POST"
        more = "".join(f" {name}={quoteattr(value)}" for name, value in attributes.items())
        return Answer("application/xml", _STREAM.format(more=more, url=escape(bot_url)).encode())

    def _refused(self, response: httpx.Response) -> SendOutcome:
        """Return what an answer without success means: by its words where they are of us."""
        return self._refused_as(refusal_in(response), response)

    def _ordered(self, outbound: Outbound) -> dict[str, Any]:
        order: dict[str, Any] = {
            "from": outbound.sender.removeprefix("+"),
            "to": outbound.to.removeprefix("+"),
            "answer_url": self._url(outbound, CallbackEvent.ANSWER),
            "answer_method": "POST",
            "hangup_url": self._url(outbound, CallbackEvent.HANGUP),
            "hangup_method": "POST",
            **self._limits,
        }
        if outbound.hears_ring:
            order |= {"ring_url": self._url(outbound, CallbackEvent.RING), "ring_method": "POST"}
        if outbound.machine_detection:
            order |= {
                "machine_detection": outbound.machine_detection,
                "machine_detection_time": MACHINE_DETECTION_MS,
                "machine_detection_url": self._url(outbound, CallbackEvent.MACHINE),
                "machine_detection_method": "POST",
            }
        return order

    def _url(self, outbound: Outbound, event: CallbackEvent) -> str:
        callback = Callback(PROVIDER, event, outbound.ref, outbound.attempt)
        return callback_url(self._account.public_base_url, callback) + CALLBACK_RETRIES

    def _events(
        self, callback: Callback, call_id: str, form: Mapping[str, str]
    ) -> list[DeliveryEvent]:
        match callback.event:
            case CallbackEvent.RING:
                return [self._event(callback, call_id, RINGING)]
            case CallbackEvent.ANSWER:
                return [self._event(callback, call_id, PICKED_UP)]
            case CallbackEvent.MACHINE:
                heard = form.get("Machine", "").lower() == "true"
                return [self._event(callback, call_id, MACHINE_HEARD)] if heard else []
            case CallbackEvent.STREAM:
                lost = form.get("Event", "") == "DroppedStream"
                return [self._event(callback, call_id, BOT_LOST)] if lost else []
            case CallbackEvent.HANGUP:
                status = status_of(
                    number_of(form.get("HangupCauseCode")), form.get("CallStatus", "")
                )
                duration_s = number_of(form.get("Duration")) or 0
                return [self._event(callback, call_id, status, duration_s=duration_s)]
            case CallbackEvent.RECEIPT:
                raise ValueError("Plivo only makes calls for us; it has no receipts of texts.")
            case _:
                assert_never(callback.event)

    def _event(
        self, callback: Callback, call_id: str, status: ProviderStatus, *, duration_s: int = 0
    ) -> DeliveryEvent:
        id_ = event_id(PROVIDER, callback.event, callback.event, callback.attempt, call_id)
        # Plivo's own times are local to the account's console setting.
        return status.event(id_, callback, call_id, self._clock.now(), duration_s=duration_s)


def _status_of_record(record: Mapping[str, Any]) -> ProviderStatus:
    """Return the status of a record; without a call status, a conversation is "completed"."""
    call_status = "completed" if _duration_of(record) else ""
    return status_of(number_of(record.get("hangup_cause_code")), call_status)


def _duration_of(record: Mapping[str, Any]) -> int:
    return number_of(record.get("bill_duration")) or 0
