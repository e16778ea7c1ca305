"""Nobody walks twice, gets a text twice or is lost on the way, wherever the server is killed."""

import sys
from collections.abc import Iterator
from itertools import cycle
from pathlib import Path
from typing import Final

import pytest

from tests.faults.conftest import sqlite
from tests.faults.rig import texts
from tests.faults.rig.server import Server
from tests.faults.rig.storm import weather
from tests.faults.rig.texts import TextCarrier
from tests.faults.rig.walk_storm import WalkStorm

pytestmark = pytest.mark.slow

_FEW: Final = 18
_MANY: Final = 90


@pytest.fixture
def carrier() -> Iterator[TextCarrier]:
    """Give a provider of texts that has sent nothing yet."""
    with texts.twilio() as stand_in:
        yield stand_in


def storm(server: Server, carrier: TextCarrier, *, seed: int, people: int) -> WalkStorm:
    """Return a storm in which one person in nine has no such number, and answers are lost.

    Receipts come shuffled, late and some of them twice.
    """
    everybody = carrier.people(people)
    fates = dict(zip(everybody[::9], cycle(("undelivered 30005",)), strict=False))
    carrier.script(fates=fates, faults=["drop", "500", "unreadable"], unruly=seed)
    return WalkStorm(server=server, carrier=carrier, seed=seed, people=everybody)


def test_a_few_kills(carrier: TextCarrier, tmp_path: Path) -> None:
    """Killed as people enter and as they walk, everybody gets both texts, and each once."""
    with Server(tmp_path, carrier.settings, sqlite(tmp_path)) as server:
        weather(storm(server, carrier, seed=5, people=_FEW), 2, 2)


@pytest.mark.storm
@pytest.mark.timeout(600)
@pytest.mark.parametrize("seed", range(500, 502))
def test_a_storm(
    seed: int,
    carrier: TextCarrier,
    store: dict[str, str],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Ten kills at random moments of three journeys: every seed ends with nobody lost."""
    with Server(tmp_path, carrier.settings, store) as server, capsys.disabled():
        sys.stdout.write(f"\nwalks on {store['STORE_URL']}: ")
        weather(storm(server, carrier, seed=seed, people=_MANY), 4, 3, 3)
