"""Receipts that come together: what they share, and how none of them harms another."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from functions.domain.campaigns.campaign import Campaign
from functions.domain.errors import NotFoundError
from functions.domain.kinds import ChannelKind
from functions.domain.messages.delivery_events import DeliveryEvent, EventKind, MessageRef, Retry
from functions.domain.messages.told import REMEMBERED
from functions.domain.notifications.events import EventType
from functions.engine import paths
from functions.engine.contacts.suppressions import lift
from functions.engine.kernel.engine import Engine, ProcessMemory
from functions.engine.ports.channel import Traits
from functions.engine.receipts.receive import receive
from tests.engine.crashes import Crash, CrashingQueue, CrashingStore, CrashPoint
from tests.engine.notifications.subscribing import subscribe
from tests.engine.notifications.subscribing import told as notified
from tests.engine.recording_channel import PROVIDER, SILENT
from tests.engine.world import ORG, SENDER, World, fallback, number
from tests.engine.wrapped_store import Do, Operation, WrappedStore

K = EventKind


async def sent(world: World, people: int, *, call: bool = False, **wish: Any) -> Campaign:
    """Hand texts, or calls, to a carrier that has told nothing of them yet."""
    world.carrier.traits = Traits(holds_live_call=call)
    world.carrier.otherwise = SILENT
    await world.add_list(people)
    campaign = await world.create(**wish)
    await world.settle()
    assert await world.statuses(campaign) == {"sent": people}
    return campaign


async def events(
    world: World, campaign: Campaign, *kinds: EventKind, **more: Any
) -> list[DeliveryEvent]:
    """Return receipts of these kinds, of each message."""
    return [
        DeliveryEvent(
            f"{message.id}-{kind}",
            MessageRef(ORG, campaign.id, message.id),
            message.attempt,
            kind,
            world.clock.now(),
            **more,
        )
        for message in await world.messages(campaign)
        for kind in kinds
    ]


async def all_at_once(engine: Engine, told: Sequence[DeliveryEvent]) -> list[BaseException | None]:
    """Tell receipts at the same time, and return what went wrong with each, None where nothing."""
    results = await asyncio.gather(
        *(receive(engine, each) for each in told), return_exceptions=True
    )
    return [each if isinstance(each, BaseException) else None for each in results]


def watched(world: World, asked: list[Operation]) -> None:
    """Note what the store is asked for."""

    async def note(operation: Operation, do: Do) -> Any:
        asked.append(operation)
        return await do()

    world.engine = replace(world.engine, store=WrappedStore(world.engine.store, note))


def another_process(world: World) -> Engine:
    """Return the engine of a process that remembers nothing of this one."""
    return replace(world.engine, memory=ProcessMemory())


async def test_receipts_that_come_together_share_reads_and_commits(world: World) -> None:
    """Sixty are one commit; each message is read once, and the campaign once for all."""
    campaign = await sent(world, 60)
    told, asked = await events(world, campaign, K.DELIVERED), list[Operation]()
    watched(world, asked)
    assert await all_at_once(world.engine, told) == [None] * 60
    read = Counter(path for each in asked if each.name == "get_many" for path in each.paths)
    written = [each.paths for each in asked if each.name == "commit"]
    assert set(read.values()) == {1}
    assert len(read) == 60 + 1
    assert [len([p for p in each if "/messages/" in p]) for each in written] == [60]
    assert len([path for path in written[0] if "/statistics/" in path]) <= campaign.lanes
    assert await world.statuses(campaign) == {"delivered": 60}


async def test_calls_that_end_together_wake_their_lane_and_free_their_slots_together(
    world: World,
) -> None:
    """What many hangups ask of a lane and of the live calls is asked a few times."""
    campaign = await sent(world, 40, call=True)
    told, asked = await events(world, campaign, K.COMPLETED), list[Operation]()
    watched(world, asked)
    await all_at_once(world.engine, told)
    commits = Counter(path for each in asked if each.name == "commit" for path in each.paths)
    assert commits[paths.live_calls(ORG)] <= 3
    assert sum(n for path, n in commits.items() if "/lanes/" in path) <= 3 * campaign.lanes
    assert await world.slots() == {"org": 0, "all": 0}
    await world.finish(campaign)


@pytest.mark.parametrize(
    ("kinds", "status"),
    [
        ((K.SENT, K.DELIVERED, K.READ, K.REPLIED), "read"),
        ((K.READ, K.DELIVERED, K.CLICKED), "read"),
        ((K.DELIVERED, K.FAILED), "failed"),
        ((K.FAILED, K.DELIVERED), "failed"),
    ],
)
async def test_receipts_of_one_message_are_applied_one_after_the_other(
    world: World, kinds: Sequence[EventKind], status: str
) -> None:
    """Many of one message at once come to what they come to alone; each is remembered."""
    campaign = await sent(world, 2)
    told = [each for kind in (K.OPTED_OUT, *kinds) for each in await events(world, campaign, kind)]
    await all_at_once(world.engine, [*told, *told])
    for message in await world.messages(campaign):
        assert message.status == status
        assert [each["kind"] for each in message.told] == [K.OPTED_OUT, *kinds]


async def test_what_follows_a_message_follows_it_once(world: World) -> None:
    """A failure and what else is told with it lead to one message by the next channel."""
    campaign = await sent(world, 1, call=True)
    text = fallback(ChannelKind.SMS, ["failed"], provider=PROVIDER, sender=SENDER, template="Hi")
    await world.rewrite(campaign, fallbacks=(text,))
    failed, *others = await events(world, campaign, K.FAILED, K.OPTED_OUT, K.COMPLAINED)
    first, _ = (await events(world, campaign, K.RINGING, K.ANSWERED))[:2]
    await all_at_once(world.engine, [first, failed, *others, replace(failed, id="once-more")])
    messages = await world.messages(campaign)
    assert sorted((m.send, m.followed) for m in messages) == [("", True), ("fallback-1", False)]


async def test_subscribers_hear_of_each_message_once(world: World) -> None:
    """Whoever is told of deliveries is told of those that share a commit, each once."""
    to = await subscribe(world, [EventType.MESSAGE_DELIVERED])
    campaign = await sent(world, 8)
    told = await events(world, campaign, K.DELIVERED, K.READ)
    await all_at_once(world.engine, told * 2)
    heard = [each.data["message_id"] for each in await notified(world, to)]
    assert len(heard) == len(set(heard)) == 8


async def test_a_receipt_of_no_message_harms_none_that_come_with_it(world: World) -> None:
    """It is not found, and the others are applied."""
    campaign = await sent(world, 5)
    told = await events(world, campaign, K.DELIVERED)
    nobody = replace(told[0], ref=MessageRef(ORG, campaign.id, "00000000"))
    results = await all_at_once(world.engine, [told[0], nobody, *told[1:]])
    assert [type(each) for each in results if each is not None] == [NotFoundError]
    assert await world.statuses(campaign) == {"delivered": 5}


async def test_what_another_process_changes_meanwhile_is_seen(world: World) -> None:
    """A message that changes between reading and writing is read anew; nothing is lost."""
    campaign = await sent(world, 6)
    told, other = await events(world, campaign, K.DELIVERED), another_process(world)
    replies = await events(world, campaign, K.REPLIED)
    world.interleave("commit", told[3].ref.message, lambda: all_at_once(other, replies))
    assert await all_at_once(world.engine, told) == [None] * 6
    messages = await world.messages(campaign)
    assert {message.status for message in messages} == {"read"}
    assert all(message.delivered_at and message.replied_at for message in messages)


@pytest.mark.parametrize("call", [False, True])
@pytest.mark.parametrize("after", [False, True])
async def test_a_death_at_any_side_effect_loses_and_repeats_nothing(
    *, call: bool, after: bool
) -> None:
    """Killed at any commit or task of a batch, receipts that come again are applied, once."""
    at = 1
    while await _die_at(at, call=call, after=after):
        at += 1
    assert at > 1


async def _die_at(at: int, *, call: bool, after: bool) -> bool:
    """Die at this side effect of receipts at once, and tell them again; False: none was left."""
    async with World() as world:
        campaign = await sent(world, 5, call=call)
        told = await events(world, campaign, K.COMPLETED if call else K.DELIVERED)
        point = CrashPoint(at, after=after)
        dying = replace(
            another_process(world),
            store=CrashingStore(world.store, point),
            queue=CrashingQueue(world.queue, point),
        )
        async with asyncio.timeout(10):
            results = await all_at_once(dying, told)
        assert {type(each) for each in results} <= {Crash, type(None)}
        await all_at_once(world.engine, [e for e, r in zip(told, results, strict=True) if r])
        await world.finish(campaign)
        assert set(await world.statuses(campaign)) == {"completed" if call else "delivered"}
        assert await world.slots() == {"org": 0, "all": 0}
        return point.is_dead


async def test_a_request_that_is_given_up_leaves_the_others_at_work(world: World) -> None:
    """Whose receipt was the first of a batch may go away; every receipt is applied."""
    campaign = await sent(world, 4)
    told = await events(world, campaign, K.DELIVERED)
    tasks = [asyncio.create_task(receive(world.engine, each)) for each in told]
    await asyncio.sleep(0)
    tasks[0].cancel()
    tasks[2].cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await receive(world.engine, told[0])
    assert await world.statuses(campaign) == {"delivered": 4}


# --- What is remembered of a message ----------------------------------------------------------


async def test_a_receipt_that_was_forgotten_and_comes_again_does_no_harm(world: World) -> None:
    """After nine others a busy line of the first attempt leads to no third one."""
    campaign = await sent(world, 1, call=True)
    (busy,) = await events(world, campaign, K.FAILED, reason="busy", retry=Retry.LATER)
    await receive(world.engine, busy)
    for n in range(REMEMBERED + 1):
        (other,) = await events(world, campaign, K.OPTED_OUT)
        await receive(world.engine, replace(other, id=f"other-{n}"))
    (before,) = await world.messages(campaign)
    assert busy.id not in {each["id"] for each in before.told}
    await receive(world.engine, busy)
    (after,) = await world.messages(campaign)
    assert after._replace(told=()) == before._replace(told=())


async def test_a_bar_that_was_lifted_stays_lifted_however_much_is_told(world: World) -> None:
    """What bars an address is remembered longest."""
    campaign = await sent(world, 1)
    (bounce,) = await events(world, campaign, K.FAILED, reason="bounced", suppress="bounced")
    await receive(world.engine, bounce)
    assert await lift(world.engine, ORG, number(0), by="ann")
    for n in range(3 * REMEMBERED):
        (other,) = await events(world, campaign, K.COMPLAINED)
        await receive(world.engine, replace(other, id=f"other-{n}"))
    await receive(world.engine, bounce)
    assert await world.documents(paths.suppressions(ORG)) == []
