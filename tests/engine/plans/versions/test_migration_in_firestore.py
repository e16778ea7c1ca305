"""People go over to another version on Firestore as they do on SQLite."""

from functions.engine.plans.campaigns import change_plan
from functions.engine.plans.migration.asked import ask
from functions.engine.plans.migration.define import define
from functions.engine.plans.migration.names import Names
from functions.engine.plans.migration.progress import progress_of
from functions.stores.firestore.store import FirestoreStore
from tests.engine.plans.journeys import DAY, STOP, JourneyWorld, on, plan, send
from tests.engine.plans.test_walk_in_firestore import ODD, world
from tests.engine.world import ORG

__all__ = ["world"]

#: ODD, whose first node is called otherwise and whose second says something else.
OTHER = plan(
    send("node.1-b", on("opened", "node-2_b"), on("no_open", "stop", after="PT2H")),
    send("node-2_b", on("elapsed", "stop", after="PT2M"), body="new"),
    STOP,
)


async def test_people_at_nodes_with_hyphens_and_dots_go_over(world: JourneyWorld) -> None:
    """The map, the counts and the progress hold their names as they stand."""
    assert isinstance(world.store, FirestoreStore)
    campaign = await world.begin(ODD)
    await world.enter(campaign)
    await change_plan(world.engine, ORG, campaign.id, OTHER, by="ann", if_version=None)
    nodes = {"node-1.a": "node.1-b"}
    await ask(world.engine, ORG, campaign.id, nodes=nodes, to=None, by="ann")
    await world.settle()
    progress = await progress_of(world.engine, await world.load(campaign))
    assert progress is not None
    assert (progress.nodes, progress.migrated, progress.is_running) == (nodes, 1, False)
    assert await world.path(campaign) == ["node-1.a", "node.1-b"]


async def test_a_sequence_is_defined_again(world: JourneyWorld) -> None:
    """A step that was taken out comes back, one that was sent stays so."""
    said = {"sender": "us@example.com", "subject": "x"}
    one = {"id": "step.1", "offset": "P0D", "body": "one", **said}
    two = {"id": "step-2", "offset": "P1D", "body": "two", **said}
    names, both = Names(ORG), {"steps": [one, two]}
    campaign = await define(world.engine, names, "mails", both, by="a", active=True)
    await world.settle()
    await world.enter(campaign)
    for steps in ([two], [two, {**one, "offset": "P2D"}]):
        await define(world.engine, names, "mails", {"steps": steps}, by="a")
    await world.skip(DAY + DAY)
    assert world.sent == ["one", "two"]
