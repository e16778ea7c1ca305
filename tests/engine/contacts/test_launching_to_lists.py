"""Launching to a list: everybody on it is met once, whoever comes and goes meanwhile."""

from dataclasses import replace
from typing import Any

import pytest

from functions.domain.campaigns.audience import Audience, AudienceKind
from functions.domain.campaigns.send import Send
from functions.domain.kinds import ChannelKind
from functions.engine import paths
from functions.engine.campaigns import audience
from functions.engine.campaigns.audience import Source
from functions.engine.contacts import lists, member_pages
from functions.engine.kernel.engine import Limits
from tests.engine.stored_contacts import add_numbers, list_of
from tests.engine.stored_lists import shown
from tests.engine.world import ORG, World
from tests.engine.wrapped_store import Do, Operation, WrappedStore


def _source(list_id: str) -> Source:
    send = Send("", ChannelKind.SMS, "noop", "+12025550100")
    return Source(ORG, Audience(AudienceKind.LIST, list_id), send, frozenset())


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have a page hold three people, and a block two pages."""
    monkeypatch.setattr(member_pages, "MOST", 3)
    monkeypatch.setattr(audience, "_BLOCK", 2)


async def _launched(world: World, list_id: str, *, die: bool = False) -> list[str]:
    """Return whom a launch reads, which takes people off and puts others on meanwhile."""
    seen: list[str] = []
    cursor = None
    while True:
        async for page in audience.pages(world.engine, _source(list_id), cursor):
            seen += [each.contact.rpartition("/")[2] for each in page.recipients]
            cursor = page.cursor
            if die:
                break
        if cursor is None:
            return seen
        gone = [each for each in await shown(world.engine, ORG, list_id) if each in seen]
        if gone:
            await lists.remove(world.engine, ORG, list_id, gone[0])


@pytest.mark.usefixtures("small_blocks")
async def test_a_launch_reads_everybody_once_while_others_leave() -> None:
    """It goes on behind whom it has read last, though they are on the list no more."""
    async with World(Limits(launch_page=2)) as world:
        ids = await add_numbers(world.engine, *range(17))
        list_id = await list_of(world.engine, ids)
        assert sorted(await _launched(world, list_id)) == sorted(ids)
        assert sorted(await _launched(world, list_id, die=True)) == sorted(ids)


@pytest.mark.parametrize("pages", [1, 100])
async def test_whoever_is_put_on_the_list_again_meanwhile_is_met_once(
    pages: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Taken off and put back behind, twice, they have one message, and no duplicate is told."""
    monkeypatch.setattr(member_pages, "MOST", 3)
    monkeypatch.setattr(member_pages, "_AT_ONCE", 1)
    monkeypatch.setattr(audience, "_BLOCK", pages)
    async with World(Limits(launch_page=2)) as world:
        ids = await add_numbers(world.engine, *range(12))
        list_id = await list_of(world.engine, ids)
        plain = world.engine
        moved = next(iter(await shown(world.engine, ORG, list_id)))

        async def move() -> None:
            await lists.remove(plain, ORG, list_id, moved)
            await lists.add(plain, ORG, list_id, [moved])

        reads = iter(range(10))

        async def often(operation: Operation, do: Do) -> Any:
            answer = await do()
            is_read = operation.name == "query" and "/pages" in operation.paths[0]
            if is_read and next(reads) in {0, 4}:
                await move()
            return answer

        world.engine = replace(plain, store=WrappedStore(world.store, often))
        campaign = await world.create(list_id)
        await world.settle()
        assert sorted(m.contact for m in await world.messages(campaign)) == sorted(
            paths.contact(ORG, each) for each in ids
        )


async def test_reading_a_list_costs_a_read_a_page() -> None:
    """A launch to 1,200 people by number reads three pages of them, at once, and nothing else."""
    async with World() as world:
        list_id = await world.add_list(f"+1202{n:07}" for n in range(1_200))
        read: list[int] = []

        async def note(operation: Operation, do: Do) -> Any:
            answer = await do()
            if any("/lists/" in path for path in operation.paths):
                read.append(len(answer))
            return answer

        world.engine = replace(world.engine, store=WrappedStore(world.store, note))
        assert len(await _launched(world, list_id)) == 1_200
        assert read == [3]


@pytest.mark.usefixtures("small_blocks")
async def test_a_launch_passes_over_the_pages_of_those_who_have_left() -> None:
    """However many were on the list once, only pages that are there are read."""
    async with World(Limits(launch_page=2)) as world:
        ids = await add_numbers(world.engine, *range(60))
        list_id = await list_of(world.engine, ids)
        listed = await shown(world.engine, ORG, list_id)
        for each in listed[4:55]:
            await lists.remove(world.engine, ORG, list_id, each)
        reads: list[str] = []

        async def note(operation: Operation, do: Do) -> Any:
            reads.extend(path for path in operation.paths if "/pages" in path)
            return await do()

        world.engine = replace(world.engine, store=WrappedStore(world.store, note))
        met = [
            page.recipients async for page in audience.pages(world.engine, _source(list_id), None)
        ]
        assert sorted(each.contact for page in met for each in page) == sorted(
            paths.contact(ORG, each) for each in [*listed[:4], *listed[55:]]
        )
        assert len(reads) <= 4
