"""The storm: campaigns whose server is killed at random moments, and started again each time."""

import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, Final

from tests.faults.rig.server import Server
from tests.faults.rig.verdict import Evidence, Taken

#: So soon after the last kill, or after something was last taken, a campaign ends, or it is stuck.
PATIENCE_S: Final = 60
_ENDED: Final = frozenset({"completed", "failed", "cancelled"})


def numbers(count: int) -> list[str]:
    """Return the numbers of so many people."""
    return [f"+1202555{n:04}" for n in range(100, 100 + count)]


def until(happened: Callable[[], object], patience_s: float = PATIENCE_S) -> bool:
    """Wait until something has happened; False if it does not."""
    deadline = time.monotonic() + patience_s
    while not happened():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


@dataclass(kw_only=True)
class Storm(ABC):
    """A server in a storm. The same seed makes the same plan; the moments differ by a hair."""

    server: Server
    seed: int = 0
    people: list[str] = field(default_factory=lambda: numbers(90))
    campaigns: list[str] = field(default_factory=list)
    kills: int = 0
    torn: int = 0  #: kills that left a launch half done
    _random: Random = field(init=False)

    def __post_init__(self) -> None:
        """Seed the plan."""
        self._random = Random(self.seed)  # noqa: S311  it only has to be repeatable

    # --- What differs from one kind of campaign to another -----------------------------------

    @abstractmethod
    def prepare(self) -> None:
        """Have the server know the people."""

    @abstractmethod
    def create(self, name: str, at: datetime | None) -> str:
        """Create a campaign to all of them, now if not at a time, and return its id."""

    @abstractmethod
    def planned(self, campaign: str) -> int:
        """Count the messages that the launch has made."""

    @abstractmethod
    def status(self, campaign: str) -> str:
        """Return how a campaign stands."""

    @abstractmethod
    def taken(self) -> Sequence[Taken]:
        """Read the provider's book."""

    @abstractmethod
    def evidence(self, campaign: str) -> Evidence[Any]:
        """Return what is known of a campaign."""

    def attend(self) -> None:  # noqa: B027  most campaigns need no operator
        """Do what an operator does now and then."""

    def moments(self) -> Sequence[Callable[[], None]]:
        """Return when to kill after the launch; one of them is drawn each time."""
        return [*[self._into_dispatch] * 3, self._at_once]

    def faults(self, evidence: Sequence[Evidence[Any]]) -> list[str]:
        """Return a sentence for whatever must not be."""
        return [fault for each in evidence for fault in each.faults()]

    def figures(self, evidence: Sequence[Evidence[Any]]) -> dict[str, int]:
        """Return what there was, in numbers."""
        return {
            "seed": self.seed,
            "kills": self.kills,
            "of these in launch": self.torn,
            "campaigns": len(evidence),
            "people": sum(len(each.rows) for each in evidence),
            "taken": sum(len(each.taken) for each in evidence),
            "unknown": sum(each.unknown for each in evidence),
            "duplicates": sum(len(each.repeated) for each in evidence),
        }

    # --- What is the same ---------------------------------------------------------------------

    def rage(self, *campaigns: int) -> list[Evidence[Any]]:
        """Run campaigns with so many kills in each; return the evidence when all have ended."""
        self.server.start()
        self.prepare()
        for kills in campaigns:
            self._create()
            self._strike(self._into_launch)
            for _ in range(kills - 1):
                self._strike(self._random.choice(self.moments()))
        return self.calm()

    def calm(self) -> list[Evidence[Any]]:
        """Wait until every campaign has ended, and return the evidence, whether or not it has.

        On a busy machine that takes long: it is stuck where nothing more is taken meanwhile.
        """
        before = -1
        while before < (taken := len(self.taken())) and not until(self._is_calm):
            before = taken
        return [self.evidence(campaign) for campaign in self.campaigns]

    def _create(self) -> None:
        """Create a campaign that starts now or in a second, and wait for that."""
        name, wait_s = f"Campaign {len(self.campaigns)}", self._random.choice([0, 1])
        at = datetime.now(UTC) + timedelta(seconds=wait_s) if wait_s else None
        self.campaigns.append(self.create(name, at))
        time.sleep(max(0, wait_s - 0.02))

    def _strike(self, moment: Callable[[], None]) -> None:
        """Kill the server at a moment, and start it again."""
        moment()
        self.server.kill()
        self.kills += 1
        self.server.start()
        # While the dead launcher's lease goes on, it is seen whether it stopped between two pages.
        self.torn += 0 < self.planned(self.campaigns[-1]) < len(self.people)
        self.attend()

    def _into_launch(self) -> None:
        time.sleep(self._random.uniform(0, 0.15))

    def _into_dispatch(self) -> None:
        """Wait until some more is taken, if it is, and a little longer."""
        wanted = len(self.taken()) + self._random.randint(1, 20)
        until(lambda: len(self.taken()) >= wanted, patience_s=5)
        time.sleep(self._random.uniform(0, 0.1))

    def _at_once(self) -> None:
        time.sleep(self._random.uniform(0, 0.3))

    def _is_calm(self) -> bool:
        """Tell whether every campaign has ended, and nothing more comes of what was taken."""
        self.attend()
        statuses = {self.status(campaign) for campaign in self.campaigns}
        return statuses <= _ENDED and all(each.ended for each in self.taken())


def weather(storm: Storm, *campaigns: int) -> None:
    """Let a storm rage, tell its figures, and judge what it leaves behind."""
    evidence = storm.rage(*campaigns)
    figures = storm.figures(evidence).items()
    sys.stdout.write(", ".join(f"{name}: {count}" for name, count in figures) + "\n")
    faults = storm.faults(evidence)
    assert not faults, "\n".join(faults)
    assert not storm.server.errors, "\n".join(storm.server.errors)
