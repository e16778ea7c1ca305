"""That a phone rings is a receipt more a call: it is asked for where somebody hears of it."""

from collections.abc import Sequence

import pytest

from functions.domain.messages.delivery_events import EventKind
from functions.domain.notifications.events import EventType
from functions.engine.receipts.receive import receive
from tests.engine.notifications.subscribing import EVERYTHING, subscribe
from tests.engine.receipts.test_sharing import events, sent
from tests.engine.recording_channel import TALKS
from tests.engine.world import World, number


@pytest.mark.parametrize(
    ("heard", "rings"),
    [
        ((), False),
        ([EventType.MESSAGE_FAILED, EventType.CAMPAIGN_COMPLETED], False),
        ([EventType.MESSAGE_DELIVERED], True),
        (EVERYTHING, True),
    ],
)
async def test_ringing_is_asked_for_where_somebody_subscribes_to_it(
    world: World, heard: Sequence[EventType], *, rings: bool
) -> None:
    """Other subscriptions, and campaigns without any, do without it."""
    if heard:
        await subscribe(world, heard)
    await sent(world, 2, call=True)
    assert {call.hears_ring for call in world.carrier.requests} == {rings}


async def test_nobody_asks_whether_a_text_rings(world: World) -> None:
    """It is about calls alone."""
    await subscribe(world)
    await sent(world, 1)
    assert not world.carrier.requests[0].hears_ring


async def test_a_call_whose_ringing_is_not_told_comes_to_its_end(world: World) -> None:
    """Answered and hung up, or looked up where that was lost: as if it had been told to ring."""
    world.carrier.otherwise = TALKS.lost(EventKind.RINGING)
    world.carrier.script = {
        number(1): [TALKS.lost(EventKind.RINGING, EventKind.COMPLETED)],
        number(2): [TALKS.lost(*EventKind)],
    }
    await world.add_list(3)
    campaign = await world.create()
    await world.finish(campaign)
    assert await world.statuses(campaign) == {"completed": 3}
    assert len(world.carrier.looked_up) == 2
    assert await world.slots() == {"org": 0, "all": 0}


async def test_ringing_that_is_told_is_taken(world: World) -> None:
    """Calls that were placed while somebody subscribed tell of it after that."""
    campaign = await sent(world, 1, call=True)
    (rings,) = await events(world, campaign, EventKind.RINGING)
    await receive(world.engine, rings)
    assert await world.statuses(campaign) == {"delivered": 1}
