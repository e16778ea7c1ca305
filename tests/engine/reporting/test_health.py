"""Whether Clarion is well, and how an organisation's sending goes."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from functions.domain.campaigns.status import Action, CampaignStatus
from functions.domain.messages.message import MessageStatus
from functions.engine import paths
from functions.engine.campaigns import lifecycle
from functions.engine.ports.store import Update
from functions.engine.reporting import health, sending_status
from functions.engine.reporting.health import Condition
from functions.engine.reporting.sending_status import COUNTED
from functions.engine.scheduling import check
from tests.engine.recording_channel import INVALID
from tests.engine.world import ORG, World, number, with_limits

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


# --- Health --------------------------------------------------------------------------------------


async def test_a_new_system_is_well(world: World) -> None:
    """Before the first check nothing is known of checks, and that alone is no fault."""
    seen = await health.health(world.engine)
    assert (seen.overall, seen.check, seen.campaigns) == ("healthy", "unknown", "healthy")
    assert (seen.check_age, seen.overdue) == (None, timedelta())


async def test_a_check_leaves_a_note(world: World) -> None:
    """What the last check did, and when, stands where an operator finds it."""
    await world.add_list(1)
    await world.create(scheduled_at=world.clock.now() + MINUTE)
    world.clock.advance(MINUTE)
    await check.check(world.engine)
    note = await world.store.get(paths.LAST_CHECK)
    assert note is not None
    counts = {"started": 1, "skipped": 0, "failed": 0}
    assert note.data == {"at": world.clock.now(), **counts}


async def test_missing_checks_are_noticed(world: World) -> None:
    """Three minutes without a check, and no longer: we serve, and are behind."""
    await check.check(world.engine)
    world.clock.advance(3 * MINUTE)
    assert (await health.health(world.engine)).overall is Condition.HEALTHY
    world.clock.advance(SECOND)
    seen = await health.health(world.engine)
    assert (seen.check, seen.overall) == ("degraded", "degraded")
    assert seen.check_age == 3 * MINUTE + SECOND
    await check.check(world.engine)
    assert (await health.health(world.engine)).overall is Condition.HEALTHY


async def test_a_campaign_that_nobody_starts_is_noticed() -> None:
    """Two minutes behind its time, of whatever organisation, and we are behind."""
    async with World(lose_tasks=True) as world:
        await world.add_list(1)
        await world.create(scheduled_at=world.clock.now() + MINUTE)
        world.clock.advance(3 * MINUTE)
        assert (await health.health(world.engine)).overall is Condition.HEALTHY
        world.clock.advance(SECOND)
        seen = await health.health(world.engine)
        assert (seen.campaigns, seen.overall) == ("degraded", "degraded")
        assert seen.overdue == 2 * MINUTE + SECOND
        await check.check(world.engine)
        assert (await health.health(world.engine)).campaigns is Condition.HEALTHY


async def test_a_queue_that_has_stopped_is_unhealthy(world: World) -> None:
    """Without its queue Clarion cannot work."""
    await world.queue.close()
    seen = await health.health(world.engine)
    assert (seen.queue, seen.store, seen.overall) == ("unhealthy", "healthy", "unhealthy")


async def test_without_a_store_the_rest_is_not_known(world: World) -> None:
    """A store that fails makes us unhealthy, and nothing is claimed of what lies in it."""

    class Broken:
        """A store that answers nothing."""

        async def _fail(self, *_: object) -> Any:
            raise RuntimeError

        get = query = _fail

    engine = replace(world.engine, store=Broken())  # type: ignore[arg-type] # all that is asked
    seen = await health.health(engine)
    assert (seen.store, seen.overall) == ("unhealthy", "unhealthy")
    assert (seen.check, seen.campaigns) == ("unknown", "unknown")


# --- One organisation ----------------------------------------------------------------------------


async def test_status_counts_campaigns_and_their_messages(world: World) -> None:
    """Campaigns of every status are counted, and the messages of those at work or just ended."""
    await world.add_list(3)
    world.carrier.script = {number(0): [INVALID]}
    await world.create(name="later", scheduled_at=world.clock.now() + 24 * HOUR)
    done = await world.create(name="done")
    await world.finish(done)
    seen = await sending_status.status(world.engine, ORG)
    assert {each: n for each, n in seen.campaigns.items() if n} == {"scheduled": 1, "completed": 1}
    assert set(seen.campaigns) == set(CampaignStatus)
    assert seen.counted == 1
    assert {each: n for each, n in seen.messages.items() if n} == {
        MessageStatus.COMPLETED: 2,
        MessageStatus.FAILED: 1,
    }


async def test_status_leaves_out_what_ended_long_ago_and_what_is_another_s(world: World) -> None:
    """A day after its end a campaign no longer counts; other organisations see nothing of it."""
    await world.add_list(1)
    campaign = await world.create()
    await world.finish(campaign)
    assert (await sending_status.status(world.engine, "other")).counted == 0
    world.clock.advance(23 * HOUR)
    assert (await sending_status.status(world.engine, ORG)).counted == 1
    world.clock.advance(2 * HOUR)
    seen = await sending_status.status(world.engine, ORG)
    assert (seen.counted, seen.sends.count) == (0, 0)
    assert seen.campaigns[CampaignStatus.COMPLETED] == 1


async def test_a_paused_campaign_still_counts(world: World) -> None:
    """What is paused has messages that wait: they are told, however long it has been."""
    await world.add_list(2)
    campaign = await world.create()
    await world.launch_only(campaign)
    await lifecycle.change(world.engine, ORG, campaign.id, Action.PAUSE, by="ann")
    world.clock.advance(48 * HOUR)
    seen = await sending_status.status(world.engine, ORG)
    assert (seen.counted, seen.messages[MessageStatus.PENDING]) == (1, 2)


async def test_status_tells_how_late_starts_and_messages_were() -> None:
    """Lateness is measured from the promise: of starts exactly, of messages to a quarter."""
    async with World(with_limits(rate_per_s=1), lose_tasks=True) as world:
        await world.add_list(1)
        for minutes in (1, 2):
            at = world.clock.now() + MINUTE
            await world.create(name=f"after {minutes}", scheduled_at=at)
            world.clock.advance(MINUTE + minutes * 10 * SECOND)
            await check.check(world.engine)
        seen = await sending_status.status(world.engine, ORG)
        assert seen.starts.count == 2
        assert seen.starts.shares == {0.5: 10.0, 0.95: 20.0, 0.99: 20.0}
        assert seen.sends.shares == {0.5: None, 0.95: None, 0.99: None}
    async with World(with_limits(rate_per_s=1)) as world:
        await world.add_list(100)
        await world.finish(await world.create())
        seen = await sending_status.status(world.engine, ORG)
        assert seen.sends.count == 100
        for share, true in ((0.5, 50), (0.95, 95), (0.99, 99)):
            told = seen.sends.shares[share]
            assert told is not None
            assert true - 1 <= told <= true * 1.25


async def test_status_reads_a_bounded_number_of_campaigns(world: World) -> None:
    """Of very many campaigns the newest are counted, and no more than a fixed number."""
    await world.add_list(1)
    for n in range(COUNTED + 3):
        made = await world.create(name=f"{n}")
        await world.store.commit(
            Update(paths.campaign(ORG, made.id), {"created_at": world.clock.now() + n * SECOND})
        )
    seen = await sending_status.status(world.engine, ORG)
    assert seen.counted == COUNTED
    assert seen.campaigns[CampaignStatus.RUNNING] == COUNTED + 3
