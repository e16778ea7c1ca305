"""A provider that is down for a while: campaigns wait for it, and nobody gets anything twice."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import httpx
import pytest

from tests.faults.conftest import sqlite
from tests.faults.rig import texts
from tests.faults.rig.server import QUICK, Server
from tests.faults.rig.storm import until
from tests.faults.rig.text_storm import TextStorm, enlist
from tests.faults.rig.texts import TwilioStandIn

pytestmark = pytest.mark.slow

_PEOPLE: Final = 30
_BEFORE: Final = 5  #: texts that are taken before it goes down
_AWAY_S: Final = 3.0
#: Far fewer than of one who asks again at once: it waits 1, 2 and 4 seconds (DEFER_S).
_MOST_ATTEMPTS: Final = 10


@pytest.fixture
def twilio() -> Iterator[TwilioStandIn]:
    """Give a Twilio that has sent nothing yet."""
    with texts.twilio() as stand_in:
        yield stand_in


def refuse(twilio: TwilioStandIn) -> None:
    """Have it listen no more for a while, as a machine that is started again."""
    twilio.script(away_s=_AWAY_S)
    time.sleep(_AWAY_S)
    assert until(lambda: _is_back(twilio))


def _is_back(twilio: TwilioStandIn) -> bool:
    try:
        twilio.texts()
    except httpx.ConnectError:
        return False
    return True


def hang(twilio: TwilioStandIn) -> None:
    """Have it take connections and say nothing for a while, as one that is overwhelmed."""
    twilio.process.freeze()
    time.sleep(_AWAY_S)
    twilio.process.thaw()


def begin(server: Server, twilio: TwilioStandIn) -> TextStorm:
    """Start a campaign and wait until it is among its texts."""
    storm = TextStorm(server=server, carrier=twilio, people=twilio.people(_PEOPLE))
    server.start()
    storm.prepare()
    storm.campaigns.append(storm.create("Through an outage", None))
    assert until(lambda: len(twilio.texts()) >= _BEFORE)
    return storm


def judge(storm: TextStorm, *, lost: int) -> None:
    """Wait for the end: nobody is left out, and of a few at most the answer was lost."""
    (evidence,) = storm.calm()
    assert not (faults := evidence.faults()), "\n".join(faults)
    assert not storm.server.errors, "\n".join(storm.server.errors)
    assert evidence.unknown <= lost
    assert len(evidence.taken) >= _PEOPLE - evidence.unknown
    assert max(row["attempts"] for row in evidence.rows) <= _MOST_ATTEMPTS


@pytest.mark.parametrize("outage", [refuse, hang])
def test_a_provider_that_was_down_gets_everything_once_it_is_back(
    outage: Callable[[TwilioStandIn], None], twilio: TwilioStandIn, tmp_path: Path
) -> None:
    """What it refused waits, twice as long each time; what it did not answer is not repeated."""
    with Server(tmp_path, twilio.settings, sqlite(tmp_path)) as server:
        storm = begin(server, twilio)
        outage(twilio)
        judge(storm, lost=int(QUICK["CHUNK"]))


def test_other_campaigns_do_not_notice(twilio: TwilioStandIn, tmp_path: Path) -> None:
    """While one provider hangs, a campaign by another is sent to its end."""
    with Server(tmp_path, twilio.settings, sqlite(tmp_path)) as server:
        storm = begin(server, twilio)
        twilio.process.freeze()
        mails = send_mails(server)
        assert until(lambda: storm.status(mails) == "completed")
        assert storm.status(storm.campaigns[0]) == "running"
        twilio.process.thaw()
        judge(storm, lost=_PEOPLE - _BEFORE)


def send_mails(server: Server) -> str:
    """Start a campaign of simulated mails and return its id."""
    people = enlist(server, [f"zoe{n}@home.example" for n in range(10)], "email")
    body = {"name": "Mails", "channel": "email", "base_template": "Hello", "subject": "News"}
    audience = {"list_id": people}
    made = server.post("/campaigns", **body, sender="ana@shop.example", audience=audience)
    server.post(f"/campaigns/{made['id']}/send")
    return str(made["id"])
