"""People walk over Firestore as they do over SQLite."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any, Final
from uuid import uuid4

import pytest

from functions.domain.campaigns.campaign import Campaign
from functions.domain.campaigns.status import CampaignStatus
from functions.domain.contacts.contact import read_details
from functions.domain.messages.delivery_events import EventKind, Inbound
from functions.domain.plans.enrollment import MOVES_KEPT, EnrollmentStatus
from functions.engine import paths
from functions.engine.contacts import contacts
from functions.engine.delivery.dispatch import dispatch
from functions.engine.plans import campaigns, steering
from functions.engine.plans.enrollments import find, older_moves
from functions.engine.ports.store import Query, Update
from functions.engine.privacy import erasure
from functions.engine.receipts.inbound import receive_inbound
from functions.stores.firestore.store import FirestoreStore
from tests.engine.counting_store import CountingStore
from tests.engine.plans.events.told import BUYS, told
from tests.engine.plans.journeys import (
    ANN,
    DAY,
    HOUR,
    STOP,
    WELCOME,
    JourneyWorld,
    on,
    plan,
    send,
    wait,
)
from tests.engine.recording_channel import PROVIDER
from tests.engine.stored_contacts import naming
from tests.engine.world import INDEXES, MINUTE, ORG, SENDER, with_limits
from tests.salted import contact_id

PHONE: Final = "+12025550142"
#: Nodes whose ids have what the names of fields and counters must not have as it stands.
ODD: Final = plan(
    send("node-1.a", on("opened", "node-2_b"), on("no_open", "stop", after="PT1H")),
    send("node-2_b", on("elapsed", "stop", after="PT2M"), html="x" * 100_000),
    STOP,
    exits=[{"on": "replied", "as": "answered"}],
)
#: Half a megabyte, and a round of an hour: who has paid gets a mail of a hundred thousand letters.
LARGE: Final = plan(
    wait("there", on("paid", "mail-0"), on("elapsed", "back", after="PT1H")),
    wait("back", on("paid", "mail-0"), on("elapsed", "there", after="PT1H")),
    *(
        send(f"mail-{n}", on("elapsed", f"mail-{n + 1}", after="P1D"), html=f"{n}" * 98_000)
        for n in range(5)
    ),
    send("mail-5", on("elapsed", "stop", after="P1D")),
    STOP,
)


@pytest.fixture
async def world(firestore_emulator: str) -> AsyncIterator[JourneyWorld]:
    """Give a world with one lane over a project of its own, with Ann, who has a number too."""
    async with JourneyWorld(with_limits(lanes=1)) as made:
        await made.store.close()
        store: Any = FirestoreStore.connect(
            f"demo-walks-{uuid4().hex[:8]}", emulator_host=firestore_emulator, indexes=INDEXES
        )
        made.store = store  # another one, which makes the same promises
        made.engine = made.new_engine()
        details = read_details({"phone": PHONE, "email": ANN, "first_name": "Ann Sol"})
        await contacts.create(made.engine, ORG, details)
        yield made


async def test_nodes_with_hyphens_and_dots_are_walked_and_counted(world: JourneyWorld) -> None:
    """Whoever opens goes on, whoever replies leaves, and the counts are those of the documents."""
    campaign = await world.begin(ODD)
    await world.enter(campaign)
    await world.tell(campaign, "node-1.a", EventKind.READ)
    assert world.sent == ["node-1.a", "node-2_b"]
    await world.tell(campaign, "node-2_b", EventKind.REPLIED)
    assert await world.path(campaign) == ["node-1.a", "node-2_b", "answered"]

    await world.enter(campaign, "bob@example.com")
    await campaigns.close(world.engine, ORG, campaign.id, by="ann")
    for _ in range(4):
        await world.skip(30 * MINUTE)
    assert (await world.load(campaign)).status is CampaignStatus.COMPLETED


async def test_a_plan_of_half_a_megabyte_and_a_walk_of_a_hundred_moves_are_kept(
    world: JourneyWorld,
) -> None:
    """Each is one document; the moves before these lie in a page of their own."""
    campaign = await world.begin(LARGE)
    (entered,) = await world.enter(campaign)
    await world.skip(MOVES_KEPT * HOUR)
    walk = await world.walk(campaign)
    assert (len(walk.moves), walk.pages) == (MOVES_KEPT, 0)

    await world.skip(HOUR)
    found = await find(world.engine, ORG, campaign.id, entered.id)
    older = await older_moves(world.engine, found, 1)
    assert [each.move for each in older] == walk.moves
    assert [(move.source, move.target) for move in found.walk.moves] == [("there", "back")]

    world.engine = world.new_engine()  # reads the plan anew
    await told(world, "paid")
    assert (await world.message(campaign, "mail-0")).html == "0" * 98_000


async def test_those_who_wait_are_not_read_and_those_who_are_due_are(world: JourneyWorld) -> None:
    """With six hundred waiting a pass reads the next one's time, and whoever is due."""
    campaign = await world.begin()
    people = [f"p{number}@example.com" for number in range(600)]
    await world.enter(campaign, *people, settle=False, at=world.clock.now() + DAY)
    assert await read_by_a_pass(world, campaign) == 0

    waiting = Query(paths.enrollments(ORG, campaign.id), limit=10)
    now = world.clock.now()
    ten = [Update(each.path, {"next_at": now}) for each in await world.store.query(waiting)]
    await world.store.commit(*ten)
    assert await read_by_a_pass(world, campaign) == 10


async def read_by_a_pass(world: JourneyWorld, campaign: Campaign) -> int:
    """Return how many enrollments a pass reads, but for the next one's time."""
    store = CountingStore(world.store)
    await dispatch(replace(world.engine, store=store), ORG, campaign.id, "0")
    assert not any("/enrollments/" in path for path in store.asked)
    asked = zip(store.queries, store.found, strict=True)
    of_walks = [(q.limit, len(f)) for q, f in asked if q.collection.endswith("/enrollments")]
    assert sum(found for limit, found in of_walks if limit == 1) <= 2
    return sum(found for limit, found in of_walks if limit > 1)


async def test_a_word_texted_to_us_ends_the_walk(world: JourneyWorld) -> None:
    """Though she has been sent mails alone; who is not the sender goes on."""
    campaign = await world.begin()
    await world.enter(campaign, PHONE, "bob@example.com")
    stop = Inbound("in-1", PHONE, SENDER, "STOP", world.clock.now())
    await receive_inbound(world.engine, ORG, PROVIDER, stop)
    await world.settle()
    assert sorted(walk.exit for walk in await world.walks(campaign)) == ["", "unsubscribed"]
    await world.skip(DAY + HOUR)
    assert world.sent == ["hello", "hello", "again"]


async def test_who_waits_for_an_event_hears_it_once(world: JourneyWorld) -> None:
    """Not what was told before the wait, nor what nobody waits for; told again it is the same."""
    campaign = await world.begin(BUYS)
    (entered,) = await world.enter(campaign)
    early, other = await told(world, id="early"), await told(world, "looked", id="other")
    assert (early.heard_by, other.heard_by) == ([], [])
    await world.skip(HOUR + MINUTE)
    assert await world.path(campaign) == ["hello", "wait"]

    first, again = await told(world, id="one"), await told(world, id="one")
    assert (first.repeated, again.repeated) == (False, True)
    assert first.heard_by == [f"{campaign.id}.{entered.id}"]
    assert world.sent == ["hello", "thanks"]
    assert len(await world.documents(paths.custom_events(ORG))) == 3


async def test_one_person_is_paused_resumed_moved_and_taken_out(world: JourneyWorld) -> None:
    """What waits is written off and made anew; after the exit nothing is sent."""
    campaign = await world.begin()
    (entered,) = await world.enter(campaign)
    place = (ORG, campaign.id, entered.id)
    await steering.pause(world.engine, *place, by="ben")
    await world.skip(DAY + HOUR)
    assert world.sent == ["hello"]
    await steering.resume(world.engine, *place, by="ben")
    await world.settle()
    assert world.sent == ["hello", "again"]
    await steering.move(world.engine, *place, "thanks", by="ben")
    await world.settle()
    assert world.sent == ["hello", "again", "thanks"]
    await steering.exit_(world.engine, *place, by="ben")
    await world.skip(DAY)
    assert await world.path(campaign) == ["hello", "again", "thanks", "operator"]


async def test_nothing_names_whoever_is_erased_in_the_middle_of_a_walk(
    world: JourneyWorld,
) -> None:
    """Of the walk its nodes and times stay; what was told of her is gone."""
    campaign = await world.begin(WELCOME)
    await world.enter(campaign)
    await told(world, id="one", data={"item": "kettle"})
    await erasure.erase(world.engine, ORG, contact_id(PHONE), by="ben")
    await world.skip(DAY + HOUR)
    walk = await world.walk(campaign)
    assert (walk.status, walk.exit, walk.who) == (EnrollmentStatus.EXITED, "erased", "")
    assert await naming(world.store, ANN, PHONE, "Ann Sol", "kettle") == []
    assert world.sent == ["hello"]
