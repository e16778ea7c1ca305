"""The storm: campaigns whose server is killed at random moments, and started again each time."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, Final

from tests.faults.carriers import NO_ANSWER_URL, Carrier
from tests.faults.server import Server
from tests.faults.verdict import Evidence

SENDER: Final = "+12025550001"
#: A campaign ends this soon after the last kill, or it is stuck.
PATIENCE_S: Final = 60
_ENDED: Final = frozenset({"completed", "failed", "cancelled"})


def numbers(count: int) -> list[str]:
    """Return the numbers of so many people."""
    return [f"+1202555{n:04}" for n in range(100, 100 + count)]


def upload(server: Server, people: list[str]) -> str:
    """Upload people, some of them twice, and return the list's id."""
    rows = [*people, *people[::7], "not a number"]
    uploaded = server.upload("\n".join(["number", *rows]).encode(), "People")
    left_out = (uploaded["duplicates"], uploaded["invalid"])
    assert (uploaded["imported"], *left_out) == (len(people), len(people[::7]), 1)
    return str(uploaded["listId"])


def create(server: Server, list_id: str, name: str, bot: str, **more: Any) -> str:
    """Create a campaign and return its id."""
    body = {"campaignName": name, "listId": list_id, "fromNumber": SENDER, "wssUrl": bot, **more}
    return str(server.post("/create-campaign", **body)["campaignId"])


def until(happened: Callable[[], object], patience_s: float = PATIENCE_S) -> bool:
    """Wait until something has happened; False if it does not."""
    deadline = time.monotonic() + patience_s
    while not happened():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


@dataclass(slots=True)
class Storm:
    """A server in a storm. The same seed makes the same plan; the moments differ by a hair."""

    server: Server
    carrier: Carrier
    bot: str
    seed: int
    people: list[str] = field(default_factory=lambda: numbers(90))
    campaigns: list[str] = field(default_factory=list)
    kills: int = 0
    torn: int = 0  #: kills that left a launch half done
    resumed: int = 0  #: campaigns that stopped themselves, as we could not answer the carrier
    _random: Random = field(init=False)
    _list_id: str = ""

    def __post_init__(self) -> None:
        """Seed the plan."""
        self._random = Random(self.seed)  # noqa: S311  it only has to be repeatable

    def rage(self, *campaigns: int) -> list[Evidence]:
        """Run campaigns with so many kills in each; return the evidence when all have ended."""
        self.server.start()
        self._list_id = upload(self.server, self.people)
        for kills in campaigns:
            self._create()
            self._strike(self._into_launch)
            for _ in range(kills - 1):
                self._strike(self._random.choice([self._into_dispatch] * 3 + [self._at_once]))
        return self.calm()

    def calm(self) -> list[Evidence]:
        """Wait until every campaign has ended, and return the evidence, whether or not it has."""
        until(self._is_calm)
        return [self._evidence(campaign) for campaign in self.campaigns]

    def _create(self) -> None:
        """Create a campaign that starts now or in a second, and wait for that."""
        name, wait_s = f"Campaign {len(self.campaigns)}", self._random.choice([0, 1])
        at = datetime.now(UTC) + timedelta(seconds=wait_s)
        more = {"scheduledTime": at.isoformat()} if wait_s else {}
        self.campaigns.append(create(self.server, self._list_id, name, self.bot, **more))
        time.sleep(max(0, wait_s - 0.02))

    def _strike(self, moment: Callable[[], None]) -> None:
        """Kill the server at a moment, and start it again."""
        moment()
        self.server.kill()
        self.kills += 1
        self.server.start()
        self.torn += self._is_torn(self.campaigns[-1])
        self._resume()

    def _is_torn(self, campaign: str) -> bool:
        """Tell, while the dead launcher's lease goes on, whether it stopped between two pages."""
        planned: int = sum(self._progress(campaign)["statistics"]["byStatus"].values())
        return 0 < planned < len(self.people)

    def _into_launch(self) -> None:
        time.sleep(self._random.uniform(0, 0.15))

    def _into_dispatch(self) -> None:
        """Wait for some more calls, if any come, and a little longer."""
        wanted = len(self.carrier.calls()) + self._random.randint(1, 20)
        until(lambda: len(self.carrier.calls()) >= wanted, patience_s=5)
        time.sleep(self._random.uniform(0, 0.1))

    def _at_once(self) -> None:
        time.sleep(self._random.uniform(0, 0.3))

    def _is_calm(self) -> bool:
        """Tell whether every campaign has ended, and the carrier has hung up everywhere."""
        self._resume()
        statuses = {self._progress(campaign)["status"] for campaign in self.campaigns}
        return statuses <= _ENDED and all(call.ended for call in self.carrier.calls())

    def _resume(self) -> None:
        """Do what an operator does once the answer URL is up again."""
        for campaign in self.campaigns:
            progress = self._progress(campaign)
            if progress["status"] == "paused" and progress["reason"] == f"provider_{NO_ANSWER_URL}":
                self.server.post("/resume-campaign", campaignId=campaign)
                self.resumed += 1

    def _progress(self, campaign: str) -> dict[str, Any]:
        return self.server.get(f"/campaign-progress/{campaign}")

    def _evidence(self, campaign: str) -> Evidence:
        calls = [call for call in self.carrier.calls() if call.campaign == campaign]
        status = self._progress(campaign)["status"]
        rows = list(self.server.report(campaign))
        return Evidence(frozenset(self.people), status, rows, calls)
