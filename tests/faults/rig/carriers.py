"""The carriers of the fault tests: each keeps a book of its own, which our kills cannot touch."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, Protocol
from urllib.parse import urlsplit

import httpx

from functions.channels.simulator.ledger import Placed, read_ledger
from functions.channels.simulator.script import Outcome
from tests.channels.plivo import voice_server
from tests.faults.rig.stand_ins import running
from tests.faults.rig.verdict import Call

#: A carrier's bad day, in a hurry. A lost request rings nobody and is never cleared up.
_SCRIPT: Final = (
    "latency_ms=20,ring_ms=50,pickup_ms=100,give_up_ms=300,duration_s=0.4,hang_up_s=0.1,"
    "busy=0.1,no_answer=0.08,machine=0.05,failed=0.03,hung_up=0.05,"
    "lost_request=0.01,lost_answer=0.02,error=0.01,lost=0.02,duplicate=0.1,reorder=0.05"
)
_PICKED_UP: Final = frozenset({Outcome.CONNECTED, Outcome.HUNG_UP, Outcome.MACHINE})
_BUSY: Final = 3010
#: Our answer URL failed: the phone was picked up, but nobody ever spoke.
NO_ANSWER_URL: Final = 7011


class Carrier(Protocol):
    """Who makes the calls, and with which settings our server finds them."""

    @property
    def settings(self) -> Mapping[str, str]: ...
    def calls(self) -> list[Call]:
        """Return every call that was ever placed, in their order."""
        ...


class SimulatedCarrier:
    """The simulator, whose book is a file that outlives the server it runs in."""

    def __init__(self, folder: Path, script: str = _SCRIPT) -> None:
        self.ledger_path = folder / "carrier.jsonl"
        self._script = script

    @property
    def settings(self) -> Mapping[str, str]:
        """What the server has to be told."""
        return {
            "VOICE_PROVIDER": "simulator",
            "SIMULATOR_LEDGER": str(self.ledger_path),
            "SIMULATOR_SCRIPT": self._script,
        }

    def calls(self) -> list[Call]:
        """Read the book."""
        ledger = read_ledger(self.ledger_path)

        def told(placed: Placed) -> Call:
            hangup = ledger.ended.get(placed.id)
            ended, connected = hangup is not None, bool(hangup and hangup.outcome in _PICKED_UP)
            about = (placed.ref.campaign, placed.ref.message, placed.attempt, placed.to)
            return Call(*about, ended, connected)

        return [told(placed) for placed in ledger.placed]


class PlivoStandIn:
    """Plivo, played by a process that is never killed."""

    def __init__(self, url: str) -> None:
        self._url = url

    @property
    def settings(self) -> Mapping[str, str]:
        """What the server has to be told; Plivo allows 60 requests a second, look-ups included."""
        return {
            "VOICE_PROVIDER": "plivo",
            "VOICE_RATE_PER_S": "25",
            "PLIVO_API_URL": self._url,
            "PLIVO_AUTH_ID": voice_server.AUTH_ID,
            "PLIVO_AUTH_TOKEN": voice_server.AUTH_TOKEN,
        }

    def script(self, *, busy: list[str], faults: list[str]) -> None:
        """Have some people always be busy, and some requests go wrong."""
        outcomes = {number.lstrip("+"): _BUSY for number in busy}
        script = {"outcomes": outcomes, "faults": faults}
        httpx.post(f"{self._url}/script", json=script, trust_env=False).raise_for_status()

    def calls(self) -> list[Call]:
        """Ask for the book."""
        return [_told(call) for call in httpx.get(f"{self._url}/ledger", trust_env=False).json()]


@contextmanager
def plivo() -> Iterator[PlivoStandIn]:
    """Run Plivo's stand-in for the length of a `with`."""
    with running("plivo.voice_server", "0") as process:
        yield PlivoStandIn(process.says)


def _told(call: dict[str, Any]) -> Call:
    segments = urlsplit(call["order"]["hangup_url"]).path.split("/")
    campaign, message, attempt = segments[-3:]
    connected = call["answered"] and call["cause"] in voice_server.ANSWERED
    counts = call["cause"] != NO_ANSWER_URL
    about = (campaign, message, int(attempt), f"+{call['to']}")
    return Call(*about, call["ended"], connected, counts)
