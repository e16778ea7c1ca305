"""Caps over Firestore's own rules, in its emulator."""

from typing import Any

import pytest

from functions.stores.firestore.store import FirestoreStore
from tests.engine.eligibility.test_frequency_caps import check_a_cap_together
from tests.engine.world import INDEXES, World, with_limits


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
        await check_a_cap_together(world, 20, most)
