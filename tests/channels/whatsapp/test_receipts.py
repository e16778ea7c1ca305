"""What Meta tells us: statuses of our messages, what people write, and what they wish."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from functions.channels.whatsapp.cloud_api import MAX_BODY_BYTES
from functions.channels.whatsapp.statuses import ERRORS
from functions.domain.messages.delivery_events import DeliveryEvent, EventKind, Inbound, Retry
from functions.engine.ports.channel import SignatureError, WebhookRequest
from tests.channels.conformance import REF, outbound
from tests.channels.served_rig import NINE
from tests.channels.whatsapp.rig import INBOUND, WhatsAppRig, whatsapp
from tests.channels.whatsapp.server import Message, callback, signed, told_of


@pytest.fixture
async def rig() -> AsyncIterator[WhatsAppRig]:
    """Give WhatsApp to a test."""
    async with WhatsAppRig() as rig:
        yield rig


async def taken(rig: WhatsAppRig) -> Message:
    """Send, and return the message that Meta took."""
    await rig.channel.send(outbound())
    return rig.server.messages[-1]


async def failure(rig: WhatsAppRig, *codes: int) -> DeliveryEvent:
    """Send, and return the event of a failure with these errors."""
    status = told_of(await taken(rig), "failed", *codes)
    (event,) = rig.channel.parse_webhook(callback(INBOUND, statuses=[status]))
    assert isinstance(event, DeliveryEvent)
    return event


# --- Failures ---------------------------------------------------------------------------------

#: What each error allows, and its reason where that is not the code.
FAILURES: Final = [
    ((4, 80007, 130429, 131056), Retry.DEFER, ""),
    ((1, 2, 131000, 131016, 131057), Retry.LATER, ""),
    ((0, 3, 10, 33, 190, 368, 131005, 131031, 131037, 131042), Retry.STOP, ""),
    ((131045, 131048, 132000, 132001, 132007, 132015, 132016, 133010), Retry.STOP, ""),
    (range(200, 300), Retry.STOP, ""),
    ((130497, 131030), Retry.REFUSED, ""),
    ((100, 130472, 131008, 131009, 131021, 131047), Retry.NEVER, ""),
    ((131049, 131051, 132005, 132012), Retry.NEVER, ""),
    ((131026,), Retry.NEVER, "undelivered"),
    ((131050,), Retry.NEVER, "opted_out"),
]


@pytest.mark.parametrize(("codes", "retry", "reason"), FAILURES)
async def test_each_error_has_its_meaning(
    rig: WhatsAppRig, codes: tuple[int, ...], retry: Retry, reason: str
) -> None:
    """A failure's code decides whether the message is tried again, and what it is told as."""
    for code in codes:
        event = await failure(rig, code)
        told = reason or (f"provider_{code}" if code > 999 else f"provider_error_{code}")
        assert (event.kind, event.retry, event.reason) == (EventKind.FAILED, retry, told)


def test_no_error_is_left_untested() -> None:
    """The table above and the table of the code name the same errors."""
    assert sorted(code for codes, *_ in FAILURES for code in codes) == sorted(ERRORS)


async def test_an_opt_out_bars_the_address_and_nothing_else_does(rig: WhatsAppRig) -> None:
    """Whoever wants no more marketing is barred; a failure of another kind bars nobody."""
    barred = {code: (await failure(rig, code)).suppress for code in ERRORS}
    assert {code for code, why in barred.items() if why} == {131050}
    assert barred[131050] == "opted_out"


@pytest.mark.parametrize(
    ("codes", "reason"),
    [((), "undelivered"), ((999_999,), "provider_999999"), ((131047, 190), "provider_131047")],
)
async def test_a_failure_has_a_reason_whatever_it_says(
    rig: WhatsAppRig, codes: tuple[int, ...], reason: str
) -> None:
    """Without an error it is undelivered, a new error is told by its code, the first one counts."""
    assert (await failure(rig, *codes)).reason == reason


# --- Statuses ---------------------------------------------------------------------------------


async def test_one_callback_can_tell_of_many_messages(rig: WhatsAppRig) -> None:
    """Every status of every change is told, each with its own message."""
    refs = [REF._replace(message=f"m{number}") for number in range(50)]
    for ref in refs:
        await rig.channel.send(outbound(ref))
    statuses = [told_of(message, "sent") for message in rig.server.messages]
    told = rig.channel.parse_webhook(callback(INBOUND, statuses=statuses))
    assert [event.ref for event in told if isinstance(event, DeliveryEvent)] == refs


async def test_statuses_and_attempts_have_ids_of_their_own(rig: WhatsAppRig) -> None:
    """Two statuses, two attempts, and two messages never share an id."""
    ids = []
    for attempt in (1, 2):
        await rig.channel.send(outbound(attempt=attempt))
        ids += [e.id for each in await rig.live_through() for e in rig.channel.parse_webhook(each)]
    assert len(ids) == len(set(ids)) == 6


@pytest.mark.parametrize("data", [None, 7, "", "an order of the shop's", "/webhooks/whatsapp"])
async def test_what_others_send_from_our_number_is_not_ours(rig: WhatsAppRig, data: object) -> None:
    """A status that does not name a message of ours is left out; the others are told."""
    message = await taken(rig)
    foreign = told_of(message, "sent") | {"biz_opaque_callback_data": data}
    webhook = callback(INBOUND, statuses=[foreign, told_of(message, "sent")])
    assert len(rig.channel.parse_webhook(webhook)) == 1


@pytest.mark.parametrize(
    "path", ["/webhooks/twilio/receipt/acme/c1/m1/1", "/webhooks/whatsapp/hangup/acme/c1/m1/1"]
)
async def test_a_path_of_another_kind_is_not_ours(rig: WhatsAppRig, path: str) -> None:
    """Only what this channel itself has given with a message brings its receipts back."""
    status = told_of(await taken(rig), "sent") | {"biz_opaque_callback_data": path}
    assert rig.channel.parse_webhook(callback(INBOUND, statuses=[status])) == []


@pytest.mark.parametrize("change", [{"status": "deleted"}, {"status": None}, {"id": None}])
async def test_a_status_that_changes_nothing_is_left_out(
    rig: WhatsAppRig, change: dict[str, object]
) -> None:
    """A status that is new to us, or of no message, is neither an event nor an error."""
    status = told_of(await taken(rig), "sent") | change
    assert rig.channel.parse_webhook(callback(INBOUND, statuses=[status])) == []


@pytest.mark.parametrize(
    ("timestamp", "at"),
    [
        ("1772441940", NINE - timedelta(minutes=1)),
        (1772441940, NINE - timedelta(minutes=1)),
        ("1772445600", NINE),  # an hour ahead of us
        ("9" * 400, NINE),
        ("soon", NINE),
        (None, NINE),
    ],
)
async def test_the_time_is_meta_s_where_it_can_be(
    rig: WhatsAppRig, timestamp: object, at: datetime
) -> None:
    """A status happened when Meta says, but not in our future, and now where it does not say."""
    status = told_of(await taken(rig), "sent", at=timestamp)
    (event,) = rig.channel.parse_webhook(callback(INBOUND, statuses=[status]))
    assert event.at == at
    assert event.at.tzinfo is UTC


# --- What people write ------------------------------------------------------------------------


def written(**content: object) -> dict[str, Any]:
    """Return a message that somebody wrote."""
    return {"from": "447700900123", "id": "wamid.X", "timestamp": "1772441940", **content}


@pytest.mark.parametrize(
    ("content", "body"),
    [
        ({"type": "text", "text": {"body": " Stop "}}, " Stop "),
        ({"type": "button", "button": {"text": "No more", "payload": "x"}}, "No more"),
        (
            {"type": "interactive", "interactive": {"button_reply": {"id": "1", "title": "Yes"}}},
            "Yes",
        ),
        (
            {"type": "interactive", "interactive": {"list_reply": {"id": "1", "title": "Later"}}},
            "Later",
        ),
        ({"type": "image", "image": {"id": "1", "caption": "Look"}}, "Look"),
        ({"type": "image", "image": {"id": "1"}}, ""),
        ({"type": "reaction", "reaction": {"message_id": "1", "emoji": "👍"}}, "👍"),
        ({"type": "audio", "audio": {"id": "1"}}, ""),
        ({"type": "text", "text": "torn"}, ""),
    ],
)
async def test_what_somebody_writes_is_told(
    rig: WhatsAppRig, content: dict[str, object], body: str
) -> None:
    """A message to us is told with both numbers, its words or its button's, and its time."""
    (told,) = rig.channel.parse_webhook(callback(INBOUND, messages=[written(**content)]))
    assert isinstance(told, Inbound)
    at = NINE - timedelta(minutes=1)
    assert told[1:6] == ("+447700900123", "+15550199", body, at, "447700900123")


@pytest.mark.parametrize(
    ("content", "chosen"),
    [
        ({"type": "button", "button": {"text": "Not for me", "payload": "STOP"}}, "STOP"),
        (
            {"type": "interactive", "interactive": {"button_reply": {"id": "STOP", "title": "No"}}},
            "STOP",
        ),
        (
            {"type": "interactive", "interactive": {"list_reply": {"id": "STOP", "title": "No"}}},
            "STOP",
        ),
        ({"type": "button", "button": {"text": "No", "payload": {}}}, ""),
        ({"type": "text", "text": {"body": "Hi"}}, ""),
    ],
)
async def test_what_stands_behind_a_button_is_told(
    rig: WhatsAppRig, content: dict[str, object], chosen: str
) -> None:
    """What we had put behind a button of any kind is told beside its words."""
    (told,) = rig.channel.parse_webhook(callback(INBOUND, messages=[written(**content)]))
    assert isinstance(told, Inbound)
    assert told.chosen == chosen


@pytest.mark.parametrize("sender", ["5215512345678", None])
async def test_the_message_that_is_answered_is_told(rig: WhatsAppRig, sender: str | None) -> None:
    """Meta's id of our message comes along, and says who answers where no number does."""
    reply = written(type="text", text={"body": "Hi"}, context={"id": "wamid.9", "from": "1"})
    reaction = written(type="reaction", reaction={"message_id": "wamid.9", "emoji": "-"})
    for message in (reply, reaction):
        (told,) = rig.channel.parse_webhook(
            callback(INBOUND, messages=[message | {"from": sender}])
        )
        assert isinstance(told, Inbound)
        assert (told.answers, told.named) == ("wamid.9", sender or "")
        assert told.address == ("+525512345678" if sender else "")


@pytest.mark.parametrize(
    "content",
    [
        {"type": "system", "system": {"body": "User A changed from 1 to 2"}},
        {"type": "unsupported", "errors": [{"code": 131051}]},
        {"type": {}},
        {"type": "text", "from": "a-name"},
        {"type": "text", "from": None},
        {"type": "text", "id": 7},
    ],
)
async def test_what_nobody_has_written_is_left_out(
    rig: WhatsAppRig, content: dict[str, object]
) -> None:
    """Notices of WhatsApp's own, and messages of nobody whom we could answer, tell nothing."""
    assert rig.channel.parse_webhook(callback(INBOUND, messages=[written(**content)])) == []


@pytest.mark.parametrize(("wish", "word"), [("stop", "STOP"), ("resume", "START"), ("?", None)])
async def test_whatsapp_s_own_button_against_marketing_is_a_word(
    rig: WhatsAppRig, wish: str, word: str | None
) -> None:
    """Who stops marketing in WhatsApp's settings is heard as if they had written STOP."""
    given = {"wa_id": "447700900123", "category": "marketing_messages", "value": wish}
    webhook = callback(INBOUND, user_preferences=[{**given, "timestamp": 1772441940}])
    first, again = rig.channel.parse_webhook(webhook), rig.channel.parse_webhook(webhook)
    assert first == again
    told = [(each.address, each.body) for each in first if isinstance(each, Inbound)]
    assert told == ([("+447700900123", word)] if word else [])


async def test_a_repeated_text_has_the_same_id(rig: WhatsAppRig) -> None:
    """A message to us keeps its id however often it is told, and another one has another."""
    one, two = (written(type="text", text={"body": "Hi"}, id=id_) for id_ in ("a", "b"))
    first = rig.channel.parse_webhook(callback(INBOUND, messages=[one, two]))
    again = rig.channel.parse_webhook(callback(INBOUND, messages=[two, one]))
    assert [each.id for each in first] == [each.id for each in reversed(again)]
    assert first[0].id != first[1].id


# --- Signatures and nonsense ------------------------------------------------------------------


def published(body: bytes = b"Hello, World!") -> WebhookRequest:
    """Return GitHub's published example of X-Hub-Signature-256, which is the same scheme."""
    digest = "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
    return WebhookRequest("POST", INBOUND, {"x-hub-signature-256": f"sha256={digest}"}, body)


async def test_the_published_vector_is_met() -> None:
    """The published signature passes, so that only then its body is found to be no JSON."""
    channel = whatsapp("http://127.0.0.1:1", app_secret="It's a Secret to Everybody")
    with pytest.raises(ValueError, match="unexpected"):
        channel.parse_webhook(published())
    with pytest.raises(SignatureError):
        channel.parse_webhook(published(b"Hello, World?"))
    await channel.close()


@pytest.mark.parametrize("header", ["", "sha256=", "sha1={0}", "{0}", "sha256={0}0", "sha256=é"])
async def test_a_signature_of_another_form_is_refused(rig: WhatsAppRig, header: str) -> None:
    """Nothing but the whole signature with its scheme will do."""
    good = callback(INBOUND, statuses=[])
    digest = good.headers["x-hub-signature-256"].removeprefix("sha256=")
    forged = replace(good, headers={"x-hub-signature-256": header.format(digest)})
    with pytest.raises(SignatureError):
        rig.channel.parse_webhook(forged)


async def test_a_body_over_meta_s_own_limit_is_refused_unread(rig: WhatsAppRig) -> None:
    """What is larger than anything that Meta posts is refused, even with the right signature."""
    with pytest.raises(SignatureError, match="bytes"):
        rig.channel.parse_webhook(signed(INBOUND, b" " * (MAX_BODY_BYTES + 1)))
    assert rig.channel.parse_webhook(signed(INBOUND, b"{}" + b" " * (MAX_BODY_BYTES - 2))) == []


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"7", b"\xff"])
async def test_a_signed_body_that_is_no_object_is_refused(rig: WhatsAppRig, content: bytes) -> None:
    """A body that is Meta's and still not an object raises ValueError."""
    with pytest.raises(ValueError, match=r"object|unexpected|valid|document"):
        rig.channel.parse_webhook(signed(INBOUND, content))


_NAMES: Final = (
    *("entry", "changes", "value", "statuses", "messages", "user_preferences", "errors", "code"),
    *("id", "status", "type", "from", "text", "body", "metadata", "display_phone_number"),
    *("timestamp", "biz_opaque_callback_data", "interactive", "wa_id"),
)
_WORDS: Final = ("failed", "sent", "text", "stop", "15550100", "/webhooks/whatsapp/receipt/a/c/m/1")
_json = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from(_WORDS),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(_NAMES), inner, max_size=6)
    ),
    max_leaves=40,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=_json, value=_json)
async def test_no_signed_nonsense_crashes(rig: WhatsAppRig, content: Any, value: Any) -> None:
    """Whatever shape a signed body has, it is read as far as it makes sense, or is a ValueError."""
    inner = {"entry": [{"changes": [{"value": value}]}]}
    for body in (content, inner):
        try:
            told = rig.channel.parse_webhook(signed(INBOUND, json.dumps(body).encode()))
        except ValueError:
            assert not isinstance(body, dict)
        else:
            assert all(isinstance(each, DeliveryEvent | Inbound) for each in told)
