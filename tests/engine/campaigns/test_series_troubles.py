"""What goes wrong with runs of a series: outages, holds, deaths, and two who act at once."""

import asyncio
from dataclasses import replace

import pytest

from functions.domain.campaigns.lifecycle import LateStart
from functions.domain.campaigns.status import Action
from functions.domain.errors import WrongStatusError
from functions.engine import paths
from functions.engine.campaigns import drafts, lifecycle
from functions.engine.campaigns.writing import series
from functions.engine.scheduling.check import check
from functions.engine.scheduling.start import start
from tests.engine.campaigns.drafting import HOUR, add_contact
from tests.engine.campaigns.running_series import (
    DAY,
    begin,
    runs,
    states,
)
from tests.engine.crashes import Crash, CrashingStore, CrashPoint
from tests.engine.world import ORG, World


async def test_a_missed_occurrence_gives_at_most_one_late_run(world: World) -> None:
    """After a week without us one run is late, and the next comes at its time."""
    first = await begin(world)
    world.clock.advance(7 * DAY + 4 * HOUR)
    await check(world.engine)
    await world.finish(first)
    assert await states(world) == [("completed", "03-02"), ("scheduled", "03-10")]


@pytest.mark.parametrize("late_start", [LateStart.SKIP, LateStart.ASK])
async def test_a_run_that_is_too_late_is_treated_as_it_says(
    world: World, late_start: LateStart
) -> None:
    """Skipped, the series goes on; held, it waits until somebody resumes it."""
    await begin(world, late_start=late_start)
    world.clock.advance(7 * DAY + 4 * HOUR)
    await check(world.engine)
    await world.settle()
    first = (await runs(world))[0]
    assert first.reason == "late_start"
    if late_start is LateStart.SKIP:
        assert await states(world) == [("cancelled", "03-02"), ("scheduled", "03-10")]
        return
    assert await states(world) == [("paused", "03-02")]
    await add_contact(world, 2)
    await series.resume(world.engine, ORG, first.id, by="ann")
    await world.finish(first)
    assert await states(world) == [("completed", "03-02"), ("scheduled", "03-10")]
    assert ((await runs(world))[0].total, (await world.statuses(first)).total()) == (2, 2)


async def test_a_run_without_a_sender_holds_its_series(world: World) -> None:
    """It is held, and makes the next one when it goes on or is passed over."""
    first = await begin(world)
    world.engine = replace(world.engine, providers={})
    await world.pass_time(3 * HOUR)
    assert await states(world) == [("paused", "03-02")]
    assert (await world.load(first)).reason == "sender_not_allowed"
    world.engine = replace(world.engine, providers=world.new_engine().providers)
    await series.resume(world.engine, ORG, first.id, by="ann")
    await world.finish(first)
    assert await states(world) == [("completed", "03-02"), ("scheduled", "03-03")]


async def test_a_run_that_is_held_can_be_passed_over(world: World) -> None:
    """Nothing of it is sent, and the next one comes."""
    first = await begin(world, late_start=LateStart.ASK)
    world.clock.advance(2 * DAY)
    await check(world.engine)
    await series.skip(world.engine, ORG, first.id, by="ann", reason=None)
    await world.pass_time(3 * HOUR)
    assert await states(world) == [
        ("cancelled", "03-02"),
        ("completed", "03-04"),
        ("scheduled", "03-05"),
    ]


async def test_a_change_just_before_the_start_is_what_is_sent(world: World) -> None:
    """What is counted anew for the start is put upon the campaign as it stands by then."""
    first = await begin(world)
    world.clock.advance(2 * HOUR)
    plain = world.engine
    changes = {"template": "Bye"}
    world.interleave(
        "commit",
        paths.campaign(ORG, first.id),
        lambda: drafts.update(plain, ORG, first.id, changes, by="bob", if_version=None),
    )
    assert await start(world.engine, ORG, first.id) is not None
    assert [run.own_send.content.template for run in await runs(world)] == ["Bye", "Bye"]


async def test_two_starters_make_one_run(world: World) -> None:
    """At once, and one in the midst of the other: one starts it, and the next is there once."""
    first = await begin(world)
    world.clock.advance(2 * HOUR)
    plain = world.engine
    world.interleave("commit", paths.campaign(ORG, first.id), lambda: start(plain, ORG, first.id))
    made = await asyncio.gather(*(start(world.engine, ORG, first.id) for _ in range(3)))
    assert sum(each is not None for each in made) <= 1
    assert await states(world) == [("running", "03-02"), ("scheduled", "03-03")]


async def test_a_skip_that_meets_the_start_makes_one_run(world: World) -> None:
    """One of both happens, and the other is told."""
    first = await begin(world)
    world.clock.advance(2 * HOUR)
    plain = world.engine
    world.interleave("commit", paths.campaign(ORG, first.id), lambda: start(plain, ORG, first.id))
    with pytest.raises(WrongStatusError):
        await series.skip(world.engine, ORG, first.id, by="ann", reason=None)
    assert await states(world) == [("running", "03-02"), ("scheduled", "03-03")]


@pytest.mark.parametrize("after", [False, True])
async def test_a_death_around_the_start_loses_no_run(world: World, *, after: bool) -> None:
    """Neither before nor after its commit is there a start without the next run."""
    first = await begin(world)
    world.clock.advance(2 * HOUR)
    store = CrashingStore(world.store, CrashPoint(1, after=after))
    with pytest.raises(Crash):
        await start(replace(world.engine, store=store), ORG, first.id)
    assert len(await runs(world)) == (2 if after else 1)
    world.queue = world.new_queue()
    world.engine = world.new_engine()
    world.checked_at = world.clock.now()
    await world.pass_time(DAY + 2 * HOUR)
    assert await states(world) == [
        ("completed", "03-02"),
        ("completed", "03-03"),
        ("scheduled", "03-04"),
    ]


async def test_whoever_cancels_a_run_that_is_held_ends_the_series(world: World) -> None:
    """No run was made behind it, and none is."""
    first = await begin(world, late_start=LateStart.ASK)
    world.clock.advance(2 * DAY)
    await check(world.engine)
    await lifecycle.change(world.engine, ORG, first.id, Action.CANCEL, by="ann")
    world.checked_at = world.clock.now()
    await world.pass_time(2 * DAY)
    assert await states(world) == [("cancelled", "03-02")]
