"""Webhook messages, against real servers on loopback that verify what they are sent."""

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any, Final

import pytest
from pytest_mock import MockerFixture

from functions.channels.webhook import WebhookChannel
from functions.domain.messages.delivery_events import Retry
from functions.domain.messages.send_outcomes import Accepted, Deferred, Rejected, SendOutcome
from functions.domain.notifications.signing import webhook_secret
from functions.engine.ports.channel import Outbound, SignatureError, WebhookRequest
from tests.channels.conformance import REF, STRANGER, ChannelConformance, Weather
from tests.channels.conformance import outbound as anybody
from tests.channels.loopback import Loopback, Request, response, say_nothing
from tests.clock import NOON, MovedClock
from tests.transport.webhook_receiver import is_genuine

SIGNING: Final = "what signs is at least thirty-two bytes long"
UNREACHABLE: Final = "http://127.0.0.1:1/hook"  # port 1: nobody listens there


class OwnChannel(WebhookChannel):
    """The channel, whose messages all go to the server of the test."""

    url = UNREACHABLE

    async def send(self, outbound: Outbound) -> SendOutcome:
        """Post to the test's own server."""
        return await super().send(outbound._replace(webhook_url=self.url))


def webhook(**changes: Any) -> OwnChannel:
    """Return a channel whose clock stands at noon."""
    usual = {"signing_secret": SIGNING, "allow_private_hosts": True, "clock": MovedClock()}
    return OwnChannel(**{**usual, **changes})


class WebhookRig:
    """The channel and a server that takes its messages."""

    ANSWERS: Final = {
        Weather.BUSY: response("429 Too Many Requests"),
        Weather.ERROR: response("500 Internal Server Error"),
    }

    def __init__(self) -> None:
        self.channel = webhook()
        self.taken: list[Request] = []
        self.weather = Weather.FINE
        self.server = Loopback(self._take)

    async def expect(self, weather: Weather) -> None:
        """Let the server answer so, or go away."""
        self.weather = weather
        if weather is Weather.AWAY:
            self.channel.url = UNREACHABLE

    def placed(self) -> int:
        """Count what the server has taken."""
        return len(self.taken)

    async def live_through(self) -> list[WebhookRequest]:
        """Do nothing: the server's answer was the end of it."""
        return []

    def _take(self, request: Request) -> bytes | None:
        if self.weather is not Weather.BUSY:
            self.taken.append(request)
        if self.weather is Weather.SILENCE:
            say_nothing(request)
            return None
        return self.ANSWERS.get(self.weather, response("204 No Content"))


@pytest.fixture
async def rig() -> AsyncIterator[WebhookRig]:
    """Give a channel and its server."""
    made = WebhookRig()
    async with made.server:
        made.channel.url = f"http://127.0.0.1:{made.server.port}/hook"
        yield made
        await made.channel.close()


class TestWebhookConformance(ChannelConformance):
    """Webhook messages keep the promises of the Channel port; their answer is all that is told."""

    told = ()
    unclear = Deferred
    looks_up = False


async def test_the_server_gets_the_message_and_can_verify_it(rig: WebhookRig) -> None:
    """Its body says whom it is for and what to tell them, and is signed with their own secret."""
    sent = anybody(attempt=2)._replace(body="Hello Zoë", campaign_name="Spring")
    assert await rig.channel.send(sent) == Accepted("m1")
    (request,) = rig.taken
    assert (request.method, request.path) == ("POST", "/hook")
    assert json.loads(request.body) == {
        "type": "message",
        "id": "m1",
        "message_id": "c1.m1",
        "campaign_id": "c1",
        "campaign_name": "Spring",
        "attempt": 2,
        "to": "+15550100",
        "body": "Hello Zoë",
        "sent_at": "2026-03-02T12:00:00.000Z",
    }
    assert is_genuine(request, webhook_secret(SIGNING, "acme"), now=NOON.timestamp())


async def test_no_organisation_signs_as_another(rig: WebhookRig) -> None:
    """What one sends does not verify with another's secret."""
    await rig.channel.send(anybody(REF._replace(org="other")))
    (request,) = rig.taken
    assert is_genuine(request, webhook_secret(SIGNING, "other"), now=NOON.timestamp())
    assert not is_genuine(request, webhook_secret(SIGNING, "acme"), now=NOON.timestamp())


async def test_a_repeated_message_has_the_same_id(rig: WebhookRig) -> None:
    """Each attempt has the webhook-id of its message, so that the server takes it once."""
    for attempt in (1, 2):
        await rig.channel.send(anybody(attempt=attempt))
    assert [each.headers["webhook-id"] for each in rig.taken] == ["m1", "m1"]


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        ("200 OK", Accepted("m1")),
        ("202 Accepted", Accepted("m1")),
        ("302 Found", Rejected("provider_302")),
        ("400 Bad Request", Rejected("provider_400")),
        ("403 Forbidden", Rejected("provider_403", Retry.REFUSED)),
        ("410 Gone", Rejected("provider_410")),
        ("429 Slow\r\nRetry-After: 7", Deferred("provider_429", timedelta(seconds=7), True)),
        ("503 Busy\r\nRetry-After: 9", Deferred("provider_503", timedelta(seconds=9))),
        ("500 Broken", Deferred("provider_500")),
    ],
)
async def test_each_answer_has_its_outcome(answer: str, outcome: SendOutcome) -> None:
    """2xx is the end, 429 and 5xx are tried again, and everything else is final."""
    channel = webhook()
    async with Loopback(lambda _: response(answer)) as server:
        channel.url = f"http://127.0.0.1:{server.port}/hook"
        assert await channel.send(anybody()) == outcome
        assert len(server.requests) == 1
    await channel.close()


@pytest.mark.parametrize(
    ("url", "addresses"),
    [
        ("https://127.0.0.1/hook", ["127.0.0.1"]),
        ("http://hooks.example.com/hook", ["203.0.113.1"]),
        ("https://inside.example.com/hook", ["10.0.0.1"]),
    ],
)
async def test_what_is_not_public_stops_the_campaign(
    mocker: MockerFixture, url: str, addresses: list[str]
) -> None:
    """A URL that leads into our own network, or is not https, would be refused for everybody."""
    resolve = mocker.AsyncMock(return_value=addresses)
    channel = webhook(allow_private_hosts=False, resolve=resolve)
    channel.url = url
    assert await channel.send(anybody()) == Rejected("webhook_url_refused", Retry.STOP)
    await channel.close()


async def test_nobody_calls_back_for_a_webhook_message() -> None:
    """Whatever claims to be a callback is refused."""
    channel = webhook()
    with pytest.raises(SignatureError):
        channel.parse_webhook(STRANGER)
    assert channel.answer(REF, 1, "").body == b""
    await channel.close()
