"""A plan is edited while people walk through it: they go on by theirs, newcomers by the new one."""

from datetime import timedelta

import pytest

from functions.domain.campaigns.status import Action
from functions.domain.contacts.suppressions import ALL
from functions.domain.errors import StaleError, WrongStatusError
from functions.domain.kinds import ChannelKind
from functions.domain.messages.delivery_events import EventKind
from functions.domain.messages.ids import node_send
from functions.engine import paths
from functions.engine.contacts.leaving import leave
from functions.engine.plans.campaigns import change_plan, close
from functions.engine.plans.writing.checks import InvalidPlanError
from functions.engine.ports.store import Delete, Update
from tests.engine.plans.journeys import ANN, DAY, HOUR, STOP, WELCOME, on, path_of, plan, send
from tests.engine.plans.versions.editing import BOB, EditingWorld
from tests.engine.world import MINUTE, ORG

#: WELCOME, whose first mail says something else, and whose second comes a week later.
OTHER = plan(
    send("hello", on("opened", "thanks"), on("no_open", "again", after="P7D"), subject="New"),
    send("thanks", on("elapsed", "stop", after="PT1H"), body="new thanks"),
    send("again", on("elapsed", "stop", after="PT1H"), body="new again"),
    STOP,
)


async def test_an_edited_plan_moves_nobody_restarts_no_clock_and_sends_nothing_twice() -> None:
    """Whoever is under way gets the second mail a day after the first, as it was written then."""
    async with EditingWorld() as world:
        campaign = await world.begin()
        await world.enter(campaign)
        await world.pass_time(20 * HOUR)
        before = await world.walk(campaign)
        changed = await world.edit(campaign, OTHER)
        assert changed.plan == 2
        assert await world.walk(campaign) == before
        await world.pass_time(DAY)
        assert world.sent == ["hello", "again"]


async def test_whoever_enters_after_an_edit_walks_by_the_new_version() -> None:
    """And those under way by theirs, beside them, each with its own texts and timers."""
    async with EditingWorld() as world:
        campaign = await world.begin()
        await world.enter(campaign)
        await world.edit(campaign, OTHER)
        await world.enter(campaign, BOB)
        ann, bob = sorted(await world.walks(campaign), key=lambda walk: walk.address)
        assert (ann.plan, bob.plan) == (1, 2)
        await world.pass_time(2 * DAY)
        assert world.sent == ["hello", "hello", "again"]
        await world.pass_time(7 * DAY)
        assert world.sent[3:] == ["new again"]


async def test_a_late_receipt_moves_somebody_by_the_version_that_they_walk_by() -> None:
    """An open of the old mail leads to the old thanks."""
    async with EditingWorld() as world:
        campaign = await world.begin()
        await world.enter(campaign)
        await world.edit(campaign, OTHER)
        await world.pass_time(HOUR)
        await world.tell(campaign, "hello", EventKind.READ, late=30 * MINUTE)
        assert world.sent == ["hello", "thanks"]


async def test_a_message_that_waits_is_sent_as_it_was_made_once_the_plan_has_changed() -> None:
    """It was made ahead of its time, by a sender that the new plan does not name."""
    late = plan(send("hello", schedule={"delay": "PT10M"}))
    async with EditingWorld() as world:
        campaign = await world.begin(late)
        await world.enter(campaign)
        await world.pass_time(6 * MINUTE)
        assert [each.status for each in await world.messages(campaign)] == ["pending"]
        edited = send("hello", sender="others@example.com", body="new")
        await world.edit(campaign, plan(edited))
        await world.enter(campaign, BOB)
        await world.pass_time(10 * MINUTE)
        routes = (await world.load(campaign)).routes
        told = {
            each.address: (each.body, routes[node_send(each.send).route].sender)
            for each in await world.messages(campaign)
        }
        assert told[ANN] == ("hello", "us@example.com")
        assert told[BOB] == ("new", "others@example.com")
        assert sorted(world.sent) == ["hello", "new"]


async def test_a_fallback_of_an_older_version_follows_as_that_says() -> None:
    """The mail of the old version finds no address: its text goes out, not the new version's."""
    text = {"channel": "sms", "sender": "+12025550100"}
    node = send("hello", fallbacks=[{**text, "body": "old text", "after": ["no_address"]}])
    node["schedule"] = {"delay": "PT1H"}
    other = {**node, "fallbacks": [{**text, "body": "new text", "after": ["no_address"]}]}
    async with EditingWorld() as world:
        campaign = await world.begin(plan(node))
        await world.enter(campaign, "+12125552001")
        await world.edit(campaign, plan(send("first", on("elapsed", "hello", after="P1D")), other))
        await world.pass_time(2 * HOUR)
        assert world.sent == ["old text"]


async def test_exits_and_the_goal_are_those_of_the_version_that_somebody_walks_by() -> None:
    """The new version ends upon a click, the old one upon an open."""
    first = send("hello", on("elapsed", "stop", after="P1D"))
    old = plan(first, STOP, exits=[{"on": "opened", "as": "seen"}])
    new = plan(first, STOP, exits=[{"on": "clicked", "as": "used"}])
    async with EditingWorld() as world:
        campaign = await world.begin(old)
        await world.enter(campaign)
        await world.edit(campaign, new)
        await world.enter(campaign, BOB)
        for message in await world.messages(campaign):
            for kind in (EventKind.READ, EventKind.CLICKED):
                await world.tell_of(campaign, message, kind)
        walks = {walk.address: walk.exit for walk in await world.walks(campaign)}
        assert walks == {ANN: "seen", BOB: "used"}


async def test_a_bar_ends_the_walk_whose_version_has_no_other_channel() -> None:
    """The new version reaches people by text, too: who walks by it goes on."""
    text = {"id": "text", "action": "send", "channel": "sms", "body": "x"}
    text["sender"] = "+12025550100"
    first = send("hello", on("elapsed", "stop", after="P1D"))
    mixed = plan(send("hello", on("elapsed", "text", after="P1D")), text)
    async with EditingWorld() as world:
        campaign = await world.begin(plan(first, STOP))
        await world.enter(campaign)
        await world.edit(campaign, mixed)
        await leave(world.engine, ORG, ANN, scope=ChannelKind.EMAIL, event="suppressed")
        await world.settle()
        assert (await world.walk(campaign)).exit == "suppressed"
        await leave(world.engine, ORG, ANN, scope=ALL, event="suppressed")


async def test_quiet_hours_are_those_of_the_version_that_a_message_is_of() -> None:
    """It is noon in London: the new version is silent until two."""
    node = send("hello", schedule={"delay": "PT10M"})
    async with EditingWorld() as world:
        campaign = await world.begin(plan(node, timezone="Europe/London"))
        await world.enter(campaign)
        quiet = {"start": "11:00", "end": "14:00"}
        await world.edit(campaign, plan(node, timezone="Europe/London", quietHours=quiet))
        await world.enter(campaign, BOB)
        await world.pass_time(HOUR)
        assert [call.to for call in world.carrier.requests] == [ANN]
        await world.pass_time(2 * HOUR)
        assert [call.to for call in world.carrier.requests] == [ANN, BOB]


async def test_an_edit_of_a_paused_campaign_waits_for_its_resumption() -> None:
    """Nobody is sent to while it is paused."""
    async with EditingWorld() as world:
        campaign = await world.begin()
        await world.set_pause(campaign, Action.PAUSE)
        await world.edit(campaign, OTHER)
        await world.enter(campaign, BOB)
        assert world.sent == []
        await world.set_pause(campaign, Action.RESUME)
        assert (await world.walk(campaign)).plan == 2
        assert world.sent == ["hello"]


async def test_the_same_plan_is_no_new_version() -> None:
    """In whatever order its members stand."""
    async with EditingWorld() as world:
        campaign = await world.begin()
        same = await world.edit(campaign, dict(reversed(list(WELCOME.items()))))
        assert (same.plan, same.epoch) == (1, (await world.load(campaign)).epoch)


async def test_a_plan_with_a_mistake_is_refused_for_a_campaign_that_runs() -> None:
    """Nothing is changed by it."""
    async with EditingWorld() as world:
        campaign = await world.begin()
        with pytest.raises(InvalidPlanError):
            await world.edit(campaign, plan(send("hello", on("elapsed", "nowhere", after="P1D"))))
        assert (await world.load(campaign)).plan == 1


async def test_an_ended_campaign_keeps_its_plan_and_an_older_version_is_told() -> None:
    """And whoever has seen an older campaign is told so."""
    async with EditingWorld() as world:
        campaign = await world.begin()
        with pytest.raises(StaleError):
            await change_plan(world.engine, ORG, campaign.id, OTHER, by="ann", if_version=1)
        await close(world.engine, ORG, campaign.id, by="ann")
        await world.finish(campaign)
        with pytest.raises(WrongStatusError):
            await world.edit(campaign, OTHER)


async def test_a_version_that_a_process_has_never_seen_is_read() -> None:
    """Another process walks on who has entered by a version that was made meanwhile."""
    async with EditingWorld() as world:
        campaign = await world.begin()
        await world.edit(campaign, OTHER)
        await world.enter(campaign, settle=False)
        world.engine = world.new_engine()
        await world.settle()
        assert (await world.message(campaign, "hello")).send.startswith("2/")


async def test_a_version_that_is_gone_stops_its_people_with_an_alarm() -> None:
    """And nobody else: who walks by another one goes on."""
    async with EditingWorld() as world:
        campaign = await world.begin()
        await world.enter(campaign)
        await world.edit(campaign, {**WELCOME, "exits": [{"on": "replied"}]})
        await world.enter(campaign, BOB)
        await world.store.commit(Delete(paths.plan(ORG, campaign.id, 1)))
        world.engine = world.new_engine()
        await world.pass_time(2 * DAY)
        ann, bob = sorted(await world.walks(campaign), key=lambda walk: walk.address)
        assert (path_of(ann)[-1], path_of(bob)[-1]) == ("hello", "completed")
        assert "cannot be walked on" in str((await world.load(campaign)).trouble)


async def test_an_attribute_changed_after_entry_is_used_by_the_next_message() -> None:
    """Not the one that they entered with."""
    node = send("hello", on("elapsed", "again", after="P1D"), body="{{ first_name }}")
    async with EditingWorld() as world:
        listed = await world.listed(ANN)
        (contact,) = await world.documents(paths.contacts(ORG))
        await world.store.commit(Update(contact.path, {"first_name": "Ann"}))
        campaign = await world.begin(
            plan(node, {**node, "id": "again", "transitions": []}), **listed
        )
        await world.store.commit(Update(contact.path, {"first_name": "Anna"}))
        await world.pass_time(timedelta(days=1, minutes=1))
        assert world.sent == ["Ann", "Anna"]
        assert campaign.plan == 1
