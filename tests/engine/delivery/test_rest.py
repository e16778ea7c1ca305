"""A lane's rest, and a receipt that comes at each moment of it: nothing is overlooked."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from functions.domain.campaigns.campaign import Campaign
from functions.domain.campaigns.status import CampaignStatus
from functions.domain.messages.delivery_events import DeliveryEvent
from functions.engine import paths
from functions.engine.delivery.dispatch import dispatch
from functions.engine.ports.store import Update
from functions.engine.receipts.applying import Applied
from functions.engine.receipts.receive import receive
from tests.engine.counting_store import CountingStore
from tests.engine.recording_channel import BUSY
from tests.engine.world import MINUTE, ORG, World, number, with_limits
from tests.engine.wrapped_store import Do, Operation, WrappedStore

HOURS = timedelta(hours=2)


async def about_to_rest(world: World, *, others_wait: bool) -> tuple[Campaign, DeliveryEvent]:
    """Return a campaign whose only call rings, and the receipt that says it is to be repeated."""
    world.clock.advance(HOURS)  # New York's window opens
    await world.add_list(1)
    if others_wait:
        await world.add_member("people", number(1), zones=["Pacific/Auckland"])
    world.carrier.script = {number(0): [BUSY]}
    campaign = await world.create()
    await world.settle()
    world.carrier.forget_receipts()
    call = world.carrier.calls[0]
    assert call.end is not None
    event = call.event(call.end)
    # No other look at the call is to make up for an overlooked receipt.
    world.queue._jobs.clear()
    path = f"{paths.messages(ORG, campaign.id)}/{event.ref.message}"
    await world.store.commit(Update(path, {"next_at": world.clock.now() + HOURS}))
    await world.store.commit(Update(lane(campaign), {"wake_at": world.clock.now()}))
    return campaign, event


class Meeting:
    """The lane's worker and a receipt, each stopped before an operation of the other's choice.

    The receipt begins before the worker's operation `begins`, goes on until it wakes the lane,
    and does that before the worker's operation `wakes`.
    """

    def __init__(self, world: World, event: DeliveryEvent, *, begins: int, wakes: int) -> None:
        self.operations = 0
        self.written: list[str] = []
        self._world = world
        self._event = event
        self._begins = begins
        self._wakes = wakes
        self._may_wake = asyncio.Event()
        self._has_paused = asyncio.Event()
        self._receipt: asyncio.Task[Applied] | None = None

    async def dispatch(self, campaign: Campaign) -> None:
        """Work on the lane, with the receipt in the midst of it or else behind it."""
        engine = replace(self._world.engine, store=WrappedStore(self._world.store, self._work))
        await dispatch(engine, ORG, campaign.id, "0")
        await self._begin()
        await self._end()

    async def _work(self, _: Operation, do: Do) -> Any:
        if self.operations == self._begins:
            await self._begin()
        if self.operations == self._wakes:
            await self._end()
        self.operations += 1
        return await do()

    async def _begin(self) -> None:
        if self._receipt is None:
            store = WrappedStore(self._world.store, self._receive)
            engine = replace(self._world.engine, store=store)
            self._receipt = asyncio.create_task(receive(engine, self._event))
            await self._has_paused.wait()

    async def _end(self) -> None:
        assert self._receipt is not None
        self._may_wake.set()
        await self._receipt

    async def _receive(self, operation: Operation, do: Do) -> Any:
        if "/lanes/" in operation.paths[0]:
            self._has_paused.set()
            await self._may_wake.wait()
            if operation.name == "commit":
                self.written += operation.paths
        return await do()


@pytest.mark.parametrize("others_wait", [False, True])
@pytest.mark.parametrize("begins", range(16))
async def test_a_receipt_at_any_moment_of_a_lane_s_work_is_heard(
    begins: int, *, others_wait: bool
) -> None:
    """Stored before any operation of the lane's worker, told before any later one: it is heard."""
    wakes, is_over = begins, False
    while not is_over:
        async with World(with_limits(rate_per_s=10, windows=True)) as world:
            campaign, event = await about_to_rest(world, others_wait=others_wait)
            meeting = Meeting(world, event, begins=begins, wakes=wakes)
            await meeting.dispatch(campaign)
            await world.pass_time(6 * MINUTE)
            assert world.carrier.called == {number(0): 2}, (begins, wakes)
            await world.finish(campaign, within=timedelta(days=2))
            assert (await world.load(campaign)).status is CampaignStatus.COMPLETED
            is_over = wakes >= meeting.operations
            wakes += 1


@pytest.mark.parametrize("later", [0, 2])
async def test_a_receipt_is_heard_by_a_lane_that_rests_as_soon_as_its_work_is_done(
    later: int,
) -> None:
    """Its one look before the rest sees what comes before it; what comes later stops the rest."""
    begins, is_over = 0, False
    while not is_over:
        async with World(with_limits(rate_per_s=10, windows=True)) as world:
            campaign, event = await about_to_rest(world, others_wait=True)
            waiting = await world.message_to(campaign, number(1))
            path = f"{paths.messages(ORG, campaign.id)}/{waiting.id}"
            await world.store.commit(Update(path, {"next_at": world.clock.now()}))
            meeting = Meeting(world, event, begins=begins, wakes=begins + later)
            await meeting.dispatch(campaign)
            await world.pass_time(6 * MINUTE)
            assert world.carrier.called == {number(0): 2}, begins
            is_over = begins >= meeting.operations
            begins += 1


async def test_a_lane_that_has_sent_all_asks_two_questions_before_it_rests(world: World) -> None:
    """What waits first, and what is first with the provider: an emulator takes long for each."""
    await world.add_list(3)
    campaign = await world.create()
    await world.rewrite(campaign, lanes=1)
    await world.launch_only(campaign)
    watched = CountingStore(world.store)
    await dispatch(replace(world.engine, store=watched), ORG, campaign.id, "0")
    asked = [query.where for query in watched.queries if query.order_by == ("next_at",)]
    assert [where[0].value for where in asked] == ["watch-0", "send-0"]
    assert len(world.carrier.called) == 3


async def test_a_receipt_leaves_the_lane_of_a_worker_alone() -> None:
    """A worker that has not said that it rests looks anyway: its lane is read and not written."""
    async with World(with_limits(rate_per_s=10, windows=True)) as world:
        campaign, event = await about_to_rest(world, others_wait=False)
        meeting = Meeting(world, event, begins=2, wakes=2)
        await meeting.dispatch(campaign)
        assert meeting.written == []
        await world.pass_time(6 * MINUTE)
        assert world.carrier.called == {number(0): 2}


def lane(campaign: Campaign) -> str:
    """Return the path of a campaign's only lane."""
    return paths.lane(ORG, campaign.id, "0")
