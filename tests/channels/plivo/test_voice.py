"""Plivo voice, against a server that plays Plivo: orders, answers, and a whole call."""

import asyncio
import re
from datetime import timedelta

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.channels.provider_api import LONGEST_RETRY_AFTER
from functions.domain.campaigns.call_headers import MOST_BYTES, about_call, call_headers
from functions.domain.messages.delivery_events import EventKind, Retry
from functions.domain.messages.send_outcomes import Accepted, Deferred, Rejected, SendOutcome
from functions.engine.ports.channel import WebhookRequest
from tests.channels.conformance import REF, ChannelConformance, outbound
from tests.channels.loopback import Loopback, Request, response
from tests.channels.plivo.voice_rig import PlivoRig, order, plivo
from tests.channels.provider_server import Fault, process_of
from tests.channels.served_rig import BASE, LOST_OR_STRANGE, UNREACHABLE


class TestPlivoConformance(ChannelConformance):
    """Plivo keeps the promises of the Channel port."""

    recalls = True


async def test_a_call_is_ordered_with_our_limits_and_callbacks(rig: PlivoRig) -> None:
    """Plivo is given the numbers, our limits and one URL per event, all retried and POSTed."""
    urls = {
        f"{event}_url": f"{BASE}/webhooks/plivo/{event}/acme/c1/m1/1#rc=5&rp=ct,rt,5xx"
        for event in ("answer", "ring", "hangup")
    }
    assert await order(rig, outbound()) == {
        "from": "15550199",
        "to": "15550100",
        "time_limit": 600,
        "ring_timeout": 30,
        **urls,
        **dict.fromkeys(("answer_method", "ring_method", "hangup_method"), "POST"),
    }


async def test_ringing_is_told_where_somebody_wants_to_hear_of_it(rig: PlivoRig) -> None:
    """Otherwise it would be one more callback of each call, for nobody."""
    ordered = await order(rig, outbound()._replace(hears_ring=False))
    assert not [name for name in ordered if name in {"ring_url", "ring_method"}]
    assert "answer_url" in ordered


@pytest.mark.parametrize("wanted", ["true", "hangup"])
async def test_machines_are_listened_for_where_asked(rig: PlivoRig, wanted: str) -> None:
    """Machine detection is ordered as the campaign wants it, and reports to its own URL."""
    ordered = await order(rig, outbound()._replace(machine_detection=wanted))
    assert ordered["machine_detection"] == wanted
    assert "/webhooks/plivo/machine/acme/c1/m1/1" in ordered["machine_detection_url"]


@pytest.mark.parametrize(
    ("fault", "outcome"),
    [
        (Fault.THROTTLE, Deferred("provider_429", timedelta(seconds=7), throttled=True)),
        (Fault.FORBIDDEN, Rejected("provider_403", Retry.STOP)),
        *LOST_OR_STRANGE,
    ],
)
async def test_each_answer_has_its_outcome(
    rig: PlivoRig, fault: Fault, outcome: SendOutcome
) -> None:
    """Every way in which a request can go wrong has one outcome, and is not repeated."""
    assert await rig.meet(fault) == outcome
    assert len(rig.server.calls) <= 1


async def test_a_refused_account_stops_the_campaign(rig: PlivoRig) -> None:
    """A wrong token is refused for every call, so it stops the campaign."""
    channel = plivo(rig.server.url, auth_token="wrong")
    assert await channel.send(outbound()) == Rejected("provider_401", Retry.STOP)
    await channel.close()


async def test_a_refused_number_does_not_stop_the_campaign(rig: PlivoRig) -> None:
    """A number that Plivo will not take is that message's failure alone."""
    assert await rig.channel.send(outbound()._replace(to="sip:x")) == Rejected("provider_400")


async def test_nothing_is_sent_where_nobody_listens() -> None:
    """A refused connection is Deferred: Plivo cannot have called."""
    channel = plivo(UNREACHABLE)
    assert await channel.send(outbound()) == Deferred("provider_unreachable")
    await channel.close()


async def test_the_api_limit_defers(rig: PlivoRig) -> None:
    """What exceeds Plivo's own limit is put off until it says, and places no call."""
    rig.server._requests_per_window = 2
    outcomes = [await rig.channel.send(outbound(attempt=n)) for n in range(3)]
    assert [type(outcome) for outcome in outcomes] == [Accepted, Accepted, Deferred]
    assert len(rig.server.calls) == 2


@pytest.mark.parametrize(
    ("header", "wait"),
    [
        ("", None),
        ("soon", None),
        ("0", timedelta(0)),
        ("30", timedelta(seconds=30)),
        ("9" * 400, LONGEST_RETRY_AFTER),
        ("Mon, 02 Mar 2026 09:00:20 GMT", timedelta(seconds=20)),
        ("Mon, 02 Mar 2026 08:00:00 GMT", timedelta(0)),
        ("Mon, 02 Mar 2099 09:00:00 GMT", LONGEST_RETRY_AFTER),
    ],
)
async def test_plivo_is_taken_at_its_word_when_to_come_back(
    header: str, wait: timedelta | None
) -> None:
    """Retry-After is read as seconds or as a date, and kept within reason."""
    answers = httpx.MockTransport(lambda _: httpx.Response(429, headers={"Retry-After": header}))
    async with httpx.AsyncClient(transport=answers) as http:
        channel = plivo("https://api.example", http=http)
        assert await channel.send(outbound()) == Deferred("provider_429", wait, throttled=True)


async def test_a_call_that_was_answered_is_left_alone(rig: PlivoRig) -> None:
    """Nobody who talks with a bot is hung up on by a recall."""
    accepted = await rig.channel.send(outbound())
    assert isinstance(accepted, Accepted)
    (call,) = rig.server.calls
    call.answered = True
    assert not await rig.channel.recall(outbound(), accepted.provider_id)
    assert not call.ended


async def test_a_cancelled_call_has_failed_for_good(rig: PlivoRig) -> None:
    """Plivo's hangup of a call that was recalled does not have it made again."""
    accepted = await rig.channel.send(outbound())
    assert isinstance(accepted, Accepted)
    assert await rig.channel.recall(outbound(), accepted.provider_id)
    (hangup,) = await rig.live_through()
    (event,) = rig.channel.parse_webhook(hangup)
    told = (event.kind, event.reason, event.retry)
    assert told == (EventKind.FAILED, "provider_1000", Retry.NEVER)


async def test_what_cannot_be_asked_for_is_not_recalled() -> None:
    """Without an answer, or without an id to ask for, a call is not known to be recalled."""
    channel = plivo(UNREACHABLE)
    assert not await channel.recall(outbound(), "some-call")
    assert not await channel.recall(outbound(), "")
    await channel.close()


def test_the_answer_connects_the_bot_and_escapes_its_url() -> None:
    """The answered call is streamed both ways to the bot, whose URL cannot break the XML."""
    answer = plivo(UNREACHABLE).answer(REF, 1, "wss://bot.example/talk?a=1&b=<2>")
    assert answer.media_type == "application/xml"
    assert answer.body.decode() == (
        '<?xml version="1.0" encoding="UTF-8"?><Response>'
        '<Stream bidirectional="true" keepCallAlive="true"'
        ' contentType="audio/x-mulaw;rate=8000"'
        f' statusCallbackUrl="{BASE}/webhooks/plivo/stream/acme/c1/m1/1"'
        ' statusCallbackMethod="POST">'
        "wss://bot.example/talk?a=1&amp;b=&lt;2&gt;</Stream></Response>"
    )


def test_the_answer_tells_the_bot_whom_it_talks_to() -> None:
    """As far as Plivo takes it: letters and digits, 512 bytes; what matters most comes first."""
    about = about_call(
        REF,
        contact="4f2a",
        to="+254712345678",
        campaign="Spring sale",
        values={
            "phone": "+254712345678",
            "first_name": "Ann",
            "location": "New York",
            "loyalty_tier": "gold",
            "z": "z" * 600,
            "a": "x" * 300,
        },
    )
    answer = plivo(UNREACHABLE).answer(REF, 1, "wss://bot.example/talk", about)
    (told,) = re.findall(' extraHeaders="([^"]*)"', answer.body.decode())
    assert told == (
        "contactId=4f2a,to=254712345678,campaignId=c1,messageId=m1,firstName=Ann,"
        f"a={'x' * 300},loyaltyTier=gold"
    )
    assert len(told) <= MOST_BYTES
    assert call_headers(about).left_out == ["campaign", "location", "z"]


@given(st.dictionaries(st.text(max_size=20), st.text(max_size=300), max_size=20))
def test_what_the_bot_is_told_always_fits(about: dict[str, str]) -> None:
    """Whatever names and values there are, Plivo takes the header."""
    told = call_headers(about).text
    assert len(told.encode()) <= MOST_BYTES
    assert re.fullmatch(r"([A-Za-z0-9]+=[A-Za-z0-9]+(,(?=.)|$))*", told)


async def test_many_calls_at_once_share_the_channel(rig: PlivoRig) -> None:
    """Concurrent sends each place their own call."""
    sends = [rig.channel.send(outbound(REF._replace(message=f"m{n}"))) for n in range(20)]
    assert all(isinstance(outcome, Accepted) for outcome in await asyncio.gather(*sends))
    assert len({call.order["hangup_url"] for call in rig.server.calls}) == 20


class Application:
    """Answers Plivo's callbacks as ours does, after failing once at each hangup."""

    def __init__(self) -> None:
        self.channel = plivo(UNREACHABLE)  # it only reads callbacks, and answers them
        self.kinds: list[EventKind] = []
        self.ended = asyncio.Event()
        self._fails = True

    def __call__(self, request: Request) -> bytes:
        """Take one callback."""
        if "/hangup/" in request.path and self._fails:
            self._fails = False
            return response("503 Not Now")
        url = f"http://{request.headers['host']}{request.path}"
        webhook = WebhookRequest(request.method, url, request.headers, request.body)
        self.kinds += [event.kind for event in self.channel.parse_webhook(webhook)]
        if self.kinds[-1] is EventKind.COMPLETED:
            self.ended.set()
        return response("200 OK", self.channel.answer(REF, 1, "wss://bot.example").body)


async def test_a_whole_call_goes_over_http() -> None:
    """A call lives from the order to a hangup that is repeated, as we asked, after our 503."""
    application = Application()
    alone = process_of("plivo.voice_server", "0", "--ring-s", "0", "--talk-s", "0")
    async with alone as url, Loopback(application) as loopback:
        channel = plivo(url, base=f"http://127.0.0.1:{loopback.port}")
        assert isinstance(await channel.send(outbound()), Accepted)
        await application.ended.wait()
        await channel.close()
        async with httpx.AsyncClient(trust_env=False) as http:
            (call,) = (await http.get(f"{url}/ledger")).json()
    assert application.kinds == [EventKind.RINGING, EventKind.ANSWERED, EventKind.COMPLETED]
    assert call["to"] == "15550100"
