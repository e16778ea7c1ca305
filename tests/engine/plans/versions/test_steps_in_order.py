"""Steps that come after others go over to another version: each keeps what it counts from."""

from typing import Any

from functions.domain.campaigns.entry import CONTINUE, Entry, EntryBy
from functions.engine import paths
from functions.engine.plans import steering
from functions.engine.plans.enroll import Entrant, enroll
from tests.engine.plans.journeys import ANN, DAY, HOUR
from tests.engine.plans.test_steps_in_order import step
from tests.engine.plans.versions.editing import EditingWorld
from tests.engine.world import MINUTE, ORG


def steps(*each: dict[str, Any]) -> dict[str, Any]:
    """Return a sequence."""
    return {"steps": list(each)}


#: A mail after an hour, and another two hours behind it.
PAIR = steps(step("a", offset="PT1H"), step("b", "a", offset="PT2H"))


async def hours_of(world: EditingWorld, version: dict[str, Any], *, after: Any) -> dict[str, float]:
    """Return how many hours after the entry each mail left, where PAIR changed so long after it."""
    campaign = await world.begin(PAIR)
    await world.enter(campaign)
    start = world.clock.now()
    await world.pass_time(after)
    await world.edit(campaign, version)
    await world.migrate(campaign)
    for _ in range(12):
        await world.pass_time(HOUR)
    assert (await world.walk(campaign)).status == "completed"
    return {call.body: round((call.at - start) / HOUR, 1) for call in world.carrier.requests}


async def test_a_step_behind_one_that_is_no_more_counts_from_the_entry() -> None:
    """As the new version says that has nothing before it."""
    async with EditingWorld() as world:
        version = steps(step("b", offset="PT3H"))
        assert await hours_of(world, version, after=30 * MINUTE) == {"b": 3.0}


async def test_a_step_whose_start_was_known_keeps_it_whatever_comes_before_it_now() -> None:
    """Nobody's clock starts anew: a was over after an hour."""
    async with EditingWorld() as world:
        version = steps(step("b", offset="PT3H"))
        assert await hours_of(world, version, after=90 * MINUTE) == {"a": 1.0, "b": 4.0}


async def test_a_step_added_behind_one_that_is_over_counts_from_its_end() -> None:
    """And one that is added behind that one waits for it."""
    async with EditingWorld() as world:
        version = steps(
            *PAIR["steps"], step("d", "c", offset="PT1H"), step("c", "a", offset="PT4H")
        )
        found = await hours_of(world, version, after=90 * MINUTE)
        assert found == {"a": 1.0, "b": 3.0, "c": 5.0, "d": 6.0}


async def test_a_step_added_behind_one_that_was_over_too_long_ago_is_left_out() -> None:
    """Its time has passed for them."""
    async with EditingWorld() as world:
        campaign = await world.begin(PAIR)
        await world.enter(campaign)
        await world.pass_time(DAY)
        await world.edit(campaign, steps(*PAIR["steps"], step("c", "a", offset="PT4H")))
        await world.migrate(campaign)
        await world.pass_time(DAY)
        assert world.sent == ["a", "b"]
        assert (await world.walk(campaign)).moves[-1].on == "added_too_late"


async def test_a_step_that_is_to_wait_for_another_one_does() -> None:
    """B waited for a, and waits for c from now on, which comes later."""
    async with EditingWorld() as world:
        version = steps(
            step("a", offset="PT1H"), step("b", "c", offset="PT2H"), step("c", offset="PT8H")
        )
        found = await hours_of(world, version, after=30 * MINUTE)
        assert found == {"a": 1.0, "b": 10.0, "c": 8.0}


async def test_a_message_that_waits_is_made_anew_and_the_next_step_begins_behind_that() -> None:
    """A minute before it leaves, the one before is put off by an hour."""
    async with EditingWorld() as world:
        version = steps(step("a", offset="PT2H"), step("b", "a", offset="PT2H"))
        assert await hours_of(world, version, after=59 * MINUTE) == {"a": 2.0, "b": 4.0}


async def test_whoever_comes_back_gets_the_steps_that_there_are_by_then() -> None:
    """They left before a and b, which are no more: what they have not had is c."""
    async with EditingWorld() as world:
        campaign = await world.begin(PAIR, entry=Entry(EntryBy.API, "", CONTINUE))
        await world.enter(campaign)
        (document,) = await world.documents(paths.enrollments(ORG, campaign.id))
        await steering.exit_(world.engine, ORG, campaign.id, document.id, by="ann")
        await world.edit(campaign, steps(step("c", offset="PT1H")))
        (back,) = await enroll(world.engine, ORG, campaign.id, [Entrant(address=ANN)])
        assert back.result == "enrolled"
        assert back.enrollment is not None
        assert set(back.enrollment.threads) == {"c"}
        await world.pass_time(3 * HOUR + MINUTE)
        assert world.sent == ["c"]
