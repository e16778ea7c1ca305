"""When somebody may be reached: by country and channel, across changes of clocks."""

from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from functions.domain.campaigns.campaign import Campaign
from functions.domain.kinds import ChannelKind
from functions.domain.messages.delivery_events import MessageRef
from functions.domain.sending_rules.windows import SendWindow
from functions.engine import paths
from functions.engine.kernel.claims import touch
from functions.engine.ports.store import Update
from functions.engine.reporting import explanation
from tests.engine.eligibility.sending import (
    ANN,
    DAY,
    ELYSEE,
    HOUR,
    MINUTE,
    NEW_YORK,
    PARIS,
    SECOND,
    WINDOWS,
    add_people,
    americans,
    decide,
    ends,
    moved_to,
    run_out,
    send,
)
from tests.engine.world import ORG, World, number, with_limits


async def test_texts_keep_to_the_hours_of_countries_that_have_any() -> None:
    """At night a text leaves at once to New York; to Paris it waits for 08:00, there is a law."""
    async with World(WINDOWS) as world:
        await moved_to(world, datetime(2026, 3, 3, 2, tzinfo=UTC))
        await add_people(world, [(number(1), "US", NEW_YORK), (ELYSEE, "FR", PARIS)])
        campaign = await send(world)
        await world.pass_time(MINUTE)
        assert await ends(world, campaign) == {
            number(1): ("sent", ""),
            ELYSEE: ("pending", "quiet_hours"),
        }
        await run_out(world, campaign, within=DAY)
        assert world.carrier.requests[1].at == datetime(2026, 3, 3, 7, tzinfo=UTC)


async def test_nobody_in_france_is_texted_on_a_holiday() -> None:
    """Easter Sunday and Monday 2026 are waited out."""
    async with World(WINDOWS) as world:
        await moved_to(world, datetime(2026, 4, 4, 21, tzinfo=UTC))
        await add_people(world, [(ELYSEE, "FR", PARIS)])
        campaign = await send(world)
        await run_out(world, campaign, within=4 * DAY)
        assert world.carrier.requests[0].at == datetime(2026, 4, 7, 6, tzinfo=UTC)


@pytest.mark.parametrize("channel", [ChannelKind.WEBHOOK, ChannelKind.EMAIL, ChannelKind.WHATSAPP])
async def test_what_no_law_holds_back_leaves_at_once(channel: ChannelKind) -> None:
    """In the middle of the night, also to France."""
    async with World(WINDOWS) as world:
        await moved_to(world, datetime(2026, 3, 3, 2, tzinfo=UTC))
        await add_people(world, [(ELYSEE, "FR", PARIS)])
        campaign = await send(world, channel)
        await world.finish(campaign)
        address = ANN if channel is ChannelKind.EMAIL else ELYSEE
        assert await ends(world, campaign) == {address: ("sent", "")}


async def test_an_organisation_s_own_hours_stand_in_place_of_the_country_s() -> None:
    """Its own rule is kept to from the next campaign on; switched off, no country's is."""
    async with World(WINDOWS) as world:
        await add_people(world, [(number(1), "US", NEW_YORK)])
        rule = {"opens": "11:00", "closes": "12:00"}
        await decide(world, country_rules={"US": {"sms": rule}})
        campaign = await send(world)
        await run_out(world, campaign, within=DAY)
        assert world.carrier.requests[0].at == datetime(2026, 3, 2, 16, tzinfo=UTC)
        world.engine = replace(world.engine, limits=with_limits(windows=False))
        await moved_to(world, datetime(2026, 3, 3, 2, tzinfo=UTC))
        again = await send(world, list_="people")
        await world.pass_time(MINUTE)
        assert await ends(world, again) == {number(1): ("sent", "")}


async def test_a_campaign_s_own_window_is_kept_at_launch_and_at_dispatch(world: World) -> None:
    """It holds also where the countries' rules are off; who comes too late waits for its next day.

    Monday, 2 March 2026, 12:00 UTC, is 07:00 in New York.
    """
    await world.add_list(6)
    window = SendWindow("08:00", "09:00", ["mon", "wed"])
    campaign = await send(world, send_window=window, own_rate_per_s=0.001)
    await run_out(world, campaign, within=5 * DAY)
    local = [call.at.astimezone(ZoneInfo(NEW_YORK[0])) for call in world.carrier.requests]
    assert len(local) == 6
    assert {at.strftime("%A %H") for at in local} == {"Monday 08", "Wednesday 08"}


async def test_nothing_leaves_behind_a_window_that_closes_while_a_chunk_is_handed_over() -> None:
    """A carrier that takes a second for each: whose turn comes after closing time waits."""
    async with World(with_limits(rate_per_s=None)) as world:
        await world.add_list(200)
        await decide(world, quiet_hours={"start": "07:01", "end": "09:00"})
        await moved_to(world, world.clock.now() + MINUTE - 2 * SECOND)
        world.carrier.on_send = lambda: world.clock.sleep(1)
        campaign = await send(world)
        await world.finish(campaign, within=3 * HOUR)
        quiet_from = datetime(2026, 3, 2, 12, 1, tzinfo=UTC)
        times = [call.at for call in world.carrier.requests]
        assert not [at for at in times if quiet_from <= at < quiet_from + 119 * MINUTE]
        assert 0 < sum(at < quiet_from for at in times) < 200
        assert await world.statuses(campaign) == {"sent": 200}
        assert len(world.carrier.called) == 200


async def held_by(world: World, campaign: Campaign, address: str) -> str:
    """Return what held somebody back, as those who ask why are told."""
    message = await world.message_to(campaign, address)
    found = await explanation.why(world.engine, MessageRef(ORG, campaign.id, message.id))
    return found.lines[0].words.partition(" by ")[2]


async def test_who_asks_is_told_which_hours_held_somebody_back() -> None:
    """The campaign's own window, or the rules for texts of the country."""
    async with World(WINDOWS) as world:
        await moved_to(world, datetime(2026, 3, 3, 2, tzinfo=UTC))
        await add_people(world, [*americans(1), (ELYSEE, "FR", PARIS)])
        window = SendWindow("20:00", "20:30", ["mon"])
        campaign = await send(world, send_window=window)
        law = await send(world)
        await world.pass_time(MINUTE)
        own = "the campaign's send window, 20:00 to 20:30"
        assert await held_by(world, campaign, number(0)) == own
        assert await held_by(world, law, ELYSEE) == "the hours for texts of where they are"


NIGHTS = {
    "America/New_York": ((2026, 3, 7), (2026, 10, 31)),
    "Europe/London": ((2026, 3, 28), (2026, 10, 24)),
    "Asia/Kolkata": ((2026, 3, 7), (2026, 10, 31)),
    "Australia/Lord_Howe": ((2026, 4, 4), (2026, 10, 3)),
    "Pacific/Kiritimati": ((2026, 3, 7), (2026, 10, 31)),
}


@pytest.mark.parametrize("zone", NIGHTS)
@pytest.mark.parametrize("night", [0, 1])
@pytest.mark.parametrize(("start", "end"), [("22:00", "02:15"), ("01:15", "07:00")])
async def test_a_night_in_which_clocks_are_changed_wakes_nobody(
    world: World, zone: str, night: int, start: str, end: str
) -> None:
    """A campaign that is sent all evening and night: nobody is reached in quiet hours, or lost."""
    await decide(world, quiet_hours={"start": start, "end": end})
    await world.add_list(60, zones=[zone])
    year, month, day = NIGHTS[zone][night]
    evening = datetime(year, month, day, 20, tzinfo=ZoneInfo(zone)).astimezone(UTC)
    await moved_to(world, evening)
    campaign = await send(world, own_rate_per_s=1 / 600)
    await run_out(world, campaign, within=DAY)
    shown = [f"{call.at.astimezone(ZoneInfo(zone)):%H:%M}" for call in world.carrier.requests]
    quiet = [start <= at < end if start < end else at >= start or at < end for at in shown]
    assert not any(quiet)
    assert len(set(shown)) > 30
    assert await world.statuses(campaign) == {"sent": 60}


async def test_who_is_nowhere_is_left_out_and_nobody_else() -> None:
    """At launch: skipped with the reason, the rest of the campaign goes on."""
    async with World(WINDOWS) as world:
        mars = ("Mars/Olympus",)
        await add_people(world, [(number(1), "US", NEW_YORK), (number(2), "US", mars)])
        campaign = await send(world, ChannelKind.VOICE)
        await run_out(world, campaign, within=DAY)
        assert await ends(world, campaign) == {
            number(1): ("completed", ""),
            number(2): ("skipped", "invalid_zone"),
        }


async def test_a_zone_that_is_gone_since_the_launch_holds_back_one_person(world: World) -> None:
    """At dispatch, too."""
    await decide(world, quiet_hours={"start": "21:00", "end": "06:00"})
    await world.add_list(3)
    campaign = await send(world)
    await world.launch_only(campaign)
    lost = await world.message_to(campaign, number(1))
    path = f"{paths.messages(ORG, campaign.id)}/{lost.id}"
    await world.store.commit(Update(path, {"zones": ["Mars/Olympus"]}), touch(campaign, lost.id))
    await world.finish(campaign)
    assert await world.statuses(campaign) == {"sent": 2, "skipped": 1}
    assert (await ends(world, campaign))[number(1)] == ("skipped", "invalid_zone")
    found = await explanation.why(world.engine, MessageRef(ORG, campaign.id, lost.id))
    assert found.answer.endswith("they are said to be in a time zone that there is not")
