"""Voice calls over Plivo's REST API.

The API is called directly: Plivo's SDK repeats a call request on a 5xx, which can ring a person
twice.
"""

from collections.abc import Mapping
from datetime import timedelta
from hashlib import blake2b
from typing import Any, Final, assert_never
from urllib.parse import quote
from xml.sax.saxutils import escape

import httpx

from functions.channels.callbacks import Callback, CallbackEvent, callback_url, parse_callback
from functions.channels.causes import MACHINE_HEARD, PICKED_UP, RINGING, Cause
from functions.channels.plivo_causes import cause_of
from functions.channels.plivo_signature import verified_form
from functions.channels.retry_after import retry_after
from functions.domain.events import DeliveryEvent, MessageRef, Retry
from functions.engine.ports import (
    Accepted,
    Answer,
    Clock,
    Deferred,
    Outbound,
    Rejected,
    SendOutcome,
    Traits,
    Unknown,
    WebhookRequest,
)

PROVIDER: Final = "plivo"

#: Plivo repeats a callback once and only where no answer came, so a single 5xx of ours would
#: lose a hangup. This asks for five repeats, after a 5xx too.
CALLBACK_RETRIES: Final = "#rc=5&rp=ct,rt,5xx"

MACHINE_DETECTION_MS: Final = 5000  #: how long Plivo listens; it allows 2000 to 10000
LONGEST_RETRY_AFTER: Final = timedelta(hours=1)  #: a provider that asks for more is asked again

#: Nothing has left us: the request never reached a connection.
_NOT_SENT: Final = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)

_STREAM: Final = (
    '<?xml version="1.0" encoding="UTF-8"?>'
    '<Response><Stream bidirectional="true" keepCallAlive="true"'
    ' contentType="audio/x-mulaw;rate=8000">{url}</Stream></Response>'
)


class PlivoVoice:
    """The Channel of Plivo calls: each connects the person who answers with the campaign's bot."""

    traits = Traits(rate_per_s=2.0, holds_live_call=True, needs_bot=True)

    def __init__(  # noqa: PLR0913 (each is one setting, passed by name)
        self,
        *,
        auth_id: str,
        auth_token: str,
        api_url: str,
        public_base_url: str,
        call_time_limit_s: int,
        ring_timeout_s: int,
        clock: Clock,
        http: httpx.AsyncClient | None = None,
        timeout: float = 10.0,
    ) -> None:
        self._calls_url = f"{api_url.rstrip('/')}/v1/Account/{quote(auth_id, safe='')}/Call/"
        self._auth = httpx.BasicAuth(auth_id, auth_token)
        self._auth_token = auth_token
        self._public_base_url = public_base_url
        self._limits = {"time_limit": call_time_limit_s, "ring_timeout": ring_timeout_s}
        self._clock = clock
        self._timeout = timeout
        self._http = http or httpx.AsyncClient()
        self._owns_http = http is None

    async def send(self, outbound: Outbound) -> SendOutcome:
        """Ask Plivo for the call, once."""
        try:
            response = await self._request("POST", self._calls_url, json=self._order(outbound))
        except _NOT_SENT:
            return Deferred("provider_unreachable")
        except httpx.TimeoutException:
            return Unknown("provider_timeout")
        except httpx.HTTPError:
            return Unknown("provider_disconnected")
        return self._outcome(response)

    def parse_webhook(self, request: WebhookRequest) -> list[DeliveryEvent]:
        """Return what a callback tells; SignatureError unless Plivo signed it for this URL."""
        form = verified_form(request, self._auth_token)
        callback = parse_callback(request.url)
        if callback.provider != PROVIDER or request.method != "POST":
            raise ValueError("This is not a callback that Plivo was asked for.")
        call_id = form.get("RequestUUID") or form.get("CallUUID")
        if not call_id:
            raise ValueError("The callback does not name its call.")
        return self._events(callback, call_id, form)

    async def look_up(
        self, ref: MessageRef, attempt: int, provider_id: str
    ) -> DeliveryEvent | None:
        """Return how a call ended, from its call detail record, which exists once it has ended."""
        if not provider_id:
            return None  # Plivo keeps no id of ours to find the call by
        try:
            response = await self._request(
                "GET", self._calls_url + f"{quote(provider_id, safe='')}/"
            )
        except httpx.HTTPError:
            return None
        record = _json(response)
        if response.status_code != httpx.codes.OK or not record.get("end_time"):
            return None
        callback = Callback(PROVIDER, CallbackEvent.HANGUP, ref, attempt)
        cause, duration_s = _cause_of_record(record), _duration_of(record)
        return self._event(callback, provider_id, cause, duration_s=duration_s)

    def answer(self, ref: MessageRef, attempt: int, bot_url: str) -> Answer:  # noqa: ARG002 (the port's signature; Plivo's answer depends on the bot alone)
        """Connect the answered call with the bot, both ways, until one of them hangs up."""
        return Answer("application/xml", _STREAM.format(url=escape(bot_url)).encode())

    async def close(self) -> None:
        """Close the connections, unless they were lent to us."""
        if self._owns_http:
            await self._http.aclose()

    async def _request(self, method: str, url: str, *, json: Any = None) -> httpx.Response:
        return await self._http.request(
            method,
            url,
            json=json,
            auth=self._auth,
            timeout=self._timeout,
            follow_redirects=False,
        )

    def _order(self, outbound: Outbound) -> dict[str, Any]:
        order: dict[str, Any] = {
            "from": outbound.sender.removeprefix("+"),
            "to": outbound.to.removeprefix("+"),
            "answer_url": self._url(outbound, CallbackEvent.ANSWER),
            "answer_method": "POST",
            "ring_url": self._url(outbound, CallbackEvent.RING),
            "ring_method": "POST",
            "hangup_url": self._url(outbound, CallbackEvent.HANGUP),
            "hangup_method": "POST",
            **self._limits,
        }
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
        return callback_url(self._public_base_url, callback) + CALLBACK_RETRIES

    def _outcome(self, response: httpx.Response) -> SendOutcome:
        reason = f"provider_{response.status_code}"
        match response.status_code:
            case status if httpx.codes.is_success(status):
                return _accepted(response)
            case httpx.codes.TOO_MANY_REQUESTS:
                return Deferred(reason, self._retry_after(response))
            case httpx.codes.UNAUTHORIZED | httpx.codes.FORBIDDEN:
                return Rejected(reason, Retry.STOP)
            case status if httpx.codes.is_server_error(status):
                return Unknown(reason)
            case _:
                return Rejected(reason)

    def _retry_after(self, response: httpx.Response) -> timedelta | None:
        header = response.headers.get("Retry-After", "")
        return retry_after(header, now=self._clock.now(), longest=LONGEST_RETRY_AFTER)

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
            case CallbackEvent.HANGUP:
                cause = cause_of(_number(form.get("HangupCauseCode")), form.get("CallStatus", ""))
                duration_s = _number(form.get("Duration")) or 0
                return [self._event(callback, call_id, cause, duration_s=duration_s)]
            case CallbackEvent.RECEIPT:
                raise ValueError("Plivo only makes calls for us; it has no receipts of texts.")
            case _:
                assert_never(callback.event)

    def _event(
        self, callback: Callback, call_id: str, cause: Cause, *, duration_s: int = 0
    ) -> DeliveryEvent:
        return DeliveryEvent(
            id=_event_id(callback, call_id),
            ref=callback.ref,
            attempt=callback.attempt,
            kind=cause.kind,
            at=self._clock.now(),  # Plivo's own times are local to the account's console setting
            provider_id=call_id,
            reason=cause.reason,
            retry=cause.retry,
            duration_s=duration_s,
        )


def _event_id(callback: Callback, call_id: str) -> str:
    """Derive an event's id from what happens once in a call, whoever tells us and how often."""
    text = f"{callback.event}\0{callback.attempt}\0{call_id}".encode()
    return f"{PROVIDER}-{callback.event}-{blake2b(text, digest_size=12).hexdigest()}"


def _accepted(response: httpx.Response) -> SendOutcome:
    request_uuid = _json(response).get("request_uuid")
    if isinstance(request_uuid, str) and request_uuid:
        return Accepted(request_uuid)
    return Unknown("provider_unreadable_answer")


def _json(response: httpx.Response) -> dict[str, Any]:
    try:
        content = response.json()
    except ValueError:
        return {}
    return content if isinstance(content, dict) else {}


def _cause_of_record(record: Mapping[str, Any]) -> Cause:
    """Read a record's cause; it has no call status, so a conversation stands for "completed"."""
    status = "completed" if _duration_of(record) else ""
    return cause_of(_number(record.get("hangup_cause_code")), status)


def _duration_of(record: Mapping[str, Any]) -> int:
    return _number(record.get("bill_duration")) or 0


def _number(value: Any) -> int | None:
    try:
        return max(int(value), 0)
    except (TypeError, ValueError, OverflowError):
        return None
