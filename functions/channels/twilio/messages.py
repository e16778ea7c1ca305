"""SMS and WhatsApp messages over Twilio's REST API."""

import json
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
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
from functions.channels.provider_api import Account, ProviderApi, event_id, json_of, number_of
from functions.channels.statuses import SENT, ProviderStatus, error_status
from functions.channels.twilio.signature import verified_form
from functions.channels.twilio.statuses import ERRORS, FAILURES, status_of
from functions.domain.contacts.provider_numbers import other_number, reading
from functions.domain.kinds import ChannelKind
from functions.domain.messages.delivery_events import DeliveryEvent, EventKind, Inbound
from functions.domain.messages.send_outcomes import Rejected, SendOutcome, Unknown
from functions.engine.ports.channel import Outbound, Traits, WebhookRequest

PROVIDERS: Final[Mapping[ChannelKind, str]] = {
    ChannelKind.SMS: "twilio-sms",
    ChannelKind.WHATSAPP: "twilio-whatsapp",
}

#: Twilio repeats a callback once and only where no connection came about: a single 5xx of ours
#: would lose a receipt. This asks for five repeats, after a 5xx too ("Connection overrides" in
#: Twilio's documentation). It is no part of the URL that is called and signed.
CALLBACK_RETRIES: Final = "#rc=5&rp=ct,rt,5xx"

LONGEST_VALIDITY_S: Final = 36_000  #: Twilio's own limit: its queue holds ten hours
#: A message whose answer was lost is looked for among those of the last hour.
LOOKED_FOR: Final = timedelta(hours=1)
_PAGE: Final = 50

#: Twilio allows an account about 100 requests at a time, each of which takes about a second.
_ACCOUNT_RATE_PER_S: Final = 100.0
_TRAITS: Final[Mapping[ChannelKind, Traits]] = {
    # Segments. Ten is what a number sends outside of +1 ("Toll-Free SMS and MMS messaging
    # throughput (MPS)"); inside it sends from one a second up, by its registration. What is too
    # fast for a number waits in Twilio's queue ("Understanding Twilio Rate Limits and Message
    # Queues"), so that one a second would be too careful for all of them.
    ChannelKind.SMS: Traits(
        rate_per_s=10.0,
        account_rate_per_s=_ACCOUNT_RATE_PER_S,
        by_segments=True,
        needs_sender=True,
    ),
    # What a WhatsApp sender sends ("WhatsApp best practices and FAQs").
    ChannelKind.WHATSAPP: Traits(
        rate_per_s=80.0, account_rate_per_s=_ACCOUNT_RATE_PER_S, needs_sender=True
    ),
}
_WHATSAPP: Final = "whatsapp:"  #: how Twilio's WhatsApp addresses begin
_MESSAGING_SERVICE: Final = re.compile(r"MG[0-9a-fA-F]{32}")


class Twilio(ProviderApi):
    """The Channel of Twilio's SMS or WhatsApp messages.

    A sender is a number, an alphanumeric sender id, or a messaging service (MG...).
    """

    def __init__(self, kind: ChannelKind, account: Account) -> None:
        super().__init__(account, auth=account.basic_auth)
        self.traits = _TRAITS[kind]
        self._provider = PROVIDERS[kind]
        self._prefix = _WHATSAPP if kind is ChannelKind.WHATSAPP else ""
        self._messages_url = account.url("/2010-04-01/Accounts/{}/Messages")

    async def send(self, outbound: Outbound) -> SendOutcome:
        """Ask Twilio for the message, once; not at all where it could not arrive in time."""
        validity = self._validity(outbound)
        if validity.get("ValidityPeriod") == 0:
            return Rejected("expired")
        order = {**self._ends(outbound), **_content(outbound), **validity}
        order["StatusCallback"] = self._callback_url(outbound)
        url = f"{self._messages_url}.json"
        return await self._order(
            url,
            lambda it: it.get("sid"),
            self._refused,
            other_in=lambda it: other_number(it.get("to"), outbound.to),
            data=order,
        )

    def parse_webhook(self, request: WebhookRequest) -> list[DeliveryEvent | Inbound]:
        """Return what a callback tells; SignatureError unless Twilio signed it for this URL."""
        form = verified_form(request, self._account.token)
        if not form.get("MessageSid"):
            raise ValueError("The callback does not name its message.")
        if is_inbound(request.url, self._provider):
            return [self._inbound(form)]
        callback = parse_callback(request.url)
        if (callback.provider, callback.event) != (self._provider, CallbackEvent.RECEIPT):
            raise ValueError("This is not a callback that Twilio was asked for.")
        word, now = form.get("MessageStatus", ""), self._clock.now()
        status = status_of(word, number_of(form.get("ErrorCode")))
        return [self._event(callback, form["MessageSid"], word, status, now)] if status else []

    async def look_up(self, sent: Outbound, provider_id: str) -> DeliveryEvent | None:
        """Return what has become of a message; where its answer was lost, that it was sent."""
        url = self._message_url(provider_id)
        record = await (self._ask(url) if provider_id else self._find(sent))
        sid, word = record.get("sid"), record.get("status")
        if not isinstance(sid, str) or not isinstance(word, str):
            return None
        status = status_of(word, number_of(record.get("error_code")))
        if status is None or status.kind is EventKind.SENT:
            if provider_id:
                return None  # It goes on, as we know.
            status = SENT
        callback = Callback(self._provider, CallbackEvent.RECEIPT, sent.ref, sent.attempt)
        at = _instant(record.get("date_updated")) or self._clock.now()
        return self._event(callback, sid, word, status, at)

    async def recall(self, sent: Outbound, provider_id: str) -> bool:  # noqa: ARG002 (the port's signature)
        """Ask Twilio to cancel a message, which it does while it is scheduled."""
        if not provider_id:
            return False
        response = await self._post(self._message_url(provider_id), data={"Status": "canceled"})
        if not isinstance(response, httpx.Response) or not response.is_success:
            return False
        return json_of(response).get("status") == "canceled"

    # --- What Twilio is asked for -------------------------------------------------------------

    def _ends(self, outbound: Outbound) -> dict[str, Any]:
        """Return whom a message is to and from, as Twilio writes addresses."""
        to = {"To": self._prefix + outbound.to}
        if _MESSAGING_SERVICE.fullmatch(outbound.sender):
            return {**to, "MessagingServiceSid": outbound.sender}
        return {**to, "From": self._prefix + outbound.sender}

    def _validity(self, outbound: Outbound) -> dict[str, Any]:
        """Return for how long Twilio may keep a message in its queue, in whole seconds."""
        if outbound.expires_at is None:
            return {}
        left_s = (outbound.expires_at - self._clock.now()) // timedelta(seconds=1)
        return {"ValidityPeriod": min(max(left_s, 0), LONGEST_VALIDITY_S)}

    def _callback_url(self, outbound: Outbound) -> str:
        callback = Callback(self._provider, CallbackEvent.RECEIPT, outbound.ref, outbound.attempt)
        return callback_url(self._account.public_base_url, callback) + CALLBACK_RETRIES

    def _message_url(self, sid: str) -> str:
        return f"{self._messages_url}/{quote(sid, safe='')}.json"

    def _refused(self, response: httpx.Response) -> SendOutcome:
        """Return what a refusal means: its error, where there is one, says more than its status."""
        told = self._refused_by_status(response)
        code = number_of(json_of(response).get("code"))
        if not code or isinstance(told, Unknown):
            return told
        if code not in ERRORS and told != Rejected(f"provider_{response.status_code}"):
            return told
        return self._refused_as(error_status(ERRORS, code), response)

    async def _find(self, sent: Outbound) -> Mapping[str, Any]:
        """Return the message that was taken though its answer was lost; {} where in doubt.

        Twilio keeps no id of ours, so it is known by its ends and its words: if the person has
        got the same words twice of late, nobody can tell which of them this was.
        """
        if not sent.body or sent.provider_template:
            return {}  # The words of a template are known to Twilio alone.
        ends = self._ends(sent)
        service = ends.pop("MessagingServiceSid", None)
        # Not by day: what still waits at Twilio has no DateSent. The latest come first.
        page = await self._ask(f"{self._messages_url}.json", params={**ends, "PageSize": _PAGE})
        records = page.get("messages")
        found = [
            record
            for record in (records if isinstance(records, list) else [])
            if self._may_be(record, sent)
            and (service is None or record.get("messaging_service_sid") == service)
        ]
        return found[0] if len(found) == 1 else {}

    def _may_be(self, record: Any, sent: Outbound) -> bool:
        """Tell whether a record may be of this attempt, and not of the one before it."""
        if not isinstance(record, dict) or record.get("direction") != "outbound-api":
            return False
        if sent.attempt > 1 and record.get("status") in FAILURES:
            return False  # There is another attempt because one has failed.
        created_at = _instant(record.get("date_created"))
        is_late = created_at is not None and created_at >= self._clock.now() - LOOKED_FOR
        return is_late and record.get("body") == sent.body

    # --- What Twilio tells --------------------------------------------------------------------

    def _inbound(self, form: Mapping[str, str]) -> Inbound:
        sid, sender, body = form["MessageSid"], form.get("From", ""), form.get("Body")
        if not sender or body is None:
            raise ValueError("The callback is not of a text that somebody has sent.")
        # The words that opt out and in may be an account's own: we know ours.
        opted, to = form.get("OptOutType"), reading(form.get("To"))
        return Inbound(
            id=event_id(self._provider, "inbound", sid),
            address=reading(sender, near=to),
            to=to,
            body=opted if opted in {"STOP", "START"} else body,
            at=self._clock.now(),
            named=sender,
            answers=form.get("OriginalRepliedMessageSid", ""),
            chosen=form.get("ButtonPayload") or form.get("ListId", ""),
        )

    def _event(
        self, callback: Callback, sid: str, word: str, status: ProviderStatus, at: datetime
    ) -> DeliveryEvent:
        id_ = event_id(self._provider, status.kind, sid, word)
        return status.event(id_, callback, sid, at)


def _content(outbound: Outbound) -> dict[str, Any]:
    """Return what a message says: its own words, or those of a content template at Twilio."""
    if not outbound.provider_template:
        return {"Body": outbound.body}
    content = {"ContentSid": outbound.provider_template}
    if outbound.parameters:
        variables = {str(n): text for n, text in enumerate(outbound.parameters, start=1)}
        content["ContentVariables"] = json.dumps(variables, ensure_ascii=False)
    return content


def _instant(text: Any) -> datetime | None:
    """Read a date as Twilio writes them (RFC 2822); None where it is none, or has no zone."""
    try:
        instant = parsedate_to_datetime(text)
    except (TypeError, ValueError):
        return None
    return instant if instant.tzinfo else None
