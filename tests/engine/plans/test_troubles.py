"""What is wrong with one walk holds up nobody else, and the operator sees it."""

from collections.abc import AsyncIterator

import pytest
from pytest_mock import MockerFixture

from functions.domain.campaigns.status import Action, CampaignStatus
from functions.engine import paths
from functions.engine.campaigns import lifecycle
from functions.engine.delivery.launch import launch
from functions.engine.kernel import lanes
from functions.engine.ports.store import Create, Delete, Update
from tests.engine.plans.journeys import ANN, DAY, HOUR, STOP, JourneyWorld, on, plan, send
from tests.engine.world import MINUTE, ORG, with_limits

BOB = "bob@example.com"


@pytest.fixture
async def world() -> AsyncIterator[JourneyWorld]:
    """Give a world whose carrier delivers mails."""
    async with JourneyWorld() as made:
        yield made


async def test_one_walk_that_cannot_be_decided_holds_up_none_of_the_others(
    world: JourneyWorld,
) -> None:
    """It is tried again every quarter of an hour, and goes on once it can."""
    campaign = await world.begin()
    await world.enter(campaign, ANN, BOB, "zoe@example.com")
    broken = (await world.documents(paths.enrollments(ORG, campaign.id)))[1]
    threads = broken.data["threads"]
    strange = {"hello": {**threads["hello"], "node": "never-was"}}
    await world.store.commit(Update(broken.path, {"threads": strange}))
    await world.pass_time(DAY + HOUR)

    assert world.task_errors == []
    assert world.sent.count("again") == 2
    trouble = (await world.load(campaign)).trouble
    assert trouble is not None
    assert trouble.startswith(f"1 cannot be walked on, {broken.id} among them: KeyError")
    await world.store.commit(Update(broken.path, {"threads": threads}))
    await world.pass_time(16 * MINUTE)
    assert world.sent.count("again") == 3


async def test_a_version_of_a_plan_that_is_gone_stops_those_who_walk_by_it_with_an_alarm(
    world: JourneyWorld,
) -> None:
    """Nothing is guessed: whoever was to get the next mail gets none, and it is said why."""
    campaign = await world.begin()
    await world.enter(campaign)
    world.engine = world.new_engine()  # another process, which has not read it
    await world.store.commit(Delete(paths.plan(ORG, campaign.id, 1)))
    await world.pass_time(DAY + HOUR)

    assert world.sent == ["hello"]
    assert "NotFoundError" in str((await world.load(campaign)).trouble)
    assert world.task_errors == []


async def test_a_version_of_a_plan_that_a_process_has_never_seen_is_read(
    world: JourneyWorld,
) -> None:
    """It is one read in the life of a process."""
    campaign = await world.begin()
    await world.enter(campaign)
    world.engine = world.new_engine()
    await world.pass_time(DAY + HOUR)
    assert world.sent == ["hello", "again"]


async def test_somebody_in_a_zone_that_there_is_not_walks_by_the_zone_of_the_plan(
    world: JourneyWorld,
) -> None:
    """Neither the launch nor the lane stops at them; their message says what is wrong."""
    listed = await world.listed(ANN)
    home = paths.list_(ORG, listed["audience"].id)
    (page,) = await world.documents(paths.pages(home))
    rows = [{**row, "zones": ["Nowhere/City"]} for row in page.data["rows"]]
    await world.store.commit(Update(page.path, {"rows": rows}))
    noted = {listed["audience"].id: {"page": 0, "own": True}}
    contact = paths.contact(ORG, rows[0]["id"])
    await world.store.commit(Update(contact, {"list_pages": noted}))
    document = plan(
        send("hello", on("skipped", "stop"), on("elapsed", "stop", after="P1D")),
        STOP,
        quietHours={"start": "21:00", "end": "08:00"},
    )
    campaign = await world.begin(document, **listed)
    await world.pass_time(HOUR)

    assert world.task_errors == []
    (message,) = await world.messages(campaign)
    assert message.reason == "invalid_zone"
    assert await world.path(campaign) == ["hello", "stop", "completed"]


async def test_a_launch_that_cannot_decide_lets_people_enter_and_leaves_the_rest_to_the_lanes(
    world: JourneyWorld, mocker: MockerFixture
) -> None:
    """A text that cannot be made is the trouble of a page, and not of the list."""
    listed = await world.listed(ANN, BOB)
    broken = mocker.patch(
        "functions.engine.delivery.entering.Decider.decide", side_effect=RuntimeError("no text")
    )
    campaign = await world.begin(**listed)
    assert len(await world.walks(campaign)) == 2
    assert "no text" in str((await world.load(campaign)).trouble)
    mocker.stop(broken)
    await world.pass_time(16 * MINUTE)
    assert world.sent == ["hello", "hello"]


async def test_who_cannot_be_sent_to_goes_on_at_once_through_several_nodes(
    world: JourneyWorld,
) -> None:
    """Messages that are skipped as they are made are not handed on to be sent."""
    ways = on("skipped", "b"), on("elapsed", "stop", after="P1D")
    document = plan(
        send("a", *ways), send("b", on("skipped", "c"), on("elapsed", "stop", after="P1D")),
        send("c", on("skipped", "stop"), on("elapsed", "stop", after="P1D")), STOP,
    )  # fmt: skip
    campaign = await world.begin(document)
    await world.enter(campaign, "+12025550142")
    assert world.task_errors == []
    assert await world.path(campaign) == ["a", "b", "c", "stop", "completed"]


async def test_whoever_entered_is_found_within_an_hour_although_nobody_woke_the_lane(
    world: JourneyWorld, mocker: MockerFixture
) -> None:
    """The process died between the commit and the waking; nobody asks again."""
    campaign = await world.begin()
    mocker.patch("functions.engine.kernel.lanes.wake")
    await world.enter(campaign)
    assert world.sent == []
    await world.pass_time(HOUR + MINUTE)
    assert world.sent == ["hello"]


async def test_cancelled_while_a_list_enters_nobody_else_enters(world: JourneyWorld) -> None:
    """Those who have entered keep their enrollments; their messages are written off."""
    listed = await world.listed(*(f"p{n}@example.com" for n in range(12)))
    world.limits = with_limits(launch_page=3)
    world.engine = world.new_engine()
    plain = world.engine

    async def cancel() -> None:
        (campaign,) = await world.documents(paths.campaigns(ORG))
        await lifecycle.change(plain, ORG, campaign.id, Action.CANCEL, by="ann")

    world.interleave("commit", "/enrollments/", cancel)
    campaign = await world.begin(**listed)
    await launch(world.engine, ORG, campaign.id)
    await world.pass_time(HOUR)

    assert (await world.load(campaign)).status is CampaignStatus.CANCELLED
    assert len(await world.walks(campaign)) < 12
    assert world.sent == []
    assert world.task_errors == []


async def test_long_mails_of_a_page_go_into_as_many_commits_as_a_store_needs(
    world: JourneyWorld, mocker: MockerFixture
) -> None:
    """A store takes ten megabytes at once: a page that is longer is no reason to stop."""
    node = send("hello", on("elapsed", "stop", after="P1D"), html="x" * 100_000)
    campaign = await world.begin(plan(node, STOP))
    await world.enter(campaign, *(f"p{n}@example.com" for n in range(90)), settle=False)
    commits = mocker.spy(type(world.store), "commit")
    await world.settle()

    made = [
        sum(len(write.data.get("html", "")) for write in call.args[1:] if isinstance(write, Create))
        for call in commits.call_args_list
    ]
    assert sum(made) == 90 * 100_000
    assert max(made) < 6_000_000
    assert len(world.sent) == 90


async def test_who_has_gone_on_to_the_end_gets_no_message_of_the_node_that_they_left(
    world: JourneyWorld,
) -> None:
    """A mail that waited for the morning is written off, also where the way leads to the end."""
    document = plan(
        send("hello", on("bought", "stop"), on("elapsed", "stop", after="P1D")), STOP,
        quietHours={"start": "00:00", "end": "23:00"},
    )  # fmt: skip
    campaign = await world.begin(document)
    await world.enter(campaign)
    (walk,) = await world.documents(paths.enrollments(ORG, campaign.id))
    now = world.clock.now()
    told = {"who": walk.data["who"], "name": "bought", "at": now, "key": ""}
    event = Create(f"{paths.custom_events(ORG)}/e1", told)
    await world.store.commit(event, Update(walk.path, {"heard_at": now, "next_at": now}))
    await lanes.wake(world.engine, ORG, campaign.id, "0", at=now)
    await world.pass_time(2 * DAY)

    assert world.sent == []
    assert [each.reason for each in await world.messages(campaign)] == ["moved_on"]
    assert await world.path(campaign) == ["hello", "stop", "completed"]


async def test_who_enters_a_paused_campaign_has_no_lane_looked_at_before_it_is_resumed(
    world: JourneyWorld,
) -> None:
    """Else the check would find the lane each minute, and nobody could work on it."""
    campaign = await world.begin()
    await lifecycle.change(world.engine, ORG, campaign.id, Action.PAUSE, by="ann")
    await world.enter(campaign)
    found = await world.documents(f"{paths.campaign(ORG, campaign.id)}/lanes")
    assert [each.data["wake_at"] for each in found if each.id.isdigit()] == [None] * campaign.lanes
    await lifecycle.change(world.engine, ORG, campaign.id, Action.RESUME, by="ann")
    await world.settle()
    assert world.sent == ["hello"]
