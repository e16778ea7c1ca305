"""Caps over Firestore's own rules, in its emulator."""

import asyncio
from typing import Any

import pytest

from functions.engine import tasks
from functions.engine.enqueue import lane_task
from functions.stores.firestore import FirestoreStore
from tests.engine.test_manners import DAY, americans, decide, exceeded, run_out, send
from tests.engine.test_manners import add_people as add_americans
from tests.engine.world import INDEXES, ORG, World, number, with_limits


@pytest.mark.parametrize("most", [1, 2])
async def test_campaigns_that_dispatch_at_once_keep_to_a_cap_together(
    firestore_emulator: str, most: int
) -> None:
    """Three campaigns to the same people in one moment: nobody is reached too often, or lost."""
    async with World(with_limits(rate_per_s=None, chunk=7)) as world:
        await world.store.close()
        store: Any = FirestoreStore.connect(
            f"demo-caps-{most}", emulator_host=firestore_emulator, indexes=INDEXES
        )
        world.store = store  # another one, which makes the same promises
        world.engine = world.new_engine()
        await decide(world, frequency_caps=[{"most": most, "hours": 3}])
        await add_americans(world, americans(20))
        campaigns = [await send(world, name=name) for name in "abc"]
        for campaign in campaigns:
            await world.launch_only(campaign)
        lanes = [lane_task(ORG, campaign.id, "0") for campaign in campaigns]
        await asyncio.gather(*(tasks.run(world.engine, lane) for lane in lanes))
        assert world.carrier.called == {number(n): most for n in range(20)}
        for campaign in campaigns:
            await run_out(world, campaign, within=DAY)
            assert await world.statuses(campaign) == {"sent": 20}
        assert exceeded(world.carrier.calls, most, 3) == {}
