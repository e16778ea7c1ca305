"""Two servers share one store and one carrier; one of them fails, and nobody is called twice."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.faults.rig.call_storm import CallStorm, create, upload
from tests.faults.rig.carriers import PlivoStandIn
from tests.faults.rig.server import Server
from tests.faults.rig.storm import numbers, until

pytestmark = pytest.mark.slow

PEOPLE = numbers(40)


@contextmanager
def two_servers(
    folder: Path, plivo: PlivoStandIn, store: dict[str, str]
) -> Iterator[tuple[Server, Server]]:
    """Run two servers, of which the carrier calls back the second."""
    with Server(folder, plivo.settings, store) as second:
        address = {"PUBLIC_BASE_URL": second.url}
        with Server(folder, plivo.settings, store, address) as first:
            second.start()
            first.start()
            yield first, second


def begin(server: Server, plivo: PlivoStandIn, bot: str) -> str:
    """Start a campaign at this server and wait until it is among its calls."""
    campaign = create(server, upload(server, PEOPLE), "Shared", bot)
    assert until(lambda: len(plivo.calls()) >= 10)
    return campaign


def judge(server: Server, plivo: PlivoStandIn, campaign: str) -> list[str]:
    """Wait for the end of a campaign and return what is wrong with it."""
    storm = CallStorm(server=server, carrier=plivo, people=PEOPLE, campaigns=[campaign])
    return [fault for each in storm.calm() for fault in each.faults()]


def test_a_killed_server_is_replaced_by_the_other(
    plivo: PlivoStandIn, store: dict[str, str], bot: str, tmp_path: Path
) -> None:
    """The other server takes the lanes over when their lease has ended, and brings them home."""
    with two_servers(tmp_path, plivo, store) as (first, second):
        campaign = begin(first, plivo, bot)
        first.kill()
        assert judge(second, plivo, campaign) == []
        assert first.errors + second.errors == []


def test_a_server_that_wakes_up_late_has_lost_its_lanes(
    plivo: PlivoStandIn, store: dict[str, str], bot: str, tmp_path: Path
) -> None:
    """Frozen beyond its lease, a server that goes on repeats nothing that the other has done."""
    with two_servers(tmp_path, plivo, store) as (first, second):
        campaign = begin(first, plivo, bot)
        first.freeze()
        # Not for good: frozen amid a commit to SQLite, it holds the lock that the other waits for.
        wanted = len(plivo.calls()) + 10
        until(lambda: len(plivo.calls()) >= wanted, patience_s=5)
        first.thaw()
        assert judge(second, plivo, campaign) == []
        assert first.errors + second.errors == []
