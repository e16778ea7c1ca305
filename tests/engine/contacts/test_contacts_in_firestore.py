"""Contacts, lists and erasure over Firestore's own rules, in its emulator."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from uuid import uuid4

import pytest

from functions.domain.contacts.contact import ERASED, read_details
from functions.domain.errors import ContactExistsError, NotFoundError
from functions.engine import paths
from functions.engine.campaigns import creation
from functions.engine.contacts import contacts, list_rows, lists
from functions.engine.contacts.contacts import Filters, Result
from functions.engine.delivery import launch
from functions.engine.kernel.engine import Engine
from functions.engine.messages import statistics
from functions.engine.ports.store import ConflictError, Query
from functions.engine.privacy import erasure
from functions.engine.reporting import contact_history
from functions.stores.firestore.store import FirestoreStore
from tests.engine.stored_contacts import add_numbers, add_people, list_of, naming
from tests.engine.world import INDEXES, VOICE, World, number
from tests.salted import contact_id


@pytest.fixture
async def engine(firestore_emulator: str) -> AsyncIterator[Engine]:
    """Give an engine over the emulator."""
    store = FirestoreStore.connect(
        "demo-clarion", emulator_host=firestore_emulator, indexes=INDEXES
    )
    async with World() as world:
        yield replace(world.engine, store=store)
    await store.close()


@pytest.fixture
def org() -> str:
    """Give a tenant of the test's own."""
    return f"org-{uuid4().hex[:12]}"


async def test_upserts_at_once_keep_everything(engine: Engine, org: str) -> None:
    """Two who store 300 people each, most of them the same, create each person once."""

    async def upsert(who: int) -> list[contacts.RowResult]:
        numbers = range(who * 100, who * 100 + 300)
        rows = [{"phone": number(n), "attributes": {f"by{who}": "yes"}} for n in numbers]
        return await contacts.upsert(engine, org, [read_details(row) for row in rows])

    results = await asyncio.gather(upsert(0), upsert(1))
    created = [r.id for part in results for r in part if r.result is Result.CREATED]
    assert sorted(created) == sorted(contact_id(number(n)) for n in range(400))
    both = await contacts.load(engine, org, contact_id(number(200)))
    assert both.value.attributes == {"by0": "yes", "by1": "yes"}
    again = await upsert(1)
    assert {result.result for result in again} == {Result.UNCHANGED}
    with pytest.raises(ContactExistsError):
        await contacts.create(engine, org, read_details({"phone": number(0)}))


async def test_people_are_found_by_filters(engine: Engine, org: str) -> None:
    """Several equalities together are served without an index of their own."""
    rows = [{"phone": number(n), "location": "Rome", "active": n > 1} for n in range(4)]
    await add_people(engine, rows, org=f"{org}-other")
    ids = await add_people(engine, rows, org=org)
    filters = Filters(active=True, location="Rome")
    page = await contacts.page_of(engine, org, filters, limit=10)
    assert [each.id for each in page.contacts] == sorted(ids[2:], reverse=True)
    page = await contacts.page_of(engine, org, filters, limit=10, offset=1)
    assert len(page.contacts) == 1


async def test_additions_at_once_keep_a_list_s_size_right(engine: Engine, org: str) -> None:
    """Ten who put the same people on one list count each person once; removed, they are fewer."""
    ids = await add_numbers(engine, *range(30), org=org)
    list_id = await list_of(engine, [], org=org)
    added = await asyncio.gather(
        *(lists.add(engine, org, list_id, ids[n : n + 12]) for n in range(0, 20, 2))
    )
    assert sum(added) == 30
    await asyncio.gather(*(lists.remove(engine, org, list_id, id_) for id_ in ids[:5]))
    assert (await lists.load(engine, org, list_id)).value.size == 25
    people, _ = await list_rows.members(engine, org, list_id, limit=100, after=None)
    assert len(people) == 25
    page = await lists.page_of(engine, org, limit=1, after=None)
    assert (page.lists[0].id, page.end) == (list_id, None)
    await lists.delete(engine, org, list_id, if_version=None)
    assert await engine.store.count(Query(paths.pages(paths.list_(org, list_id)))) == 0


async def test_what_names_somebody_fails_once_they_are_being_erased(
    engine: Engine, org: str
) -> None:
    """A write that changes nothing is still held to its version."""
    (id_,) = await add_numbers(engine, 1, org=org)
    document = await engine.store.get(paths.contact(org, id_))
    assert document is not None
    await engine.store.commit(contacts.still_there(document))
    await engine.store.commit(contacts.still_there(document))
    await erasure._empty(engine, document.path, id_, None)
    with pytest.raises(ConflictError):
        await engine.store.commit(contacts.still_there(document))


async def test_nothing_is_left_that_tells_who_it_was(engine: Engine, org: str) -> None:
    """Contact, list, pending message and history of somebody who is erased are gone."""
    ids = await add_numbers(engine, 1, 2, org=org)
    list_id = await list_of(engine, ids, org=org)
    campaign = await creation.create_for_list(engine, org, VOICE, list_id)
    await launch.launch(engine, org, campaign.id)
    page = await contact_history.read(engine, org, ids[0], after=None, limit=1)
    assert page.end
    behind = await contact_history.read(engine, org, ids[0], after=page.end, limit=1)
    assert (len(page.entries), behind.entries) == (1, [])
    outcomes = await asyncio.gather(
        *(erasure.erase(engine, org, ids[0], by="ann") for _ in range(2)), return_exceptions=True
    )
    assert all(each is None or isinstance(each, NotFoundError) for each in outcomes)
    assert await naming(engine.store, number(1), org=org) == []
    assert (await lists.load(engine, org, list_id)).value.size == 1
    counts = await statistics.read_one(engine, campaign)
    assert {str(status): n for status, n in counts.by_status.items() if n} == {
        "pending": 1,
        "cancelled": 1,
    }
    messages = await engine.store.query(Query(paths.messages(org, campaign.id)))
    assert sorted(each.data["address"] for each in messages) == [number(2), ERASED]
    with pytest.raises(NotFoundError):
        await contact_history.read(engine, org, ids[0], after=None, limit=1)
