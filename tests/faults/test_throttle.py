"""Two servers that send for one sender keep to its rate together, and make use of it."""

import sys
import time
from bisect import bisect_left
from collections.abc import Iterator
from pathlib import Path
from typing import Final
from uuid import uuid4

import pytest

from tests.faults.call_storm import create, upload
from tests.faults.conftest import sqlite
from tests.faults.punctual_plivo import Watched, punctual_plivo
from tests.faults.server import Server
from tests.faults.storm import numbers, until

RATE: Final = 50
PEOPLE: Final = 150
#: On a machine that is busy with other things, what was sent in time may arrive late.
_TRIES: Final = 3
_SETTINGS: Final = {
    "VOICE_RATE_PER_S": f"{RATE}",
    "LIVE_CALLS_PER_ORG": "5000",
    "LIVE_CALLS_TOTAL": "5000",
    "CHUNK": "500",
    "LAUNCH_PAGE": "500",
    "DISPATCH_PAGE": "6000",
    "LANE_LEASE_S": "10",
    "SEND_LEASE_S": "30",
    "LOOK_UP_AFTER_S": "300",
}


@pytest.fixture
def carrier() -> Iterator[Watched]:
    """Give a carrier with a clock of its own."""
    with punctual_plivo() as carrier:
        yield carrier


def most_in_a_second(arrivals: list[float]) -> int:
    """Return how many arrived in the busiest second, wherever it begins."""
    return max(bisect_left(arrivals, at + 1) - n for n, at in enumerate(arrivals))


def average(arrivals: list[float]) -> float:
    """Return how many arrived a second, from the first to the last."""
    return (len(arrivals) - 1) / (arrivals[-1] - arrivals[0])


def run(first: Server, second: Server, carrier: Watched, bot: str) -> list[float]:
    """Run three campaigns of one sender on two servers, and return when their calls arrived."""
    people = upload(first, numbers(PEOPLE))
    before, wanted = len(carrier.arrivals), 3 * PEOPLE
    for server in (first, first, second):
        create(server, people, uuid4().hex, bot)
    time.sleep(wanted / RATE)  # Whoever asks more often is in the way.
    assert until(lambda: len(carrier.arrivals) >= before + wanted)
    return carrier.arrivals[before:]


def check(folder: Path, carrier: Watched, store: dict[str, str], bot: str) -> None:
    """Judge two servers by the carrier's clock."""
    settings = (carrier.settings, store, _SETTINGS)
    with Server(folder, *settings) as first, Server(folder, *settings) as second:
        first.start()
        second.start()
        assert any(is_kept(run(first, second, carrier, bot)) for _ in range(_TRIES))
        assert first.errors + second.errors == []


def is_kept(arrivals: list[float]) -> bool:
    """Tell whether these calls kept to the rate and made use of it."""
    most, mean = most_in_a_second(arrivals), average(arrivals)
    sys.stdout.write(f"at most {most} in a second, {mean:.1f} on average\n")
    assert len(arrivals) == 3 * PEOPLE
    return most <= RATE and mean > 0.9 * RATE


def test_two_servers_keep_to_one_rate(carrier: Watched, bot: str, tmp_path: Path) -> None:
    """At 50 a second, no second sees more than 50, and on average there are more than 45."""
    check(tmp_path, carrier, sqlite(tmp_path), bot)


@pytest.mark.storm
def test_two_servers_keep_to_one_rate_on_either_store(
    carrier: Watched, store: dict[str, str], bot: str, tmp_path: Path
) -> None:
    """The same on Firestore, which takes its time for each reservation."""
    check(tmp_path, carrier, store, bot)
