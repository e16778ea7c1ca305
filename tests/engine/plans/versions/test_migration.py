"""Those who are under way go over to another version: nobody's clock starts anew."""

from collections import Counter
from dataclasses import replace
from typing import Any, Final

import pytest

from functions.domain.campaigns.status import Action
from functions.domain.errors import InvalidFieldError, MigrationRunningError, WrongStatusError
from functions.domain.messages.delivery_events import EventKind
from functions.engine import paths
from functions.engine.plans.enroll import Entrant, enroll
from functions.engine.plans.migration.asked import ask
from tests.engine.counting_store import CountingStore
from tests.engine.plans.journeys import ANN, DAY, HOUR, STOP, on, path_of, plan, send, wait
from tests.engine.plans.versions.editing import BOB, ZOE, EditingWorld
from tests.engine.world import MINUTE, ORG, with_limits

#: A mail, a day, another one.
TWO: Final = plan(
    send("hello", on("elapsed", "again", after="P1D")),
    send("again", on("elapsed", "stop", after="P1D")),
    STOP,
)
#: The same with another one between them, and a shorter wait behind it.
THREE: Final = plan(
    send("first", on("elapsed", "hello", after="P1D")),
    send("hello", on("elapsed", "between", after="PT12H")),
    send("between", on("elapsed", "again", after="P1D")),
    send("again", on("elapsed", "stop", after="P1D")),
    STOP,
)
#: TWO, whose first node is called otherwise.
RENAMED: Final = plan(
    send("welcome", on("elapsed", "again", after="P1D")),
    send("again", on("elapsed", "stop", after="P1D")),
    STOP,
)


async def test_a_node_added_behind_somebody_is_not_sent_and_one_ahead_is_after_migration_only() -> (
    None
):
    """The first node of all is behind them; that between both mails lies ahead."""
    async with EditingWorld() as world:
        campaign = await world.begin(TWO)
        await world.enter(campaign)
        await world.edit(campaign, THREE)
        await world.later(6 * HOUR)
        assert world.sent == ["hello"]
        progress = await world.migrate(campaign)
        assert (progress.to, progress.migrated, progress.stuck) == (2, 1, {})
        await world.later(5 * HOUR)
        assert world.sent == ["hello"]
        await world.later(HOUR)
        assert world.sent == ["hello", "between"]
        await world.later(3 * DAY)
        assert world.sent == ["hello", "between", "again"]


async def test_a_node_ahead_is_not_sent_without_migration() -> None:
    """Whoever is under way keeps what they have entered."""
    async with EditingWorld() as world:
        campaign = await world.begin(TWO)
        await world.enter(campaign)
        await world.edit(campaign, THREE)
        await world.later(3 * DAY)
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
        await world.later(20 * HOUR)
        before = await world.walk(campaign)
        await world.edit(campaign, RENAMED)
        await world.migrate(campaign, {"hello": "welcome"})
        after = await world.walk(campaign)
        ((_, was),), ((_, is_),) = before.threads.items(), after.threads.items()
        assert is_ == was._replace(node="welcome")
        assert after.next_at == before.next_at
        await world.later(2 * DAY)
        assert world.sent == ["hello", "again"]


async def test_whoever_stands_at_a_node_that_maps_to_exit_leaves() -> None:
    """With what waits to be sent to them."""
    held = plan(send("hello", schedule={"delay": "PT10M"}))
    async with EditingWorld() as world:
        campaign = await world.begin(held)
        await world.enter(campaign)
        await world.later(6 * MINUTE)
        await world.enter(campaign, BOB)
        await world.edit(campaign, RENAMED)
        progress = await world.migrate(campaign, {"hello": "exit"})
        await world.later(HOUR)
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
            await world.later(6 * MINUTE)
            assert len(await world.messages(campaign)) == 1
            await world.edit(campaign, document)
            await world.migrate(campaign)
            await world.later(HOUR)
            assert world.sent == bodies
            cancelled = [
                e.reason for e in await world.messages(campaign) if e.status == "cancelled"
            ]
            assert cancelled == ["plan_changed"] * (bodies == ["new"])
            await world.later(2 * DAY)
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
        await world.later(HOUR)
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
        await world.later(DAY + HOUR)
        assert world.sent == ["a", "a"]
        await world.edit(
            campaign, parts({"to": "c", "weight": 0}, {"to": "b", "weight": 1}, first="c")
        )
        await world.migrate(campaign, {"a": "c"})
        await world.later(DAY + HOUR)
        assert world.sent == ["a", "a", "c"]


async def test_maps_that_make_no_sense_are_refused_by_member() -> None:
    """Each with its rule."""
    async with EditingWorld() as world:
        campaign = await world.begin(TWO)
        await world.enter(campaign)
        await world.edit(campaign, RENAMED)
        for nodes, field, rule in (
            ({"again": "welcome"}, "map.again", "stays there"),
            ({"hello": "nowhere"}, "map.hello", "no node 'nowhere'"),
            ({"hello": "welcome", "never": "again"}, "map.never", "no version has"),
        ):
            with pytest.raises(InvalidFieldError, match=rule) as refused:
                await world.migrate(campaign, nodes)
            assert refused.value.field == field
        for to in (0, 3):
            with pytest.raises(InvalidFieldError, match="the newest is 2"):
                await world.migrate(campaign, to=to)


async def test_people_may_go_back_to_an_older_version() -> None:
    """And whoever enters then walks by the newest all the same."""
    async with EditingWorld() as world:
        campaign = await world.begin(TWO)
        await world.edit(campaign, THREE)
        await world.enter(campaign)
        await world.later(DAY + HOUR)
        await world.migrate(campaign, to=1)
        assert (await world.walk(campaign)).plan == 1
        await world.enter(campaign, BOB)
        await world.later(3 * DAY)
        assert [c.body for c in world.carrier.requests if c.to == ANN] == [
            "first",
            "hello",
            "again",
        ]


async def test_two_migrations_at_once_are_refused_and_the_same_one_is_no_second() -> None:
    """The one under way is told with how far it has come."""
    async with EditingWorld() as world:
        campaign = await world.begin(TWO)
        await world.enter(campaign)
        await world.edit(campaign, RENAMED)
        await world.edit(campaign, THREE)

        async def asked(nodes: dict[str, str], to: int) -> None:
            await ask(world.engine, ORG, campaign.id, nodes=nodes, to=to, by="ann")

        await asked({"hello": "welcome"}, 2)
        await asked({"hello": "welcome"}, 2)
        with pytest.raises(MigrationRunningError, match="version 2"):
            await asked({}, 3)
        await world.settle()
        await asked({"welcome": "hello"}, 3)
        await world.settle()
        assert (await world.walk(campaign)).plan == 3
        trail = [d.data["action"] for d in await world.documents(paths.audit_trail(ORG))]
        assert trail.count("migrate") == 2


async def test_somebody_who_comes_to_a_removed_node_meanwhile_is_told_and_left_there() -> None:
    """Nobody stood there when it was asked for; with a map they go over as well."""
    short = plan(send("hello", on("elapsed", "stop", after="P9D")), STOP)
    async with EditingWorld() as world:
        campaign = await world.begin(TWO)
        await world.enter(campaign)
        await world.edit(campaign, short)
        await ask(world.engine, ORG, campaign.id, nodes={}, to=None, by="ann")
        world.clock.advance(DAY + HOUR)
        await world.run_lanes(campaign)
        await world.settle()
        assert (await world.progress(campaign)).stuck == {"again": 1}
        await world.migrate(campaign, {"again": "stop"})
        assert path_of(await world.walk(campaign))[-2:] == ["stop", "completed"]


async def test_a_migration_goes_on_in_a_paused_campaign_and_sends_nothing() -> None:
    """People go on by the new version once it is resumed."""
    async with EditingWorld() as world:
        campaign = await world.begin(TWO)
        await world.enter(campaign)
        await world.set_pause(campaign, Action.PAUSE)
        await world.edit(campaign, THREE)
        await world.migrate(campaign)
        assert (await world.walk(campaign)).plan == 2
        await world.later(13 * HOUR)
        assert world.sent == ["hello"]
        await world.set_pause(campaign, Action.RESUME)
        assert world.sent == ["hello", "between"]


async def test_a_cancel_stops_a_migration() -> None:
    """Whoever has not gone over stays as they are, and no task is tried for ever."""
    async with EditingWorld() as world:
        campaign = await world.begin(TWO)
        await world.enter(campaign)
        await world.edit(campaign, THREE)
        await ask(world.engine, ORG, campaign.id, nodes={}, to=None, by="ann", with_task=False)
        await world.set_pause(campaign, Action.CANCEL)
        await world.pass_time(5 * MINUTE)
        assert not (await world.progress(campaign)).is_running
        assert (await world.walk(campaign)).plan == 1
        with pytest.raises(WrongStatusError):
            await world.migrate(campaign)


async def test_whoever_enters_by_the_older_version_during_a_migration_goes_over_too() -> None:
    """They were let in by a plan that was read before it changed."""
    async with EditingWorld() as world:
        campaign = await world.begin(TWO)
        await world.enter(campaign)

        async def meanwhile() -> None:
            await world.edit(campaign, THREE)
            await world.migrate(campaign)

        world.interleave("commit", "/enrollments/", meanwhile)
        await enroll(world.engine, ORG, campaign.id, [Entrant(address=ZOE)])
        await world.settle()
        assert {walk.plan for walk in await world.walks(campaign)} == {2}


async def test_those_who_are_paused_go_over_and_stay_paused() -> None:
    """They are counted by version as those under way are."""
    async with EditingWorld() as world:
        campaign = await world.begin(TWO)
        await world.enter(campaign)
        (found,) = await world.documents(paths.enrollments(ORG, campaign.id))
        await world.pause_one(campaign, found.id)
        await world.edit(campaign, THREE)
        await world.migrate(campaign)
        walk = await world.walk(campaign)
        assert (walk.plan, walk.status, walk.next_at) == (2, "paused", None)


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


async def test_a_migration_costs_each_of_many_the_same_few_reads_and_writes() -> None:
    """One read of each and of its message, one write; who waits for days costs nothing after."""
    costs = []
    for people in (200, 1000):
        async with EditingWorld(with_limits(lanes=1)) as world:
            campaign = await world.begin(
                plan(wait("wait", on("elapsed", "stop", after="P9D")), send("x"), STOP)
            )
            entrants = [Entrant(subject=f"person {number}") for number in range(people)]
            await enroll(world.engine, ORG, campaign.id, entrants)
            await world.settle()
            await world.edit(
                campaign, plan(wait("wait", on("elapsed", "stop", after="P8D")), send("x"), STOP)
            )
            store = CountingStore(world.store)
            world.engine = replace(world.engine, store=store)
            progress = await world.migrate(campaign)
            assert (progress.looked_at, progress.migrated) == (people, people)
            read = sum(map(len, store.found)) + len(store.asked)
            costs.append(read / people)
            walks = await world.walks(campaign)
            assert Counter(walk.plan for walk in walks) == {2: people}
            assert all(
                walk.next_at and walk.next_at > world.clock.now() + 7 * DAY for walk in walks
            )
    assert costs[1] <= costs[0]
    assert costs[1] < 2
