"""Steps of a sequence are changed, taken out and put back, for those who have had some of them."""

from datetime import timedelta
from typing import Any, Final

from functions.domain.campaigns.campaign import Campaign
from functions.domain.campaigns.entry import CONTINUE, Entry, EntryBy
from functions.engine import paths
from functions.engine.plans import steering
from functions.engine.plans.migration.define import define
from tests.engine.plans.journeys import DAY, HOUR
from tests.engine.plans.versions.test_define import NAME, ONE, THREE, TWO, DefiningWorld, step
from tests.engine.world import MINUTE, ORG

LAST: Final = step("last", "P30D")


def daily(**more: Any) -> dict[str, Any]:
    """Return a step that comes five times, a day apart."""
    repeat = {"interval": {"offset": "1day"}, "count": 5}
    return step("daily", "P1D", **{"repeat": repeat, **more})


async def id_of(world: DefiningWorld, campaign: Campaign) -> str:
    """Return the id of the only enrollment."""
    (found,) = await world.documents(paths.enrollments(ORG, campaign.id))
    return found.id


async def test_a_step_at_an_interval_keeps_the_time_that_was_drawn() -> None:
    """When it is looked at next, too: somebody is told no other time, and it is not sent late."""
    drawn = {name: value for name, value in step("drawn", "").items() if name != "offset"}
    drawn["interval"] = {"offset": "2days-9days"}
    async with DefiningWorld() as world:
        campaign = await world.begun(drawn, LAST)
        before = (await world.walk(campaign)).next_at
        await world.define(drawn, step("last", "P31D"))
        await world.settle()
        assert (await world.walk(campaign)).next_at == before


async def test_a_step_that_repeats_comes_back_where_it_was_and_its_count_goes_on() -> None:
    """The one that fell into the time without it is passed over; none is said twice."""
    async with DefiningWorld() as world:
        await world.begun(daily(), LAST)
        await world.pass_time(2 * DAY + HOUR)
        await world.define(LAST)
        await world.pass_time(DAY)
        assert world.sent == ["daily"] * 2
        await world.define(daily(), LAST)
        await world.pass_time(10 * DAY)
        assert world.sent == ["daily"] * 4


async def test_a_step_that_repeats_comes_back_at_another_pace_for_as_often_as_is_left() -> None:
    """Counted from when it last came."""
    async with DefiningWorld() as world:
        await world.begun(daily(), LAST)
        await world.pass_time(2 * DAY + HOUR)
        await world.define(LAST)
        await world.define(daily(repeat={"interval": {"offset": "3days"}, "count": 4}), LAST)
        await world.pass_time(20 * DAY)
        assert [call.at.day for call in world.carrier.requests] == [3, 4, 7, 10]


async def test_a_step_that_repeated_and_comes_once_is_over_for_whoever_has_had_it() -> None:
    """Also where its next message waited, or it was taken out meanwhile."""
    for between in ((), ((LAST,),)):
        for wait in (HOUR, DAY - 3 * MINUTE):
            async with DefiningWorld() as world:
                await world.begun(daily(), LAST)
                await world.pass_time(2 * DAY + wait)
                for steps in (*between, (step("daily", "P9D"), LAST)):
                    await world.define(*steps)
                await world.pass_time(12 * DAY)
                assert world.sent == ["daily"] * 2


async def test_a_step_that_was_too_late_comes_once_it_is_put_off_to_a_later_time() -> None:
    """Whether it was taken out in between or not; it is told to be too late once."""
    for between in ((), ((ONE, LAST),)):
        async with DefiningWorld() as world:
            campaign = await world.begun(ONE, LAST)
            await world.pass_time(3 * DAY)
            await world.define(ONE, TWO, LAST)
            for steps in (*between, (ONE, {**TWO, "body": "new"}, LAST)):
                await world.define(*steps)
            await world.define(ONE, step("two", "P6D"), LAST)
            await world.pass_time(4 * DAY)
            assert world.sent == ["one", "two"]
            told = [move.on for move in (await world.walk(campaign)).moves]
            assert told.count("added_too_late") == 1


async def test_whoever_comes_back_gets_what_they_have_not_had_of_the_newest_version() -> None:
    """A step that is no more is not; one that is new is; what they have had is never said again."""
    entry = Entry(EntryBy.API, reentry=CONTINUE)
    async with DefiningWorld() as world:
        steps = {"steps": [ONE, TWO, THREE]}
        campaign = await define(
            world.engine, world.names, NAME, steps, by="ann", active=True, entry=entry
        )
        await world.settle()
        await world.enter(campaign)
        id_ = await id_of(world, campaign)
        await steering.exit_(world.engine, ORG, campaign.id, id_, by="ann")
        await world.pass_time(HOUR)
        await world.define(THREE, step("four", "P5D"))
        (entered,) = await world.enter(campaign)
        assert entered.enrollment
        assert sorted(entered.enrollment.threads) == ["four", "three"]
        await world.define(step("one", "P1D"), step("two", "P3D"), THREE, step("four", "P5D"))
        await world.pass_time(6 * DAY)
        assert world.sent == ["one", "two", "three", "four"]


async def test_whoever_comes_back_to_a_sequence_of_which_nothing_is_left_was_there() -> None:
    """The only step that they have not had is no more."""
    entry = Entry(EntryBy.API, reentry=CONTINUE)
    async with DefiningWorld() as world:
        steps = {"steps": [ONE, TWO]}
        campaign = await define(
            world.engine, world.names, NAME, steps, by="ann", active=True, entry=entry
        )
        await world.settle()
        await world.enter(campaign)
        id_ = await id_of(world, campaign)
        await steering.exit_(world.engine, ORG, campaign.id, id_, by="ann")
        await world.define(ONE)
        (entered,) = await world.enter(campaign)
        assert entered.result == "already_was"


async def test_a_pause_keeps_the_time_of_a_step_that_a_version_has_added() -> None:
    """Its message was made ahead, and waited when they were paused."""
    async with DefiningWorld() as world:
        campaign = await world.begun(ONE, LAST)
        await world.pass_time(DAY)
        await world.define(ONE, TWO, LAST)
        await world.pass_time(DAY - 2 * MINUTE)
        id_ = await id_of(world, campaign)
        await steering.pause(world.engine, ORG, campaign.id, id_, by="ann")
        await steering.resume(world.engine, ORG, campaign.id, id_, by="ann")
        await world.pass_time(timedelta(minutes=5))
        assert world.sent == ["one", "two"]
