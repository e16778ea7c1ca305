"""Whatever happens to people in a sequence, each step comes once, behind the one before it."""

from collections import Counter
from datetime import timedelta
from random import Random
from typing import Any, Final

import pytest

from functions.domain.campaigns.campaign import Campaign
from functions.domain.campaigns.entry import AFTER_EXIT, NEVER, Entry, EntryBy
from functions.domain.campaigns.status import Action, CampaignStatus
from functions.domain.errors import DomainError
from functions.domain.messages.ids import node_of
from functions.domain.messages.message import MessageStatus
from functions.domain.messages.send_outcomes import Deferred, Rejected, Unknown
from functions.domain.plans.enrollment import EnrollmentStatus
from functions.engine import paths
from functions.engine.campaigns import lifecycle
from functions.engine.plans import campaigns, steering
from functions.engine.plans.enroll import Entrant, enroll
from tests.engine.plans.journeys import ARRIVES, HOUR, JourneyWorld
from tests.engine.plans.versions.editing import EditingWorld
from tests.engine.recording_channel import Fate
from tests.engine.world import ORG

PEOPLE: Final = tuple(f"p{number}@example.com" for number in range(3))
OFFSETS: Final = ("PT0S", "PT30S", "PT10M", "PT6H")
FATES: Final = (
    ARRIVES,
    ARRIVES,
    Fate(outcome=Rejected("no_such_template"), placed=False),
    Fate(outcome=Deferred("provider_429"), placed=False),
    Fate(outcome=Unknown("timeout"), placed=False),
)


def random_sequence(random: Random) -> dict[str, Any]:
    """Return a sequence in which each step comes after the entry or an earlier one."""
    steps = []
    for number in range(random.randint(3, 6)):
        said = {"sender": "us@example.com", "subject": f"s{number}", "body": f"s{number}"}
        step: dict[str, Any] = {"id": f"s{number}", **said, "offset": random.choice(OFFSETS)}
        if number and random.random() < 0.75:
            step["after"] = f"s{random.randrange(number)}"
        if random.random() < 0.2:
            step["repeat"] = {"interval": {"offset": "5hours"}, "count": random.randint(2, 3)}
        steps.append(step)
    random.shuffle(steps)
    return {"steps": steps}


@pytest.mark.parametrize("seed", range(16))
async def test_whatever_happens_each_step_comes_once_behind_the_one_before_it(seed: int) -> None:
    """Pauses, exits, lost answers, and entries again or edits, in any order and at any time."""
    random = Random(seed)  # noqa: S311  it only has to be repeatable
    async with EditingWorld() as world:
        edits, document = seed % 2 == 0, random_sequence(random)
        # What is counted of somebody cannot be counted anew where their entries were of two plans.
        entry = Entry(EntryBy.API, "", NEVER if edits else AFTER_EXIT)
        campaign = await world.begin(document, entry=entry)
        await world.enter(campaign, *PEOPLE[:2])
        for _ in range(20):
            world.carrier.otherwise = random.choice(FATES)
            await _happen(world, campaign, random, edits=edits)
            await world.check_statistics()
        await _come_to_an_end(world, campaign)
        await _holds(world, campaign)
        if not edits:
            await _each_comes_as_often_as_it_says(world, campaign, document)


async def _happen(world: EditingWorld, campaign: Campaign, random: Random, *, edits: bool) -> None:
    """Let something happen, and some time pass."""
    match random.randint(0, 7):
        case 0 | 1:
            entrant = Entrant(address=random.choice(PEOPLE))
            await enroll(world.engine, ORG, campaign.id, [entrant])
        case 2 | 3 | 4:
            await _steer(world, campaign, random)
        case 5:
            status = (await world.load(campaign)).status
            action = Action.RESUME if status is CampaignStatus.PAUSED else Action.PAUSE
            await lifecycle.change(world.engine, ORG, campaign.id, action, by="ann")
        case 6 if edits:
            await world.edit(campaign, random_sequence(random))
            await world.migrate(campaign)
    if random.random() < 0.7:
        await world.settle()
    lengths = (timedelta(seconds=20), timedelta(minutes=11), 4 * HOUR)
    await world.skip(random.choice(lengths))


async def _steer(world: EditingWorld, campaign: Campaign, random: Random) -> None:
    walks = await world.documents(paths.enrollments(ORG, campaign.id))
    id_ = random.choice(sorted(each.id for each in walks))
    act = random.choice((steering.pause, steering.resume, steering.resume, steering.exit_))
    try:
        await act(world.engine, ORG, campaign.id, id_, by="ann")
    except DomainError:
        return


async def _come_to_an_end(world: EditingWorld, campaign: Campaign) -> None:
    """Let everybody go on, and nobody in any more."""
    world.carrier.otherwise = ARRIVES
    if (await world.load(campaign)).status is CampaignStatus.PAUSED:
        await lifecycle.change(world.engine, ORG, campaign.id, Action.RESUME, by="ann")
    for each in await world.documents(paths.enrollments(ORG, campaign.id)):
        if each.data["status"] == EnrollmentStatus.PAUSED:
            await steering.resume(world.engine, ORG, campaign.id, each.id, by="ann")
    await campaigns.close(world.engine, ORG, campaign.id, by="ann")
    for _ in range(40):
        await world.skip(3 * HOUR)


async def _holds(world: JourneyWorld, campaign: Campaign) -> None:
    """Everybody has come to an end, and got nothing twice."""
    assert (await world.load(campaign)).status is CampaignStatus.COMPLETED
    assert all(walk.has_ended for walk in await world.walks(campaign))
    messages = {each.id: each for each in await world.messages(campaign)}
    statuses = {str(each.status) for each in messages.values()}
    assert not statuses & {MessageStatus.PENDING, MessageStatus.SENDING}
    attempts = [(call.ref.message, call.attempt) for call in world.carrier.requests]
    assert len(set(attempts)) == len(attempts)
    for walk in await world.walks(campaign):
        for step, at in walk.began.items():
            sent = [
                each.sent_at
                for each in messages.values()
                if (node_of(each.send), each.address) == (step, walk.address)
                and each.sent_at
                and (each.created_at or at) >= walk.entered_at
            ]
            assert not sent or max(sent) >= at


async def _each_comes_as_often_as_it_says(
    world: JourneyWorld, campaign: Campaign, document: dict[str, Any]
) -> None:
    """Nobody got a step more often than it says for each time that they entered."""
    most = {step["id"]: step.get("repeat", {}).get("count", 1) for step in document["steps"]}
    tried = Counter(
        (each.address, node_of(each.send))
        for each in await world.messages(campaign)
        if each.attempt
    )
    for walk in await world.walks(campaign):
        for step, times in most.items():
            assert tried[walk.address, step] <= times * walk.entry
