"""What is counted of walks is what is stored of them.

Every test of walks ends with that check, also those in which a process dies before or after each
commit; here the check itself is tried.
"""

import pytest

from functions.engine import paths
from functions.engine.ports.store import Add
from tests.engine.plans.journeys import DAY, JourneyWorld, path_of
from tests.engine.world import ORG


@pytest.mark.parametrize(
    "name",
    [
        "e_active",
        "e_completed",
        "exit_operator",
        "goal",
        "at_hello",
        "in_hello",
        "in_again",
        "out_hello_noxx5fopen",
        "out_hello_opened",
        "sent",
    ],
)
async def test_one_too_many_in_any_count_of_a_walk_is_found(name: str) -> None:
    """Who is under way, who stands where, who came by and left by which way, and the messages."""
    async with JourneyWorld() as world:
        campaign = await world.begin()
        await world.enter(campaign, "ann@example.com", "bob@example.com")
        await world.skip(2 * DAY)
        assert path_of((await world.walks(campaign))[0])[:2] == ["hello", "again"]
        await world.check_statistics()

        shard = paths.statistics(ORG, campaign.id, 0)
        await world.store.commit(Add(shard, {name: 1}))
        with pytest.raises(AssertionError):
            await world.check_statistics()
        await world.store.commit(Add(shard, {name: -1}))
