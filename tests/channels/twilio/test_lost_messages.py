"""Looking up a text whose answer was lost, and calling one back."""

from datetime import timedelta

import httpx
import pytest

from functions.domain.messages.delivery_events import EventKind
from functions.domain.messages.send_outcomes import (
    Unknown,
)
from functions.engine.ports.channel import Outbound
from tests.channels.conformance import REF, outbound
from tests.channels.provider_server import Fault
from tests.channels.served_rig import UNREACHABLE
from tests.channels.twilio.rig import CONTENT, SERVICE, TwilioRig, twilio


@pytest.mark.parametrize(
    ("status", "code", "kind", "reason"),
    [
        ("read", None, EventKind.READ, ""),
        ("undelivered", 30005, EventKind.FAILED, "invalid_address"),
        ("failed", 30036, EventKind.FAILED, "expired"),
        ("canceled", None, EventKind.FAILED, "recalled"),
    ],
)
async def test_a_look_up_tells_how_a_message_has_ended(
    rig: TwilioRig, status: str, code: int | None, kind: EventKind, reason: str
) -> None:
    """What has become of a message is told as its callback would tell it, with its time."""
    message = await rig.send(outbound())
    rig.clock.advance(timedelta(seconds=30))
    (told,) = rig.told(message, status, code)
    rig.clock.advance(timedelta(minutes=5))
    found = await rig.channel.look_up(outbound(), message.sid)
    assert found == told
    assert (found.kind, found.reason) == (kind, reason)


@pytest.mark.parametrize("status", ["accepted", "scheduled", "queued", "sending", "sent"])
async def test_a_look_up_tells_nothing_of_what_goes_on(rig: TwilioRig, status: str) -> None:
    """A message that is under way has nothing to tell that is not known."""
    message = await rig.send(outbound())
    message.status = status
    assert await rig.channel.look_up(outbound(), message.sid) is None


@pytest.mark.parametrize("provider_id", ["../../../secret", "nobody"])
async def test_a_look_up_without_a_known_message_tells_nothing(
    rig: TwilioRig, provider_id: str
) -> None:
    """A strange or unknown id finds no message."""
    assert await rig.channel.look_up(outbound(), provider_id) is None


async def lost(rig: TwilioRig, sent: Outbound) -> None:
    """Send a message that Twilio takes, and whose answer is lost."""
    rig.server.faults.append(Fault.DROP)
    assert isinstance(await rig.channel.send(sent), Unknown)


async def reconciled(rig: TwilioRig, sent: Outbound) -> tuple[EventKind, str] | None:
    """Look up a message whose answer was lost; return what is found, and its id."""
    found = await rig.channel.look_up(sent, "")
    return None if found is None else (found.kind, found.provider_id)


@pytest.mark.parametrize("sender", ["+15550199", SERVICE])
async def test_a_message_whose_answer_was_lost_is_found(rig: TwilioRig, sender: str) -> None:
    """By its ends and its words it is found while it waits, and when it has arrived."""
    sent = outbound()._replace(sender=sender)
    await lost(rig, sent)
    (message,) = rig.server.messages
    assert await reconciled(rig, sent) == (EventKind.SENT, message.sid)
    rig.told(message, "sent")
    assert await reconciled(rig, sent) == (EventKind.SENT, message.sid)
    rig.told(message, "delivered")
    assert await reconciled(rig, sent) == (EventKind.DELIVERED, message.sid)


@pytest.mark.parametrize(
    "other",
    [
        {"to": "+15550101"},
        {"sender": "+15550198"},
        {"sender": SERVICE},
        {"body": "Hello "},
        {"body": ""},
        {"provider_template": CONTENT},
    ],
)
async def test_another_message_is_not_taken_for_it(rig: TwilioRig, other: dict[str, str]) -> None:
    """A message to or from somebody else, or of other or unknown words, is not the one."""
    await rig.send(outbound())
    assert await reconciled(rig, outbound()._replace(**other)) is None  # type: ignore[arg-type]


async def test_of_two_alike_nobody_can_tell_which_it_was(rig: TwilioRig) -> None:
    """Where the person was sent the same words twice of late, nothing is told."""
    await rig.send(outbound(REF._replace(message="m2")))
    await lost(rig, outbound())
    assert await reconciled(rig, outbound()) is None


async def test_an_old_message_is_not_taken_for_it(rig: TwilioRig) -> None:
    """The same words of more than an hour ago were another message."""
    old = await rig.send(outbound(REF._replace(message="m2")))
    rig.clock.advance(timedelta(hours=1))
    assert await reconciled(rig, outbound()) == (EventKind.SENT, old.sid)
    rig.clock.advance(timedelta(seconds=1))
    assert await reconciled(rig, outbound()) is None


async def test_an_attempt_is_told_from_the_failed_one_before_it(rig: TwilioRig) -> None:
    """There is a second attempt because the first has failed: that one is not found again."""
    first = await rig.send(outbound())
    rig.told(first, "undelivered", 30003)
    assert await reconciled(rig, outbound(attempt=2)) is None
    await lost(rig, outbound(attempt=2))
    second = rig.server.messages[-1]
    assert await reconciled(rig, outbound(attempt=2)) == (EventKind.SENT, second.sid)


async def test_what_people_sent_to_us_is_not_taken_for_ours(rig: TwilioRig) -> None:
    """Only what was sent through the API is one of ours."""
    (await rig.send(outbound())).direction = "inbound"
    assert await reconciled(rig, outbound()) is None


@pytest.mark.parametrize(
    "page",
    [
        {},
        {"messages": None},
        {"messages": ["x", {"direction": "outbound-api", "status": "sent"}]},
        {"messages": [{"direction": "outbound-api", "body": "Hello", "date_created": "soon"}]},
    ],
)
async def test_a_list_that_makes_no_sense_tells_nothing(page: object) -> None:
    """Whatever a list holds that is no message of ours is passed over."""
    answers = httpx.MockTransport(lambda _: httpx.Response(200, json=page))
    async with httpx.AsyncClient(transport=answers) as http:
        assert await twilio("https://api.example", http=http).look_up(outbound(), "") is None


async def test_a_look_up_while_twilio_is_away_tells_nothing(rig: TwilioRig) -> None:
    """A look-up that cannot be made tells nothing rather than something wrong."""
    await rig.connect(UNREACHABLE)
    assert await rig.channel.look_up(outbound(), "SM1") is None
    assert await rig.channel.look_up(outbound(), "") is None


async def test_what_twilio_still_holds_back_is_recalled(rig: TwilioRig) -> None:
    """A message that is scheduled is cancelled, and was recalled however often one asks."""
    rig.server.begins_as = "scheduled"
    message = await rig.send(outbound())
    assert await rig.channel.recall(outbound(), message.sid)
    assert await rig.channel.recall(outbound(), message.sid)
    assert message.status == "canceled"


@pytest.mark.parametrize("status", ["queued", "sending", "sent", "delivered", "failed"])
async def test_what_is_under_way_is_beyond_recall(rig: TwilioRig, status: str) -> None:
    """Twilio cancels nothing that it no longer holds back."""
    message = await rig.send(outbound())
    message.status = status
    assert not await rig.channel.recall(outbound(), message.sid)


async def test_what_nobody_knows_is_beyond_recall(rig: TwilioRig) -> None:
    """A message without an id, with a strange one, or while Twilio is away, is not recalled."""
    assert not await rig.channel.recall(outbound(), "")
    assert not await rig.channel.recall(outbound(), "../Messages")
    await rig.connect(UNREACHABLE)
    assert not await rig.channel.recall(outbound(), "SM1")
