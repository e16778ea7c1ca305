"""The outbox: a notification stands in the commit of its change, and is sent because of it."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from functions.domain.campaigns.status import Action
from functions.domain.messages.attempts import end
from functions.domain.messages.message import MessageStatus
from functions.domain.notifications.events import EventType, Notice
from functions.engine import paths
from functions.engine.campaigns.lifecycle import change
from functions.engine.kernel import lanes
from functions.engine.kernel.commits.versioned import Versioned
from functions.engine.kernel.lease import LeaseLostError
from functions.engine.messages.changes import commit_changes
from functions.engine.notifications import subscriptions
from functions.engine.notifications.outbox import Decision, commit_with_notices, modify_with_notices
from functions.engine.notifications.subscriptions import NewSubscription
from functions.engine.ports.store import ConflictError, Create, Document, Update
from tests.clock import NOON
from tests.engine.counting_store import CountingStore
from tests.engine.world import ORG, World, number

PATH = "orgs/acme/contacts/ann"
FIRST = Notice("evt_1", EventType.CAMPAIGN_STARTED, NOON, {})
SECOND = Notice("evt_2", EventType.CAMPAIGN_PAUSED, NOON, {})


@pytest.fixture(autouse=True)
async def _subscription(world: World) -> None:
    """Let somebody hear of starts and of failed messages, but not of pauses."""
    events = [EventType.CAMPAIGN_STARTED, EventType.MESSAGE_FAILED]
    new = NewSubscription(url="https://crm.example.com/hook", events=events, by="ann")
    await subscriptions.create(world.engine, ORG, new)


async def heard(world: World) -> list[str]:
    """Return the types of what the receiver has heard."""
    await world.settle()
    return [heard.told["type"] for heard in world.receiver.heard]


async def test_a_change_is_committed_and_told_in_one_call(world: World) -> None:
    """Whoever wants an event hears of it without anybody else's doing."""
    versions = await commit_with_notices(
        world.engine, ORG, [Create(PATH, {})], [FIRST, None, SECOND]
    )
    document = await world.store.get(PATH)
    assert document is not None
    assert versions[0] == document.version
    assert await heard(world) == [EventType.CAMPAIGN_STARTED]


async def test_a_change_that_fails_is_told_to_nobody(world: World) -> None:
    """Neither the change nor its notification is stored."""
    await world.store.commit(Create(PATH, {}))
    with pytest.raises(ConflictError):
        await commit_with_notices(world.engine, ORG, [Create(PATH, {})], [FIRST])
    assert await heard(world) == []


async def test_a_decision_that_is_made_anew_is_told_once(world: World) -> None:
    """Only the notices of the decision that was committed are told."""
    await world.store.commit(Create(PATH, {"n": 0}))
    tries: list[int] = []

    def decide(documents: Sequence[Document | None]) -> Decision[int]:
        document = documents[0]
        assert document is not None
        tries.append(document.version)
        stale = document.version - (len(tries) == 1)
        return len(tries), [Update(PATH, {"n": len(tries)}, stale)], [FIRST]

    assert await modify_with_notices(world.engine, ORG, [PATH], decide) == 2
    assert await heard(world) == [EventType.CAMPAIGN_STARTED]


async def test_a_change_that_tells_nothing_reads_no_subscriptions(world: World) -> None:
    """Claims are made every second, and nobody hears of them."""
    watched = CountingStore(world.store)
    engine = replace(world.engine, store=watched)
    engine.memory.subscribers.forget(ORG)
    await commit_with_notices(engine, ORG, [Create(PATH, {})], ())
    assert watched.queries == []


async def test_changes_of_messages_are_committed_by_who_holds_the_lane(world: World) -> None:
    """With the lane's lease go the messages, their statistics and what is told, or none of it."""
    await world.add_list(2)
    campaign = await world.create()
    await world.launch_only(campaign)
    lease = await lanes.acquire(world.engine, ORG, campaign.id, "0")
    assert lease is not None
    for n in (0, 1):
        message = await world.message_to(campaign, number(n))
        document = await world.store.get(f"{paths.messages(ORG, campaign.id)}/{message.id}")
        assert document is not None
        failed = end(MessageStatus.FAILED, "busy", now=NOON)
        changes = [(Versioned(message, document.version), failed)]
        if n == 0:
            await commit_changes(world.engine, campaign, changes, by=lease.commit)
            await change(world.engine, ORG, campaign.id, Action.PAUSE, by="ann")
        else:
            with pytest.raises(LeaseLostError):
                await commit_changes(world.engine, campaign, changes, by=lease.commit)
    statuses = [(await world.message_to(campaign, number(n))).status for n in (0, 1)]
    assert statuses == [MessageStatus.FAILED, MessageStatus.PENDING]
    assert (await heard(world)).count(EventType.MESSAGE_FAILED) == 1
