"""An erasure that meets other work, or dies, leaves nothing behind."""

import asyncio
from contextlib import suppress
from dataclasses import replace

import pytest

from functions.domain.campaigns.status import CampaignStatus
from functions.domain.contacts.contact import read_details
from functions.domain.errors import InvalidFieldError, NotFoundError
from functions.engine.contacts import contacts, lists
from functions.engine.contacts.contacts import Filters
from functions.engine.delivery import launch
from functions.engine.kernel import lanes
from functions.engine.kernel.lanes import LAUNCH
from functions.engine.privacy import erasure
from tests.engine.crashes import Crash, CrashingQueue, CrashingStore, CrashPoint
from tests.engine.privacy.erasing import (
    ANA,
    ANA_ID,
    BEN,
    CEM,
    ROW,
    check_forgotten,
    erase,
    populated,
    trail,
)
from tests.engine.stored_contacts import add_numbers, add_people, list_of, naming
from tests.engine.world import ORG, World, number, with_limits
from tests.salted import contact_id


@pytest.mark.parametrize("page", [1, 2, 3])
async def test_a_launch_that_has_read_somebody_does_not_call_them(page: int) -> None:
    """Erased between the launch's look at a list and its commit of a page, nobody is called."""
    async with World(with_limits(launch_page=page)) as world:
        campaign = await world.create(await populated(world))
        plain = world.engine
        world.interleave(
            "commit", "/messages/", lambda: erasure.erase(plain, ORG, ANA_ID, by="ann")
        )
        await launch.launch(world.engine, ORG, campaign.id)
        world.engine = plain
        await check_forgotten(world)
        await world.finish(campaign)
        await check_forgotten(world)
        assert world.carrier.called == {BEN: 1, CEM: 1}
        assert len(await trail(world)) == 1


async def test_erasures_in_the_midst_of_a_running_campaign() -> None:
    """Whoever is erased while a campaign runs is called once, or not at all."""
    async with World(with_limits(launch_page=3, rate_per_s=20)) as world:
        ids = await add_numbers(world.engine, *range(40))
        campaign = await world.create(await list_of(world.engine, ids))
        erasing = (erasure.erase(world.engine, ORG, id_, by="ann") for id_ in ids[1::2])
        await asyncio.gather(world.finish(campaign), *erasing)
        assert await naming(world.store, *(number(n) for n in range(1, 40, 2))) == []
        await check_forgotten(world)
        assert set(world.carrier.called.values()) == {1}
        assert (await world.load(campaign)).status is CampaignStatus.COMPLETED


@pytest.mark.parametrize("died", [False, True])
async def test_an_addition_to_a_list_leaves_nobody_behind(world: World, *, died: bool) -> None:
    """Erased between an addition's look and its commit, a person is not on the list.

    It is the same where the erasure died behind its look at the lists, and is repeated later.
    """
    await populated(world)
    plain = world.engine
    made = await lists.create(plain, ORG, "New")

    async def meanwhile() -> None:
        store = CrashingStore(plain.store, CrashPoint(3, after=False)) if died else plain.store
        with suppress(Crash):
            await erasure.erase(replace(plain, store=store), ORG, ANA_ID, by="ann")

    world.interleave("commit", "/pages/", meanwhile)
    with pytest.raises(NotFoundError):
        await lists.add(world.engine, ORG, made.value.id, [ANA_ID, contact_id(BEN)])
    world.engine = plain
    assert (await lists.load(plain, ORG, made.value.id)).value.size == 0
    if died:
        await erase(world)
    await check_forgotten(world)


async def test_whoever_is_being_erased_is_not_changed_meanwhile(world: World) -> None:
    """Until an erasure has ended its person is not found, and cannot be stored anew."""
    await populated(world)
    plain = world.engine

    async def meanwhile() -> None:
        with pytest.raises(NotFoundError):
            await contacts.load(plain, ORG, ANA_ID)
        with pytest.raises(InvalidFieldError, match="is being erased"):
            await contacts.create(plain, ORG, read_details(ROW))
        (result,) = await contacts.upsert(plain, ORG, [read_details(ROW)])
        assert (result.result, result.field) == ("invalid", "phone")
        page = await contacts.page_of(plain, ORG, Filters(), limit=10)
        assert len(page.contacts) == 2

    world.interleave("commit", "/audit/", meanwhile)
    await erase(world)
    world.engine = plain
    await check_forgotten(world)
    assert len(await add_people(plain, [ROW])) == 1


async def test_two_erasures_at_once_are_one(world: World) -> None:
    """Both succeed or find nobody, and the trail tells of one."""
    campaign = await world.create(await populated(world))
    await world.finish(campaign)
    outcomes = await asyncio.gather(*(erase(world) for _ in range(5)), return_exceptions=True)
    assert all(each is None or isinstance(each, NotFoundError) for each in outcomes)
    await check_forgotten(world)
    assert len(await trail(world)) == 1


@pytest.mark.parametrize("after", [False, True])
async def test_a_death_at_any_commit_is_made_good_by_a_repetition(
    monkeypatch: pytest.MonkeyPatch, *, after: bool
) -> None:
    """Killed before or after any side effect, the erasure, repeated, leaves nothing."""
    monkeypatch.setattr(erasure, "_PAGE", 1)
    at = 1
    while await _die_at(at, after=after):
        at += 1
    assert at > 8, "the erasure has fewer side effects than it should"


async def _die_at(at: int, *, after: bool) -> bool:
    """Die at one side effect and repeat; False where there is no such side effect any more."""
    async with World() as world:
        list_id = await populated(world)
        await list_of(world.engine, [ANA_ID], name="Just Ana")
        for name in ("Spring", "Summer"):
            await world.finish(await world.create(list_id, name=name))
        under_way = await world.create(list_id, name="Autumn")
        assert await lanes.acquire(world.engine, ORG, under_way.id, LAUNCH)
        point = CrashPoint(at, after=after)
        plain = world.engine
        store, queue = CrashingStore(world.store, point), CrashingQueue(world.queue, point)
        world.engine = replace(plain, store=store, queue=queue)
        with suppress(Crash):
            await erase(world)
        world.engine = plain
        with suppress(NotFoundError):  # It had died behind its last commit.
            await erase(world)
        await check_forgotten(world)
        assert len(await trail(world)) == 1
        await world.finish(under_way)
        await check_forgotten(world)
        assert world.carrier.called == {ANA: 2, BEN: 3, CEM: 3}
        return point.is_dead
