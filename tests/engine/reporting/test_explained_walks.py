"""Why somebody got a message of a walk: which node made it, and what led there and on."""

from datetime import timedelta

from functions.domain.campaigns.campaign import Campaign
from functions.domain.campaigns.status import Action
from functions.domain.messages.delivery_events import EventKind, MessageRef
from functions.domain.messages.message import Message
from functions.domain.messages.send_outcomes import Rejected
from functions.engine import paths
from functions.engine.campaigns import lifecycle
from functions.engine.ports.store import Create, Update
from functions.engine.privacy import erasure
from functions.engine.reporting import explanation
from functions.engine.reporting.explanation import Explanation
from tests.engine.plans.journeys import (
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
from tests.engine.recording_channel import Fate
from tests.engine.world import ORG

MINUTE = timedelta(minutes=1)


async def why(world: JourneyWorld, campaign: Campaign, message: Message) -> Explanation:
    """Ask about a message."""
    return await explanation.why(world.engine, MessageRef(ORG, campaign.id, message.id))


def words(found: Explanation, *what: str) -> list[str]:
    """Return what is told by lines of these kinds."""
    return [line.words for line in found.lines if line.what in what]


async def test_the_first_message_of_a_walk_tells_that_the_plan_begins_with_it() -> None:
    """Which node made it, why they entered, and what is waited for while they stand there."""
    async with JourneyWorld() as world:
        campaign = await world.begin()
        await world.enter(campaign)
        found = await why(world, campaign, await world.message(campaign, "hello"))
        (planned,) = words(found, "planned")
        assert planned.startswith("Planned for node 'hello', where the plan begins; they entered")
        assert planned.endswith("because somebody asked for it; to be sent at once")
        assert words(found, "walk") == ["They entered the plan at 'hello'"]
        assert found.waits_for == [
            "opened leads to 'thanks'",
            "no_open leads to 'again' at 2026-03-03 12:00 (Etc/UTC), unless opened comes first",
        ]


async def test_a_later_message_tells_the_move_that_led_to_it() -> None:
    """It was opened, so they came to the next; the first one tells that they went on."""
    async with JourneyWorld() as world:
        campaign = await world.begin()
        await world.enter(campaign)
        await world.pass_time(MINUTE)
        await world.tell(campaign, "hello", EventKind.READ)
        second = await why(world, campaign, await world.message(campaign, "thanks"))
        (planned,) = words(second, "planned")
        assert planned.startswith("Planned for node 'thanks', to which they came from 'hello': ")
        assert "opened came at 2026-03-02 12:01 (Etc/UTC); to be sent at once" in planned
        assert second.waits_for == ["elapsed leads to 'stop' at 2026-03-02 13:01 (Etc/UTC)"]
        first = await why(world, campaign, await world.message(campaign, "hello"))
        assert words(first, "walk")[-1] == (
            "They went on from 'hello' to 'thanks': opened came at 2026-03-02 12:01 (Etc/UTC)"
        )
        assert first.waits_for == []
        await world.pass_time(DAY)
        ended = await why(world, campaign, await world.message(campaign, "thanks"))
        assert words(ended, "walk")[-1].startswith("They went on from 'thanks' to 'stop': time was")


async def test_a_message_that_was_left_behind_tells_why_it_was_not_sent() -> None:
    """They had moved on before its time came."""
    held = plan(
        send("hello", on("opened", "soon"), on("elapsed", "stop", after="P1D")),
        send("soon", on("elapsed", "stop", after="P1D"), schedule={"delay": "PT4M"}),
        STOP,
        exits=[{"on": "replied", "as": "answered"}],
    )
    async with JourneyWorld() as world:
        campaign = await world.begin(held)
        await world.enter(campaign)
        await world.tell(campaign, "hello", EventKind.READ)
        await world.tell(campaign, "hello", EventKind.REPLIED)
        found = await why(world, campaign, await world.message(campaign, "soon"))
        assert (found.message.status, found.message.reason) == ("cancelled", "left_plan")
        assert found.answer.startswith("It was not sent, because ")
        assert "left_plan" not in found.answer
        (planned,) = words(found, "planned")
        assert planned.endswith("to be sent at 12:04 on 02 March 2026 in Etc/UTC")
        assert words(found, "walk")[-1].startswith("Their way came to an end at 'soon': answered")


async def test_a_message_stays_in_force_at_the_nodes_behind_it() -> None:
    """Somebody who waits behind it is still moved by what happens to it."""
    waits = plan(
        send("hello", on("opened", "patience"), on("elapsed", "stop", after="P1D")),
        wait("patience", on("clicked", "stop"), on("elapsed", "stop", after="PT2H")),
        STOP,
    )
    async with JourneyWorld() as world:
        campaign = await world.begin(waits)
        await world.enter(campaign)
        await world.tell(campaign, "hello", EventKind.READ)
        found = await why(world, campaign, await world.message(campaign, "hello"))
        assert found.waits_for[0] == "clicked leads to 'stop'"


async def test_a_fallback_of_a_node_tells_whom_it_follows() -> None:
    """The first says by what it was followed; the other, for which node it was made."""
    hook = {"webhookUrl": "https://x.example/hook", "body": "post"}
    other = {"channel": "webhook", "after": ["failed"], **hook}
    two = plan(
        send("hello", on("elapsed", "stop", after="P1D"), fallbacks=[other]),
        STOP,
    )
    refused = Fate(outcome=Rejected("mailbox_full"), placed=False)
    async with JourneyWorld(fate=refused) as world:
        campaign = await world.begin(two)
        await world.enter(campaign)
        first, second = sorted(await world.messages(campaign), key=lambda each: each.send)
        assert (second.visit, second.enrollment) == (first.visit, first.enrollment)
        found = await why(world, campaign, first)
        assert words(found, "state")[-1] == "It was followed by another one, by webhook"
        follower = await why(world, campaign, second)
        assert words(follower, "planned") == [
            "Planned by webhook for node 'hello', as the message before reached nobody"
        ]
        assert follower.waits_for == found.waits_for
        assert follower.waits_for


async def test_somebody_whom_a_node_cannot_reach_is_told_of() -> None:
    """No address by its channel: it was looked at, and the reason says the rest."""
    async with JourneyWorld() as world:
        campaign = await world.begin()
        await world.enter(campaign, "+12025550142")
        (message,) = await world.messages(campaign)
        found = await why(world, campaign, message)
        assert words(found, "planned")[0].startswith("Looked at for node 'hello', where the plan")
        assert found.answer.endswith("the contact has no address that the channel could reach")


async def test_moves_that_were_laid_aside_are_found() -> None:
    """A walk keeps its newest moves; the pages behind it are looked through."""
    async with JourneyWorld() as world:
        campaign = await world.begin()
        await world.enter(campaign)
        await world.tell(campaign, "hello", EventKind.READ)
        (document,) = await world.documents(paths.enrollments(ORG, campaign.id))
        page = paths.moves(ORG, campaign.id, document.id, 1)
        older = {"moves": document.data["moves"]}
        laid_aside = Update(document.path, {"moves": [], "pages": 1})
        await world.store.commit(Create(page, older), laid_aside)
        found = await why(world, campaign, await world.message(campaign, "thanks"))
        assert "to which they came from 'hello'" in words(found, "planned")[0]


async def test_a_message_of_a_walk_that_is_forgotten_is_still_explained() -> None:
    """Nodes and times stay, and nobody is named."""
    async with JourneyWorld() as world:
        campaign = await world.begin()
        await world.enter(campaign)
        message = await world.message(campaign, "hello")
        walk = await world.walk(campaign)
        await erasure.erase(world.engine, ORG, walk.who, by="ben")
        found = await why(world, campaign, message)
        (_, ended) = words(found, "walk")
        assert ended.startswith("Their way came to an end at 'hello': the person was erased, at ")
        assert found.waits_for == []


async def test_nothing_is_waited_for_in_a_campaign_that_has_ended() -> None:
    """Its end is everybody's."""
    async with JourneyWorld() as world:
        campaign = await world.begin(WELCOME)
        await world.enter(campaign)
        await lifecycle.change(world.engine, ORG, campaign.id, Action.CANCEL, by="ben")
        await world.pass_time(HOUR)
        found = await why(world, campaign, await world.message(campaign, "hello"))
        assert found.waits_for == []
