"""Entering: a list enters a plan, against the same reads and writes done by hand."""

import tempfile
from pathlib import Path

from benchmarks.journeys.by_hand import CampaignByHand
from benchmarks.journeys.samples import Samples, timed
from benchmarks.journeys.world import PATIENT, begin, journeys_on, remember
from benchmarks.report import Row
from benchmarks.rig import INDEXES, ORG, make_list
from functions.engine import paths
from functions.engine.delivery.launch import launch
from functions.engine.ports.store import Store
from functions.stores.firestore.store import FirestoreStore
from functions.stores.sqlite.store import SqliteStore
from infra.emulator import PROJECT, running

_SQLITE, _EMULATOR = 20_000, 5_000
_ROUNDS = 5


async def measure() -> list[Row]:
    """Measure both stores."""
    samples = Samples()
    with tempfile.TemporaryDirectory() as folder:
        store = SqliteStore(Path(folder) / "bench.db", INDEXES)
        await _round(store, "warm-up", 500)
        for number in range(_ROUNDS):
            samples.add(*await _round(store, f"round-{number}", _SQLITE))
        await store.close()
    rows = [samples.row(f"enrolled from a list of {_SQLITE:,}, SQLite", _SQLITE, ">= 0.5")]
    with running(heap="4g") as emulator:
        samples = await _emulator(emulator.host)
    name = f"enrolled from a list of {_EMULATOR:,}, emulator"
    return [*rows, samples.row(name, _EMULATOR, ">= 0.5")]


async def _emulator(host: str) -> Samples:
    samples = Samples()
    for number in range(-1, _ROUNDS):
        # A project of its own: the emulator's queries scan everything of a collection's name.
        project = f"{PROJECT}-{number}"
        store = FirestoreStore.connect(project, indexes=INDEXES, emulator_host=host)
        seconds = await _round(store, "all", _EMULATOR)
        if number >= 0:  # the first one warms the emulator up
            samples.add(*seconds)
        await store.close()
    return samples


async def _round(store: Store, name: str, size: int) -> tuple[float, float]:
    """Return the seconds of ours, and those by hand."""
    await make_list(store, name, size)
    engine = journeys_on(store, kinds=())
    campaign = await begin(engine, PATIENT, list_id=name)
    took = await timed(launch(engine, ORG, campaign.id))
    enrolled = await remember(store, paths.enrollments(ORG, campaign.id))
    assert len(enrolled) == size
    other = CampaignByHand(store, f"by-hand-{name}")
    await other.begin({}, {})
    return took, await timed(other.enroll(name, enrolled))
