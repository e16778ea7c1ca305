"""People walk over Firestore as they do over SQLite."""

from typing import Any

from functions.domain.campaigns.status import CampaignStatus
from functions.domain.messages.delivery_events import EventKind
from functions.engine.plans import campaigns
from functions.stores.firestore.store import FirestoreStore
from tests.engine.plans.journeys import STOP, JourneyWorld, on, plan, send
from tests.engine.world import INDEXES, MINUTE, ORG

#: Nodes whose ids have what the names of fields and counters must not have as it stands.
ODD = plan(
    send("node-1.a", on("opened", "node-2_b"), on("no_open", "stop", after="PT1H")),
    send("node-2_b", on("elapsed", "stop", after="PT2M"), html="x" * 100_000),
    STOP,
    exits=[{"on": "replied", "as": "answered"}],
)


async def test_nodes_with_hyphens_and_dots_are_walked_and_counted(firestore_emulator: str) -> None:
    """Whoever opens goes on, whoever replies leaves, and the counts are those of the documents."""
    async with JourneyWorld() as world:
        await world.store.close()
        store: Any = FirestoreStore.connect(
            "demo-walks", emulator_host=firestore_emulator, indexes=INDEXES
        )
        world.store = store  # another one, which makes the same promises
        world.engine = world.new_engine()
        campaign = await world.begin(ODD)
        await world.enter(campaign)
        await world.tell(campaign, "node-1.a", EventKind.READ)
        assert world.sent == ["node-1.a", "node-2_b"]
        await world.tell(campaign, "node-2_b", EventKind.REPLIED)
        assert await world.path(campaign) == ["node-1.a", "node-2_b", "answered"]

        await world.enter(campaign, "bob@example.com")
        await campaigns.close(world.engine, ORG, campaign.id, by="ann")
        await world.pass_time(75 * MINUTE)
        assert (await world.load(campaign)).status is CampaignStatus.COMPLETED
