"""Every query of a plan is served by an index that is declared for it, and by no automatic one."""

from dataclasses import replace
from typing import Any, Final

import orjson
import pytest

from functions.domain.campaigns.entry import Entry, EntryBy
from functions.domain.plans.enrollment import EnrollmentStatus
from functions.engine import paths
from functions.engine.contacts.suppressions import suppress
from functions.engine.kernel import expiry
from functions.engine.plans import campaigns, steering
from functions.engine.plans.enrollments import EnrollmentFilter, find, of_contact, page_of, whole
from functions.engine.ports.store import MissingIndexError, Query, Where
from functions.engine.privacy import erasure
from functions.stores.indexes import INDEX_FILE, Indexes
from tests.engine.plans.events.told import BUYS, told
from tests.engine.plans.journeys import ANN, DAY, HOUR, JourneyWorld
from tests.engine.stored_contacts import add_people
from tests.engine.world import ORG
from tests.engine.wrapped_store import Do, Operation, WrappedStore
from tests.salted import contact_id

#: What plans store, beside campaigns and their messages.
OF_PLANS: Final = ("enrollments", "custom_events", "plans", "pages")


@pytest.mark.parametrize("collection", OF_PLANS)
def test_no_field_of_a_plan_has_an_index_of_its_own_accord(collection: str) -> None:
    """Each index is a write: those that are not declared are switched off."""
    overrides = orjson.loads(INDEX_FILE.read_bytes())["fieldOverrides"]
    every = {"collectionGroup": collection, "fieldPath": "*", "indexes": []}
    assert every in overrides
    with pytest.raises(MissingIndexError):
        Indexes.load().require(Query(f"a/b/{collection}", (Where("anything", "==", 1),)))


async def test_every_query_of_a_walk_is_served_by_a_declared_index() -> None:
    """From the start to the erasure, the lists that people look at, and the check."""
    asked: list[Query] = []

    async def note(operation: Operation, do: Do) -> Any:
        if operation.query is not None:
            asked.append(operation.query)
        return await do()

    async with JourneyWorld() as world:
        world.engine = replace(world.engine, store=WrappedStore(world.store, note))
        await live(world)
        assert len(world.sent) == 4
    indexes = Indexes.load()
    of_plans = [query for query in asked if query.collection.rpartition("/")[2] in OF_PLANS]
    needs = [indexes.require(query) for query in of_plans]
    asked_for = {
        (each.collection, frozenset([*each.equal, *(name for name, _ in each.order)]))
        for each in needs
        if each.equal or each.order
    }
    declared = {
        (name, frozenset(field for field, _ in index.fields))
        for name in OF_PLANS
        for index in indexes.declared(name)
    }
    assert asked_for == declared, "a query without an index, or an index without a query"


async def live(world: JourneyWorld) -> None:
    """Have people enter, hear, be steered, be looked at, opt out and be forgotten."""
    engine = world.engine
    campaign = await world.begin(BUYS, entry=Entry(EntryBy.EVENT, "joined", "after_exit"))
    await told(world, "joined")
    await world.skip(2 * HOUR)
    await told(world)
    (id_,) = [each.id for each in await world.documents(paths.enrollments(ORG, campaign.id))]
    place = (ORG, campaign.id, id_)
    await steering.pause(engine, *place, by="ben")
    await steering.resume(engine, *place, by="ben")
    await steering.move(engine, *place, "hello", by="ben")
    await world.settle()
    await steering.exit_(engine, *place, by="ben")
    await told(world, "joined")

    await add_people(engine, [{"email": ANN}])
    await whole(engine, await find(engine, *place))
    for shown in (
        EnrollmentFilter(),
        EnrollmentFilter(status=EnrollmentStatus.ACTIVE),
        EnrollmentFilter(node="hello"),
        EnrollmentFilter(status=EnrollmentStatus.ACTIVE, node="hello"),
    ):
        await page_of(engine, ORG, campaign.id, shown, after=None, limit=1)
        await page_of(engine, ORG, campaign.id, shown, after=id_, limit=1)
    await of_contact(engine, ORG, contact_id(ANN), after=None, limit=1)
    await of_contact(engine, ORG, contact_id(ANN), after=f"{campaign.id}.{id_}", limit=1)
    await suppress(engine, ORG, ANN, reason="asked", by="ben")
    await world.settle()
    await erasure.erase(engine, ORG, contact_id(ANN), by="ben")
    await campaigns.close(engine, ORG, campaign.id, by="ben")
    await world.skip(100 * DAY)
    await expiry.sweep(engine, "custom_events")
