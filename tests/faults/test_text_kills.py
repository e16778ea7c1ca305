"""No text or mail is sent twice or lost, wherever the server is killed."""

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from itertools import cycle
from pathlib import Path
from typing import Any, Final

import pytest

from tests.faults.conftest import sqlite
from tests.faults.rig import texts
from tests.faults.rig.server import Server
from tests.faults.rig.storm import weather
from tests.faults.rig.text_storm import TextStorm
from tests.faults.rig.texts import TextCarrier

pytestmark = pytest.mark.slow

_FEW: Final = 24
_MANY: Final = 90

#: Providers by channel, and how each has a bad day with some of the people.
_STAND_INS: Final[Mapping[str, Callable[[], AbstractContextManager[TextCarrier]]]] = {
    "sms": texts.twilio,
    "whatsapp": texts.whatsapp,
    "email": texts.sendgrid,
}
_BAD_DAYS: Final[Mapping[str, Callable[[list[str]], dict[str, Any]]]] = {
    "sms": lambda people: {
        # No such number, and one that is switched off: they are tried again.
        "fates": dict(zip(people, cycle(("undelivered 30005", "undelivered 30003")), strict=False)),
        "faults": ["drop", "500", "unreadable"],
    },
    "whatsapp": lambda people: {
        "fates": {number.lstrip("+"): 131026 for number in people},
        "faults": ["drop", "500", "unreadable"],
    },
    "email": lambda people: {
        "bounces": people,
        "answers": [("DATA", "drop"), ("DATA", "451 4.3.0 Later"), ("RCPT", "450 4.7.1 Later")],
        "delay_s": 0.01,
    },
}


@pytest.fixture(params=list(_STAND_INS))
def carrier(request: pytest.FixtureRequest) -> Iterator[TextCarrier]:
    """Give a provider of each kind that has sent nothing yet."""
    with _STAND_INS[request.param]() as stand_in:
        yield stand_in


def storm(server: Server, carrier: TextCarrier, *, seed: int, people: int) -> TextStorm:
    """Return a storm in which one person in nine is not reached, and some answers are lost."""
    everybody = carrier.people(people)
    carrier.script(**_BAD_DAYS[carrier.channel](everybody[::9]))
    return TextStorm(server=server, carrier=carrier, seed=seed, people=everybody)


def test_a_few_kills(carrier: TextCarrier, tmp_path: Path) -> None:
    """Killed in launch and in dispatch, a campaign sends everybody one text."""
    with Server(tmp_path, carrier.settings, sqlite(tmp_path)) as server:
        weather(storm(server, carrier, seed=3, people=_FEW), 2)


@pytest.mark.storm
@pytest.mark.timeout(600)
@pytest.mark.parametrize("seed", range(300, 302))
def test_a_storm(
    seed: int,
    carrier: TextCarrier,
    store: dict[str, str],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Ten kills at random moments of three campaigns: every seed ends with nobody lost."""
    with Server(tmp_path, carrier.settings, store) as server, capsys.disabled():
        sys.stdout.write(f"\n{carrier.channel} on {store['STORE_URL']}: ")
        weather(storm(server, carrier, seed=seed, people=_MANY), 4, 3, 3)
