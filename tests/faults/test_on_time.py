"""Campaigns start on time, and stop at once when they are told to."""

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import pytest

from functions.channels.simulator.ledger import read_ledger
from tests.faults.call_storm import create, upload
from tests.faults.carriers import SimulatedCarrier
from tests.faults.conftest import sqlite
from tests.faults.server import QUICK, Server
from tests.faults.storm import numbers, until

_CHUNK: Final = int(QUICK["CHUNK"])
#: Calls that ring on until the test is over.
_RINGING: Final = "latency_ms=20,ring_ms=600000"


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
    """The first call is made within a second of the scheduled time, though no check is near."""
    carrier = SimulatedCarrier(tmp_path)
    rare = {"CHECK_INTERVAL_S": "60"}
    with Server(tmp_path, carrier.settings, sqlite(tmp_path), rare) as server:
        server.start()
        at = schedule(server, bot, ahead_s=2)
        assert 0 <= first_call_after(carrier, at) <= 1


def test_a_lost_start_task_costs_one_check_interval(bot: str, tmp_path: Path) -> None:
    """Killed right after scheduling, the task being lost, the check starts the campaign."""
    carrier = SimulatedCarrier(tmp_path)
    interval = {"CHECK_INTERVAL_S": "1.5"}
    with Server(tmp_path, carrier.settings, sqlite(tmp_path), interval) as server:
        server.start()
        at = schedule(server, bot, ahead_s=4)
        server.kill()
        server.start()
        assert now() < at, "too slow a machine to tell"
        # The check's own work, and the launch, take their time too.
        assert 0 <= first_call_after(carrier, at) <= 1.5 + 0.5


@pytest.mark.parametrize("order", ["pause", "cancel"])
def test_an_order_to_stop_bites_within_two_seconds(order: str, bot: str, tmp_path: Path) -> None:
    """By the carrier's book no call is made any more, and those in flight were all told."""
    carrier = SimulatedCarrier(tmp_path, _RINGING)
    with Server(tmp_path, carrier.settings, sqlite(tmp_path)) as server:
        server.start()
        campaign = create(server, upload(server, numbers(200)), "Stopped", bot)
        assert until(lambda: len(carrier.calls()) >= 20)
        answer = server.post(f"/{order}-campaign", campaignId=campaign)
        quiet_from = now() + timedelta(seconds=2)
        time.sleep(3)
        calls = read_ledger(carrier.ledger_path).placed
        assert [call for call in calls if call.at > quiet_from] == []
        # One whose sending was recorded amid the counting may have been counted twice.
        assert 20 <= len(calls) <= answer["inFlight"] <= len(calls) + _CHUNK
