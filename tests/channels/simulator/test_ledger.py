"""The simulated carrier's ledger, and its life after our death."""

import asyncio
import os
import signal
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Final

import pytest

from functions.channels.simulator.ledger import read_ledger
from functions.channels.simulator.script import Window
from functions.domain.messages.delivery_events import EventKind, MessageRef
from functions.domain.messages.send_outcomes import Accepted, Deferred
from tests.channels.conformance import REF, outbound
from tests.channels.simulator.simulated_carrier import CALL_S, STEADY, Carrier, kinds


async def test_the_ledger_counts_calls_and_finds_doubles(tmp_path: Path) -> None:
    """The ledger counts calls by attempt and address, and shows an attempt that rang twice."""
    carrier = Carrier(ledger_path=tmp_path / "ledger")
    await carrier.send("m1", "m2", "m1")
    await carrier.pass_by(CALL_S)
    ledger = read_ledger(tmp_path / "ledger")
    twice = (MessageRef("acme", "c1", "m1"), 1)
    assert ledger.duplicates == [twice]
    assert ledger.calls[twice] == 2
    assert ledger.addresses == {"+15550100": 3}
    assert ledger.hangups == {"connected": 3}
    await carrier.channel.close()


def test_a_line_of_another_version_is_refused_by_its_number(tmp_path: Path) -> None:
    """A carrier does not guess what it did: it says which line it cannot read, and what to do."""
    path = tmp_path / "ledger"
    for line in ('{"event": "call", "uuid": "old"}', '{"event": "rung"}', "7"):
        path.write_text(f'{{"event": "open", "at": "2026-03-02T12:00:00+00:00"}}\n{line}\n')
        with pytest.raises(ValueError, match="line 2 was written by another version; move"):
            read_ledger(path)


async def test_a_call_is_in_the_ledger_before_it_is_answered_for(tmp_path: Path) -> None:
    """Once send has returned, the file holds the call."""
    carrier = Carrier(ledger_path=tmp_path / "ledger")
    await carrier.send("m1")
    assert [call.ref.message for call in read_ledger(tmp_path / "ledger").placed] == ["m1"]
    await carrier.channel.close()


async def test_calls_go_on_after_our_death(tmp_path: Path) -> None:
    """A carrier opened again on its ledger ends the calls that lived, and no others."""
    path = tmp_path / "ledger"
    first = Carrier(ledger_path=path)
    (old,) = await first.send("ended")
    await first.pass_by(CALL_S)
    (lives,) = await first.send("lives")
    await first.pass_by(2)
    second = Carrier(ledger_path=path, clock=first.clock)  # the first is never closed
    events = await second.pass_by(60)
    assert kinds(events) == [EventKind.ANSWERED, EventKind.COMPLETED]
    assert lives == Accepted(events[-1].provider_id)
    found = await second.channel.look_up(outbound(REF._replace(message="ended")), "")
    assert found is not None
    assert old == Accepted(found.provider_id)
    assert read_ledger(path).live == []
    await first.channel.close()
    await second.channel.close()


async def test_an_outage_does_not_begin_again_after_a_restart(tmp_path: Path) -> None:
    """Outages are counted from the carrier's opening, not from ours."""
    script = replace(STEADY, outage=(Window(0, 10),))
    first = Carrier(script, tmp_path / "ledger")
    assert isinstance((await first.send("m1"))[0], Deferred)
    first.clock.advance(timedelta(seconds=11))
    second = Carrier(script, tmp_path / "ledger", clock=first.clock)
    assert isinstance((await second.send("m1"))[0], Accepted)
    await first.channel.close()
    await second.channel.close()


async def test_a_torn_line_does_not_spoil_the_ledger(tmp_path: Path) -> None:
    """A line that a crash tore is passed over, and the next one is whole."""
    path = tmp_path / "ledger"
    first = Carrier(ledger_path=path)
    await first.send("m1")
    await first.channel.close()
    with path.open("ab") as file:
        file.write(b'{"event":"call","call":"sim-')
    second = Carrier(ledger_path=path)
    await second.send("m2")
    assert [call.ref.message for call in read_ledger(path).placed] == ["m1", "m2"]
    await second.channel.close()


async def test_a_closed_carrier_places_no_call(tmp_path: Path) -> None:
    """What cannot be written down is not answered for."""
    carrier = Carrier(ledger_path=tmp_path / "ledger")
    await carrier.channel.close()
    with pytest.raises(OSError, match="closed"):
        await carrier.send("m1")


KILLED: Final = """
import asyncio, pathlib, sys
from tests.channels.simulator.simulated_carrier import Carrier
carrier = Carrier(ledger_path=pathlib.Path(sys.argv[1]))
async def main():
    n = 0
    while True:
        await carrier.send(f"m{n}")
        print(n, flush=True)
        n += 1
asyncio.run(main())
"""


def test_the_ledger_survives_kill_9(tmp_path: Path) -> None:
    """Every call that was answered for before SIGKILL is in the ledger, and is continued."""
    path = tmp_path / "ledger"
    with subprocess.Popen(  # noqa: S603 (our own script, our own interpreter)
        [sys.executable, "-c", KILLED, str(path)], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        answered = [process.stdout.readline() for _ in range(100)]
        os.kill(process.pid, signal.SIGKILL)
        answered += process.stdout.readlines()
    ledger = read_ledger(path)
    assert len(ledger.live) >= sum(line.endswith("\n") for line in answered)
    assert not ledger.duplicates
    asyncio.run(_all_end(path))


async def _all_end(path: Path) -> None:
    carrier = Carrier(ledger_path=path)
    carrier.clock.advance(timedelta(hours=1))
    await carrier.channel.run_due()
    assert not carrier.channel.ledger.live
    await carrier.channel.close()
