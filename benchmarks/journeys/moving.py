"""Moving: timers of many people fire at once, and each gets a message; against the same by hand.

A move alone ends with the message's creation. A step is whole: its message is sent, too.
"""

import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from benchmarks.journeys.by_hand import CampaignByHand, by_enrollment
from benchmarks.journeys.samples import Samples, timed
from benchmarks.journeys.world import (
    REMINDERS,
    begin,
    enter,
    journeys_on,
    make_contacts,
    remember,
    set_ahead,
    walk_only,
    work,
)
from benchmarks.report import Row
from benchmarks.rig import INDEXES, ORG
from functions.domain.campaigns.campaign import Campaign
from functions.engine import paths
from functions.engine.ports.store import Store
from functions.stores.sqlite.store import SqliteStore

_SIZE, _ROUNDS = 20_000, 3
_SMALL, _LARGE = 3_000, 30_000
_SENT: Final = (
    {"status": "sending", "lane": "watch-0", "attempt": 1},
    {"status": "sent", "lane": None, "next_at": None, "sent_at": datetime(2026, 1, 1, tzinfo=UTC)},
)


async def measure() -> list[Row]:
    """Measure moves and whole steps of 20,000 people, and how moves grow, on SQLite."""
    moves, steps = Samples(), Samples()
    with tempfile.TemporaryDirectory() as folder:
        store = SqliteStore(Path(folder) / "bench.db", INDEXES)
        await _Round(store, "warm-up", 500).walk()
        for number in range(_ROUNDS):
            walks = _Round(store, f"round-{number}", _SIZE)
            moves.add(*await walks.walk())
            steps.add(*await walks.step())
        await store.close()
    return [
        moves.row(f"moves with a message, {_SIZE:,} due, SQLite", _SIZE, ">= 0.5"),
        steps.row("journey steps from the timer to sent, SQLite", _SIZE, ">= 2,500/s"),
        *await _growth(),
    ]


async def _growth() -> list[Row]:
    """Measure how the time of moves grows with how many are due."""
    small, large = Samples(), Samples()
    with tempfile.TemporaryDirectory() as folder:
        store = SqliteStore(Path(folder) / "bench.db", INDEXES)
        await _Round(store, "warm-up", 500).walk()
        for number in range(3):
            small.add(*await _Round(store, f"small-{number}", _SMALL).walk())
        large.add(*await _Round(store, "large", _LARGE).walk())
        await store.close()
    return [
        _grown(f"{_LARGE:,} moves with a message, SQLite", large.ours, small.ours, "<= 11"),
        _grown("the same moves by hand", large.by_hand, small.by_hand, "told"),
    ]


def _grown(name: str, large: list[float], small: list[float], goal: str) -> Row:
    many, few = min(large), min(small)
    return Row(name, f"{many:.1f} s", f"{few:.2f} s for {_SMALL:,}", many / few, goal)


class _Round:
    """Some people who have been sent a mail, and wait for what they do with it."""

    def __init__(self, store: Store, name: str, size: int) -> None:
        self._store = store
        self._engine = journeys_on(store)
        self._name = name
        self._size = size
        self._campaign: Campaign

    async def walk(self) -> tuple[float, float]:
        """Move everybody on, but send nothing; return the seconds of ours, and those by hand."""
        people = await make_contacts(self._store, self._size)
        self._campaign = await begin(self._engine, REMINDERS)
        await enter(self._engine, self._campaign, people)
        self._before = await self._remember()
        set_ahead(self._engine)
        ours = await timed(walk_only(self._engine, self._campaign))
        self._now = self._engine.clock.now()
        enrollments, messages = await self._remember()
        new = {id_: messages[id_] for id_ in messages.keys() - self._before[1].keys()}
        assert len(new) == self._size
        self._after = enrollments, by_enrollment(new.values())
        by_hand = await self._by_hand("walk")
        return ours, await timed(by_hand.walk(self._now, *self._after))

    async def step(self) -> tuple[float, float]:
        """Move everybody on once more, and send their messages; return the seconds of both."""
        await work(self._engine, self._campaign)  # what the walk has made is sent first
        set_ahead(self._engine)
        ours = await timed(work(self._engine, self._campaign))
        _, messages = await self._remember()
        assert sum(each["status"] == "sent" for each in messages.values()) == 3 * self._size
        other = await self._by_hand("step")

        async def by_hand() -> None:
            await other.walk(self._now, *self._after)
            await other.send(*_SENT)

        return ours, await timed(by_hand())

    async def _remember(self) -> tuple[dict[str, dict[str, object]], dict[str, dict[str, object]]]:
        id_ = self._campaign.id
        enrollments = await remember(self._store, paths.enrollments(ORG, id_))
        return enrollments, await remember(self._store, paths.messages(ORG, id_))

    async def _by_hand(self, what: str) -> CampaignByHand:
        other = CampaignByHand(self._store, f"by-hand-{self._name}-{what}")
        await other.begin(*self._before)
        return other
