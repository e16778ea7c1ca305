"""Days of reports are moved in Firestore as elsewhere."""

from typing import Any
from uuid import uuid4

from functions.domain.messages.outcomes import Outcome
from functions.engine.scheduling import delivery_days
from functions.stores.firestore.store import FirestoreStore
from tests.engine.plans.journeys import JourneyWorld
from tests.engine.scheduling.test_delivery_days import DAY, HOUR, report, told
from tests.engine.world import INDEXES


async def test_a_report_is_the_same_once_its_days_were_moved(firestore_emulator: str) -> None:
    """Over Firestore's own rules: of a campaign that goes on, and of one that has ended."""
    async with JourneyWorld() as world:
        await world.store.close()
        store: Any = FirestoreStore.connect(
            f"demo-days-{uuid4().hex[:8]}", emulator_host=firestore_emulator, indexes=INDEXES
        )
        world.store = store  # another one, which makes the same promises
        world.engine = world.new_engine()
        await world.finish(await world.create(await world.add_list(2)))
        campaign = await world.begin()
        await world.enter(campaign)
        await world.pass_time(HOUR)
        before = await report(world)
        assert before.total.outcomes[Outcome.SENT] == 3
        for _ in range(3):
            world.clock.advance(DAY)
            await delivery_days.move(world.engine)
        assert await told(world) == ["2026-03-02"]
        assert (await report(world)).days == before.days
