"""The simulated carrier's texts: how they are answered, and what becomes of them."""

import asyncio
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import pytest

from functions.channels.simulator.ledger import digest_of, read_ledger
from functions.channels.simulator.script import Script
from functions.domain.kinds import ChannelKind
from functions.domain.messages.delivery_events import EventKind, Retry
from functions.domain.messages.send_outcomes import Accepted, Rejected, Unknown
from functions.engine.ports.channel import SignatureError
from tests.channels.conformance import REF, TEXT, ChannelConformance, outbound
from tests.channels.simulator.simulated_carrier import CALL_S, STEADY, TERMS, TEXT_S, Carrier, kinds
from tests.clock import MovedClock


@pytest.fixture
async def rig() -> AsyncIterator[Carrier]:
    """Give a steady carrier of texts to a test."""
    carrier = Carrier(texts=True)
    yield carrier
    await carrier.channel.close()


class TestSimulatedTextsConformance(ChannelConformance):
    """The simulated texts keep the promises of the Channel port."""

    told = TEXT


# --- What a sender meets ----------------------------------------------------------------------


async def test_of_a_hundred_texts_five_are_turned_down_for_now() -> None:
    """Without a script, 95 % are taken and 5 % refused with an error that may pass."""
    carrier = Carrier(Script(), texts=True)
    answers = await carrier.send(*(f"m{number}" for number in range(2000)))
    counts = Counter(type(answer) for answer in answers)
    assert counts[Accepted] + counts[Rejected] == 2000
    assert 0.04 < counts[Rejected] / 2000 < 0.06
    assert {a for a in answers if isinstance(a, Rejected)} == {
        Rejected("provider_rejected", Retry.LATER)
    }
    assert carrier.placed() == counts[Accepted]


async def test_a_text_is_answered_within_half_a_second() -> None:
    """Without a script an answer takes from 0 to 499 ms, each time another while."""
    carrier = Carrier(Script(), texts=True)
    waits = []
    for number in range(300):
        begun = carrier.clock.now()
        await carrier.send(f"m{number}")
        waits.append((carrier.clock.now() - begun) / timedelta(milliseconds=1))
    assert 0 <= min(waits) < 25
    assert 475 < max(waits) <= 499


async def test_a_refused_text_may_be_taken_the_next_time() -> None:
    """Each attempt meets a fate of its own."""
    carrier = Carrier(replace(STEADY, rejected=0.5), texts=True)
    answers = [await carrier.channel.send(outbound(attempt=n)) for n in range(1, 21)]
    assert {type(answer) for answer in answers} == {Accepted, Rejected}


async def test_the_receipt_comes_when_the_text_has_arrived(rig: Carrier) -> None:
    """A text is told as delivered once, at its time."""
    await rig.send("m1")
    begun = rig.clock.now()
    assert await rig.pass_by(TEXT_S - 0.1) == []
    (receipt,) = await rig.pass_by(0.1)
    assert (receipt.kind, receipt.at) == (EventKind.DELIVERED, begun + timedelta(seconds=TEXT_S))
    assert await rig.pass_by(60) == []


async def test_an_undelivered_text_has_failed_for_good() -> None:
    """A carrier says so only after trying for long: it is not sent again."""
    carrier = Carrier(replace(STEADY, undelivered=1), texts=True)
    await carrier.send("m1")
    (receipt,) = await carrier.pass_by(TEXT_S)
    told = (receipt.kind, receipt.reason, receipt.retry)
    assert told == (EventKind.FAILED, "undelivered", Retry.NEVER)
    assert [r.outcome for r in carrier.channel.ledger.ended.values()] == ["undelivered"]


@pytest.mark.parametrize(
    ("rate", "placed", "found"),
    [("lost_answer", 1, True), ("error", 1, True), ("lost_request", 0, False)],
)
async def test_a_lost_answer_can_be_looked_up(rate: str, placed: int, *, found: bool) -> None:
    """By message and attempt alone, the carrier tells what became of a text that it took."""
    carrier = Carrier(Script.parse(f"{TERMS},lost=1,{rate}=1"), texts=True)
    assert isinstance((await carrier.send("m1"))[0], Unknown)
    assert carrier.placed() == placed
    assert await carrier.channel.look_up(outbound(REF), "") is None
    assert await carrier.pass_by(TEXT_S) == []
    event = await carrier.channel.look_up(outbound(REF), "")
    assert (event is not None and event.kind is EventKind.DELIVERED) == found


async def test_receipts_can_come_twice() -> None:
    """A repeated receipt tells the same event, and the ledger counts one."""
    carrier = Carrier(replace(STEADY, duplicate=1), texts=True)
    await carrier.send("m1")
    events = await carrier.pass_by(60)
    assert len(events) == 2
    assert len({event.id for event in events}) == 1
    assert len(carrier.channel.ledger.ended) == 1


DONE: Final = ("read", "clicked", "replied", "complained", "opted_out")
FUNNELS: Final = [
    (ChannelKind.SMS, ["delivered", "replied", "opted_out"]),
    (ChannelKind.WHATSAPP, ["delivered", "read", "replied", "opted_out"]),
    (ChannelKind.EMAIL, ["delivered", "read", "clicked", "complained", "opted_out"]),
    (ChannelKind.WEBHOOK, ["sent"]),
]


@pytest.mark.parametrize(("channel", "told"), FUNNELS)
async def test_a_channel_s_funnel_is_told_to_its_end(
    channel: ChannelKind, told: list[str], tmp_path: Path
) -> None:
    """What its providers tell is told in its order, each once, after our death too; and no more."""
    everything: dict[str, Any] = dict.fromkeys(DONE, 1)
    script = replace(STEADY, duplicate=1, react_ms=2000, **everything)
    path = tmp_path / "ledger"
    carrier = Carrier(script, ledger_path=path, texts=True)
    begun = carrier.clock.now()
    await carrier.send("m1", by=channel)
    early = await carrier.pass_by(TEXT_S)
    await carrier.channel.close()
    carrier = Carrier(script, ledger_path=path, clock=carrier.clock, texts=True)
    events = [*early, *(await carrier.pass_by(60))]
    first = {event.id: event for event in events}
    assert [(event.kind, (event.at - begun).total_seconds()) for event in first.values()] == [
        (kind, TEXT_S + 2 * number) for number, kind in enumerate(told)
    ]
    bars = {event.kind: event.suppress for event in first.values() if event.suppress}
    known = {"complained": "complained", "opted_out": "opted_out"}
    assert bars == {kind: known[kind] for kind in told if kind in known}
    assert {event.provider_id for event in events} == set(carrier.channel.ledger.ended)
    await carrier.channel.close()


async def test_people_react_after_our_death(tmp_path: Path) -> None:
    """A carrier opened again on its book still tells what is done with what has arrived."""
    path, script = tmp_path / "ledger", replace(STEADY, read=1)
    first = Carrier(script, ledger_path=path, texts=True)
    await first.send("m1", by=ChannelKind.WHATSAPP)
    assert kinds(await first.pass_by(TEXT_S)) == [EventKind.DELIVERED]
    second = Carrier(script, ledger_path=path, clock=first.clock, texts=True)
    assert EventKind.READ in kinds(await second.pass_by(60))
    assert read_ledger(path).under_way == []
    await first.channel.close()
    await second.channel.close()


async def test_a_text_is_recalled_on_its_way_where_the_script_lets_it(tmp_path: Path) -> None:
    """Until it has arrived; it never does then, not even after our death."""
    path, script = tmp_path / "ledger", replace(STEADY, recallable=1)
    first = Carrier(script, ledger_path=path, texts=True)
    await first.send("early", "late")
    early, late = (outbound(REF._replace(message=name)) for name in ("early", "late"))
    assert await first.channel.recall(early, "")
    second = Carrier(script, ledger_path=path, clock=first.clock, texts=True)
    assert await second.channel.recall(early, "")
    assert {event.ref.message for event in await second.pass_by(60)} == {"late"}
    assert not await second.channel.recall(late, "")
    assert len(read_ledger(path).recalled) == 1
    assert read_ledger(path).under_way == []
    await first.channel.close()
    await second.channel.close()


class TestRecallableTextsConformance(ChannelConformance):
    """Texts that can be recalled keep the promises of the Channel port too."""

    told = TEXT
    recalls = True

    @pytest.fixture
    async def rig(self) -> AsyncIterator[Carrier]:
        """Give a carrier that gives texts back."""
        carrier = Carrier(replace(STEADY, recallable=1), texts=True)
        yield carrier
        await carrier.channel.close()


class BusyClock(MovedClock):
    """Lets the carrier make its callbacks while somebody waits for an answer."""

    carrier: Carrier

    async def sleep(self, seconds: float) -> None:
        """Let time pass, with what happens in it."""
        await super().sleep(seconds)
        await self.carrier.channel.run_due()


async def test_a_receipt_can_overtake_the_answer() -> None:
    """Where the script says so, the receipt has come before the carrier answers the request."""
    clock = BusyClock()
    clock.carrier = carrier = Carrier(replace(STEADY, reorder=1), clock=clock, texts=True)
    sending = asyncio.create_task(carrier.send("m1"))
    await carrier.ended.wait()
    assert not sending.done()
    (answer,) = await sending
    (event,) = carrier.channel.parse_webhook(carrier.got[0])
    assert answer == Accepted(event.provider_id)


async def test_a_call_is_no_text(rig: Carrier) -> None:
    """Nobody is asked to talk to a text, and a call's callback is not taken for a text's."""
    assert rig.channel.answer(REF, 1, "").body == b""
    calls = Carrier()
    await calls.send("m1")
    await calls.pass_by(CALL_S)
    with pytest.raises(ValueError, match="not a callback of the simulator-texts"):
        rig.channel.parse_webhook(calls.got[0])
    other = replace(calls.got[0], url=calls.got[0].url.replace("simulator", "simulator-texts"))
    with pytest.raises(SignatureError):
        rig.channel.parse_webhook(other)


# --- The book ---------------------------------------------------------------------------------


async def test_the_book_keeps_who_got_what_and_not_the_words(tmp_path: Path) -> None:
    """A text's line names person, message, attempt and digest; nobody can read it there."""
    path = tmp_path / "ledger"
    carrier = Carrier(ledger_path=path, texts=True)
    secret = outbound()._replace(body="Your balance is 5,000", attempt=2)
    await carrier.channel.send(secret)
    (text,) = read_ledger(path).texts
    assert (text.ref, text.attempt, text.to) == (REF, 2, secret.to)
    assert text.digest == digest_of(secret.body) != digest_of("Hello")
    assert b"balance" not in path.read_bytes()
    await carrier.channel.close()


async def test_the_book_shows_who_was_texted_twice(tmp_path: Path) -> None:
    """Two texts of one message are found, whichever attempts they were of; calls are not texts."""
    path = tmp_path / "ledger"
    calls, texts = Carrier(ledger_path=path), Carrier(ledger_path=path, texts=True)
    await calls.send("m1", "m2")
    await texts.send("m1", "m2")
    assert read_ledger(path).texted_twice == []
    await texts.channel.send(outbound(attempt=2))
    ledger = read_ledger(path)
    assert ledger.texted_twice == [REF]
    assert (ledger.duplicates, len(ledger.placed), len(ledger.texts)) == ([], 2, 3)
    await calls.channel.close()
    await texts.channel.close()


async def test_texts_arrive_after_our_death(tmp_path: Path) -> None:
    """A carrier opened again on its book tells the receipts that are missing, and no others."""
    path = tmp_path / "ledger"
    first = Carrier(ledger_path=path, texts=True)
    (old,) = await first.send("arrived")
    await first.pass_by(TEXT_S)
    (new,) = await first.send("on-its-way")
    first.clock.advance(timedelta(hours=1))
    second = Carrier(ledger_path=path, clock=first.clock, texts=True)  # the first is never closed
    (event,) = await second.pass_by(0)
    assert new == Accepted(event.provider_id)
    found = await second.channel.look_up(outbound(REF._replace(message="arrived")), "")
    assert found is not None
    assert old == Accepted(found.provider_id)
    assert read_ledger(path).under_way == []
    await first.channel.close()
    await second.channel.close()


KILLED: Final = """
import asyncio, pathlib, sys
from tests.channels.simulator.simulated_carrier import Carrier
carrier = Carrier(ledger_path=pathlib.Path(sys.argv[1]), texts=True)
async def main():
    n = 0
    while True:
        await carrier.send(f"m{n}")
        print(n, flush=True)
        n += 1
asyncio.run(main())
"""


async def test_what_was_answered_for_survives_kill_9(tmp_path: Path) -> None:
    """Every text that was accepted before SIGKILL can be looked up in the next life."""
    path = tmp_path / "ledger"
    with subprocess.Popen(  # noqa: S603, ASYNC220 (our own script, our own interpreter)
        [sys.executable, "-c", KILLED, str(path)], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        answered = [process.stdout.readline() for _ in range(100)]
        os.kill(process.pid, signal.SIGKILL)
    carrier = Carrier(ledger_path=path, texts=True)
    carrier.clock.advance(timedelta(hours=1))
    for line in answered:
        ref = REF._replace(message=f"m{line.strip()}")
        assert await carrier.channel.look_up(outbound(ref), "") is not None
    await carrier.channel.close()
