"""Series over Firestore's own rules and indexes, in its emulator."""

from typing import Any

from functions.engine.campaigns.writing import series
from functions.engine.reporting import overview
from functions.engine.reporting.overview import Search
from functions.stores.firestore.store import FirestoreStore
from tests.engine.campaigns.drafting import HOUR
from tests.engine.campaigns.running_series import begin, states
from tests.engine.world import INDEXES, ORG, World


async def test_runs_are_made_passed_over_and_counted(firestore_emulator: str) -> None:
    """As over SQLite: one run ahead, whatever takes the one before out of waiting."""
    async with World() as world:
        await world.store.close()
        store: Any = FirestoreStore.connect(
            "demo-series", emulator_host=firestore_emulator, indexes=INDEXES
        )
        world.store = store  # another one, which makes the same promises
        world.engine = world.new_engine()
        first = await begin(world)
        await world.pass_time(2 * HOUR, checks=False)
        await world.finish(first)
        second = await series.following(world.engine, await world.load(first))
        assert second is not None
        await series.skip(world.engine, ORG, second.id, by="ann", reason=None)
        assert await states(world) == [
            ("completed", "03-02"),
            ("cancelled", "03-03"),
            ("scheduled", "03-04"),
        ]
        found = await series.read(world.engine, ORG, second.id)
        assert [run.repeat and run.repeat.number for run, _ in found.runs] == [3, 2, 1]
        query = Search(series=first.id, descending=False).query(ORG)
        listed = await overview.counted(world.engine, await world.store.query(query))
        assert {run.id for run, _ in listed} == {run.id for run, _ in found.runs}
