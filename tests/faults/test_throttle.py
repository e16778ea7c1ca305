"""Two servers that send for one sender keep to its rate together."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final
from uuid import uuid4

import pytest

from tests.faults.conftest import sqlite
from tests.faults.rig.call_storm import create, upload
from tests.faults.rig.punctual_plivo import Watched, punctual_plivo
from tests.faults.rig.server import Server
from tests.faults.rig.storm import numbers, until

pytestmark = pytest.mark.slow

RATE: Final = 50
PEOPLE: Final = 150
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


def run(first: Server, second: Server, carrier: Watched, bot: str) -> list[float]:
    """Run three campaigns of one sender on two servers, and return when their calls arrived."""
    people = upload(first, numbers(PEOPLE))
    before, wanted = len(carrier.arrivals), 3 * PEOPLE
    for server in (first, first, second):
        create(server, people, uuid4().hex, bot)
    assert until(lambda: len(carrier.arrivals) >= before + wanted)
    return carrier.arrivals[before:]


def check(folder: Path, carrier: Watched, store: dict[str, str], bot: str) -> None:
    """Judge two servers by the carrier's clock."""
    settings = (carrier.settings, store, _SETTINGS)
    with Server(folder, *settings) as first, Server(folder, *settings) as second:
        first.start()
        second.start()
        arrivals = run(first, second, carrier, bot)
        assert len(arrivals) == 3 * PEOPLE
        assert (len(arrivals) - 1) / (arrivals[-1] - arrivals[0]) < 1.5 * RATE
        assert first.errors + second.errors == []


def test_two_servers_keep_to_one_rate(carrier: Watched, bot: str, tmp_path: Path) -> None:
    """Two that knew nothing of one another would call twice as many a second.

    Half of that is left for a busy machine, which may be late with the first calls: that no second
    sees more than the rate is shown without a clock (tests/engine/pacing/test_throttling.py), and
    that it is made use of is a figure of `make bench`.
    """
    check(tmp_path, carrier, sqlite(tmp_path), bot)


@pytest.mark.storm
def test_two_servers_keep_to_one_rate_on_either_store(
    carrier: Watched, store: dict[str, str], bot: str, tmp_path: Path
) -> None:
    """The same on Firestore, which takes its time for each reservation."""
    check(tmp_path, carrier, store, bot)
