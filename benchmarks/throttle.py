"""The throttle: what turns cost, and how well a rate is kept to and made use of."""

import asyncio
import statistics
import tempfile
import time
from bisect import bisect_left
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from benchmarks.report import Row
from benchmarks.rig import INDEXES, ORG, NoOpCarrier, create, engine_on, make_list
from functions.domain.messages.message import Message
from functions.domain.messages.send_outcomes import Accepted, SendOutcome
from functions.engine import paths
from functions.engine.kernel import lanes
from functions.engine.kernel.commits.versioned import Versioned
from functions.engine.kernel.engine import Engine
from functions.engine.pacing import admission as throttle
from functions.engine.pacing.lane_slots import LaneSlots
from functions.engine.ports.channel import Outbound, Traits
from functions.engine.ports.store import Create, Store, Update
from functions.stores.firestore.store import FirestoreStore
from functions.stores.sqlite.store import SqliteStore
from infra.emulator import PROJECT, running

_ROUNDS: Final = 5
_CHUNK: Final = 12  #: messages admitted at a time: a quarter of a second at fifty a second
_FAST: Final = 500_000.0  #: a rate that nobody has to wait for
_CAMPAIGNS: Final = 3
_LENGTH_S: Final = 6


class PacedCarrier(NoOpCarrier):
    """Accepts everything at once, so many a second, and notes when."""

    def __init__(self, rate: float) -> None:
        self.traits = Traits(rate_per_s=rate)
        self.times: list[float] = []

    async def send(self, outbound: Outbound) -> SendOutcome:
        self.times.append(time.perf_counter())
        return Accepted(outbound.ref.message)


@dataclass(slots=True)
class GcraByHand:
    """The same in one process and without a store: turns in a variable, a sleep for each."""

    rate: float
    times: list[float]
    _free_at: float = 0.0

    async def send_all(self, count: int) -> None:
        """Send so many, each at its turn."""
        for _ in range(count):
            now = time.perf_counter()
            turn = max(self._free_at, now)
            self._free_at = turn + 1 / self.rate
            await asyncio.sleep(turn - now)
            self.times.append(time.perf_counter())


async def measure() -> list[Row]:
    """Measure both stores."""
    with tempfile.TemporaryDirectory() as folder:
        store = SqliteStore(Path(folder) / "bench.db", INDEXES)
        rows = await _measured(store, "SQLite", 500)
        await store.close()
    with running(heap="4g") as emulator:
        firestore = FirestoreStore.connect(PROJECT, indexes=INDEXES, emulator_host=emulator.host)
        rows += await _measured(firestore, "emulator", 200)
        await firestore.close()
    return rows


async def _measured(store: Store, name: str, times: int) -> list[Row]:
    rows = [await _turns(store, name, times)]
    return [*rows, *[await _accuracy(store, name, rate) for rate in (50, 500)]]


def _paced(store: Store, carrier: PacedCarrier, *kinds: str) -> Engine:
    engine = replace(engine_on(store, kinds=kinds), channels={"noop": carrier})
    engine.queue.engine = engine  # type: ignore[attr-defined]  # the rig's own queue
    return engine


# --- Turns ------------------------------------------------------------------------------------


async def _turns(store: Store, name: str, count: int) -> Row:
    """Measure turns for twelve messages at a time, most of them reserved ahead.

    By hand each twelve would read a document and write it.
    """
    await make_list(store, "turns", 1)
    engine = _paced(store, PacedCarrier(_FAST))
    campaign = await create(engine, "turns")
    lease = await lanes.acquire(engine, ORG, campaign, "0")
    assert lease is not None
    ratios, ours, by_hand = [], [], []
    for number in range(_ROUNDS):
        ours.append(await _admit(lease, count))
        by_hand.append(await _by_hand(store, f"{paths.throttle(ORG, 'by-hand')}-{number}", count))
        ratios.append(by_hand[-1] / ours[-1])
    rate, bound = count / statistics.median(ours), count / statistics.median(by_hand)
    against = f"a document read and written {bound:,.0f}/s"
    ratio = statistics.median(ratios)
    return Row(f"turns for twelve messages, {name}", f"{rate:,.0f}/s", against, ratio, "told")


async def _admit(lease: lanes.LaneLease, count: int) -> float:
    offered = [Versioned(Message(f"m{n}", "", "pending"), 1) for n in range(_CHUNK)]
    send, slots = lease.campaign.own_send, LaneSlots(lease)
    start = time.perf_counter()
    for _ in range(count):
        admission = await throttle.admit(lease, send, slots, offered, wanted=_CHUNK)
        assert len(admission.turns) == _CHUNK
    return time.perf_counter() - start


async def _by_hand(store: Store, path: str, count: int) -> float:
    """Read a document and write it again, on the version that was read."""
    await store.commit(Create(path, {"free_at": 0}))
    start = time.perf_counter()
    for number in range(count):
        document = await store.get(path)
        assert document is not None
        await store.commit(Update(path, {"free_at": number}, document.version))
    return time.perf_counter() - start


# --- Accuracy ---------------------------------------------------------------------------------


async def _accuracy(store: Store, name: str, rate: int) -> Row:
    """Measure three campaigns of one sender, against a sender that is alone and knows no store."""
    ours = await _run(store, rate)
    by_hand = GcraByHand(rate, [])
    await by_hand.send_all(rate * _LENGTH_S)
    shown = f"{_average(ours):.1f}/s, at most {_most(ours)}"
    against = f"GCRA by hand {_average(by_hand.times):.1f}/s, at most {_most(by_hand.times)}"
    ratio = _average(ours) / _average(by_hand.times)
    return Row(f"handed over at {rate}/s, {name}", shown, against, ratio, f"> 0.9, at most {rate}")


async def _run(store: Store, rate: int) -> list[float]:
    """Return when three campaigns have handed over their messages."""
    carrier = PacedCarrier(rate)
    size = rate * _LENGTH_S // _CAMPAIGNS
    for number in range(_CAMPAIGNS):
        name = f"at-{rate}-{number}"
        await make_list(store, name, size)
    engine = _paced(store, carrier, "launch", "dispatch")
    for number in range(_CAMPAIGNS):
        await create(engine, f"at-{rate}-{number}")
    await engine.queue.close()
    assert len(carrier.times) == size * _CAMPAIGNS
    return sorted(carrier.times)


def _average(times: list[float]) -> float:
    return (len(times) - 1) / (times[-1] - times[0])


def _most(times: list[float]) -> int:
    """Return how many the busiest second has seen, wherever it begins."""
    return max(bisect_left(times, at + 1) - n for n, at in enumerate(times))
