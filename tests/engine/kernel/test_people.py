"""Ids of people tell nobody who they are, and are the same whoever asks first."""

import asyncio
from dataclasses import replace
from secrets import token_bytes

import pytest
from pytest_mock import MockerFixture

from functions.domain.contacts.contact import read_details
from functions.domain.messages.delivery_events import Inbound
from functions.engine import paths
from functions.engine.contacts import contacts, suppressions
from functions.engine.kernel.engine import Engine, ProcessMemory
from functions.engine.kernel.people import id_of, salt_of
from functions.engine.ports.store import Query
from functions.engine.privacy import erasure
from functions.engine.receipts.inbound import receive_inbound
from functions.stores.firestore.store import FirestoreStore
from tests.clock import NOON
from tests.engine.stored_contacts import COLLECTIONS, add_numbers
from tests.engine.world import INDEXES, ORG, World, number
from tests.engine.wrapped_store import Do, Operation, WrappedStore

OTHERS = "globex"


@pytest.fixture(autouse=True)
def salts_are_random(mocker: MockerFixture) -> None:
    """Let salts be made as they are outside of tests."""
    mocker.patch("functions.engine.process.salts.token_bytes", token_bytes)


def another_process(engine: Engine) -> Engine:
    """Return the engine of a process that remembers nothing yet."""
    return replace(engine, memory=ProcessMemory())


async def test_one_person_has_another_id_in_every_organisation(world: World) -> None:
    """Whoever sees ids of two organisations cannot tell that both know somebody."""
    (ours,) = await add_numbers(world.engine, 1)
    (theirs,) = await add_numbers(world.engine, 1, org=OTHERS)
    assert ours != theirs
    assert ours == await id_of(world.engine, ORG, number(1))


async def test_everybody_uses_the_salt_that_was_stored_first(world: World) -> None:
    """Of processes that ask at once for a salt that nobody has made yet, one makes it."""
    processes = [another_process(world.engine) for _ in range(8)]
    salts = await asyncio.gather(*(salt_of(each, ORG) for each in processes))
    assert len(set(salts)) == 1
    assert await salt_of(another_process(world.engine), ORG) == salts[0]


async def test_everybody_uses_one_salt_in_firestore(firestore_emulator: str) -> None:
    """Of processes that ask at once, one makes the salt."""
    store = FirestoreStore.connect(
        "demo-clarion", emulator_host=firestore_emulator, indexes=INDEXES
    )
    org = f"org-{token_bytes(6).hex()}"
    async with World() as world:
        engine = replace(world.engine, store=store)
        processes = [another_process(engine) for _ in range(8)]
        salts = await asyncio.gather(*(salt_of(each, org) for each in processes))
    await store.close()
    assert len(set(salts)) == 1


async def test_a_process_reads_a_salt_once(world: World) -> None:
    """However many ids are made, the store is asked for the salt once."""
    asked: list[str] = []

    async def note(operation: Operation, do: Do) -> object:
        asked.extend(operation.paths)
        return await do()

    engine = replace(world.engine, store=WrappedStore(world.store, note))
    for n in range(5):
        await id_of(engine, ORG, number(n))
    assert asked == [paths.salt(ORG)] * 2, "it is looked for, and then made"


async def test_a_process_that_forgets_salts_reads_them_again(
    world: World, mocker: MockerFixture
) -> None:
    """The memory is bounded: what it loses, it finds in the store."""
    mocker.patch("functions.engine.process.salts._ORGS", 2)
    orgs = ["a", "b", "c", "a"]
    salts = [await salt_of(world.engine, org) for org in orgs]
    assert salts[0] == salts[3]
    assert len(set(salts)) == 3


async def test_a_salt_stands_nowhere_but_in_its_own_document(world: World) -> None:
    """What is stored of people and of what was done with them does not hold the salt."""
    (id_,) = await add_numbers(world.engine, 1)
    await suppressions.suppress(world.engine, ORG, number(1), reason="asked", by="ann")
    await erasure.erase(world.engine, ORG, id_, by="ann")
    salt = (await salt_of(world.engine, ORG)).hex()
    for name in (*COLLECTIONS, "suppressions", "settings"):
        found = await world.store.query(Query(name, limit=1000, group=True))
        assert salt not in repr(found)


async def test_the_same_person_is_found_again_by_another_process(world: World) -> None:
    """Somebody imported twice stays one contact; their suppression and erasure are found."""
    row = read_details({"phone": number(1)})
    (created,) = await contacts.upsert(world.engine, ORG, [row])
    later = another_process(world.engine)
    (again,) = await contacts.upsert(later, ORG, [row])
    assert (again.result, again.id) == (contacts.Result.UNCHANGED, created.id)
    await suppressions.suppress(later, ORG, number(1), reason="asked", by="ann")
    found = await suppressions.find(another_process(world.engine), ORG, number(1))
    assert found is not None
    assert found.id == created.id
    await erasure.erase(another_process(world.engine), ORG, created.id, by="ann")


async def test_the_id_of_a_text_tells_nothing_of_its_sender(world: World) -> None:
    """A provider's id made of a number gives texts of two organisations different ids."""
    text = Inbound(f"wish-{number(1)}", number(1), "+12025550100", "hello", NOON)
    for org in (ORG, OTHERS):
        await receive_inbound(world.engine, org, "test", text)
    ids = [d.id for org in (ORG, OTHERS) for d in await world.documents(paths.inbound(org))]
    assert len(ids) == len(set(ids)) == 2
