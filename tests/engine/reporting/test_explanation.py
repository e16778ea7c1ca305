"""Why somebody did, or did not, get a message: in a sentence, and step by step."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from functions.domain.campaigns.campaign import Campaign
from functions.domain.campaigns.status import Action
from functions.domain.errors import NotFoundError
from functions.domain.messages.delivery_events import MessageRef
from functions.domain.messages.send_outcomes import Deferred
from functions.engine.accounts import organisation
from functions.engine.campaigns import lifecycle
from functions.engine.reporting import explanation
from functions.engine.reporting.explanation import Explanation
from tests.engine.recording_channel import BUSY, INVALID, LOST_REQUEST, Fate
from tests.engine.world import ORG, World, number, with_limits

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


@pytest.fixture
async def windows() -> AsyncIterator[World]:
    """Give a world that keeps to calling windows."""
    async with World(with_limits(windows=True)) as made:
        yield made


async def why(world: World, campaign: Campaign, address: str = number(0)) -> Explanation:
    """Ask about the message to an address; its trail is in order and ends in a state or receipt."""
    message = await world.message_to(campaign, address)
    found = await explanation.why(world.engine, MessageRef(ORG, campaign.id, message.id))
    known = [line.at for line in found.lines if line.at is not None]
    assert known == sorted(known)
    assert found.lines[0].what == "planned"
    return found


def words(found: Explanation, what: str) -> list[str]:
    """Return what is told by lines of one kind."""
    return [line.words for line in found.lines if line.what == what]


async def test_a_call_that_went_well(world: World) -> None:
    """Planned, taken, rung, answered, ended: each with its time."""
    await world.add_list(1)
    campaign = await world.create()
    await world.finish(campaign)
    found = await why(world, campaign)
    assert words(found, "planned") == ["Planned, to be sent at once"]
    assert words(found, "sent") == ["Taken by the provider: attempt 1"]
    assert words(found, "receipt") == [
        "Attempt 1: the person's phone rings",
        "Attempt 1: somebody or something picked up",
        "Attempt 1: the call was answered and has ended",
    ]
    assert found.answer == (
        "It was answered, and the call has ended; it was sent at 07:00 on 02 March 2026 in"
        " America/New_York"
    )


async def test_who_waits_for_the_calling_window(windows: World) -> None:
    """Held back by the law's hours: until when, by the person's own clock."""
    await windows.add_list(1)
    campaign = await windows.create()
    await windows.pass_time(MINUTE)
    found = await why(windows, campaign)
    (planned,) = words(found, "planned")
    assert planned == (
        "Planned, and held back until 09:00 on 02 March 2026 in America/New_York by the calling"
        " window of where they are"
    )
    assert found.answer == (
        "It waits to be sent at 09:00 on 02 March 2026 in America/New_York, because it is outside"
        " the hours at which they may be reached"
    )
    assert found.lines[-1].at is None


async def test_who_waits_for_the_organisation_s_quiet_hours(world: World) -> None:
    """Held back by the organisation's own word: which one, and until when."""
    await world.add_list(1)
    night = {"quiet_hours": {"start": "21:00", "end": "08:30"}}
    await organisation.update(world.engine, ORG, night, by="ann", if_version=None)
    campaign = await world.create()
    await world.pass_time(2 * HOUR)
    (planned,) = words(await why(world, campaign), "planned")
    assert planned == (
        "Planned, and held back until 08:30 on 02 March 2026 in America/New_York by the"
        " organisation's quiet hours, 21:00 to 08:30"
    )


async def test_who_was_left_out(world: World) -> None:
    """Skipped at launch: why, in a sentence."""
    await world.add_list(2)
    await world.suppress(number(0))
    campaign = await world.create()
    await world.finish(campaign)
    found = await why(world, campaign)
    assert found.answer == "It was not sent, because the address must not be contacted"
    assert [line.what for line in found.lines] == ["planned", "state"]
    assert found.message.status == "skipped"


async def test_a_line_that_was_busy_until_the_end(world: World) -> None:
    """Every attempt and its failure are told, and how many there were."""
    await world.add_list(1)
    world.carrier.otherwise = BUSY
    campaign = await world.create()
    await world.finish(campaign)
    found = await why(world, campaign)
    failures = [each for each in words(found, "receipt") if "failed" in each]
    assert failures == [
        f"Attempt {n}: the attempt has failed, because the line was busy" for n in (1, 2, 3)
    ]
    assert found.answer == ("It did not reach the person in 3 attempts, because the line was busy")


async def test_a_number_that_does_not_exist(world: World) -> None:
    """One attempt that failed for good."""
    await world.add_list(1)
    world.carrier.otherwise = INVALID
    campaign = await world.create()
    await world.finish(campaign)
    assert (await why(world, campaign)).answer == (
        "It did not reach the person in one attempt, because there is no such number or mailbox"
    )


async def test_attempts_that_do_not_count_are_told_apart(world: World) -> None:
    """A provider too busy to take it puts it off: that is no attempt, and it is said."""
    await world.add_list(1)
    world.carrier.script = {number(0): [Fate(outcome=Deferred("provider_429"))]}
    campaign = await world.create()
    await world.finish(campaign)
    found = await why(world, campaign)
    assert words(found, "sent") == [
        "Taken by the provider: attempt 2, of which 1 did not count, being put off"
    ]


async def test_an_answer_that_was_lost(world: World) -> None:
    """Nobody knows whether the person was reached: that is what is said."""
    await world.add_list(1)
    world.carrier.otherwise = LOST_REQUEST
    campaign = await world.create()
    await world.finish(campaign)
    assert (await why(world, campaign)).answer == (
        "It was handed to the provider, and nobody knows what became of it, because the provider"
        " did not answer in time"
    )


async def test_pauses_and_resumes_in_between_are_told() -> None:
    """What was done to the campaign while the message waited: by whom and why; later not."""
    async with World(with_limits(rate_per_s=1)) as world:
        await world.add_list(100)
        campaign = await world.create()
        await world.run_until(lambda: len(world.carrier.requests) == 5)
        waiting = next(m for m in await world.messages(campaign) if m.status == "pending")
        await lifecycle.change(
            world.engine, ORG, campaign.id, Action.PAUSE, by="ann", reason="Wrong list?"
        )
        paused = await why(world, campaign, waiting.address)
        assert paused.answer == ("It waits to be sent, because its campaign is paused: Wrong list?")
        world.clock.advance(MINUTE)
        await lifecycle.change(world.engine, ORG, campaign.id, Action.RESUME, by="bob")
        await world.finish(campaign)
        found = await why(world, campaign, waiting.address)
        assert words(found, "campaign") == [
            "The campaign was paused by ann: Wrong list?",
            "The campaign was resumed by bob",
        ]


async def test_who_was_not_called_since_the_campaign_was_cancelled() -> None:
    """Cancelled before their turn: the trail names who did it."""
    async with World(with_limits(rate_per_s=1)) as slow:
        await slow.add_list(50)
        campaign = await slow.create()
        await slow.run_until(lambda: len(slow.carrier.requests) == 3)
        waiting = next(m for m in await slow.messages(campaign) if m.status == "pending")
        slow.clock.advance(MINUTE)
        await lifecycle.change(slow.engine, ORG, campaign.id, Action.CANCEL, by="ann")
        await slow.pass_time(2 * MINUTE)
        found = await why(slow, campaign, waiting.address)
        assert found.answer == "It was not sent, because its campaign was cancelled first"
        assert "The campaign was cancelled by ann" in words(found, "campaign")


@pytest.mark.parametrize("org", [ORG, "other"])
async def test_what_is_not_there_cannot_be_explained(world: World, org: str) -> None:
    """Unknown messages, and those of another organisation, are not found."""
    await world.add_list(1)
    campaign = await world.create()
    await world.finish(campaign)
    message = (await world.message_to(campaign, number(0))).id
    wanted = MessageRef(org, campaign.id, message if org == "other" else "nobody")
    with pytest.raises(NotFoundError, match="Message not found"):
        await explanation.why(world.engine, wanted)
