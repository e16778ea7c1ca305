"""Refusals of us are counted in Firestore as elsewhere."""

from datetime import timedelta
from typing import Any

from functions.stores.firestore.store import FirestoreStore
from tests.engine.delivery.test_refusals import RELAY, resumed, stands
from tests.engine.world import INDEXES, World


async def test_a_relay_that_refuses_us_pauses_the_campaign(firestore_emulator: str) -> None:
    """Over Firestore's own rules, in its emulator: paused, and resumed once it is mended."""
    async with World() as world:
        await world.store.close()
        store: Any = FirestoreStore.connect(
            "demo-refusals", emulator_host=firestore_emulator, indexes=INDEXES
        )
        world.store = store  # another one, which makes the same promises
        world.engine = world.new_engine()
        await world.add_list(5)
        world.carrier.otherwise = RELAY
        campaign = await world.create()
        await world.pass_time(timedelta(minutes=5))
        assert await stands(world, campaign) == ("paused", "relay_denied")
        await resumed(world, campaign)
        assert await world.statuses(campaign) == {"completed": 5}
