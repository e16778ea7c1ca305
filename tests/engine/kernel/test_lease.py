"""A lease: a document has one worker at a time, and who has lost it writes nothing more."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs

from functions.engine.kernel.engine import Engine
from functions.engine.kernel.lease import Lease, LeaseLostError, LookAgainError, is_leased
from functions.engine.ports.queue import Task
from functions.engine.ports.store import Create, Delete, Document, StoreError, Update
from tests.engine.recording_queue import RecordingQueue
from tests.engine.world import World

PATH = "orgs/acme/campaigns/c/lanes/0"
BESIDE = "orgs/acme/contacts/ann"
TASK = Task("lane", {"org": "acme", "campaign": "c", "lane": "0"})


async def put(world: World, **fields: Any) -> None:
    """Store a document that nobody holds."""
    free = {"epoch": 0, "fence": 0, "lease_until": None, "wake_at": None}
    await world.store.commit(Create(PATH, {**free, **fields}))


async def stored(world: World) -> Document:
    """Return the document as it is stored."""
    document = await world.store.get(PATH)
    assert document is not None
    return document


async def lease_of(world: World, engine: Engine | None = None) -> Lease:
    """Return a lease of the document as it is now, yet to be acquired."""
    document = await stored(world)
    return Lease(engine or world.engine, TASK, PATH, document.data, document.version)


async def held(world: World, engine: Engine | None = None) -> Lease:
    """Return a lease that is acquired."""
    lease = await lease_of(world, engine)
    assert await lease.acquire()
    return lease


async def test_one_of_two_acquires_a_document(world: World) -> None:
    """Of two workers that found it free, the second is told that somebody was faster."""
    await put(world)
    first, second = await lease_of(world), await lease_of(world)
    assert await first.acquire()
    assert not await second.acquire()
    assert (await stored(world)).data["fence"] == 1
    assert is_leased(await stored(world), world.clock.now())
    world.clock.advance(world.limits.lane_lease)
    assert not is_leased(await stored(world), world.clock.now())


@pytest.mark.parametrize("mark", ["fence", "epoch"])
async def test_a_lost_lease_is_raised_and_nothing_is_written(world: World, mark: str) -> None:
    """A newer token or another epoch fences the former worker off, with all that it would write."""
    await put(world)
    lease = await held(world)
    await world.store.commit(Update(PATH, {mark: 7}))
    with pytest.raises(LeaseLostError):
        await lease.confirm()
    with pytest.raises(LeaseLostError):
        await lease.commit(Create(BESIDE, {}), done=True)
    with pytest.raises(LeaseLostError):
        await lease.release()
    assert "done" not in (await stored(world)).data
    assert await world.store.get(BESIDE) is None


async def test_a_document_that_is_gone_is_lost(world: World) -> None:
    """Who holds what was deleted holds nothing."""
    await put(world)
    lease = await held(world)
    await world.store.commit(Delete(PATH))
    assert await lease.is_lost()
    with pytest.raises(LeaseLostError):
        await lease.commit(done=True)


async def test_a_lost_lease_ends_the_work_once_and_quietly(world: World) -> None:
    """Whatever a pass does when it is lost, no other follows, and nothing is handed on."""
    queue = RecordingQueue()
    await put(world)
    lease = await held(world, replace(world.engine, queue=queue))
    passes = []

    async def pass_() -> None:
        passes.append(lease.data["fence"])
        await world.store.commit(Update(PATH, {"fence": 7, "wake_at": None}))
        await lease.commit(done=True)

    with capture_logs() as logs:
        await lease.work(pass_)
    assert (passes, queue.tasks) == ([1], [])
    assert [log["event"] for log in logs] == ["lease_lost"]
    assert (await stored(world)).data["wake_at"] is None


async def test_a_change_that_leaves_the_lease_has_the_worker_look_again(world: World) -> None:
    """A woken document is still ours: nothing was written, and the next commit succeeds."""
    await put(world)
    lease = await held(world)
    await world.store.commit(Update(PATH, {"woken_at": world.clock.now()}))
    with pytest.raises(LookAgainError):
        await lease.commit(Create(BESIDE, {}), done=True)
    assert await world.store.get(BESIDE) is None
    await lease.commit(Create(BESIDE, {}), done=True)
    assert (await stored(world)).data["done"]


async def test_work_looks_again_until_a_pass_gives_the_document_back(world: World) -> None:
    """A pass that meets a change is repeated; one that releases is the last."""
    await put(world)
    lease = await held(world)
    passes = []

    async def pass_() -> None:
        passes.append(lease.version)
        if len(passes) == 1:
            await world.store.commit(Update(PATH, {"woken_at": world.clock.now()}))
        await lease.release()

    await lease.work(pass_)
    assert len(passes) == 2
    assert (await stored(world)).data["lease_until"] is None


async def test_late_work_is_handed_on_even_where_the_document_changes(world: World) -> None:
    """A task makes one pass, however short its time is, and its continuation comes at once."""
    queue = RecordingQueue()
    await put(world)
    limits = replace(world.limits, task_deadline=timedelta())
    lease = await held(world, replace(world.engine, limits=limits, queue=queue))
    passes = []

    async def pass_() -> None:
        passes.append(lease.version)
        await world.store.commit(Update(PATH, {"woken_at": world.clock.now()}))

    await lease.work(pass_)
    assert (len(passes), queue.tasks) == (1, [TASK])
    assert (await stored(world)).data["wake_at"] == world.clock.now()


async def test_a_failure_of_the_work_is_raised(world: World) -> None:
    """Only a lost lease ends quietly: the queue is told of all else, and repeats the task."""
    await put(world)
    lease = await held(world)

    async def pass_() -> None:
        raise StoreError

    with pytest.raises(StoreError):
        await lease.work(pass_)
    assert is_leased(await stored(world), world.clock.now())


async def test_a_lease_is_kept_by_renewing_it_half_way(world: World) -> None:
    """A worker with nothing to write renews seldom, and before the lease runs out."""
    await put(world)
    lease = await held(world)
    half = world.limits.lane_lease / 2
    version = lease.version
    world.clock.advance(half - timedelta(seconds=1))
    await lease.keep()
    assert lease.version == version
    world.clock.advance(timedelta(seconds=1))
    await lease.keep()
    assert lease.data["lease_until"] == world.clock.now() + 2 * half
    assert (await stored(world)).data["wake_at"] == lease.data["lease_until"]


@pytest.mark.parametrize("with_task", [True, False])
async def test_a_released_document_is_looked_at_again_in_time(
    world: World, *, with_task: bool
) -> None:
    """It says when; a task comes then unless it is left to the check."""
    queue = RecordingQueue()
    await put(world)
    lease = await held(world, replace(world.engine, queue=queue))
    wake_at = world.clock.now() + timedelta(hours=1)
    await lease.release(wake_at, with_task=with_task, after="x")
    data = (await stored(world)).data
    assert (data["lease_until"], data["wake_at"], data["after"]) == (None, wake_at, "x")
    assert queue.tasks == ([TASK] if with_task else [])
