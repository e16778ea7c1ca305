"""Plivo's texts, against a server that plays Plivo: orders, answers, and a whole text."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from functions.domain.messages.delivery_events import DeliveryEvent, EventKind, Retry
from functions.domain.messages.send_outcomes import Accepted, Deferred, Rejected, SendOutcome
from functions.engine.ports.channel import WebhookRequest
from tests.channels.conformance import ChannelConformance, outbound
from tests.channels.loopback import Loopback, Request, response
from tests.channels.plivo.sms_rig import PlivoSmsRig, plivo_sms, taken
from tests.channels.provider_server import Fault, process_of
from tests.channels.served_rig import BASE, LOST_OR_STRANGE, NINE, UNREACHABLE


@pytest.fixture
async def rig() -> AsyncIterator[PlivoSmsRig]:
    """Give Plivo to a test."""
    async with PlivoSmsRig() as rig:
        yield rig


class TestPlivoSmsConformance(ChannelConformance):
    """Plivo's texts keep the promises of the Channel port."""

    told = (EventKind.SENT, EventKind.DELIVERED)


# --- Orders -----------------------------------------------------------------------------------


async def test_a_text_is_ordered_with_the_url_of_its_receipts(rig: PlivoSmsRig) -> None:
    """Plivo is given both numbers, the words, and where to tell what becomes of them."""
    assert (await taken(rig)).order == {
        "src": "15550199",
        "dst": "15550100",
        "text": "Hello",
        "type": "sms",
        "url": f"{BASE}/webhooks/plivo-sms/receipt/acme/c1/m1/1",
        "method": "POST",
    }


async def test_a_brand_can_be_the_sender(rig: PlivoSmsRig) -> None:
    """A sender that is a name is handed on as it is."""
    assert (await taken(rig, outbound()._replace(sender="ACME"))).order["src"] == "ACME"


def registered(order: dict[str, Any]) -> dict[str, Any]:
    """Return what an order says to India's registry."""
    return {name: value for name, value in order.items() if name.startswith("dlt_")}


async def test_texts_to_india_name_what_they_are_registered_as(rig: PlivoSmsRig) -> None:
    """A number of India gets our registration, and the template's where the campaign names it."""
    to_india = outbound()._replace(to="+919876543210")
    known = {"dlt_entity_id": "1201159", "dlt_template_category": "promotional"}
    assert registered((await taken(rig, to_india)).order) == known
    named = to_india._replace(provider_template="1007493")
    assert registered((await taken(rig, named)).order) == {**known, "dlt_template_id": "1007493"}
    elsewhere = named._replace(to="+15550100")
    assert registered((await taken(rig, elsewhere)).order) == {}


@pytest.mark.parametrize(("left_s", "expiry"), [(5, 5), (60.9, 60), (86_400, 10_799)])
async def test_plivo_may_keep_a_text_no_longer_than_it_is_wanted(
    rig: PlivoSmsRig, left_s: float, expiry: int
) -> None:
    """A text with an end waits at Plivo until then at most, or as long as Plivo waits at all."""
    sent = outbound()._replace(expires_at=NINE + timedelta(seconds=left_s))
    assert (await taken(rig, sent)).order["message_expiry"] == expiry


@pytest.mark.parametrize("left_s", [-1, 0, 4.9])
async def test_what_comes_too_late_is_not_asked_for(rig: PlivoSmsRig, left_s: float) -> None:
    """A text that Plivo could not promise to drop in time never leaves us."""
    late = outbound()._replace(expires_at=NINE + timedelta(seconds=left_s))
    assert await rig.channel.send(late) == Rejected("expired")
    assert rig.placed() == 0


# --- Answers ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "outcome"),
    [
        (Fault.THROTTLE, Deferred("provider_429", timedelta(seconds=7), throttled=True)),
        (Fault.FORBIDDEN, Rejected("provider_403", Retry.STOP)),
        *LOST_OR_STRANGE,
    ],
)
async def test_each_answer_has_its_outcome(
    rig: PlivoSmsRig, fault: Fault, outcome: SendOutcome
) -> None:
    """Every way in which a request can go wrong has one outcome, and is not repeated."""
    assert await rig.meet(fault) == outcome
    assert rig.placed() <= 1


async def test_a_refused_number_is_that_texts_failure_alone(rig: PlivoSmsRig) -> None:
    """A number that Plivo will not take stops nobody else's text."""
    assert await rig.channel.send(outbound()._replace(to="x")) == Rejected("provider_400")


async def test_a_refused_account_stops_the_campaign(rig: PlivoSmsRig) -> None:
    """A wrong token is refused for every text."""
    await rig.connect(rig.server.url, auth_token="wrong")
    assert await rig.channel.send(outbound()) == Rejected("provider_401", Retry.STOP)


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        ("src parameter is invalid", Rejected("sender_refused", Retry.REFUSED)),
        (
            "The source number is not owned by this account",
            Rejected("sender_refused", Retry.REFUSED),
        ),
        ("dst parameter is invalid", Rejected("provider_400")),
        ("cannot send from this src to this dst", Rejected("provider_400")),
        ("not enough credit", Rejected("provider_error_900", Retry.STOP)),
        (None, Rejected("provider_400")),
    ],
)
async def test_words_tell_whether_plivo_refuses_us(error: str | None, outcome: SendOutcome) -> None:
    """What names our sender or account is of us; the number of the person is theirs alone."""
    answer = response("400 Bad Request", json.dumps({"error": error}).encode())
    async with Loopback(lambda _: answer) as server:
        channel = plivo_sms(f"http://127.0.0.1:{server.port}")
        assert await channel.send(outbound()) == outcome
        await channel.close()


async def test_without_credits_the_campaign_stops() -> None:
    """Where Plivo says that the account is empty, nobody else can be texted either."""
    answer = response("400 Bad Request", b'{"error": "Insufficient Credit"}')
    async with Loopback(lambda _: answer) as server:
        channel = plivo_sms(f"http://127.0.0.1:{server.port}")
        assert await channel.send(outbound()) == Rejected("provider_error_900", Retry.STOP)
        await channel.close()


# --- A whole text -----------------------------------------------------------------------------


async def test_a_whole_text_goes_over_http() -> None:
    """A text that a Plivo of its own process takes is told as sent and delivered."""
    told: list[EventKind] = []
    done = asyncio.Event()
    reader = plivo_sms(UNREACHABLE)

    def application(request: Request) -> bytes:
        url = f"http://{request.headers['host']}{request.path}"
        webhook = WebhookRequest(request.method, url, request.headers, request.body)
        events = reader.parse_webhook(webhook)
        told.extend(event.kind for event in events if isinstance(event, DeliveryEvent))
        if len(told) == 2:
            done.set()
        return response("200 OK")

    async with process_of("plivo.sms_server", "0") as url, Loopback(application) as ours:
        sender = plivo_sms(url, base=f"http://127.0.0.1:{ours.port}")
        assert isinstance(await sender.send(outbound()), Accepted)
        await done.wait()
        await sender.close()
    await reader.close()
    assert told == [EventKind.SENT, EventKind.DELIVERED]
