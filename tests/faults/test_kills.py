"""Nothing is lost and nothing done twice, wherever the server is killed."""

import sys
from pathlib import Path

import pytest

from tests.faults.conftest import sqlite
from tests.faults.rig.call_storm import CallStorm
from tests.faults.rig.carriers import PlivoStandIn, SimulatedCarrier
from tests.faults.rig.server import Server
from tests.faults.rig.storm import numbers, weather

pytestmark = pytest.mark.slow


def test_a_few_kills(store: dict[str, str], bot: str, tmp_path: Path) -> None:
    """Killed in launch and in dispatch, on either store, a campaign calls everybody once."""
    carrier = SimulatedCarrier(tmp_path)
    with Server(tmp_path, carrier.settings, store) as server:
        weather(CallStorm(server=server, carrier=carrier, bot=bot, seed=1, people=numbers(30)), 2)


def test_a_few_kills_with_plivo(plivo: PlivoStandIn, bot: str, tmp_path: Path) -> None:
    """The receipts of a real carrier that come while we are down are found by looking them up."""
    people = numbers(30)
    plivo.script(busy=people[::9], faults=["drop", "500"])
    with Server(tmp_path, plivo.settings, sqlite(tmp_path)) as server:
        weather(CallStorm(server=server, carrier=plivo, bot=bot, seed=2, people=people), 2)


@pytest.mark.storm
@pytest.mark.timeout(600)
@pytest.mark.parametrize("seed", range(100, 105))
def test_a_storm(
    seed: int, store: dict[str, str], bot: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Ten kills at random moments of three campaigns: every seed ends with nobody lost."""
    carrier = SimulatedCarrier(tmp_path)
    with Server(tmp_path, carrier.settings, store) as server, capsys.disabled():
        sys.stdout.write(f"\n{store['STORE_URL']}: ")
        weather(CallStorm(server=server, carrier=carrier, bot=bot, seed=seed), 4, 3, 3)


@pytest.mark.storm
@pytest.mark.timeout(600)
@pytest.mark.parametrize("seed", range(200, 202))
def test_a_storm_with_plivo(
    seed: int, plivo: PlivoStandIn, bot: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Ten kills with a carrier that hears nothing from us while we are down: nobody is lost."""
    people = numbers(90)
    plivo.script(busy=people[::9], faults=["drop", "500", "unreadable"])
    with Server(tmp_path, plivo.settings, sqlite(tmp_path)) as server, capsys.disabled():
        sys.stdout.write("\nWith Plivo: ")
        weather(CallStorm(server=server, carrier=plivo, bot=bot, seed=seed, people=people), 4, 3, 3)
