"""Claims: a lane names what is being handed over, and nothing of which the result is recorded."""

from dataclasses import replace

from functions.domain.messages.message import Message, MessageStatus
from functions.engine.kernel.claims import (
    Claim,
    as_they_stand,
    claims_fields,
    claims_of,
    lane_of,
)
from functions.engine.kernel.lanes import LaneLease
from functions.engine.ports.store import Update
from tests.engine.counting_store import CountingStore
from tests.engine.kernel.test_lease import PATH, TASK, put, stored
from tests.engine.world import MINUTE, World, number

ANN, BOB, CAT = (Message(name, "", "pending") for name in ("ann", "bob", "cat"))


async def test_a_result_that_comes_during_the_next_claim_is_taken_out(world: World) -> None:
    """However fast results are, a lane's document does not grow by what has been handed over."""
    await put(world)
    lane = await stored(world)
    await world.add_list(1)
    campaign = await world.create()
    lease = LaneLease(world.engine, TASK, PATH, lane.data, lane.version, campaign, "0")
    await lease.claim([ANN])
    first = next(iter(lease.claims))

    async def record_first() -> None:
        lease.claims.pop(first)

    world.interleave("commit", PATH, record_first)
    lease.engine = world.engine
    await lease.claim([BOB])
    assert [claim.attempts for claim in lease.claims.values()] == [{"bob": 1}]
    await lease.claim([CAT])
    named = claims_of((await stored(world)).data)
    assert [claim.attempts for claim in named.values()] == [{"bob": 1}, {"cat": 1}]


async def test_a_claim_is_of_its_own_campaign_s_messages_alone(world: World) -> None:
    """Two campaigns may have a message of one id; the lanes of both are read at once."""
    await world.add_list(1)
    claiming, other = [await world.create(name=name) for name in ("Spring", "Summer")]
    now = world.clock.now()
    message = Message("f" * 40, number(0), MessageStatus.PENDING, "send-0", now)
    claims = claims_fields({"0": Claim(now + MINUTE, {message.id: 1})})
    lane = lane_of(claiming, message.id)
    await world.store.commit(Update(lane, {"claims": claims}))
    store = CountingStore(world.store)
    rows = [(claiming, message), (other, message)]
    shown = await as_they_stand(replace(world.engine, store=store), rows)
    assert [each.status for _, each in shown] == ["sending", "pending"]
    assert store.asked == sorted([lane, lane_of(other, message.id)])
    await world.store.commit(Update(lane, {"claims": {}}))
