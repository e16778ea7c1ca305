"""Claims: a lane names what is being handed over, and nothing of which the result is recorded."""

from functions.domain.messages.message import Message
from functions.engine.kernel.claims import claims_of
from functions.engine.kernel.lanes import LaneLease
from tests.engine.kernel.test_lease import PATH, TASK, put, stored
from tests.engine.world import World

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
