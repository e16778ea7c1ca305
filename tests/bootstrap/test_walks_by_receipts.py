"""People walk through plans by what each provider really tells, signed as it signs."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Any, Final, NamedTuple

import pytest

from functions.domain.kinds import ChannelKind, facts_of
from functions.engine.ports.channel import WebhookRequest
from tests.api.conftest import MakeRig
from tests.api.rig import SENDER
from tests.bootstrap.signed_world import PHONE, SAID, SignedWorld, forged
from tests.channels.plivo.sms_server import signed_both
from tests.channels.plivo.voice_server import hangup_form, machine_form
from tests.channels.twilio.server import inbound_form
from tests.channels.twilio.server import sign as signed_by_twilio

PLIVO: Final = {"sms_provider": "plivo"}
TWILIO: Final = {"whatsapp_provider": "twilio"}
OF_TWILIO: Final = {"sender": SENDER}


@pytest.fixture
async def world() -> AsyncIterator[SignedWorld]:
    """Give every provider, to be set up as a test likes."""
    world = SignedWorld()
    yield world
    await world.close()


class Case(NamedTuple):
    """What a provider tells, and what it does to whoever waits for it."""

    channel: str
    event: str
    told: Callable[[SignedWorld], Sequence[WebhookRequest]]
    ends: str = ""  #: the walk ends for this reason, whatever the plan says
    settings: Mapping[str, Any] = {}
    node: Mapping[str, Any] = {}


def call(cause: int, *steps: str) -> Callable[[SignedWorld], Sequence[WebhookRequest]]:
    """Return what Plivo tells of a call that ends so, after these steps."""
    forms = {
        "answer_url": {"Event": "StartApp"},
        "machine_detection_url": machine_form(machine=True),
    }

    def told(world: SignedWorld) -> list[WebhookRequest]:
        (placed,) = world.plivo.calls
        placed.answered = "answer_url" in steps
        requests = [world.plivo.callback(placed, step, forms[step]) for step in steps]
        placed.cause = cause
        world.plivo.end(placed, talked_s=7 if placed.answered else 0)
        return [*requests, world.plivo.callback(placed, "hangup_url", hangup_form(placed))]

    return told


def text(status: str, code: int | None = None) -> Callable[[SignedWorld], list[WebhookRequest]]:
    """Return Twilio's status of the message."""
    return lambda world: [world.twilio.move(world.twilio.messages[-1], status, code)]


def plivo_text(state: str, error: int = 0) -> Callable[[SignedWorld], list[WebhookRequest]]:
    """Return Plivo's status of the text."""

    def told(world: SignedWorld) -> list[WebhookRequest]:
        sent = world.plivo.texts[-1]
        sent.state, sent.error = state, error
        return [world.plivo.receipt(sent)]

    return told


def written(body: str) -> Callable[[SignedWorld], list[WebhookRequest]]:
    """Return what somebody texts back, by Twilio."""
    return lambda world: [
        signed_by_twilio(world.inbound("twilio-sms"), inbound_form(PHONE, SENDER, body))
    ]


def written_by_plivo(body: str) -> Callable[[SignedWorld], list[WebhookRequest]]:
    """Return what somebody texts back, by Plivo."""
    form = {"From": PHONE[1:], "To": SENDER[1:], "Text": body, "Type": "sms", "MessageUUID": "u-1"}
    return lambda world: [signed_both(world.inbound("plivo-sms"), form)]


def mail(kind: str, **more: Any) -> Callable[[SignedWorld], list[WebhookRequest]]:
    """Return SendGrid's event of the mail."""
    return lambda world: [world.told_by_sendgrid(kind, **more)]


def link(purpose: str) -> Callable[[SignedWorld], list[WebhookRequest]]:
    """Return a reader's request for a link of the mail."""
    return lambda world: [world.link(purpose)]


def meta(*statuses: str, code: int = 0) -> Callable[[SignedWorld], list[WebhookRequest]]:
    """Return Meta's statuses of the message."""
    codes = (code,) if code else ()
    return lambda world: [world.told_by_meta(status, *codes) for status in statuses]


BUTTON: Final = {"type": "button", "button": {"text": "Gladly", "payload": "gladly"}}
NO_MORE: Final = {"type": "button", "button": {"text": "No more", "payload": "STOP"}}
LISTENS: Final = {"machineDetection": "true"}
HANGS_UP: Final = {"machineDetection": "hangup"}
CASES: Final = {
    "mail, its picture": Case("email", "opened", link("o")),
    "mail, SendGrid's open": Case("email", "opened", mail("open")),
    "mail, its link": Case("email", "clicked", link("c")),
    "mail, SendGrid's click": Case("email", "clicked", mail("click")),
    "mail, a click opens": Case("email", "opened", link("c")),
    "mail, SendGrid's delivered": Case("email", "delivered", mail("delivered")),
    "mail, SendGrid's bounce": Case("email", "bounced", mail("bounce", type="bounce")),
    "mail, a bounce fails": Case("email", "failed", mail("bounce", type="bounce")),
    "mail, a bounce ends": Case("email", "opened", mail("bounce", type="bounce"), "bounced"),
    "mail, called spam": Case("email", "complained", mail("spamreport"), "complained"),
    "mail, one click to leave": Case("email", "opened", link("u"), "unsubscribed"),
    "sms, Twilio delivers": Case("sms", "delivered", text("delivered")),
    "sms, Twilio fails": Case("sms", "failed", text("undelivered", 30006)),
    "sms, Twilio is answered": Case("sms", "replied", written("Yes please")),
    "sms, Twilio is told to stop": Case("sms", "replied", written("STOP"), "unsubscribed"),
    "sms, Plivo delivers": Case("sms", "delivered", plivo_text("delivered"), "", PLIVO),
    "sms, Plivo fails": Case("sms", "failed", plivo_text("undelivered", 50), "", PLIVO),
    "sms, Plivo is answered": Case("sms", "replied", written_by_plivo("Sure"), "", PLIVO),
    "sms, Plivo is told to stop": Case(
        "sms", "replied", written_by_plivo("stop"), "unsubscribed", PLIVO
    ),
    "whatsapp, Meta delivers": Case("whatsapp", "delivered", meta("sent", "delivered")),
    "whatsapp, Meta is read": Case("whatsapp", "opened", meta("read")),
    "whatsapp, Meta fails": Case("whatsapp", "failed", meta("failed", code=131026)),
    "whatsapp, a button": Case("whatsapp", "replied", lambda w: [w.written_by_whatsapp(**BUTTON)]),
    "whatsapp, a button to stop": Case(
        "whatsapp", "replied", lambda w: [w.written_by_whatsapp(**NO_MORE)], "unsubscribed"
    ),
    "whatsapp, Twilio is read": Case("whatsapp", "opened", text("read"), "", TWILIO, OF_TWILIO),
    "call, picked up": Case("voice", "answered", call(4000, "answer_url")),
    "call, over": Case("voice", "completed", call(4000, "answer_url")),
    "call, not picked up": Case("voice", "no_answer", call(3000)),
    "call, busy": Case("voice", "busy", call(3010)),
    "call, no such number": Case("voice", "failed", call(3050)),
    "call, a machine": Case(
        "voice", "machine", call(4000, "answer_url", "machine_detection_url"), node=LISTENS
    ),
    "call, hung up on a machine": Case(
        "voice", "machine", call(9100, "answer_url", "machine_detection_url"), node=HANGS_UP
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
async def test_somebody_is_moved_by_what_a_provider_signs(
    world: SignedWorld, make_rig: MakeRig, case: Case
) -> None:
    """And by nothing that it has not signed; told again, it moves nobody once more."""
    await world.open(make_rig, **case.settings)
    await world.enter(case.channel, case.event, **case.node)
    told = case.told(world)
    for request in told:
        refused = {200} if "/links/o/" in request.url else {403, 404}  # a picture is always shown
        assert await world.hear(forged(request)) in refused
    await world.settle()
    assert await world.stands() == ("ask", "")
    for request in (*told, *told):
        assert await world.hear(request) in {200, 302}
    await world.settle()
    expected = (case.ends, case.ends) if case.ends else (case.event, "")
    assert await world.stands() == expected


@pytest.mark.parametrize("kind", ChannelKind)
def test_each_event_that_a_channel_is_said_to_tell_is_told_here(kind: ChannelKind) -> None:
    """The linter promises nothing that no provider keeps."""
    told = {case.event for case in CASES.values() if case.channel == kind}
    assert facts_of(kind).events <= told


async def test_a_mailbox_that_its_server_does_not_know_bounces(
    world: SignedWorld, make_rig: MakeRig
) -> None:
    """At once, without anybody calling back; a mail server alone tells no more than that."""
    await world.open(make_rig, sendgrid_webhook_public_key="")
    world.mails.script(RCPT="550 5.1.1 No such user here")
    await world.enter("email", "bounced")
    assert await world.stands() == ("bounced", "")


@pytest.mark.parametrize(("status", "event"), [(200, "sent"), (410, "failed")])
async def test_a_server_of_one_s_own_answers_and_tells_no_more(
    world: SignedWorld, make_rig: MakeRig, status: int, event: str
) -> None:
    """Its answer to what it was posted moves somebody."""
    await world.open(make_rig)
    world.own.status = status
    await world.enter("webhook", event)
    assert await world.stands() == (event, "")


async def test_a_text_follows_where_whatsapp_has_nobody_and_a_late_read_still_counts(
    world: SignedWorld, make_rig: MakeRig
) -> None:
    """What is told of either is told of the node's send."""
    await world.open(make_rig)
    text = {"channel": "sms", "sender": SENDER, "body": "Hello", "after": ["not_delivered"]}
    fallbacks = [{**text, "wait": "PT10M"}]
    await world.enter("whatsapp", "opened", fallbacks=fallbacks)
    await world.rig.clock.sleep(660)
    await world.settle()
    (followed,) = world.twilio.messages
    assert await world.hear(world.twilio.move(followed, "delivered")) == 200
    await world.settle()
    assert await world.stands() == ("ask", "")
    assert await world.hear(world.told_by_meta("read")) == 200
    await world.settle()
    assert await world.stands() == ("opened", "")


TWO_LINKS: Final = {
    "html": '<a href="https://shop.example/a">A</a> <a href="https://b.example/">B</a>'
}


@pytest.mark.parametrize("exits", [(), [{"on": "clicked", "as": "bought"}]], ids=["way", "exit"])
async def test_a_scanner_that_follows_every_link_at_once_moves_nobody(
    world: SignedWorld, make_rig: MakeRig, exits: Sequence[Mapping[str, str]]
) -> None:
    """Its first click is held for as long as it may be taken back; a reader's later one counts."""
    await world.open(make_rig)
    await world.enter("email", "clicked", exits=exits, **TWO_LINKS)
    first, second = world.links("c")
    await world.hear(first)
    await world.rig.settle()
    await world.rig.clock.sleep(1)
    await world.hear(second)
    await world.settle()
    assert await world.stands() == ("ask", "")
    await world.rig.clock.sleep(120)
    assert await world.hear(first) == 302
    await world.settle()
    assert await world.stands() == (("bought", "bought") if exits else ("clicked", ""))


async def test_a_click_as_a_mail_arrives_moves_somebody_once_it_stands(
    world: SignedWorld, make_rig: MakeRig
) -> None:
    """Four seconds later; it is told, and counted, at once."""
    await world.open(make_rig)
    await world.enter("email", "clicked")
    await world.hear(world.link("c"))
    for seconds, event in ((3, "ask"), (1, "clicked")):
        await world.rig.settle()
        assert (await world.stands())[0] != "clicked"
        await world.rig.clock.sleep(seconds)
        await world.rig.settle()
        assert (await world.stands())[0] == event


@pytest.mark.parametrize(
    ("key", "doubted"), [({}, []), ({"sendgrid_webhook_public_key": ""}, ["complained"])]
)
async def test_a_plan_is_doubted_by_what_this_deployment_s_provider_tells(
    world: SignedWorld, make_rig: MakeRig, key: Mapping[str, str], doubted: Sequence[str]
) -> None:
    """A mail server alone tells of no complaint; with SendGrid's events it is told."""
    await world.open(make_rig, **key)
    hello = {"id": "a", "action": "send", "channel": "email", **SAID["email"]}
    document = {"startNodeId": "a", "nodes": [hello], "exits": [{"on": "complained"}]}
    found = (await world.rig.post("/plans/lint", {"plan": document})).json()["findings"]
    named = [
        each["sentence"].split("'")[1] for each in found if each["code"] == "event_never_comes"
    ]
    assert named == doubted
