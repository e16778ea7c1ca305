"""Rates and live calls over Firestore are as they are over SQLite."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest

from functions.engine import paths
from functions.engine.pacing import live_calls
from functions.stores.firestore.store import FirestoreStore
from tests.engine.world import INDEXES, World, with_limits


@pytest.fixture
async def world(firestore_emulator: str) -> AsyncIterator[World]:
    """Give a world over a project of its own, in which three calls may be under way."""
    async with World(with_limits(live_calls_per_org=3, live_calls_total=4)) as made:
        await made.store.close()
        store: Any = FirestoreStore.connect(
            f"demo-pacing-{uuid4().hex[:8]}", emulator_host=firestore_emulator, indexes=INDEXES
        )
        made.store, made.engine = store, replace(made.engine, store=store)
        yield made


async def test_calls_take_turns_and_slots(world: World) -> None:
    """Two campaigns reach everybody once, never with more calls at a time than allowed."""
    await world.add_list(7)
    campaigns = [await world.create(name=name) for name in "ab"]
    for campaign in campaigns:
        await world.finish(campaign)
    assert world.carrier.most_live == 3
    assert set(world.carrier.called.values()) == {2}
    assert await world.slots() == {"org": 0, "all": 0}


async def test_any_name_of_an_organisation_can_be_given_room(world: World) -> None:
    """Its name stands in a map, where dots and dashes mean something to Firestore."""
    odd = "a.b-c_`d"
    assert await live_calls.find_room(world.engine, odd, 1) is None
    everybody = await world.store.get(paths.ALL_LIVE_CALLS)
    assert everybody is not None
    assert everybody.data["rooms"][odd]["room"] == 3
