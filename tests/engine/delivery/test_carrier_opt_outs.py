"""A carrier that refuses somebody because they have opted out: nobody writes to them again."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from functions.domain.contacts.suppressions import ALL
from functions.domain.messages.message import MessageStatus
from functions.domain.messages.send_outcomes import Rejected
from functions.engine import paths
from functions.engine.contacts.suppressions import suppressed_among
from functions.engine.ports.store import StoreError
from tests.engine.interleaving import InterleavingStore
from tests.engine.recording_channel import Fate
from tests.engine.world import ORG, World, number

OPTED_OUT: Final = Fate(outcome=Rejected("opted_out", suppress="opted_out"), placed=False)
ANN, BEN = number(0), number(1)


async def barred(world: World) -> set[str]:
    """Return which of the two must not be contacted."""
    now = world.clock.now()
    return await suppressed_among(world.engine, ORG, [ANN, BEN], scopes=[ALL], now=now)


async def test_who_has_opted_out_with_the_carrier_is_suppressed(world: World) -> None:
    """The message fails and says why, the address is barred by the carrier, and no other is."""
    world.carrier.script = {ANN: [OPTED_OUT]}
    campaign = await world.create(await world.add_list(2))
    await world.finish(campaign)
    message = await world.message_to(campaign, ANN)
    assert (message.status, message.reason) == (MessageStatus.FAILED, "opted_out")
    assert (await world.message_to(campaign, BEN)).status == MessageStatus.COMPLETED
    assert await barred(world) == {ANN}
    (document,) = await world.documents(paths.suppressions(ORG))
    bar = document.data["scopes"][ALL]
    assert (bar["reason"], bar["by"], bar["until"]) == ("opted_out", "carrier", None)


async def test_the_next_campaign_leaves_them_out(world: World) -> None:
    """A carrier that has said so once is not asked again."""
    world.carrier.script = {ANN: [OPTED_OUT]}
    people = await world.add_list(2)
    await world.finish(await world.create(people))
    second = await world.create(people, name="Summer")
    await world.finish(second)
    message = await world.message_to(second, ANN)
    assert (message.status, message.reason) == (MessageStatus.SKIPPED, "suppressed")
    assert [request.to for request in world.carrier.requests].count(ANN) == 1


async def test_two_campaigns_at_once_suppress_once(world: World) -> None:
    """The carrier's word is noted once, however many campaigns hear it."""
    world.carrier.otherwise = OPTED_OUT
    people = await world.add_list(1)
    campaigns = [await world.create(people, name=name) for name in ("Spring", "Summer")]
    for campaign in campaigns:
        await world.finish(campaign)
    entries = [e.data for e in await world.documents(paths.audit_trail(ORG))]
    assert [entry["by"] for entry in entries if "suppression" in entry] == ["carrier"]
    assert await barred(world) == {ANN}


async def test_an_answer_that_is_lost_still_suppresses(world: World) -> None:
    """What the carrier says of a person holds even where its answer cannot be recorded."""
    world.carrier.script = {ANN: [OPTED_OUT]}

    def is_it(operation: str, paths_: Sequence[str]) -> bool:
        written = operation == "commit" and any("/messages/" in path for path in paths_)
        return written and bool(world.carrier.requests)

    async def fail() -> None:
        raise StoreError

    store = InterleavingStore(world.store, is_it, fail)
    world.engine = replace(world.engine, store=store)
    campaign = await world.create(await world.add_list(1))
    await world.finish(campaign)
    assert [type(error) for error in world.task_errors] == [StoreError]
    assert (await world.message_to(campaign, ANN)).status == MessageStatus.UNKNOWN
    assert await barred(world) == {ANN}
