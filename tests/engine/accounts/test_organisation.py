"""An organisation's own settings, and the campaigns that keep to them."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from functions.domain.campaigns.status import CampaignStatus
from functions.domain.contacts.phones import parse_phone
from functions.domain.errors import InvalidFieldError, StaleError
from functions.domain.organisation import Organisation
from functions.domain.times import NO_ZONES
from functions.engine import paths
from functions.engine.accounts import organisation
from functions.engine.campaigns import single_message
from tests.engine.recording_channel import INVALID, SILENT
from tests.engine.world import ORG, VOICE, World, number, with_limits

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
#: 09:00 in New York, where the world's people live; its clock begins at 07:00 there.
MORNING = datetime(2026, 3, 2, 14, tzinfo=UTC)
NIGHT = {"start": "21:00", "end": "09:00"}


@pytest.fixture
async def windows() -> AsyncIterator[World]:
    """Give a world that keeps to calling windows."""
    async with World(with_limits(windows=True)) as made:
        yield made


async def decide(world: World, *, if_version: int | None = None, **changes: Any) -> int:
    """Change the organisation's settings as Ann; return their version."""
    stored = await organisation.update(world.engine, ORG, changes, by="ann", if_version=if_version)
    return stored.version


# --- Storing -----------------------------------------------------------------------------------


async def test_who_decided_nothing_has_the_defaults(world: World) -> None:
    """Before the first change everything is left to the deployment, at version 0."""
    stored = await organisation.load_versioned(world.engine, ORG)
    assert (stored.value, stored.version) == (Organisation(), 0)
    assert await organisation.load(world.engine, ORG) == Organisation()


async def test_a_change_is_kept_and_told(world: World) -> None:
    """What was decided is there for all; the trail says who changed which fields, when."""
    await decide(world, quiet_hours=NIGHT, default_zone="Asia/Kolkata")
    world.clock.advance(HOUR)
    await decide(world, quiet_hours=None)
    kept = await organisation.load(world.engine, ORG)
    assert (kept.quiet_hours, kept.default_zone) == (None, "Asia/Kolkata")
    trail = [entry.data for entry in await world.documents(paths.audit_trail(ORG))]
    assert [(e["action"], e["by"], e["fields"]) for e in trail] == [
        ("change_settings", "ann", ["default_zone", "quiet_hours"]),
        ("change_settings", "ann", ["quiet_hours"]),
    ]
    assert trail[1]["at"] - trail[0]["at"] == HOUR


async def test_changing_nothing_leaves_no_trace(world: World) -> None:
    """The same decision once more writes nothing: its version still counts."""
    version = await decide(world, quiet_hours=NIGHT)
    assert await decide(world, quiet_hours=NIGHT, if_version=version) == version
    assert len(await world.documents(paths.audit_trail(ORG))) == 1


async def test_a_stale_change_is_refused(world: World) -> None:
    """Who has not seen the newest settings changes nothing; nor who thinks there are none."""
    version = await decide(world, if_version=0, default_zone="Asia/Kolkata")
    for stale in (0, version + 1):
        with pytest.raises(StaleError):
            await decide(world, if_version=stale, default_zone="Europe/London")
    assert (await organisation.load(world.engine, ORG)).default_zone == "Asia/Kolkata"


async def test_of_changes_at_once_none_is_lost(world: World) -> None:
    """Two admins who change different fields at once both have their way, each in the trail."""
    await asyncio.gather(
        decide(world, quiet_hours=NIGHT),
        decide(world, default_zone="Asia/Kolkata"),
        decide(world, rates={"sms": 5.0}),
    )
    kept = await organisation.load(world.engine, ORG)
    assert (kept.quiet_hours, kept.default_zone) == (NIGHT, "Asia/Kolkata")
    assert (kept.rates, kept.revision) == ({"sms": 5.0}, 3)
    assert len(await world.documents(paths.audit_trail(ORG))) == 3


async def test_nobody_sends_faster_than_the_deployment(world: World) -> None:
    """A rate above the deployment's own is refused, with nothing changed."""
    with pytest.raises(InvalidFieldError, match="at most 100 a second"):
        await decide(world, rates={"voice": 101.0}, default_zone="Asia/Kolkata")
    assert await organisation.load(world.engine, ORG) == Organisation()


async def test_another_organisation_decides_for_itself(world: World) -> None:
    """One organisation's settings are not another's."""
    await decide(world, quiet_hours=NIGHT)
    assert await organisation.load(world.engine, "other") == Organisation()


# --- Quiet hours ---------------------------------------------------------------------------------


async def test_nobody_is_called_in_quiet_hours(world: World) -> None:
    """The organisation's word holds with the calling windows switched off, to the second."""
    await world.add_list(2)
    await decide(world, quiet_hours=NIGHT)
    campaign = await world.create()
    await world.pass_time(MORNING - SECOND - world.clock.now())
    assert world.carrier.requests == []
    waiting = await world.message_to(campaign, number(0))
    assert (waiting.status, waiting.reason, waiting.due_at) == ("pending", "quiet_hours", MORNING)
    await world.pass_time(MINUTE)
    assert len(world.carrier.requests) == 2


async def test_quiet_hours_that_begin_meanwhile_are_kept() -> None:
    """A campaign that runs into the evening goes on the next morning, with nobody lost."""
    async with World(with_limits(rate_per_s=1)) as world:
        await world.add_list(120)
        await decide(world, quiet_hours={"start": "07:01", "end": "09:00"})
        campaign = await world.create()
        await world.pass_time(30 * MINUTE)
        called = len(world.carrier.requests)
        assert 0 < called <= 60
        await world.finish(campaign, within=4 * HOUR)
        assert len(world.carrier.requests) == 120
        late = [call.at for call in world.carrier.requests][called:]
        assert min(late) >= MORNING


async def test_quiet_hours_stand_on_top_of_the_calling_window(windows: World) -> None:
    """Quiet until ten, a window from nine: calls begin at ten."""
    await windows.add_list(1)
    await decide(windows, quiet_hours={"start": "22:00", "end": "10:00"})
    campaign = await windows.create()
    await windows.pass_time(MINUTE)
    assert (await windows.message_to(campaign, number(0))).due_at == MORNING + HOUR


async def test_who_can_never_be_reached_is_skipped(windows: World) -> None:
    """Quiet hours that leave nothing of the calling window skip the person, and say why."""
    await windows.add_list(1)
    await decide(windows, quiet_hours={"start": "08:00", "end": "20:30"})
    campaign = await windows.create()
    await windows.pass_time(MINUTE)
    message = await windows.message_to(campaign, number(0))
    assert (message.status, message.reason) == ("skipped", "no_common_window")


async def test_each_person_has_their_own_night(world: World) -> None:
    """What is morning in London is night in New York: each is called by their own clock."""
    await world.add_list(1)
    await world.add_member("people", "+442079460018", zones=["Europe/London"])
    await decide(world, quiet_hours=NIGHT)
    campaign = await world.create()
    await world.pass_time(MINUTE)
    assert [call.to for call in world.carrier.requests] == ["+442079460018"]
    assert (await world.message_to(campaign, number(0))).due_at == MORNING


async def test_whose_zone_nobody_knows_is_where_the_organisation_says(windows: World) -> None:
    """A number that tells no zone is taken to be in the default zone; other people are not."""
    await decide(windows, default_zone="Asia/Tokyo")
    await windows.add_list([number(0)], zones=list(NO_ZONES))
    await windows.add_member("people", number(1), zones=["America/New_York"])
    campaign = await windows.create()
    await windows.launch_only(campaign)
    zones = {message.address: list(message.zones) for message in await windows.messages(campaign)}
    assert zones == {number(0): ["Asia/Tokyo"], number(1): ["America/New_York"]}


async def test_a_campaign_keeps_the_rules_it_was_made_under(world: World) -> None:
    """Changing the settings does not move what is promised already."""
    await world.add_list(1)
    campaign = await world.create(scheduled_at=world.clock.now() + MINUTE)
    await decide(world, quiet_hours=NIGHT)
    await world.pass_time(2 * MINUTE)
    assert len(world.carrier.requests) == 1
    assert (await world.load(campaign)).rules.quiet_hours is None


async def test_a_single_call_is_made_on_purpose(world: World) -> None:
    """Who calls one number now means now."""
    await decide(world, quiet_hours=NIGHT)
    await single_message.call_once(world.engine, ORG, VOICE, parse_phone("+12125552000"))
    await world.settle()
    assert len(world.carrier.requests) == 1


# --- Polling -------------------------------------------------------------------------------------


async def test_receipts_are_counted_on_the_organisation_s_schedule(world: World) -> None:
    """The first count comes when the organisation says, to the second."""
    await world.add_list(1)
    world.carrier.otherwise = INVALID
    await decide(world, polling_schedule_s=[90, 600])
    campaign = await world.create()
    await world.finish(campaign)
    ended_at = (await world.load(campaign)).ended_at
    assert ended_at is not None
    await world.pass_time(ended_at + 89 * SECOND - world.clock.now())
    assert (await world.load(campaign)).status is CampaignStatus.COMPLETED
    await world.pass_time(SECOND)
    assert (await world.load(campaign)).status is CampaignStatus.FAILED


async def test_counting_ends_with_the_organisation_s_schedule(world: World) -> None:
    """After its last count nobody looks at the campaign any more."""
    world.carrier.otherwise = SILENT
    await world.add_list(1)
    await decide(world, polling_schedule_s=[10, 20])
    campaign = await world.create()
    await world.finish(campaign)
    await world.pass_time(MINUTE)
    lane = await world.store.get(paths.lane(ORG, campaign.id, "poll"))
    assert lane is not None
    assert (lane.data["poll_count"], lane.data["wake_at"]) == (2, None)
