"""Twilio's SMS and WhatsApp, against a server that plays Twilio: orders and their answers."""

import asyncio
import json
from datetime import timedelta
from typing import Final

import httpx
import pytest

from functions.bootstrap.providers import Parts, build_channel, chosen
from functions.channels.statuses import ProviderStatus
from functions.channels.twilio.statuses import ERRORS
from functions.domain.kinds import ChannelKind
from functions.domain.messages.delivery_events import DeliveryEvent, EventKind, Retry
from functions.domain.messages.send_outcomes import (
    Accepted,
    Deferred,
    Rejected,
    SendOutcome,
    Unknown,
)
from functions.engine.ports.channel import Channel, WebhookRequest
from functions.settings.load import load_settings
from functions.settings.model import Settings
from tests.channels.conformance import REF, ChannelConformance, outbound
from tests.channels.loopback import Loopback, Request, response
from tests.channels.provider_server import Fault, process_of
from tests.channels.served_rig import BASE, LOST_OR_STRANGE, UNREACHABLE
from tests.channels.twilio.rig import CONTENT, SERVICE, TwilioRig, twilio
from tests.channels.twilio.server import ACCOUNT_SID, AUTH_TOKEN
from tests.clock import NOON, MovedClock


class TestTwilioConformance(ChannelConformance):
    """Twilio keeps the promises of the Channel port."""

    told = (EventKind.SENT, EventKind.DELIVERED)


# --- Orders -----------------------------------------------------------------------------------

FRAGMENT: Final = "#rc=5&rp=ct,rt,5xx"


async def test_an_sms_is_ordered_with_its_words_and_a_callback(sms: TwilioRig) -> None:
    """Twilio is given the numbers, the words, and a URL that names the attempt and is retried."""
    assert (await sms.send(outbound())).order == {
        "To": "+15550100",
        "From": "+15550199",
        "Body": "Hello",
        "StatusCallback": f"{BASE}/webhooks/twilio-sms/receipt/acme/c1/m1/1{FRAGMENT}",
    }


async def test_whatsapp_addresses_say_so() -> None:
    """A WhatsApp message goes between WhatsApp addresses, and reports under its own name."""
    async with TwilioRig(ChannelKind.WHATSAPP) as rig:
        order = (await rig.send(outbound())).order
    assert (order["To"], order["From"]) == ("whatsapp:+15550100", "whatsapp:+15550199")
    callback = f"{BASE}/webhooks/twilio-whatsapp/receipt/acme/c1/m1/1{FRAGMENT}"
    assert order["StatusCallback"] == callback


async def test_a_messaging_service_sends_in_its_own_name(rig: TwilioRig) -> None:
    """A sender that is a messaging service is named as one, and nothing else is taken for one."""
    order = (await rig.send(outbound()._replace(sender=SERVICE))).order
    assert (order["MessagingServiceSid"], order.get("From")) == (SERVICE, None)


async def test_a_sender_may_be_a_word(sms: TwilioRig) -> None:
    """An alphanumeric sender id is one even where it begins as a messaging service does."""
    assert (await sms.send(outbound()._replace(sender="MGM Grand"))).order["From"] == "MGM Grand"


@pytest.mark.parametrize(
    ("parameters", "variables"),
    [(("Ann", "5 €"), {"1": "Ann", "2": "5 €"}), ((), None)],
)
async def test_a_content_template_is_named_and_filled_in(
    rig: TwilioRig, parameters: tuple[str, ...], variables: dict[str, str] | None
) -> None:
    """A text that Twilio keeps is sent by its id, with numbered variables instead of words."""
    template = outbound()._replace(provider_template=CONTENT, parameters=parameters)
    order = (await rig.send(template)).order
    assert (order["ContentSid"], "Body" in order) == (CONTENT, False)
    given = order.get("ContentVariables")
    assert (None if given is None else json.loads(given)) == variables


@pytest.mark.parametrize(
    ("left", "seconds"),
    [
        (timedelta(seconds=1), 1),
        (timedelta(seconds=90.9), 90),
        (timedelta(hours=10), 36_000),
        (timedelta(days=3), 36_000),
    ],
)
async def test_twilio_is_told_how_long_a_message_is_worth_sending(
    rig: TwilioRig, left: timedelta, seconds: int
) -> None:
    """What expires is kept in Twilio's queue until then at most, in whole seconds."""
    message = await rig.send(outbound()._replace(expires_at=NOON + left))
    assert message.order["ValidityPeriod"] == str(seconds)


@pytest.mark.parametrize("left", [timedelta(seconds=0.9), timedelta(), timedelta(days=-1)])
async def test_what_has_expired_is_not_sent(rig: TwilioRig, left: timedelta) -> None:
    """A message that could not arrive in time is refused by us, without a request."""
    expired = outbound()._replace(expires_at=NOON + left)
    assert await rig.channel.send(expired) == Rejected("expired")
    assert rig.placed() == 0


async def test_segments_count_for_sms_alone() -> None:
    """An SMS is paced by its segments, a WhatsApp message by itself."""
    sms, whatsapp = (
        twilio(UNREACHABLE, kind).traits for kind in (ChannelKind.SMS, ChannelKind.WHATSAPP)
    )
    assert (sms.rate_per_s, sms.account_rate_per_s, sms.by_segments) == (10, 100, True)
    assert (whatsapp.rate_per_s, whatsapp.by_segments) == (80, False)


# --- Answers ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "outcome"),
    [
        (Fault.THROTTLE, Deferred("provider_20429", timedelta(seconds=7), throttled=True)),
        (Fault.FORBIDDEN, Rejected("provider_403", Retry.STOP)),
        *LOST_OR_STRANGE,
    ],
)
async def test_each_answer_has_its_outcome(
    rig: TwilioRig, fault: Fault, outcome: SendOutcome
) -> None:
    """Every way in which a request can go wrong has one outcome, and is not repeated."""
    assert await rig.meet(fault) == outcome
    assert rig.placed() <= 1


async def test_nothing_is_sent_where_nobody_listens(rig: TwilioRig) -> None:
    """A refused connection is Deferred: Twilio cannot have taken the message."""
    await rig.connect(UNREACHABLE)
    assert await rig.channel.send(outbound()) == Deferred("provider_unreachable")


async def test_a_refused_account_stops_the_campaign(rig: TwilioRig) -> None:
    """A wrong token is refused for every message, so it stops the campaign."""
    channel = twilio(rig.server.url, rig.kind, auth_token="wrong")
    assert await channel.send(outbound()) == Rejected("provider_20003", Retry.STOP)
    await channel.close()


def refusal_of(cause: ProviderStatus) -> SendOutcome:
    """Return what a request comes to that is refused with an error of this meaning."""
    if cause.retry is Retry.DEFER:
        return Deferred(cause.reason, throttled=True)
    return Rejected(cause.reason, cause.retry, cause.suppress)


@pytest.mark.parametrize("code", ERRORS)
async def test_an_error_decides_what_a_refusal_allows(sms: TwilioRig, code: int) -> None:
    """The error that a refused request is answered with says whether to try again, and when."""
    sms.server.refusals["+15550100"] = code
    assert await sms.channel.send(outbound()) == refusal_of(ERRORS[code])
    assert sms.placed() == 0


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"to": "+1"}, 21211),
        ({"to": "alice"}, 21211),
        ({"sender": "-"}, 21212),
        ({"body": ""}, 21619),
        ({"body": "x" * 1601}, 21617),
        ({"provider_template": "HX1"}, 21655),
        ({"provider_template": CONTENT, "parameters": ("",)}, 21656),
    ],
)
async def test_what_twilio_cannot_send_is_refused(
    sms: TwilioRig, changes: dict[str, str], code: int
) -> None:
    """What is wrong with an order is told as the reason, whether or not its error is known."""
    outcome = await sms.channel.send(outbound()._replace(**changes))  # type: ignore[arg-type]
    known = ERRORS.get(code, ProviderStatus(EventKind.FAILED, reason=f"provider_{code}"))
    assert outcome == refusal_of(known)


async def test_somebody_who_has_opted_out_is_to_be_suppressed(rig: TwilioRig) -> None:
    """Twilio's word that a person wants no more of this sender holds for every sender."""
    rig.server.opted_out.add("+15550100")
    outcome = await rig.channel.send(outbound())
    assert outcome == Rejected("opted_out", suppress="opted_out")


@pytest.mark.parametrize(
    ("status", "body", "outcome"),
    [
        (429, {}, Deferred("provider_429", throttled=True)),
        (429, {"code": 99999}, Deferred("provider_429", throttled=True)),
        (401, {"code": 99999}, Rejected("provider_401", Retry.STOP)),
        (403, {"code": 21408}, Rejected("provider_21408", Retry.REFUSED)),
        (400, {"code": 99999}, Rejected("provider_99999")),
        (400, {"code": "many"}, Rejected("provider_400")),
        (400, [], Rejected("provider_400")),
        (503, {"code": 21610}, Unknown("provider_503")),
    ],
)
async def test_status_and_error_are_weighed(
    status: int, body: object, outcome: SendOutcome
) -> None:
    """A known error says more than its status, which says more than one that nobody knows."""
    answers = httpx.MockTransport(lambda _: httpx.Response(status, json=body))
    async with httpx.AsyncClient(transport=answers) as http:
        assert await twilio("https://api.example", http=http).send(outbound()) == outcome


async def test_many_messages_at_once_share_the_channel(rig: TwilioRig) -> None:
    """Concurrent sends each make their own message."""
    sends = [rig.channel.send(outbound(REF._replace(message=f"m{n}"))) for n in range(20)]
    assert all(isinstance(outcome, Accepted) for outcome in await asyncio.gather(*sends))
    assert len({message.order["StatusCallback"] for message in rig.server.messages}) == 20


async def test_nobody_picks_up_a_text(rig: TwilioRig) -> None:
    """There is nothing to answer where Twilio has a text of ours."""
    assert rig.channel.answer(REF, 1, "wss://bot.example").body == b""


# --- Looking up and calling back --------------------------------------------------------------


# --- Put together -----------------------------------------------------------------------------


def settings(**changes: str) -> Settings:
    """Return the settings of somebody who sends by Twilio."""
    return load_settings(
        _env_file=None,
        sms_provider="twilio",
        whatsapp_provider="twilio",
        twilio_account_sid=ACCOUNT_SID,
        twilio_auth_token=AUTH_TOKEN,
        public_base_url=BASE,
        auth_mode="jwt",
        jwt_secret="x" * 32,
        **changes,
    )


def built(name: str, settings: Settings, http: httpx.AsyncClient) -> Channel:
    """Return a channel as the application puts it together."""

    async def deliver(request: WebhookRequest) -> int:
        raise NotImplementedError(request.url)

    return build_channel(name, Parts(settings, MovedClock(), http, deliver))


async def test_settings_choose_twilio(rig: TwilioRig) -> None:
    """SMS_PROVIDER and WHATSAPP_PROVIDER each make a channel of their own, of one account."""
    theirs = settings(twilio_api_url=rig.server.url)
    names = chosen(theirs)
    assert (names[ChannelKind.SMS], names[ChannelKind.WHATSAPP]) == (
        "twilio-sms",
        "twilio-whatsapp",
    )
    async with httpx.AsyncClient(trust_env=False) as http:
        assert isinstance(await built(names[rig.kind], theirs, http).send(outbound()), Accepted)
    callback = rig.server.messages[-1].order["StatusCallback"]
    assert f"/webhooks/{names[rig.kind]}/receipt/" in callback


class Application:
    """Answers Twilio's callbacks as ours does, after failing once at each end."""

    def __init__(self) -> None:
        self.channel = twilio(UNREACHABLE)  # it only reads callbacks
        self.kinds: list[EventKind] = []
        self.ended = asyncio.Event()
        self._fails = True

    def __call__(self, request: Request) -> bytes:
        """Take one callback."""
        url = f"http://{request.headers['host']}{request.path}"
        webhook = WebhookRequest(request.method, url, request.headers, request.body)
        (event,) = self.channel.parse_webhook(webhook)
        assert isinstance(event, DeliveryEvent)
        if event.kind is EventKind.DELIVERED and self._fails:
            self._fails = False
            return response("503 Not Now")
        self.kinds.append(event.kind)
        if event.kind is EventKind.DELIVERED:
            self.ended.set()
        return response("204 No Content")


async def test_a_whole_message_goes_over_http() -> None:
    """A message lives from the order to a receipt that is repeated, as we asked, after our 503."""
    application = Application()
    alone = process_of("twilio.server", "0", "--step-s", "0")
    async with alone as url, Loopback(application) as loopback:
        channel = twilio(url, base=f"http://127.0.0.1:{loopback.port}")
        assert isinstance(await channel.send(outbound()), Accepted)
        await application.ended.wait()
        await channel.close()
        async with httpx.AsyncClient(trust_env=False) as http:
            (message,) = (await http.get(f"{url}/ledger")).json()
    assert application.kinds == [EventKind.SENT, EventKind.DELIVERED]
    assert (message["order"]["To"], message["status"]) == ("+15550100", "delivered")
