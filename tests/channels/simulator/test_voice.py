"""The simulated carrier: its calls and its callbacks."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta

import orjson
import pytest

from functions.channels.simulator.callbacks import RETRY_AFTER_S
from functions.channels.simulator.script import Script, Window
from functions.channels.simulator.voice import Simulator
from functions.domain.messages.delivery_events import EventKind, Retry
from functions.domain.messages.send_outcomes import Accepted, Deferred, Unknown
from functions.engine.ports.channel import SignatureError
from tests.channels.conformance import REF, ChannelConformance, outbound
from tests.channels.simulator.simulated_carrier import CALL_S, STEADY, TERMS, Carrier, kinds
from tests.clock import MovedClock


@pytest.fixture
async def rig() -> AsyncIterator[Carrier]:
    """Give a steady carrier to a test."""
    carrier = Carrier()
    yield carrier
    await carrier.channel.close()


class TestSimulatorConformance(ChannelConformance):
    """The simulator keeps the promises of the Channel port."""

    recalls = True


async def test_callbacks_come_when_their_time_has_come(rig: Carrier) -> None:
    """A call rings, is answered and ends at its times, which its events carry."""
    await rig.send("m1")
    begun = rig.clock.now()
    assert await rig.pass_by(0.9) == []
    assert kinds(await rig.pass_by(0.2)) == [EventKind.RINGING]
    assert kinds(await rig.pass_by(2)) == [EventKind.ANSWERED]
    (hangup,) = await rig.pass_by(60)
    assert (hangup.kind, hangup.duration_s) == (EventKind.COMPLETED, 10)
    assert hangup.at == begun + timedelta(seconds=CALL_S)
    assert await rig.pass_by(60) == []


async def test_ringing_is_told_where_somebody_wants_to_hear_of_it(rig: Carrier) -> None:
    """Otherwise it is not, of a call that goes on after the process has ended neither."""
    await rig.channel.send(outbound()._replace(hears_ring=False))
    assert await rig.pass_by(1.1) == []
    assert kinds(await rig.pass_by(60)) == [EventKind.ANSWERED, EventKind.COMPLETED]


@pytest.mark.parametrize(
    ("rate", "told", "retry", "reason"),
    [
        ("busy", [EventKind.FAILED], Retry.LATER, "busy"),
        ("failed", [EventKind.FAILED], Retry.NEVER, "invalid_address"),
        ("no_answer", [EventKind.RINGING, EventKind.FAILED], Retry.LATER, "no_answer"),
        (
            "hung_up",
            [EventKind.RINGING, EventKind.ANSWERED, EventKind.COMPLETED],
            Retry.NEVER,
            "",
        ),
    ],
)
async def test_each_outcome_is_told_as_a_carrier_would(
    rate: str, told: list[EventKind], retry: Retry, reason: str
) -> None:
    """Every outcome has its callbacks, its reason and whether it may be tried again."""
    carrier = Carrier(Script.parse(f"{TERMS},{rate}=1"))
    await carrier.send("m1")
    events = await carrier.pass_by(CALL_S)
    assert kinds(events) == told
    assert (events[-1].retry, events[-1].reason) == (retry, reason)
    assert carrier.channel.ledger.hangups == {rate: 1}


@pytest.mark.parametrize(
    ("wanted", "told", "reason"),
    [
        ("", [EventKind.COMPLETED], ""),
        ("true", [EventKind.MACHINE, EventKind.COMPLETED], ""),
        ("hangup", [EventKind.MACHINE, EventKind.FAILED], "machine"),
    ],
)
async def test_machines_are_told_as_asked(wanted: str, told: list[EventKind], reason: str) -> None:
    """A machine is told where asked, hung up on where asked, and else talked to."""
    carrier = Carrier(replace(STEADY, machine=1))
    await carrier.channel.send(outbound()._replace(machine_detection=wanted))
    events = await carrier.pass_by(CALL_S)
    assert kinds(events) == [EventKind.RINGING, EventKind.ANSWERED, *told]
    assert events[-1].reason == reason


async def test_an_outage_defers_until_its_end_and_places_nothing() -> None:
    """Within a window of the script's outages every send is put off until the window's end."""
    carrier = Carrier(replace(STEADY, outage=(Window(10, 15),)))
    answers = []
    for _ in range(3):
        answers += await carrier.send("m1")
        carrier.clock.advance(timedelta(seconds=12))
    assert isinstance(answers[0], Accepted)
    assert answers[1] == Deferred("provider_unreachable", timedelta(seconds=3))
    assert isinstance(answers[2], Accepted)
    assert carrier.placed() == 2


@pytest.mark.parametrize(
    ("rate", "placed", "found"),
    [("lost_answer", 1, True), ("error", 1, True), ("lost_request", 0, False)],
)
async def test_a_lost_answer_can_be_looked_up(rate: str, placed: int, *, found: bool) -> None:
    """An unclear answer may hide a call or none; only a look-up, or a callback, tells which."""
    carrier = Carrier(Script.parse(f"{TERMS},{rate}=1"))
    (answer,) = await carrier.send("m1")
    assert isinstance(answer, Unknown)
    assert carrier.placed() == placed
    assert bool(await carrier.pass_by(CALL_S)) == found
    assert bool(await carrier.channel.look_up(outbound(REF), "")) == found


async def test_sending_takes_the_carriers_time() -> None:
    """A send takes as long as the script's latency."""
    carrier = Carrier(replace(STEADY, latency_ms=250))
    begun = carrier.clock.now()
    await carrier.send("m1")
    assert carrier.clock.now() - begun == timedelta(milliseconds=250)


async def test_a_refused_callback_is_tried_again_and_then_lost(rig: Carrier) -> None:
    """A callback that is not answered 2xx comes again, a few times, and holds up no other."""
    rig.answers = [500] * 3
    await rig.send("m1")
    assert kinds(await rig.pass_by(CALL_S)) == [
        EventKind.RINGING,
        EventKind.ANSWERED,
        EventKind.COMPLETED,
    ]
    assert rig.channel.ledger.live
    assert len(await rig.pass_by(RETRY_AFTER_S[0])) == 3
    assert not rig.channel.ledger.live
    rig.answers = [500] * 100
    await rig.send("m2")
    tries = [len(await rig.pass_by(seconds)) for seconds in (CALL_S, *RETRY_AFTER_S, 60)]
    assert tries == [3, 3, 3, 3, 3, 0]


async def test_a_callback_that_meets_an_error_is_tried_again(rig: Carrier) -> None:
    """Whatever goes wrong in our application, the carrier goes on."""
    rig.answers = [ConnectionError("we are down")]
    await rig.send("m1")
    assert len(await rig.pass_by(1)) == 1
    assert kinds(await rig.pass_by(1)) == [EventKind.RINGING]


async def test_callbacks_can_be_lost_and_the_call_still_ends() -> None:
    """A lost hangup is told by a look-up, and the ledger knows that the call has ended."""
    carrier = Carrier(replace(STEADY, lost=1))
    await carrier.send("m1")
    assert await carrier.pass_by(CALL_S) == []
    found = await carrier.channel.look_up(outbound(REF), "")
    assert found is not None
    assert found.kind is EventKind.COMPLETED
    assert carrier.channel.ledger.hangups == {"connected": 1}


async def test_callbacks_can_come_twice() -> None:
    """A repeated callback tells the same event, and the ledger counts one hangup."""
    carrier = Carrier(replace(STEADY, duplicate=1))
    await carrier.send("m1")
    events = await carrier.pass_by(60)
    assert len(events) == 6
    assert len({event.id for event in events}) == 3
    assert len(carrier.channel.ledger.ended) == 1


async def test_callbacks_can_come_in_reverse() -> None:
    """A hangup can come before its ring, which still tells when it rang."""
    carrier = Carrier(replace(STEADY, reorder=1))
    await carrier.send("m1")
    events = await carrier.pass_by(60)
    assert kinds(events) == [EventKind.COMPLETED, EventKind.ANSWERED, EventKind.RINGING]
    assert events[0].at > events[1].at > events[2].at


async def test_another_key_does_not_sign_for_us(rig: Carrier) -> None:
    """A callback signed with another key is refused."""
    await rig.send("m1")
    (webhook, *_) = await rig.live_through()
    other = Simulator(
        ledger_path=None,
        clock=rig.clock,
        script=STEADY,
        deliver=rig._deliver,
        key="another",
        public_base_url="https://app.example",
    )
    with pytest.raises(SignatureError):
        other.parse_webhook(webhook)


async def test_another_providers_callback_is_refused(rig: Carrier) -> None:
    """A callback that our carrier signed for another provider's path makes no sense."""
    url = "https://app.example/webhooks/plivo/ring/acme/c1/m1/1"
    with pytest.raises(ValueError, match="not a callback of the simulator"):
        rig.channel.parse_webhook(rig.channel._seal.signed(url, b"{}"))


def test_the_answer_names_the_bot(rig: Carrier) -> None:
    """An answered call is told which bot it would be connected with."""
    answer = rig.channel.answer(REF, 1, "wss://bot.example/talk")
    assert orjson.loads(answer.body) == {"stream": "wss://bot.example/talk"}


class WallClock(MovedClock):
    """A clock that runs with the event loop."""

    def now(self) -> datetime:
        """Return the start of the test plus the loop's time."""
        return super().now() + timedelta(seconds=asyncio.get_running_loop().time())


async def test_the_background_task_makes_callbacks_by_itself() -> None:
    """After start, callbacks come without anybody asking, also where it had nothing to do."""
    script = Script.parse("spread=0,latency_ms=0,ring_ms=20,pickup_ms=0,duration_s=0.02")
    carrier = Carrier(script, clock=WallClock())
    carrier.channel.start()
    carrier.channel.start()  # once more changes nothing
    await asyncio.sleep(0)
    await carrier.send("m1")
    await carrier.ended.wait()
    await carrier.channel.close()
    assert len(carrier.got) == 3


async def test_a_callback_that_is_answered_late_holds_up_no_other_call() -> None:
    """As at any carrier: what is told of one call waits for no answer to what is told of others."""
    script = Script.parse("spread=0,latency_ms=0,ring_ms=20,pickup_ms=0,duration_s=0.02")
    carrier = Carrier(script, clock=WallClock())
    carrier.late = asyncio.Event()
    carrier.channel.start()
    await carrier.send("m1", "m2")
    await carrier.ended.wait()  # one call, while the other's ringing is unanswered
    assert len(carrier.got) == 1 + 3
    carrier.late.set()
    await carrier.channel.close()


# --- Recall -----------------------------------------------------------------------------------


async def test_a_call_is_recalled_until_it_rings(rig: Carrier) -> None:
    """Before it rings a call can be taken back, and the book says so; from then on it goes on."""
    early, late = await rig.send("early", "late")
    assert isinstance(early, Accepted)
    assert isinstance(late, Accepted)
    await rig.pass_by(0.9)
    assert await rig.channel.recall(outbound(REF._replace(message="early")), early.provider_id)
    await rig.pass_by(0.1)
    assert not await rig.channel.recall(outbound(REF._replace(message="late")), late.provider_id)
    assert {event.ref.message for event in await rig.pass_by(60)} == {"late"}
    ledger = rig.channel.ledger
    assert (list(ledger.recalled), list(ledger.ended)) == ([early.provider_id], [late.provider_id])
    assert await rig.channel.look_up(outbound(REF._replace(message="early")), "") is None


async def test_nothing_is_recalled_during_an_outage() -> None:
    """A carrier that cannot be reached takes nothing back."""
    carrier = Carrier(replace(STEADY, ring_ms=60_000, outage=(Window(1, 10),)))
    await carrier.send("m1")
    await carrier.pass_by(1)
    assert not await carrier.channel.recall(outbound(), "")
    await carrier.pass_by(10)
    assert await carrier.channel.recall(outbound(), "")
