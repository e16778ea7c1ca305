"""Whatever happens to people in whatever order, they walk each step once and come to an end."""

from random import Random

import pytest

from functions.domain.campaigns.campaign import Campaign
from functions.domain.campaigns.status import Action, CampaignStatus
from functions.domain.messages.message import MessageStatus
from functions.domain.plans.enrollment import EnrollmentStatus
from functions.engine import paths
from functions.engine.campaigns import lifecycle
from functions.engine.plans import campaigns, steering
from tests.engine.plans.journeys import HOUR, JourneyWorld
from tests.engine.plans.random_walks.laws import Laws
from tests.engine.plans.random_walks.lives import (
    PEOPLE,
    REENTRIES,
    Life,
    random_entry,
    random_plan,
)
from tests.engine.world import ORG


@pytest.mark.parametrize("seed", range(20))
async def test_whatever_happens_everybody_walks_each_step_once_to_an_end(seed: int) -> None:
    """Receipts, events, pauses, exits, moves and entries, in any order and at any time.

    By every rule of entering again; every other campaign is closed while some of its people are
    still paused, who keep it open until they are resumed or taken out.
    """
    random = Random(seed)  # noqa: S311  it only has to be repeatable
    async with JourneyWorld() as world:
        document = random_plan(random)
        entry = random_entry(random, REENTRIES[seed % len(REENTRIES)])
        campaign = await world.begin(document, entry=entry)
        await world.enter(campaign, *PEOPLE[:2])
        life, laws = Life(world, campaign, random), Laws(world, campaign, document)
        for _ in range(25):
            await life.happen()
            await laws.check()
            if random.random() < 0.3:
                await world.settle()
                await laws.nothing_is_overdue()
        paused = await close(world, campaign, held=seed % 8 >= 4)
        await laws.check()
        await let_go(world, campaign, paused, random)
        await laws.check()

        assert (await world.load(campaign)).status is CampaignStatus.COMPLETED
        assert all(walk.has_ended for walk in await world.walks(campaign))
        statuses = {str(message.status) for message in await world.messages(campaign)}
        assert not statuses & {MessageStatus.PENDING, MessageStatus.SENDING}


async def close(world: JourneyWorld, campaign: Campaign, *, held: bool) -> list[str]:
    """Let nobody enter any more, and return who is paused still: nobody, or they hold it open."""
    if (await world.load(campaign)).status is CampaignStatus.PAUSED:
        await lifecycle.change(world.engine, ORG, campaign.id, Action.RESUME, by="ann")
    if held:
        (last,) = await world.enter(campaign, "last@example.com", settle=False)
        await steering.pause(world.engine, ORG, campaign.id, last.id, by="ann")
    paused = await ids_of(world, campaign, EnrollmentStatus.PAUSED)
    if not held:
        for id_ in paused:
            await steering.resume(world.engine, ORG, campaign.id, id_, by="ann")
        paused = []
    await campaigns.close(world.engine, ORG, campaign.id, by="ann")
    for _ in range(60):
        await world.skip(5 * HOUR)
    assert await ids_of(world, campaign, EnrollmentStatus.ACTIVE) == []
    return paused


async def let_go(
    world: JourneyWorld, campaign: Campaign, paused: list[str], random: Random
) -> None:
    """Have those who are paused go on, or leave, one after the other."""
    for id_ in paused:
        assert (await world.load(campaign)).status is CampaignStatus.RUNNING
        act = random.choice((steering.resume, steering.exit_))
        await act(world.engine, ORG, campaign.id, id_, by="ann")
        for _ in range(60):
            await world.skip(5 * HOUR)


async def ids_of(world: JourneyWorld, campaign: Campaign, status: EnrollmentStatus) -> list[str]:
    """Return the walks that stand so."""
    found = await world.documents(paths.enrollments(ORG, campaign.id))
    return [each.id for each in found if each.data["status"] == status]
