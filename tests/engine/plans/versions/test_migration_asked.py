"""What is asked of a migration, and what else happens to its campaign while it is at work."""

from collections import Counter
from dataclasses import replace

import pytest

from functions.domain.campaigns.status import Action
from functions.domain.errors import InvalidFieldError, MigrationRunningError, WrongStatusError
from functions.engine import paths
from functions.engine.plans.enroll import Entrant, enroll
from functions.engine.plans.migration.asked import ask
from functions.engine.plans.migration.preview import preview
from tests.engine.counting_store import CountingStore
from tests.engine.plans.journeys import DAY, HOUR, STOP, on, path_of, plan, send, wait
from tests.engine.plans.versions.editing import RENAMED, THREE, TWO, ZOE, EditingWorld
from tests.engine.world import MINUTE, ORG, with_limits


async def test_maps_that_make_no_sense_are_refused_by_member() -> None:
    """Each with its rule."""
    async with EditingWorld() as world:
        campaign = await world.begin(TWO)
        await world.enter(campaign)
        await world.edit(campaign, RENAMED)
        for nodes, field, rule in (
            ({"again": "welcome"}, "map.again", "stays there"),
            ({"hello": "nowhere"}, "map.hello", "no node 'nowhere'"),
            ({"hello": "welcome", "never": "again"}, "map.never", "no version has"),
        ):
            with pytest.raises(InvalidFieldError, match=rule) as refused:
                await world.migrate(campaign, nodes)
            assert refused.value.field == field
        for to in (0, 3):
            with pytest.raises(InvalidFieldError, match="the newest is 2"):
                await world.migrate(campaign, to=to)


async def test_two_migrations_at_once_are_refused_and_the_same_one_is_no_second() -> None:
    """The one under way is told with how far it has come."""
    async with EditingWorld() as world:
        campaign = await world.begin(TWO)
        await world.enter(campaign)
        await world.edit(campaign, RENAMED)
        await world.edit(campaign, THREE)

        async def asked(nodes: dict[str, str], to: int) -> None:
            await ask(world.engine, ORG, campaign.id, nodes=nodes, to=to, by="ann")

        await asked({"hello": "welcome"}, 2)
        await asked({"hello": "welcome"}, 2)
        with pytest.raises(MigrationRunningError, match="version 2"):
            await asked({}, 3)
        await world.settle()
        await asked({"welcome": "hello"}, 3)
        await world.settle()
        assert (await world.walk(campaign)).plan == 3
        trail = [d.data["action"] for d in await world.documents(paths.audit_trail(ORG))]
        assert trail.count("migrate") == 2


async def test_somebody_who_comes_to_a_removed_node_meanwhile_is_told_and_left_there() -> None:
    """Nobody stood there when it was asked for; with a map they go over as well."""
    short = plan(send("hello", on("elapsed", "stop", after="P9D")), STOP)
    async with EditingWorld() as world:
        campaign = await world.begin(TWO)
        await world.enter(campaign)
        await world.edit(campaign, short)
        await ask(world.engine, ORG, campaign.id, nodes={}, to=None, by="ann")
        world.clock.advance(DAY + HOUR)
        await world.run_lanes(campaign)
        await world.settle()
        assert (await world.progress(campaign)).stuck == {"again": 1}
        await world.migrate(campaign, {"again": "stop"})
        assert path_of(await world.walk(campaign))[-2:] == ["stop", "completed"]


async def test_a_migration_goes_on_in_a_paused_campaign_and_sends_nothing() -> None:
    """People go on by the new version once it is resumed."""
    async with EditingWorld() as world:
        campaign = await world.begin(TWO)
        await world.enter(campaign)
        await world.set_pause(campaign, Action.PAUSE)
        await world.edit(campaign, THREE)
        await world.migrate(campaign)
        assert (await world.walk(campaign)).plan == 2
        await world.pass_time(13 * HOUR)
        assert world.sent == ["hello"]
        await world.set_pause(campaign, Action.RESUME)
        assert world.sent == ["hello", "between"]


async def test_a_cancel_stops_a_migration() -> None:
    """Whoever has not gone over stays as they are, and no task is tried for ever."""
    async with EditingWorld() as world:
        campaign = await world.begin(TWO)
        await world.enter(campaign)
        await world.edit(campaign, THREE)
        await ask(world.engine, ORG, campaign.id, nodes={}, to=None, by="ann", with_task=False)
        await world.set_pause(campaign, Action.CANCEL)
        await world.pass_time(5 * MINUTE)
        assert not (await world.progress(campaign)).is_running
        assert (await world.walk(campaign)).plan == 1
        with pytest.raises(WrongStatusError):
            await world.migrate(campaign)


async def test_whoever_enters_by_the_older_version_during_a_migration_goes_over_too() -> None:
    """They were let in by a plan that was read before it changed."""
    async with EditingWorld() as world:
        campaign = await world.begin(TWO)
        await world.enter(campaign)

        async def meanwhile() -> None:
            await world.edit(campaign, THREE)
            await world.migrate(campaign)

        world.interleave("commit", "/enrollments/", meanwhile)
        await enroll(world.engine, ORG, campaign.id, [Entrant(address=ZOE)])
        await world.settle()
        assert {walk.plan for walk in await world.walks(campaign)} == {2}


async def test_those_who_are_paused_go_over_and_stay_paused() -> None:
    """They are counted by version as those under way are."""
    async with EditingWorld() as world:
        campaign = await world.begin(TWO)
        await world.enter(campaign)
        (found,) = await world.documents(paths.enrollments(ORG, campaign.id))
        await world.pause_one(campaign, found.id)
        await world.edit(campaign, THREE)
        await world.migrate(campaign)
        walk = await world.walk(campaign)
        assert (walk.plan, walk.status, walk.next_at) == (2, "paused", None)


async def test_a_migration_costs_each_of_many_the_same_few_reads_and_writes() -> None:
    """One read of each and of its message, one write; who waits for days costs nothing after."""
    costs = []
    for people in (200, 1000):
        async with EditingWorld(with_limits(lanes=1)) as world:
            campaign = await world.begin(
                plan(wait("wait", on("elapsed", "stop", after="P9D")), send("x"), STOP)
            )
            entrants = [Entrant(subject=f"person {number}") for number in range(people)]
            await enroll(world.engine, ORG, campaign.id, entrants)
            await world.settle()
            await world.edit(
                campaign, plan(wait("wait", on("elapsed", "stop", after="P8D")), send("x"), STOP)
            )
            store = CountingStore(world.store)
            world.engine = replace(world.engine, store=store)
            progress = await world.migrate(campaign)
            assert (progress.looked_at, progress.migrated) == (people, people)
            read = sum(map(len, store.found)) + len(store.asked)
            costs.append(read / people)
            walks = await world.walks(campaign)
            assert Counter(walk.plan for walk in walks) == {2: people}
            assert all(
                walk.next_at and walk.next_at > world.clock.now() + 7 * DAY for walk in walks
            )
    assert costs[1] <= costs[0]
    assert costs[1] < 2


async def test_a_preview_tells_the_number_that_the_plan_then_has() -> None:
    """Also where it changes nothing that anybody would notice, or nothing at all."""
    async with EditingWorld() as world:
        campaign = await world.begin(TWO)
        for document in ({**TWO, "timezone": "Etc/UTC"}, THREE, THREE):
            found = await preview(world.engine, ORG, campaign.id, document)
            assert (await world.edit(campaign, document)).plan == found.version
