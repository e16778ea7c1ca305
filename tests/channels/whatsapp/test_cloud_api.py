"""WhatsApp, against a server that plays Meta: orders, answers, and a whole message."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import timedelta
from typing import Any, Final

import httpx
import pytest

from functions.channels.whatsapp.cloud_api import PROVIDER, WhatsAppCloud
from functions.channels.whatsapp.statuses import ERRORS
from functions.domain.messages.delivery_events import DeliveryEvent, EventKind, Retry
from functions.domain.messages.send_outcomes import (
    Accepted,
    Deferred,
    Rejected,
    SendOutcome,
    Unknown,
)
from functions.engine.ports.channel import Outbound, SignatureError, WebhookRequest
from tests.channels.conformance import REF, ChannelConformance, outbound
from tests.channels.loopback import Loopback, Request, response
from tests.channels.provider_server import Fault, process_of
from tests.channels.served_rig import LOST_OR_STRANGE, NINE
from tests.channels.whatsapp.rig import INBOUND, WhatsAppRig, whatsapp
from tests.channels.whatsapp.server import VERIFY_TOKEN


@pytest.fixture
async def rig() -> AsyncIterator[WhatsAppRig]:
    """Give WhatsApp to a test."""
    async with WhatsAppRig() as rig:
        yield rig


class TestWhatsAppConformance(ChannelConformance):
    """WhatsApp keeps the promises of the Channel port."""

    told = (EventKind.SENT, EventKind.DELIVERED, EventKind.READ)
    looks_up = False
    signs_urls = False


# --- Orders -----------------------------------------------------------------------------------


def template(*parameters: str) -> Outbound:
    """Return an attempt of a message that Meta keeps the template of."""
    return outbound()._replace(provider_template="spring", language="pt_BR", parameters=parameters)


async def order(rig: WhatsAppRig, sent: Outbound) -> dict[str, Any]:
    """Send, and return what Meta was asked for."""
    assert isinstance(await rig.channel.send(sent), Accepted)
    return rig.server.messages[-1].order


async def test_a_text_is_ordered_with_the_path_of_its_receipts(rig: WhatsAppRig) -> None:
    """Meta is given the number, the words, and what will bring its statuses back to us."""
    assert await order(rig, outbound(attempt=2)) == {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "to": "+15550100",
        "type": "text",
        "text": {"body": "Hello"},
        "biz_opaque_callback_data": "/webhooks/whatsapp/receipt/acme/c1/m1/2",
    }


async def test_a_template_is_named_and_filled_in(rig: WhatsAppRig) -> None:
    """Where the campaign names a template, Meta gets its name, language and parameters."""
    ordered = await order(rig, template("Ana", "12"))
    assert ordered["type"] == "template"
    assert ordered["template"] == {
        "name": "spring",
        "language": {"code": "pt_BR"},
        "components": [
            {
                "type": "body",
                "parameters": [{"type": "text", "text": "Ana"}, {"type": "text", "text": "12"}],
            }
        ],
    }
    assert "text" not in ordered


async def test_a_template_without_parameters_has_no_components(rig: WhatsAppRig) -> None:
    """A template that takes nothing is not given an empty list, which Meta refuses."""
    assert "components" not in (await order(rig, template()))["template"]


async def test_blanks_in_a_parameter_are_what_meta_allows(rig: WhatsAppRig) -> None:
    """A line break in somebody's data becomes a blank instead of a refused message."""
    ordered = await order(rig, template("1 Main St\n\tSpringfield      XY "))
    (component,) = ordered["template"]["components"]
    assert component["parameters"][0]["text"] == "1 Main St Springfield XY"


async def test_the_longest_ids_fit_into_what_meta_carries(rig: WhatsAppRig) -> None:
    """An organisation of 64 characters and ids as long as ours leave room in its 512."""
    ref = REF._replace(org="o" * 64, campaign="c" * 64, message="m" * 64)
    data = (await order(rig, outbound(ref, attempt=999_999_999)))["biz_opaque_callback_data"]
    assert len(data) < 512


async def test_what_has_expired_is_not_asked_for(rig: WhatsAppRig) -> None:
    """A message that must not arrive any more never leaves; one second earlier it does."""
    late = outbound()._replace(expires_at=NINE)
    assert await rig.channel.send(late) == Rejected("expired")
    assert rig.server.requests == []
    in_time = outbound()._replace(expires_at=NINE + timedelta(seconds=1))
    assert isinstance(await rig.channel.send(in_time), Accepted)


# --- Answers ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("to", "wa_id", "other"),
    [
        ("+525512345678", "5215512345678", ""),
        ("+5511987654321", "551187654321", ""),
        ("+5491123456789", "5491123456789", ""),
        ("+12025550142", "447911123456", "+447911123456"),
        ("+12025550142", None, ""),
        ("+12025550142", "US.1234", ""),
    ],
)
async def test_the_number_by_which_meta_knows_somebody_is_told_where_it_is_another(
    rig: WhatsAppRig, to: str, wa_id: str, other: str
) -> None:
    """Spellings that numbering plans explain need no telling; a number of its own does."""
    rig.server.wa_ids[to.removeprefix("+")] = wa_id
    outcome = await rig.channel.send(outbound()._replace(to=to))
    assert isinstance(outcome, Accepted)
    assert outcome.other == other


@pytest.mark.parametrize(
    ("fault", "outcome"),
    [
        (Fault.THROTTLE, Deferred("provider_130429", throttled=True)),
        (Fault.FORBIDDEN, Rejected("provider_error_10", Retry.STOP)),
        *LOST_OR_STRANGE,
    ],
)
async def test_each_fault_has_its_outcome(
    rig: WhatsAppRig, fault: Fault, outcome: SendOutcome
) -> None:
    """Every way in which a request can go wrong has one outcome, and is not repeated."""
    assert await rig.meet(fault) == outcome
    assert len(rig.server.requests) == 1


def stopped(reason: str) -> SendOutcome:
    """Return the outcome of what every message of the campaign would be refused for."""
    return Rejected(reason, Retry.STOP)


#: What each code makes of an attempt, given the reason that it would have.
ANSWERS: Final[Sequence[tuple[Sequence[int], Callable[[str], SendOutcome]]]] = [
    ((4, 80007, 130429), lambda reason: Deferred(reason, throttled=True)),
    ((131056,), lambda reason: Deferred(reason, timedelta(seconds=4))),
    ((131049,), lambda reason: Deferred(reason, timedelta(hours=24))),
    ((1,), lambda reason: Rejected(reason, Retry.LATER)),
    ((0, 10, 33, 190, 368, 131005, 131031, 131037, 131042, 131045, 131048), stopped),
    ((132000, 132001, 132007, 132015, 132016, 133010), stopped),
    (range(200, 300), stopped),
    ((130497, 131030), lambda reason: Rejected(reason, Retry.REFUSED)),
    ((100, 130472, 131008, 131009, 131021, 131047, 131051, 132005, 132012), Rejected),
    ((131026,), lambda _: Rejected("undelivered")),
    ((131050,), lambda _: Rejected("opted_out", suppress="opted_out")),
    # Meta is at fault: whether it has sent the message nobody knows.
    ((3, 131000, 131016, 131057), lambda _: Unknown("provider_500")),
    ((2,), lambda _: Unknown("provider_503")),
]


@pytest.mark.parametrize(
    ("code", "outcome"),
    [
        (code, made(f"provider_{code}" if code > 999 else f"provider_error_{code}"))
        for codes, made in ANSWERS
        for code in codes
    ],
)
async def test_each_error_has_its_outcome(
    rig: WhatsAppRig, code: int, outcome: SendOutcome
) -> None:
    """Meta's code decides what a refusal allows, whatever the status of HTTP."""
    rig.server.codes.append(code)
    assert await rig.channel.send(outbound()) == outcome
    assert rig.placed() == 0


def test_no_error_is_left_untested() -> None:
    """The table above and the table of the code name the same errors."""
    assert sorted(code for codes, _ in ANSWERS for code in codes) == sorted(ERRORS)


@pytest.mark.parametrize(
    ("attempt", "seconds"), [(1, 4), (2, 16), (5, 1024), (6, 3600), (50, 3600)]
)
async def test_a_pair_that_goes_too_fast_waits_longer_each_time(
    rig: WhatsAppRig, attempt: int, seconds: int
) -> None:
    """Messages to one person that follow too fast are put off by 4^n seconds, an hour at most."""
    rig.server.codes.append(131056)
    outcome = await rig.channel.send(outbound(attempt=attempt))
    assert outcome == Deferred("provider_131056", timedelta(seconds=seconds))


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        ((400, {"error": {"code": 999_999}}), Rejected("provider_999999")),
        ((403, {"error": {"code": 299}}), Rejected("provider_error_299", Retry.STOP)),
        ((429, {"error": {"code": 999_999}}), Deferred("provider_429", throttled=True)),
        ((400, {"error": "of another kind"}), Rejected("provider_400")),
        ((400, {"error": {"code": "none"}}), Rejected("provider_400")),
        ((401, "<html>"), Rejected("provider_401", Retry.STOP)),
        ((200, {"messages": ["?"]}), Unknown("provider_unreadable_answer")),
        ((200, {"messages": {"id": "?"}}), Unknown("provider_unreadable_answer")),
    ],
)
async def test_an_answer_that_we_do_not_know_is_read_by_its_status(
    answer: tuple[int, object], outcome: SendOutcome
) -> None:
    """A code that is not in the table is kept as the reason, and the status says what it allows."""
    status, content = answer
    body = json.dumps(content).encode()
    async with Loopback(lambda _: response(f"{status} Whatever", body)) as server:
        channel = whatsapp(f"http://127.0.0.1:{server.port}")
        assert await channel.send(outbound()) == outcome
        await channel.close()


async def test_a_throttle_is_as_long_as_meta_says() -> None:
    """Where an answer tells when to come back, that is when we do."""
    body = b'{"error": {"code": 130429}}'
    head = b"HTTP/1.1 429 Slow\r\nRetry-After: 7\r\nContent-Length: %d\r\n\r\n" % len(body)
    async with Loopback(lambda _: head + body) as server:
        channel = whatsapp(f"http://127.0.0.1:{server.port}")
        outcome = await channel.send(outbound())
        await channel.close()
    assert outcome == Deferred("provider_130429", timedelta(seconds=7), throttled=True)


async def test_a_wrong_token_stops_the_campaign(rig: WhatsAppRig) -> None:
    """A token that does not count is refused for every message."""
    await rig.connect(rig.server.url, token="wrong")
    assert await rig.channel.send(outbound()) == Rejected("provider_error_190", Retry.STOP)


# --- Greeting ---------------------------------------------------------------------------------


def greeting(**changes: str) -> WebhookRequest:
    """Return how Meta asks whether a URL is ours, with other words in its query."""
    words = {"mode": "subscribe", "verify_token": VERIFY_TOKEN, "challenge": "1158201444"}
    query = {f"hub.{name}": value for name, value in {**words, **changes}.items() if value}
    return WebhookRequest("GET", str(httpx.URL(INBOUND, params=query)), {}, b"")


async def test_meta_is_greeted_with_its_challenge(rig: WhatsAppRig) -> None:
    """Whoever knows our verify token gets the challenge back, as plain text."""
    assert rig.channel.greet(greeting()) == ("text/plain", b"1158201444")


@pytest.mark.parametrize(
    "changes", [{"verify_token": ""}, {"verify_token": "é"}, {"mode": "unsubscribe"}, {"mode": ""}]
)
async def test_nobody_else_is_greeted(rig: WhatsAppRig, changes: dict[str, str]) -> None:
    """A wrong token, or another wish than to subscribe, is told nothing."""
    with pytest.raises(SignatureError):
        rig.channel.greet(greeting(**changes))


# --- A whole message --------------------------------------------------------------------------


async def test_a_whole_message_goes_over_http() -> None:
    """A message that a Meta of its own process takes is told as sent, delivered and read."""
    told: list[EventKind] = []
    done = asyncio.Event()
    channel = whatsapp("http://127.0.0.1:1")  # it only reads callbacks

    def application(request: Request) -> bytes:
        webhook = WebhookRequest(request.method, INBOUND, request.headers, request.body)
        events = channel.parse_webhook(webhook)
        told.extend(event.kind for event in events if isinstance(event, DeliveryEvent))
        if len(told) == 3:
            done.set()
        return response("200 OK")

    async with Loopback(application) as ours:
        hears_at = f"http://127.0.0.1:{ours.port}/webhooks/{PROVIDER}/inbound/acme"
        async with process_of("whatsapp.server", hears_at) as url:
            sender = whatsapp(url)
            assert isinstance(await sender.send(outbound()), Accepted)
            await done.wait()
            await sender.close()
    await channel.close()
    assert told == [EventKind.SENT, EventKind.DELIVERED, EventKind.READ]


async def test_an_organisation_with_a_number_of_its_own_is_sent_from_that(rig: WhatsAppRig) -> None:
    """Meta's id of a number as the sender names where the order goes; any other sender is ours."""
    asked: list[str] = []

    async def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.path.split("/")[2])
        return httpx.Response(200, json={"messages": [{"id": "wamid.1"}]})

    async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as http:
        account = rig.channel._account._replace(http=http)
        channel = WhatsAppCloud(account, app_secret="s", verify_token="v")
        for sender in ("106540352242999", "+12025550111", ""):
            assert isinstance(await channel.send(outbound()._replace(sender=sender)), Accepted)
    assert asked == ["106540352242999", account.id, account.id]
