"""Whoever opts out, by whatever way, leaves the plans that may not reach them any more."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest

from functions.domain.campaigns.audience import Audience, AudienceKind
from functions.domain.campaigns.entry import Entry, EntryBy
from functions.domain.contacts.contact import read_details
from functions.domain.messages.delivery_events import Inbound, MessageRef
from functions.engine import paths
from functions.engine.contacts import contacts
from functions.engine.contacts.suppressions import suppress
from functions.engine.ports.store import StoreError
from functions.engine.receipts.inbound import receive_inbound
from functions.engine.receipts.unsubscribing import unsubscribe
from tests.engine.counting_store import CountingStore
from tests.engine.plans.journeys import ANN, DAY, HOUR, STOP, JourneyWorld, on, plan, send
from tests.engine.recording_channel import PROVIDER
from tests.engine.stored_contacts import add_people, list_of
from tests.engine.world import ORG, SENDER
from tests.engine.wrapped_store import Do, Operation, WrappedStore
from tests.salted import contact_id

PHONE = "+12025550142"
MAILS = plan(
    send("hello", on("elapsed", "again", after="P1D")),
    send("again", on("elapsed", "stop", after="P1D")),
    STOP,
)
TEXT = {"channel": "sms", "sender": SENDER, "subject": None}
#: A mail, and a text after it.
BOTH = plan(
    send("hello", on("elapsed", "again", after="P1D")),
    send("again", on("elapsed", "last", after="P1D"), **TEXT),
    send("last", on("elapsed", "stop", after="P1D")),
    STOP,
)


MIXED = plan(send("hello", on("elapsed", "text", after="P1D")), send("text", **TEXT))


@pytest.fixture
async def world() -> AsyncIterator[JourneyWorld]:
    """Give a world with Ann, who has a number and a mail address."""
    async with JourneyWorld() as made:
        details = read_details({"phone": PHONE, "email": ANN})
        await contacts.create(made.engine, ORG, details)
        yield made


async def bar(world: JourneyWorld, address: str, scope: str = "all", **more: object) -> None:
    """Bar an address, as the API does."""
    said = {"reason": "asked us to stop", "by": "ben", **more}
    await suppress(world.engine, ORG, address, scope=scope, **said)  # type: ignore[arg-type]
    await world.settle()


@pytest.mark.parametrize("address", [PHONE, ANN])
async def test_whoever_opts_out_leaves_at_once(world: JourneyWorld, address: str) -> None:
    """By whichever of their addresses."""
    campaign = await world.begin(MAILS)
    await world.enter(campaign, PHONE)
    await bar(world, address)
    assert (await world.walk(campaign)).exit == "unsubscribed"
    await world.pass_time(3 * DAY)
    assert world.sent == ["hello"]


async def test_a_word_texted_to_any_of_our_numbers_ends_all_walks(world: JourneyWorld) -> None:
    """Though none of them has sent a text; who is not the sender goes on."""
    first, second = await world.begin(MAILS), await world.begin(BOTH, name="Both")
    for campaign in (first, second):
        await world.enter(campaign, PHONE, "bob@example.com")
    stop = Inbound("in-1", PHONE, "+12025550199", "STOP", world.clock.now())
    await receive_inbound(world.engine, ORG, PROVIDER, stop)
    await world.settle()
    for campaign in (first, second):
        assert sorted(walk.exit for walk in await world.walks(campaign)) == ["", "unsubscribed"]


async def test_a_bar_of_one_channel_of_several_leaves_the_walk_going(world: JourneyWorld) -> None:
    """What goes by that channel is skipped; once all are barred the walk has ended."""
    campaign = await world.begin(BOTH)
    await world.enter(campaign, PHONE)
    await bar(world, PHONE, "sms")
    assert await world.path(campaign) == ["hello"]
    await world.pass_time(DAY + HOUR)
    assert (await world.message(campaign, "")).reason == "suppressed"
    assert world.sent == ["hello"]
    await bar(world, ANN, "email")
    assert (await world.walk(campaign)).exit == "unsubscribed"


async def test_the_only_channel_barred_ends_the_walk_and_another_kind_does_not(
    world: JourneyWorld,
) -> None:
    """A bar of broadcasts leaves journeys alone, one of journeys ends them."""
    campaign = await world.begin(MAILS)
    await world.enter(campaign, PHONE)
    for scope in ("broadcast", "sms"):
        await bar(world, ANN, scope)
        assert (await world.walk(campaign)).exit == ""
    await bar(world, ANN, "email")
    assert (await world.walk(campaign)).exit == "unsubscribed"
    other = await world.begin(BOTH, name="Both")
    await world.enter(other, PHONE)
    await bar(world, PHONE, "journey")
    assert (await world.walk(other)).exit == "unsubscribed"


async def test_a_bar_that_ends_by_itself_ends_no_walk(world: JourneyWorld) -> None:
    """Nor does a mail that came back, of which the plan says what follows."""
    campaign = await world.begin(MAILS)
    await world.enter(campaign, PHONE)
    await bar(world, ANN, until=world.clock.now() + DAY)
    await bar(world, ANN, reason="bounced")
    assert (await world.walk(campaign)).exit == ""


@pytest.mark.parametrize(("scope", "reason"), [("all", "unsubscribed"), ("email", "")])
async def test_who_unsubscribes_by_a_mail_leaves_where_that_bars_the_plan(
    world: JourneyWorld, scope: str, reason: str
) -> None:
    """From mails alone they go on by texts."""
    campaign = await world.begin(BOTH)
    await world.enter(campaign, PHONE)
    message = await world.message(campaign, "hello")
    await unsubscribe(world.engine, MessageRef(ORG, campaign.id, message.id), 1, scope)
    await world.settle()
    assert (await world.walk(campaign)).exit == reason


@pytest.mark.parametrize("operation", ["get", "commit"])
async def test_who_opts_out_while_they_enter_leaves(world: JourneyWorld, operation: str) -> None:
    """The bar finds no walk yet, and whoever enters looks for bars once more."""
    campaign = await world.begin(MAILS)
    engine = world.engine

    async def opt_out() -> None:
        await suppress(engine, ORG, PHONE, reason="opted_out", by="ben")

    world.interleave(operation, "/enrollments/", opt_out)
    await world.enter(campaign, PHONE)
    assert (await world.walk(campaign)).exit == "suppressed"


async def test_who_is_to_begin_later_leaves_too(world: JourneyWorld) -> None:
    """They never begin."""
    campaign = await world.begin(MAILS)
    await world.enter(campaign, PHONE, at=world.clock.now() + DAY)
    await bar(world, PHONE)
    await world.pass_time(2 * DAY)
    assert (await world.walk(campaign)).exit == "unsubscribed"
    assert world.sent == []


async def test_a_bar_of_somebody_who_walks_nowhere_costs_one_query(world: JourneyWorld) -> None:
    """However many there are."""
    store = CountingStore(world.store)
    engine = replace(world.engine, store=store)
    await suppress(engine, ORG, PHONE, reason="opted_out", by="ben")
    walks = [query for query in store.queries if query.collection == "enrollments"]
    assert len(walks) == 1
    assert not any("/contacts" in query.collection for query in store.queries)


async def test_a_look_for_bars_that_fails_is_repeated_and_nobody_goes_on(
    world: JourneyWorld,
) -> None:
    """Nothing is sent to whom we do not know whether they may be written to."""
    campaign = await world.begin(MAILS)
    await world.enter(campaign, PHONE)
    is_down = True

    async def fail(operation: Operation, do: Do) -> object:
        if is_down and any(paths.suppressions(ORG) in path for path in operation.paths):
            raise StoreError("the store is down")
        return await do()

    healthy = world.engine
    world.engine = replace(healthy, store=WrappedStore(world.store, fail))
    await world.pass_time(DAY + timedelta(minutes=1))
    assert world.sent == ["hello"]
    assert await world.path(campaign) == ["hello"]
    is_down = False
    await world.pass_time(HOUR)
    assert world.sent == ["hello", "again"]


@pytest.mark.parametrize(("scope", "exit_"), [("all", "suppressed"), ("email", "")])
async def test_whoever_is_barred_does_not_enter_by_a_list(
    world: JourneyWorld, scope: str, exit_: str
) -> None:
    """Where no channel may reach them; of a channel that is barred they miss the messages."""
    await bar(world, ANN, scope)
    (bob,) = await add_people(world.engine, [{"email": "bob@example.com"}])
    audience = Audience(AudienceKind.LIST, await list_of(world.engine, [contact_id(PHONE), bob]))
    campaign = await world.begin(MIXED, entry=Entry(EntryBy.LIST), audience=audience)
    walks = {walk.address: walk for walk in await world.walks(campaign)}
    assert walks[ANN].exit == exit_
    assert walks["bob@example.com"].exit == ""
    assert world.sent == ["hello"]


@pytest.mark.parametrize("is_down", [False, True])
async def test_who_opts_out_while_a_list_enters_leaves(
    world: JourneyWorld, *, is_down: bool
) -> None:
    """The bar finds no walk yet, and the launch looks for bars once all have entered.

    Should it die before that, the next one looks.
    """
    engine, left = world.engine, ["opt out", *(["die"] if is_down else [])]
    listed = await world.listed(ANN, "bob@example.com")

    async def interfere(operation: Operation, do: Do) -> object:
        enters = any("/enrollments/" in each for each in operation.paths)
        if left[:1] == ["opt out"] and operation.name == "commit" and enters:
            left.pop(0)
            await suppress(engine, ORG, ANN, reason="opted_out", by="ben")
        is_look = operation.name == "query" and paths.suppressions(ORG) in operation.paths
        if left == ["die"] and is_look:
            left.pop()
            raise StoreError("the store is down")
        return await do()

    world.engine = replace(engine, store=WrappedStore(world.store, interfere))
    campaign = await world.begin(MAILS, **listed)
    await world.pass_time(timedelta(minutes=5))
    world.engine = engine
    walks = {walk.address: walk for walk in await world.walks(campaign)}
    assert (walks[ANN].exit, walks["bob@example.com"].exit) == ("suppressed", "")
    await world.pass_time(2 * DAY)
    assert world.sent == ["hello", "again"]
