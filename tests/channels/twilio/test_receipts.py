"""What Twilio tells us: what has become of a message, and what people write."""

from dataclasses import replace
from typing import Final

import pytest

from functions.channels.callback_urls import Callback, CallbackEvent, callback_url
from functions.channels.twilio.statuses import ERRORS, STATUS
from functions.domain.kinds import ChannelKind
from functions.domain.messages.delivery_events import DeliveryEvent, EventKind, Inbound, Retry
from functions.engine.ports.channel import SignatureError, WebhookRequest
from tests.channels.conformance import REF, outbound
from tests.channels.served_rig import BASE, UNREACHABLE
from tests.channels.twilio.rig import TwilioRig, twilio
from tests.channels.twilio.server import Sent, inbound_form, sign
from tests.clock import NOON


def only(events: list[DeliveryEvent | Inbound]) -> DeliveryEvent:
    """Return the one receipt that there is."""
    (event,) = events
    assert isinstance(event, DeliveryEvent)
    return event


# --- Receipts ---------------------------------------------------------------------------------

#: Every status: what it tells, None for nothing; and why, where it tells of a failure.
STATUSES: Final = {
    "accepted": (None, ""),
    "scheduled": (None, ""),
    "queued": (None, ""),
    "sending": (None, ""),
    "sent": (EventKind.SENT, ""),
    "delivered": (EventKind.DELIVERED, ""),
    "read": (EventKind.READ, ""),
    "undelivered": (EventKind.FAILED, "undelivered"),
    "failed": (EventKind.FAILED, "provider_failed"),
    "canceled": (EventKind.FAILED, "recalled"),
}


@pytest.mark.parametrize("status", STATUSES)
async def test_each_status_has_its_meaning(rig: TwilioRig, status: str) -> None:
    """A status without an error tells one thing, for good, or nothing while it goes on."""
    kind, reason = STATUSES[status]
    message = await rig.send(outbound(attempt=2))
    events = rig.told(message, status)
    if kind is None:
        assert events == []
        return
    event = only(events)
    assert (event.ref, event.attempt, event.provider_id) == (REF, 2, message.sid)
    assert (event.kind, event.reason, event.retry) == (kind, reason, Retry.NEVER)
    assert event.at == NOON


def test_no_status_is_left_untested() -> None:
    """The table above and the table of the code name the same statuses."""
    assert STATUSES.keys() == STATUS.keys()


#: Every class of error: codes, retry, reason ("" for provider_<code>), and why one is suppressed.
CODES: Final = [
    ((21211, 21614, 21635, 30005, 30006, 63003, 63024), Retry.NEVER, "invalid_address", ""),
    ((21610,), Retry.NEVER, "opted_out", "opted_out"),
    ((30036,), Retry.NEVER, "expired", ""),
    ((21617, 21656, 30004, 63016, 63032, 63049), Retry.NEVER, "", ""),
    ((21408, 21608, 21612, 30010, 30024, 30040, 30450, 30453), Retry.REFUSED, "", ""),
    ((63013, 63038), Retry.REFUSED, "", ""),
    ((30001, 30003, 30008, 30017), Retry.LATER, "", ""),
    ((14107, 20429, 21611, 30022, 30023, 63018), Retry.DEFER, "", ""),
    ((20005, 21603, 63020, 63027, 63028, 63040, 63041, 63042, 63112), Retry.STOP, "", ""),
    ((20003, 21212, 21606, 21655, 21659, 21660, 21701, 21703), Retry.STOP, "", ""),
    ((30002, 30007, 30032, 30033, 30034, 30037, 63007, 63051), Retry.STOP, "", ""),
]


@pytest.mark.parametrize("status", ["failed", "undelivered"])
@pytest.mark.parametrize(("codes", "retry", "reason", "suppress"), CODES)
async def test_each_error_has_its_meaning(
    sms: TwilioRig, codes: tuple[int, ...], retry: Retry, reason: str, suppress: str, status: str
) -> None:
    """A failure's error decides whether it is tried again, and whether the person is left alone."""
    message = await sms.send(outbound())
    for code in codes:
        event = only(sms.told(message, status, code))
        assert (event.kind, event.retry) == (EventKind.FAILED, retry)
        assert (event.reason, event.suppress) == (reason or f"provider_{code}", suppress)


def test_no_error_is_left_untested() -> None:
    """The table above and the table of the code name the same errors."""
    assert sorted(code for codes, *_ in CODES for code in codes) == sorted(ERRORS)


@pytest.mark.parametrize("status", ["failed", "undelivered"])
async def test_an_error_that_nobody_knows_is_final(sms: TwilioRig, status: str) -> None:
    """A new error fails the message for good, and is its reason."""
    event = only(sms.told(await sms.send(outbound()), status, 39999))
    assert (event.reason, event.retry) == ("provider_39999", Retry.NEVER)


async def test_an_error_of_what_was_delivered_changes_nothing(sms: TwilioRig) -> None:
    """Only a failure is explained by an error."""
    event = only(sms.told(await sms.send(outbound()), "delivered", 30003))
    assert (event.kind, event.reason) == (EventKind.DELIVERED, "")


@pytest.mark.parametrize("status", ["dancing", "partially_delivered", ""])
async def test_a_status_that_nobody_knows_tells_nothing(sms: TwilioRig, status: str) -> None:
    """What Twilio may tell one day does not end a message."""
    assert sms.told(await sms.send(outbound()), status) == []


async def test_ids_follow_message_and_status(rig: TwilioRig) -> None:
    """A repeated status has its id again; another status, or another message, has another."""
    ids = []
    for attempt in (1, 2):
        message = await rig.send(outbound(attempt=attempt))
        statuses = ("sent", "delivered", "sent", "delivered", "failed", "undelivered")
        ids += [only(rig.told(message, status)).id for status in statuses]
    assert len(set(ids)) == 8


async def test_a_callback_for_one_message_cannot_be_used_for_another(rig: TwilioRig) -> None:
    """The signature covers the URL, so a captured callback counts for its own message alone."""
    await rig.send(outbound())
    sent, _ = await rig.live_through()
    url = sent.url.replace("/acme/", "/other/")
    with pytest.raises(SignatureError):
        rig.channel.parse_webhook(replace(sent, url=url))


# --- What people write ------------------------------------------------------------------------


def written(
    body: str, *, kind: ChannelKind = ChannelKind.SMS, opt_out: str = "", **form: str
) -> Inbound:
    """Return what a text becomes that somebody has sent to our number."""
    prefix = "whatsapp:" if kind is ChannelKind.WHATSAPP else ""
    url = f"{BASE}/webhooks/twilio-{kind}/inbound/acme"
    told = inbound_form(f"{prefix}+15550100", f"{prefix}+15550199", body, opt_out=opt_out)
    channel = twilio(UNREACHABLE, kind)
    (inbound,) = channel.parse_webhook(sign(url, {**told, **form}))
    assert isinstance(inbound, Inbound)
    return inbound


@pytest.mark.parametrize("kind", [ChannelKind.SMS, ChannelKind.WHATSAPP])
def test_a_text_that_somebody_sends_is_told(kind: ChannelKind) -> None:
    """A text comes with both numbers, as they are known elsewhere, its words and its time."""
    inbound = written("Please call me ☎", kind=kind)
    assert inbound[1:5] == ("+15550100", "+15550199", "Please call me ☎", NOON)


def test_whatsapp_may_come_in_where_sms_do() -> None:
    """A WhatsApp address is the same person's, wherever Twilio was told to post it."""
    assert written("Hi", From="whatsapp:+15550100").address == "+15550100"


def test_a_repeated_text_has_the_same_id() -> None:
    """A text that is delivered twice is one, and two texts of the same words are two."""
    again = written("Hi", MessageSid="SM1").id
    assert written("Hi", MessageSid="SM1").id == again != written("Hi").id


@pytest.mark.parametrize(
    ("body", "opt_out", "told"),
    [
        ("STOP", "STOP", "STOP"),
        ("Stopp!", "STOP", "STOP"),
        ("weiter", "START", "START"),
        ("help", "HELP", "help"),
        ("stop", "", "stop"),
        ("", "", ""),
    ],
)
def test_twilios_verdict_on_opting_out_is_passed_on(body: str, opt_out: str, told: str) -> None:
    """Where the account has its own words for stop and start, Twilio's reading of them counts."""
    assert written(body, opt_out=opt_out).body == told


@pytest.mark.parametrize(
    ("sender", "address"),
    [
        ("whatsapp:+5215512345678", "+525512345678"),
        ("whatsapp:+551187654321", "+5511987654321"),
        ("+12025550142", "+12025550142"),
        ("12345", "12345"),
        ("messenger:2025550142", ""),
        ("PARCELS", ""),
    ],
)
def test_a_sender_is_told_as_we_know_them_and_as_twilio_does(sender: str, address: str) -> None:
    """The number is in our spelling, beside Twilio's; a short code is left as it is."""
    inbound = written("Hi", kind=ChannelKind.WHATSAPP, From=sender)
    assert (inbound.address, inbound.named) == (address, sender)


def test_the_button_and_the_message_that_is_answered_are_told() -> None:
    """What stands behind a button or a list's row, and Twilio's id of our message, come along."""
    button = written("No more", ButtonPayload="STOP", OriginalRepliedMessageSid="SM9")
    assert (button.body, button.chosen, button.answers) == ("No more", "STOP", "SM9")
    assert written("No more", ListId="STOP").chosen == "STOP"


# --- What makes no sense ----------------------------------------------------------------------

RECEIPT: Final = Callback("twilio-sms", CallbackEvent.RECEIPT, REF, 1)
MESSAGE: Final = {"MessageSid": "SM1", "MessageStatus": "sent"}


def signed(path: str, **form: str) -> WebhookRequest:
    """Return a request that Twilio signed, whatever it says."""
    return sign(f"{BASE}/webhooks/{path}", form)


@pytest.mark.parametrize(
    ("request_", "named"),
    [
        (signed("twilio-sms/receipt", **MESSAGE), "path must be"),
        (signed("twilio-whatsapp/inbound/acme", **MESSAGE), "path must be"),
        (signed("twilio-whatsapp/receipt/o/c/m/1", **MESSAGE), "not a callback"),
        (signed("twilio-sms/ring/o/c/m/1", **MESSAGE), "not a callback"),
        (signed("twilio-sms/receipt/o/c/m/1", MessageStatus="sent"), "name its message"),
        (signed("twilio-sms/inbound/acme", From="+1", Body="Hi"), "name its message"),
        (signed("twilio-sms/inbound/acme", From="+1", **MESSAGE), "somebody has sent"),
        (signed("twilio-sms/inbound/acme", Body="Hi", **MESSAGE), "somebody has sent"),
    ],
)
def test_a_signed_callback_that_makes_no_sense_is_refused(
    request_: WebhookRequest, named: str
) -> None:
    """A callback that is Twilio's and still not ours raises ValueError saying why."""
    with pytest.raises(ValueError, match=named):
        twilio(UNREACHABLE).parse_webhook(request_)


def test_the_stand_in_calls_back_as_documented() -> None:
    """The fields of a status callback are those of Twilio's own example."""
    order = {"To": "+15550100", "From": "+15550199", "StatusCallback": callback_url(BASE, RECEIPT)}
    signed = TwilioRig().server.move(Sent("SM1", order, NOON, NOON, "queued"), "sent")
    body = signed.body.decode()
    names = {pair.partition("=")[0] for pair in body.split("&")}
    assert names >= {
        *("AccountSid", "From", "MessageSid", "MessageStatus", "SmsSid", "SmsStatus"),
    }
