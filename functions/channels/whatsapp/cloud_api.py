"""WhatsApp messages over Meta's Cloud API.

Meta posts everything to one URL, so each message carries the path of its own receipts as an
opaque text (`biz_opaque_callback_data`), which comes back with every status of it.
"""

import hmac
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

import httpx
import orjson

from functions.channels.callback_urls import (
    Callback,
    CallbackEvent,
    callback_url,
    check_signature,
    check_size,
    parse_callback,
)
from functions.channels.provider_api import (
    Account,
    ProviderApi,
    event_id,
    json_of,
    number_of,
)
from functions.channels.statuses import WELL, ProviderStatus, code_reason, error_status
from functions.channels.whatsapp.statuses import ERRORS, pause_after
from functions.domain.contacts.addresses import is_whatsapp_id
from functions.domain.contacts.provider_numbers import other_number, reading
from functions.domain.messages.delivery_events import DeliveryEvent, Inbound
from functions.domain.messages.send_outcomes import Deferred, Rejected, SendOutcome
from functions.engine.ports.channel import Answer, Outbound, SignatureError, Traits, WebhookRequest

PROVIDER: Final = "whatsapp"

RATE_PER_S: Final = 80  #: what Meta takes of a number
MAX_BODY_BYTES: Final = (
    3 * 1024 * 1024
)  #: Meta's own limit for what it posts, many statuses at once

#: Where a person's words are, by the type of their message: () where there are none. Types that
#: are not here were written by nobody.
_SAID: Final[Mapping[str, tuple[str, ...]]] = {
    "text": ("text", "body"),
    "button": ("button", "text"),
    "reaction": ("reaction", "emoji"),
    "image": ("image", "caption"),
    "video": ("video", "caption"),
    "document": ("document", "caption"),
    "interactive": (),
    "audio": (),
    "contacts": (),
    "location": (),
    "order": (),
    "sticker": (),
}
_REPLIES: Final = ("button_reply", "list_reply")  #: what may have been chosen in "interactive"

#: WhatsApp's own button against marketing, as the word that means the same in a text.
_WISHES: Final[Mapping[str, str]] = {"stop": "STOP", "resume": "START"}

#: Stands for a number that Meta does not tell: nobody is granted it.
_UNTOLD: Final = "untold"


class WhatsAppCloud(ProviderApi):
    """The Channel of WhatsApp messages: texts, and templates that Meta keeps and fills in."""

    def __init__(self, account: Account, *, app_secret: str, verify_token: str) -> None:
        super().__init__(account)
        self.traits = Traits(rate_per_s=RATE_PER_S, own_sender=account.id)
        self._headers = {"Authorization": f"Bearer {account.token}"}
        self._app_secret = app_secret.encode()
        self._verify_token = verify_token.encode()

    async def send(self, outbound: Outbound) -> SendOutcome:
        """Hand the message to Meta, once. That it is taken does not mean that it is delivered."""
        if self._is_late(outbound):
            return Rejected("expired")
        return await self._order(
            self._messages_url(outbound.sender),
            lambda answer: _first(answer, "messages").get("id"),
            lambda response: self._refused(response, outbound.attempt),
            other_in=lambda answer: other_number(
                _first(answer, "contacts").get("wa_id"), outbound.to
            ),
            headers=self._headers,
            json=_ordered(outbound),
        )

    def _messages_url(self, sender: str) -> str:
        """Return where messages from a number of the account are ordered, ours by default."""
        own = is_whatsapp_id(sender)
        return self._account._replace(id=sender if own else self._account.id).url("/{}/messages")

    def parse_webhook(self, request: WebhookRequest) -> list[DeliveryEvent | Inbound]:
        """Return what a callback tells; SignatureError unless Meta signed its body.

        A status that does not say which message of ours it is of tells nothing: somebody else
        sends from the same number.
        """
        check_size(request.body, most=MAX_BODY_BYTES)
        expected = "sha256=" + hmac.digest(self._app_secret, request.body, sha256).hex()
        check_signature(request.headers.get("x-hub-signature-256", ""), expected)
        told: list[DeliveryEvent | Inbound] = []
        for value in _values(request.body):
            told += self._receipts(value)
            told += self._inbound(value)
        return told

    def greet(self, request: WebhookRequest) -> Answer:
        """Echo the challenge of whoever knows our verify token."""
        query = dict(parse_qsl(urlsplit(request.url).query))
        given = query.get("hub.verify_token", "").encode()
        known = hmac.compare_digest(self._verify_token, given)
        if not known or query.get("hub.mode") != "subscribe":
            raise SignatureError("The verify token is missing or wrong.")
        return Answer("text/plain", query.get("hub.challenge", "").encode())

    # --- Answers ------------------------------------------------------------------------------

    def _refused(self, response: httpx.Response, attempt: int) -> SendOutcome:
        """Return what an answer without success means: by Meta's code, unless Meta is at fault."""
        code = number_of(_at(json_of(response), "error", "code"))
        if code is None or httpx.codes.is_server_error(response.status_code):
            return self._refused_by_status(response)
        status = ERRORS.get(code)
        if status is None:
            return self._refused_unknown(response, code)
        if pause := pause_after(code, attempt):
            return Deferred(status.reason, pause)
        return self._refused_as(status, response)

    def _refused_unknown(self, response: httpx.Response, code: int) -> SendOutcome:
        """Keep a code that we do not know; the status says what it allows."""
        outcome = self._refused_by_status(response)
        if isinstance(outcome, Rejected):
            return outcome._replace(reason=code_reason(code))
        return outcome

    # --- Callbacks ----------------------------------------------------------------------------

    def _receipts(self, value: Mapping[str, Any]) -> Iterator[DeliveryEvent]:
        for told in _objects(value, "statuses"):
            callback, status = _sent(told.get("biz_opaque_callback_data")), _status_of(told)
            message_id = told.get("id")
            if callback is not None and status is not None and isinstance(message_id, str):
                word = told["status"]
                id_ = event_id(PROVIDER, word, word, callback.attempt, message_id)
                yield status.event(id_, callback, message_id, self._instant(told.get("timestamp")))

    def _inbound(self, value: Mapping[str, Any]) -> Iterator[Inbound]:
        to = reading(_at(value, "metadata", "display_phone_number"))
        # Meta signs the body and not the URL.
        account = _text(_at(value, "metadata", "phone_number_id")) or _UNTOLD
        for message in _objects(value, "messages"):
            named, id_ = _text(message.get("from")), message.get("id")
            address, answers = reading(named), _answered_by(message)
            is_known = address or answers  # who has a name instead of a number may still answer
            if is_known and isinstance(id_, str) and str(message.get("type")) in _SAID:
                yield Inbound(
                    event_id(PROVIDER, "inbound", id_),
                    address,
                    to,
                    _said(message),
                    self._instant(message.get("timestamp")),
                    named,
                    answers,
                    _chosen(message),
                    account,
                )
        for wish in _objects(value, "user_preferences"):
            named, word = _text(wish.get("wa_id")), _WISHES.get(str(wish.get("value")))
            if word and (address := reading(named)):
                id_ = event_id(PROVIDER, "wish", address, word, wish.get("timestamp"))
                at = self._instant(wish.get("timestamp"))
                yield Inbound(id_, address, to, word, at, named, account=account)

    def _instant(self, timestamp: Any) -> datetime:
        """Return the time that Meta tells in seconds since 1970; now where it tells none."""
        now, seconds = self._clock.now(), number_of(timestamp)
        if seconds is None or seconds > now.timestamp():
            return now
        return datetime.fromtimestamp(seconds, UTC)


def _ordered(outbound: Outbound) -> dict[str, Any]:
    """Return the order of a message: a template where the campaign names one, else a text."""
    callback = Callback(PROVIDER, CallbackEvent.RECEIPT, outbound.ref, outbound.attempt)
    order = {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "to": outbound.to,
        "biz_opaque_callback_data": callback_url("", callback),
    }
    if outbound.provider_template:
        return {**order, "type": "template", "template": _template(outbound)}
    return {**order, "type": "text", "text": {"body": outbound.body}}


def _template(outbound: Outbound) -> dict[str, Any]:
    named = {"name": outbound.provider_template, "language": {"code": outbound.language}}
    if not outbound.parameters:
        return named
    # Meta refuses line breaks, tabs and rows of blanks in what fills in a template.
    texts = [" ".join(text.split()) for text in outbound.parameters]
    parameters = [{"type": "text", "text": text} for text in texts]
    return {**named, "components": [{"type": "body", "parameters": parameters}]}


def _values(body: bytes) -> Iterator[Mapping[str, Any]]:
    """Yield what a callback tells of; ValueError where it is not an object."""
    content = orjson.loads(body)
    if not isinstance(content, dict):
        raise ValueError("The callback's body must be a JSON object.")  # noqa: TRY004 (a callback that makes no sense)
    for entry in _objects(content, "entry"):
        for change in _objects(entry, "changes"):
            if isinstance(value := change.get("value"), dict):
                yield value


def _objects(value: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    """Return the objects of a list; whatever else is in it, or instead of it, is left out."""
    found = value.get(name)
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def _first(value: Mapping[str, Any], name: str) -> dict[str, Any]:
    return next(iter(_objects(value, name)), {})


def _at(value: Any, *names: str) -> Any:
    """Return what lies under these names, one within the other; None where one is missing."""
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _sent(data: Any) -> Callback | None:
    """Read which message of ours a status is of; None where it is none of ours."""
    try:
        callback = parse_callback(data) if isinstance(data, str) else None
    except ValueError:
        return None
    ours = callback and (callback.provider, callback.event) == (PROVIDER, CallbackEvent.RECEIPT)
    return callback if ours else None


def _status_of(told: Mapping[str, Any]) -> ProviderStatus | None:
    """Return what a status means; None for one that changes nothing, such as "deleted"."""
    if told.get("status") == "failed":
        return error_status(ERRORS, number_of(_first(told, "errors").get("code")))
    return WELL.get(str(told.get("status")))


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _answered_by(message: Mapping[str, Any]) -> str:
    """Return Meta's id of the message that is answered, or reacted to; "" where none is named."""
    return _text(_at(message, "context", "id")) or _text(_at(message, "reaction", "message_id"))


def _chosen(message: Mapping[str, Any]) -> str:
    """Return what we had put behind the button that was chosen; "" where none was."""
    ids = [_at(message, "interactive", reply, "id") for reply in _REPLIES]
    chosen = (_at(message, "button", "payload"), *ids)
    return next((each for each in chosen if isinstance(each, str)), "")


def _said(message: Mapping[str, Any]) -> str:
    """Return the words of a message, or of the button that was chosen; "" where it has none."""
    path = _SAID[message["type"]]
    found = [_at(message, *path)] if path else []
    chosen = [_at(message, "interactive", reply, "title") for reply in _REPLIES]
    return next((words for words in (*found, *chosen) if isinstance(words, str)), "")
