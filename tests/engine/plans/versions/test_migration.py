"""Those who are under way go over to another version: nobody's clock starts anew."""

from typing import Any

import pytest

from functions.domain.errors import InvalidFieldError
from functions.domain.messages.delivery_events import EventKind, Retry
from functions.domain.messages.send_outcomes import Rejected
from tests.engine.plans.journeys import ANN, DAY, HOUR, STOP, on, path_of, plan, send, wait
from tests.engine.plans.versions.editing import BOB, RENAMED, THREE, TWO, EditingWorld
from tests.engine.recording_channel import Fate
from tests.engine.world import MINUTE


async def test_a_node_added_behind_somebody_is_not_sent_and_one_ahead_is_after_migration_only() -> (
    None
):
    """The first node of all is behind them; that between both mails lies ahead."""
    async with EditingWorld() as world:
        campaign = await world.begin(TWO)
        await world.enter(campaign)
        await world.edit(campaign, THREE)
        await world.pass_time(6 * HOUR)
        assert world.sent == ["hello"]
        progress = await world.migrate(campaign)
        assert (progress.to, progress.migrated, progress.stuck) == (2, 1, {})
        await world.pass_time(5 * HOUR)
        assert world.sent == ["hello"]
        await world.pass_time(HOUR)
        assert world.sent == ["hello", "between"]
        await world.pass_time(3 * DAY)
        assert world.sent == ["hello", "between", "again"]


async def test_a_node_ahead_is_not_sent_without_migration() -> None:
    """Whoever is under way keeps what they have entered."""
    async with EditingWorld() as world:
        campaign = await world.begin(TWO)
        await world.enter(campaign)
        await world.edit(campaign, THREE)
        await world.pass_time(3 * DAY)
        assert world.sent == ["hello", "again"]


async def test_a_removed_node_without_a_map_is_refused_and_told_with_how_many_stand_there() -> None:
    """Nobody has gone over."""
    async with EditingWorld() as world:
        campaign = await world.begin(TWO)
        await world.enter(campaign, ANN, BOB)
        await world.edit(campaign, RENAMED)
        with pytest.raises(InvalidFieldError, match="2 people stand there") as refused:
            await world.migrate(campaign)
        assert refused.value.field == "map.hello"
        assert [walk.plan for walk in await world.walks(campaign)] == [1, 1]


async def test_whoever_stands_at_a_renamed_node_keeps_their_clock_and_gets_nothing_twice() -> None:
    """The mail was sent as hello; the timer behind it runs on as that of welcome."""
    async with EditingWorld() as world:
        campaign = await world.begin(TWO)
        await world.enter(campaign)
        await world.pass_time(20 * HOUR)
        before = await world.walk(campaign)
        await world.edit(campaign, RENAMED)
        await world.migrate(campaign, {"hello": "welcome"})
        after = await world.walk(campaign)
        ((_, was),), ((_, is_),) = before.threads.items(), after.threads.items()
        assert is_ == was._replace(node="welcome")
        assert after.next_at == before.next_at
        await world.pass_time(2 * DAY)
        assert world.sent == ["hello", "again"]


async def test_whoever_stands_at_a_node_that_maps_to_exit_leaves() -> None:
    """With what waits to be sent to them."""
    held = plan(send("hello", schedule={"delay": "PT10M"}))
    async with EditingWorld() as world:
        campaign = await world.begin(held)
        await world.enter(campaign)
        await world.pass_time(6 * MINUTE)
        await world.enter(campaign, BOB)
        await world.edit(campaign, RENAMED)
        progress = await world.migrate(campaign, {"hello": "exit"})
        await world.pass_time(HOUR)
        assert (progress.migrated, progress.exited) == (0, 1)
        (walk,) = [each for each in await world.walks(campaign) if each.address == BOB]
        assert walk.exit == "node_removed"
        # Nothing leads on from hello: ann's walk was over as her mail was made.
        assert [call.to for call in world.carrier.requests] == [ANN]


async def test_a_message_that_waits_is_made_anew_where_its_node_says_something_else() -> None:
    """And left alone where that says the same."""
    way = on("elapsed", "stop", after="P1D")
    node = send("hello", way, schedule={"delay": "PT10M"})
    same = plan(node, STOP, exits=[{"on": "replied"}])
    for document, bodies in ((plan({**node, "body": "new"}, STOP), ["new"]), (same, ["hello"])):
        async with EditingWorld() as world:
            campaign = await world.begin(plan(node, STOP))
            await world.enter(campaign)
            await world.pass_time(6 * MINUTE)
            assert len(await world.messages(campaign)) == 1
            await world.edit(campaign, document)
            await world.migrate(campaign)
            await world.pass_time(HOUR)
            assert world.sent == bodies
            cancelled = [
                e.reason for e in await world.messages(campaign) if e.status == "cancelled"
            ]
            assert cancelled == ["plan_changed"] * (bodies == ["new"])
            await world.pass_time(2 * DAY)
            assert path_of(await world.walk(campaign)) == ["hello", "stop", "completed"]


async def test_a_click_on_an_older_mail_moves_somebody_as_the_new_version_says() -> None:
    """The mail was made when nobody cared for clicks."""
    clicks = plan(
        send("hello", on("clicked", "thanks"), on("elapsed", "stop", after="P9D")),
        send("thanks", on("elapsed", "stop", after="P1D")),
        STOP,
    )
    async with EditingWorld() as world:
        campaign = await world.begin(TWO)
        await world.enter(campaign)
        await world.edit(campaign, clicks)
        await world.migrate(campaign)
        await world.pass_time(HOUR)
        await world.tell(campaign, "hello", EventKind.CLICKED)
        assert world.sent == ["hello", "thanks"]


async def test_a_click_ends_the_walk_where_the_new_version_says_so() -> None:
    """An exit that was not there when the mail was made."""
    async with EditingWorld() as world:
        campaign = await world.begin(TWO)
        await world.enter(campaign)
        await world.edit(campaign, {**TWO, "exits": [{"on": "clicked", "as": "used"}]})
        await world.migrate(campaign)
        await world.tell(campaign, "hello", EventKind.CLICKED)
        assert (await world.walk(campaign)).exit == "used"


async def test_a_lot_stays_where_its_way_is_still_there() -> None:
    """Whoever comes to the split once more takes the same way; one that is no more is drawn."""
    branches = [{"to": "a", "weight": 1}, {"to": "b", "weight": 0}]

    def parts(*ways: dict[str, Any], first: str = "a") -> dict[str, Any]:
        back = on("elapsed", "split", after="P1D")
        split = {"id": "split", "action": "split", "branches": list(ways)}
        return plan(split, send(first, back), send("b", back))

    async with EditingWorld() as world:
        campaign = await world.begin(parts(*branches))
        await world.enter(campaign)
        await world.edit(campaign, parts({"to": "a", "weight": 0}, {"to": "b", "weight": 1}))
        await world.migrate(campaign)
        await world.pass_time(DAY + HOUR)
        assert world.sent == ["a", "a"]
        await world.edit(
            campaign, parts({"to": "c", "weight": 0}, {"to": "b", "weight": 1}, first="c")
        )
        await world.migrate(campaign, {"a": "c"})
        await world.pass_time(DAY + HOUR)
        assert world.sent == ["a", "a", "c"]


async def test_people_may_go_back_to_an_older_version() -> None:
    """And whoever enters then walks by the newest all the same."""
    async with EditingWorld() as world:
        campaign = await world.begin(TWO)
        await world.edit(campaign, THREE)
        await world.enter(campaign)
        await world.pass_time(DAY + HOUR)
        await world.migrate(campaign, to=1)
        assert (await world.walk(campaign)).plan == 1
        await world.enter(campaign, BOB)
        await world.pass_time(3 * DAY)
        assert [c.body for c in world.carrier.requests if c.to == ANN] == [
            "first",
            "hello",
            "again",
        ]


async def test_a_custom_event_that_the_new_version_names_is_heard() -> None:
    """The old one did not wait for it."""
    old = plan(wait("wait", on("elapsed", "stop", after="P9D")), send("bye"), STOP)
    new = plan(
        wait("wait", on("paid", "bye"), on("elapsed", "stop", after="P9D")), send("bye"), STOP
    )
    async with EditingWorld() as world:
        campaign = await world.begin(old)
        await world.enter(campaign)
        await world.edit(campaign, new)
        await world.migrate(campaign)
        assert (await world.walk(campaign)).hears == ["paid"]


async def test_a_mail_that_is_being_tried_goes_on_being_tried_at_a_renamed_node() -> None:
    """Its server was busy: it is the same visit, whatever the node is called."""
    async with EditingWorld() as world:
        busy = Fate(outcome=Rejected("mailbox_full", Retry.LATER), placed=False)
        world.carrier.script = {ANN: [busy]}
        campaign = await world.begin(TWO)
        await world.enter(campaign)
        assert (await world.message(campaign, "hello")).attempt == 1
        await world.edit(campaign, RENAMED)
        await world.migrate(campaign, {"hello": "welcome"})
        await world.pass_time(HOUR)
        assert (await world.message(campaign, "hello")).status == "delivered"
        await world.pass_time(DAY)
        assert world.sent == ["hello", "hello", "again"]


async def test_a_timer_made_shorter_counts_from_the_send_and_one_that_is_overdue_fires_now() -> (
    None
):
    """Twenty hours after the mail it is said to come after ten."""
    async with EditingWorld() as world:
        campaign = await world.begin(TWO)
        await world.enter(campaign)
        await world.pass_time(20 * HOUR)
        shorter = plan(send("hello", on("elapsed", "again", after="PT10H")), *TWO["nodes"][1:])
        await world.edit(campaign, shorter)
        await world.migrate(campaign)
        assert world.sent == ["hello", "again"]


async def test_a_message_that_waits_keeps_to_the_quiet_hours_of_the_version_gone_over_to() -> None:
    """It was made when the plan had none; whoever stays with that version gets it at its time."""
    soon = plan(send("soon", on("elapsed", "stop", after="P1D"), schedule={"delay": "PT6M"}), STOP)
    silent = {**soon, "quietHours": {"start": "11:00", "end": "13:00"}}
    for goes_over, hour in ((True, 13), (False, 12)):
        async with EditingWorld() as world:
            campaign = await world.begin(soon)
            await world.enter(campaign)
            await world.pass_time(2 * MINUTE)
            assert len(await world.messages(campaign)) == 1
            await world.edit(campaign, silent)
            if goes_over:
                await world.migrate(campaign)
            await world.pass_time(2 * HOUR)
            assert [call.at.hour for call in world.carrier.requests] == [hour]
