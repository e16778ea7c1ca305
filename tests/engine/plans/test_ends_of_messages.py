"""A message that could not be sent, or of which nobody knows, leads on: nobody stands still."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from functions.domain.messages.send_outcomes import Rejected, Unknown
from functions.engine.contacts.suppressions import suppress
from tests.engine.plans.journeys import ANN, HOUR, STOP, JourneyWorld, on, plan, send
from tests.engine.recording_channel import Fate
from tests.engine.world import ORG

#: What the carrier answers of a message, and what its node says beside, by the end it comes to.
ENDS: dict[str, tuple[Fate | None, dict[str, Any]]] = {
    "failed": (Fate(outcome=Rejected("rejected"), placed=False), {}),
    "skipped": (None, {}),
    "expired": (None, {"expiresAfter": "PT10M"}),
    "unknown": (Fate(outcome=Unknown("provider_timeout")), {}),
}


@pytest.fixture
async def world() -> AsyncIterator[JourneyWorld]:
    """Give a world whose carrier delivers mails."""
    async with JourneyWorld() as made:
        yield made


async def walk(world: JourneyWorld, end: str, *ways: dict[str, Any]) -> list[str]:
    """Have Ann's first message come to such an end, let two days pass, and return her path."""
    fate, said = ENDS[end]
    world.carrier.script = {ANN: [fate]} if fate else {}
    document = plan(
        send("mail", *ways, on("elapsed", "late", after="P1D"), **said),
        send("next", on("elapsed", "stop", after="PT1H")),
        send("late", on("elapsed", "stop", after="PT1H")),
        STOP,
    )
    if end == "skipped":
        until, said = world.clock.now() + 2 * HOUR, {"reason": "full", "by": "ben"}
        await suppress(world.engine, ORG, ANN, scope="email", until=until, **said)
    campaign = await world.begin(document)
    await world.enter(campaign, settle=end != "expired")  # else nobody looks for an hour
    await world.skip(HOUR)
    for _ in range(8):
        await world.skip(7 * HOUR)
    messages = await world.messages(campaign)
    assert str(min(messages, key=lambda each: each.visit).status) == end
    return await world.path(campaign)


@pytest.mark.parametrize("end", ENDS)
async def test_its_end_leads_on_where_the_node_names_it(world: JourneyWorld, end: str) -> None:
    """At once, and to nowhere else."""
    assert (await walk(world, end, on(end, "next")))[:2] == ["mail", "next"]


@pytest.mark.parametrize("end", ENDS)
async def test_its_timers_lead_on_where_the_node_does_not(world: JourneyWorld, end: str) -> None:
    """They run from when it ended."""
    path = await walk(world, end)
    assert path[:2] == ["mail", "late"]
    assert path[-1] == "completed"
