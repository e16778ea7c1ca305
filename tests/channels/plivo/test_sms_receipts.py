"""What Plivo tells us of texts: receipts, records, replies, and how all of them are signed."""

from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from typing import Final

import pytest

from functions.channels.plivo.sms_statuses import ERRORS
from functions.domain.messages.delivery_events import DeliveryEvent, EventKind, Inbound, Retry
from functions.engine.ports.channel import SignatureError, WebhookRequest
from tests.channels.conformance import REF, outbound
from tests.channels.plivo.sms_rig import PlivoSmsRig, taken
from tests.channels.plivo.sms_server import signed_both, signed_v2
from tests.channels.served_rig import BASE, NINE

INBOUND: Final = f"{BASE}/webhooks/plivo-sms/inbound/acme"
RECEIPT: Final = f"{BASE}/webhooks/plivo-sms/receipt/acme/c1/m1/1"


@pytest.fixture
async def rig() -> AsyncIterator[PlivoSmsRig]:
    """Give Plivo to a test."""
    async with PlivoSmsRig() as rig:
        yield rig


# --- Receipts ---------------------------------------------------------------------------------


async def failure(rig: PlivoSmsRig, state: str, error: int = 0) -> DeliveryEvent:
    """Send, and return the event of a failure with this error."""
    text = await taken(rig)
    (event,) = rig.channel.parse_webhook(rig.told(text, state, error))
    assert isinstance(event, DeliveryEvent)
    return event


#: What each error allows, and its reason where that is not the code.
FAILURES: Final = [
    ((20, 80, 300), Retry.LATER, ""),
    ((40, 900, 910), Retry.STOP, ""),
    ((30,), Retry.REFUSED, ""),
    ((10, 60, 70, 90, 100, 110, 201, 420, 1000), Retry.NEVER, ""),
    ((50,), Retry.NEVER, "invalid_address"),
    ((200,), Retry.NEVER, "opted_out"),
]


@pytest.mark.parametrize(("codes", "retry", "reason"), FAILURES)
async def test_each_error_has_its_meaning(
    rig: PlivoSmsRig, codes: tuple[int, ...], retry: Retry, reason: str
) -> None:
    """A failure's code decides whether the text is tried again, and what it is told as."""
    for code in codes:
        event = await failure(rig, "undelivered", code)
        told = reason or (f"provider_{code}" if code > 999 else f"provider_error_{code}")
        assert (event.kind, event.retry, event.reason) == (EventKind.FAILED, retry, told)
        assert event.suppress == ("opted_out" if code == 200 else "")


def test_no_error_is_left_untested() -> None:
    """The table above and the table of the code name the same errors."""
    assert sorted(code for codes, *_ in FAILURES for code in codes) == sorted(ERRORS)


@pytest.mark.parametrize("state", ["failed", "undelivered", "rejected"])
@pytest.mark.parametrize(("code", "reason"), [(0, "undelivered"), (950, "provider_error_950")])
async def test_a_failure_has_a_reason_whatever_it_says(
    rig: PlivoSmsRig, state: str, code: int, reason: str
) -> None:
    """Without an error a text is undelivered, and a new error is told by its code."""
    event = await failure(rig, state, code)
    assert (event.kind, event.retry, event.reason) == (EventKind.FAILED, Retry.NEVER, reason)


@pytest.mark.parametrize("state", ["queued", "dancing", ""])
async def test_a_status_that_changes_nothing_tells_nothing(rig: PlivoSmsRig, state: str) -> None:
    """A text that waits at Plivo, or has a status that is new to us, is no event and no error."""
    assert rig.channel.parse_webhook(rig.told(await taken(rig), state)) == []


async def test_events_of_different_texts_differ(rig: PlivoSmsRig) -> None:
    """Two attempts, and two statuses, never share an id."""
    ids = []
    for attempt in (1, 2):
        await taken(rig, outbound(attempt=attempt))
        for webhook in await rig.live_through():
            ids += [event.id for event in rig.channel.parse_webhook(webhook)]
    assert len(ids) == len(set(ids)) == 4


@pytest.mark.parametrize(
    ("state", "error", "told"),
    [
        ("queued", 0, None),
        ("sent", 0, None),
        ("delivered", 0, (EventKind.DELIVERED, "")),
        ("read", 0, (EventKind.READ, "")),
        ("undelivered", 50, (EventKind.FAILED, "invalid_address")),
        ("failed", 900, (EventKind.FAILED, "provider_error_900")),
    ],
)
async def test_a_look_up_tells_how_a_text_ended(
    rig: PlivoSmsRig, state: str, error: int, told: tuple[EventKind, str] | None
) -> None:
    """The record of a text tells its end, and nothing as long as it has none."""
    text = await taken(rig)
    text.state, text.error = state, error
    found = await rig.channel.look_up(outbound(REF), text.uuid)
    assert (found and (found.kind, found.reason)) == told


@pytest.mark.parametrize("provider_id", ["", "../../../secret", "nobody"])
async def test_a_look_up_without_a_known_text_tells_nothing(
    rig: PlivoSmsRig, provider_id: str
) -> None:
    """An empty, strange or unknown id finds no text."""
    assert await rig.channel.look_up(outbound(REF), provider_id) is None


# --- Replies ----------------------------------------------------------------------------------


def reply(**changes: str) -> WebhookRequest:
    """Return a text that somebody has sent us, as Plivo hands it on."""
    form = {"From": "447700900123", "To": "15550199", "Type": "sms", "Text": "Stop it!"}
    return signed_both(INBOUND, {**form, "MessageUUID": "u-1", **changes})


async def test_what_somebody_texts_is_told(rig: PlivoSmsRig) -> None:
    """A text to us is told with both numbers and its words, and with one id however often."""
    (told,) = rig.channel.parse_webhook(reply())
    assert isinstance(told, Inbound)
    assert told[1:6] == ("+447700900123", "+15550199", "Stop it!", NINE, "447700900123")
    assert rig.channel.parse_webhook(reply()) == [told]
    (other,) = rig.channel.parse_webhook(reply(MessageUUID="u-2"))
    assert other.id != told.id


async def test_a_brand_that_texts_us_is_nobody_to_answer(rig: PlivoSmsRig) -> None:
    """A text from a name instead of a number tells nothing."""
    assert rig.channel.parse_webhook(reply(From="PARCELS")) == []


@pytest.mark.parametrize(
    ("sender", "to", "address"),
    [
        ("2025550142", "12025550199", "+12025550142"),
        ("07911123456", "447946001800", "+447911123456"),
        ("12345", "12025550199", "12345"),
        ("5215512345678", "12025550199", "+525512345678"),
        ("12025550142", "24680", "+12025550142"),
    ],
)
async def test_a_number_is_read_as_its_network_writes_it(
    rig: PlivoSmsRig, sender: str, to: str, address: str
) -> None:
    """A national number is of our own number's country, and a short code stays one."""
    (told,) = rig.channel.parse_webhook(reply(From=sender, To=to))
    assert isinstance(told, Inbound)
    assert (told.address, told.named) == (address, sender)
    assert told.to == (to if to == "24680" else f"+{to}")


@pytest.mark.parametrize(
    ("url", "form", "named"),
    [
        (RECEIPT, {"Status": "sent"}, "name its text"),
        (INBOUND, {"Text": "Hi"}, "name its text"),
        (f"{BASE}/webhooks/plivo-sms/receipt", {"MessageUUID": "u"}, "path must be"),
        (RECEIPT.replace("plivo-sms", "plivo"), {"MessageUUID": "u"}, "not a callback"),
        (RECEIPT.replace("receipt", "hangup"), {"MessageUUID": "u"}, "not a callback"),
    ],
)
async def test_a_signed_callback_that_makes_no_sense_is_refused(
    rig: PlivoSmsRig, url: str, form: dict[str, str], named: str
) -> None:
    """A callback that is Plivo's and still not ours raises ValueError saying why."""
    with pytest.raises(ValueError, match=named):
        rig.channel.parse_webhook(signed_both(url, form))


# --- Signatures -------------------------------------------------------------------------------

FORM: Final = {"MessageUUID": "u", "Status": "delivered"}
V2: Final = signed_v2(RECEIPT, FORM)


async def test_what_plivo_promises_to_sign_is_enough(rig: PlivoSmsRig) -> None:
    """A callback with V2 alone, which is all that is documented for texts, is believed."""
    (event,) = rig.channel.parse_webhook(V2)
    assert event.id == rig.channel.parse_webhook(signed_both(RECEIPT, FORM))[0].id


@pytest.mark.parametrize(
    "forge",
    [
        lambda good: replace(good, url=RECEIPT.replace("/m1/", "/m2/")),
        lambda good: replace(good, headers={}),
        lambda good: replace(good, headers=good.headers | {"x-plivo-signature-v2-nonce": "1"}),
        lambda good: replace(good, headers=good.headers | {"x-plivo-signature-v2-nonce": ""}),
        lambda good: replace(good, headers=good.headers | {"x-plivo-signature-v2": "é"}),
        lambda good: replace(good, headers=good.headers | {"x-plivo-signature-v3-nonce": "1"}),
        lambda good: replace(good, body=b"a=\xff"),
        lambda good: replace(good, body=b"a=" + b"x" * 100_000),
    ],
)
async def test_what_v2_does_not_hold_for_is_refused(
    rig: PlivoSmsRig, forge: Callable[[WebhookRequest], WebhookRequest]
) -> None:
    """Another URL or nonce, no signature, a wrong V3 beside it, or a torn form will not do."""
    with pytest.raises(SignatureError):
        rig.channel.parse_webhook(forge(V2))


async def test_v3_vouches_for_the_form_where_it_comes_too(rig: PlivoSmsRig) -> None:
    """An altered form is refused although its V2 still holds."""
    good = signed_both(RECEIPT, FORM)
    with pytest.raises(SignatureError):
        rig.channel.parse_webhook(replace(good, body=good.body.replace(b"delivered", b"failed")))
