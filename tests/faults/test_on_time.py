"""Campaigns start on time, and stop at once when they are told to."""

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import pytest

from functions.channels.simulator.ledger import read_ledger
from tests.faults.conftest import sqlite
from tests.faults.rig.call_storm import create, upload
from tests.faults.rig.carriers import SimulatedCarrier
from tests.faults.rig.server import QUICK, Server
from tests.faults.rig.storm import numbers, until

pytestmark = pytest.mark.slow

_CHUNK: Final = int(QUICK["CHUNK"])
#: Calls that ring on until the test is over.
_RINGING: Final = "latency_ms=20,ring_ms=600000"
#: In this time everybody would be called if nobody stopped it.
_ALL_CALLED_S: Final = 3
_PEOPLE: Final = numbers(_ALL_CALLED_S * int(QUICK["VOICE_RATE_PER_S"]))


def now() -> datetime:
    """Return the time that the server has."""
    return datetime.now(UTC)


def schedule(server: Server, bot: str, *, ahead_s: float) -> datetime:
    """Schedule a campaign and return when."""
    list_id = upload(server, numbers(10))
    at = now() + timedelta(seconds=ahead_s)
    create(server, list_id, "Scheduled", bot, scheduledTime=at.isoformat())
    return at


def first_call_after(carrier: SimulatedCarrier, at: datetime) -> float:
    """Wait for the first call and return how many seconds after `at` it was made."""
    assert until(carrier.calls)
    return (read_ledger(carrier.ledger_path).placed[0].at - at).total_seconds()


def test_a_scheduled_campaign_starts_at_its_exact_time(bot: str, tmp_path: Path) -> None:
    """The first call is made at the scheduled time and not before, though no check is near."""
    carrier = SimulatedCarrier(tmp_path)
    rare = {"CHECK_INTERVAL_S": "600"}
    with Server(tmp_path, carrier.settings, sqlite(tmp_path), rare) as server:
        server.start()
        at = schedule(server, bot, ahead_s=2)
        assert first_call_after(carrier, at) >= 0


def test_a_lost_start_task_is_made_up_for_by_the_check(bot: str, tmp_path: Path) -> None:
    """Killed right after scheduling, the task being lost, the check starts the campaign."""
    carrier = SimulatedCarrier(tmp_path)
    with Server(tmp_path, carrier.settings, sqlite(tmp_path)) as server:
        server.start()
        at = schedule(server, bot, ahead_s=2)
        server.kill()
        server.start()
        assert first_call_after(carrier, at) >= 0


@pytest.mark.parametrize("order", ["pause", "cancel"])
def test_an_order_to_stop_bites_at_once(order: str, bot: str, tmp_path: Path) -> None:
    """By the carrier's book nobody is called but those that the answer told were in flight."""
    carrier = SimulatedCarrier(tmp_path, _RINGING)
    with Server(tmp_path, carrier.settings, sqlite(tmp_path)) as server:
        server.start()
        campaign = create(server, upload(server, _PEOPLE), "Stopped", bot)
        assert until(lambda: len(carrier.calls()) >= 20)
        answer = server.post(f"/{order}-campaign", campaignId=campaign)
        time.sleep(_ALL_CALLED_S)
        calls = read_ledger(carrier.ledger_path).placed
        # One whose sending was recorded amid the counting may have been counted twice.
        assert 20 <= len(calls) <= answer["inFlight"] <= len(calls) + _CHUNK
