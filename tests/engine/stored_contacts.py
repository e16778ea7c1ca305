"""Contacts as tests store them, and all that a store knows of somebody."""

from collections.abc import Iterable
from typing import Any

from functions.domain.contacts.contact import read_details
from functions.engine.contacts import contacts, lists
from functions.engine.kernel.engine import Engine
from functions.engine.ports.store import Document, Query, Store
from tests.engine.world import ORG, number

#: Every collection that could name a person. Suppressions are meant to.
COLLECTIONS = (
    *("contacts", "lists", "members", "campaigns", "messages", "events", "lanes"),
    *("statistics", "names", "audit", "throttles", "replaced", "inbound", "orphans"),
    *("plans", "enrollments", "pages", "custom_events"),
)


async def add_people(
    engine: Engine, rows: Iterable[dict[str, Any]], *, org: str = ORG
) -> list[str]:
    """Store people; return their ids."""
    results = await contacts.upsert(engine, org, [read_details(row) for row in rows])
    assert all(result.id for result in results), results
    return [result.id for result in results]


async def add_numbers(engine: Engine, *numbers: int, org: str = ORG) -> list[str]:
    """Store people by the numbers of their numbers; return their ids."""
    return await add_people(engine, ({"phone": number(n)} for n in numbers), org=org)


async def list_of(engine: Engine, ids: list[str], *, name: str = "People", org: str = ORG) -> str:
    """Make a list of contacts; return its id."""
    made = await lists.create(engine, org, name)
    await lists.add(engine, org, made.value.id, ids)
    return made.value.id


async def everything(store: Store, *, org: str = ORG) -> list[Document]:
    """Return all that is stored for an organisation, but suppressions."""
    found = [await store.query(Query(name, limit=10_000, group=True)) for name in COLLECTIONS]
    return [each for part in found for each in part if each.path.startswith(f"orgs/{org}/")]


async def naming(store: Store, *words: str, org: str = ORG) -> list[str]:
    """Return the paths of the documents that hold one of these words."""
    documents = await everything(store, org=org)
    return [each.path for each in documents if any(word in repr(each) for word in words)]
