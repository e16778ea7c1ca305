"""Walks keep to the clocks of the people who walk, on the days when these are changed too."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from functions.domain.campaigns.campaign import Campaign
from functions.domain.messages.message import MessageStatus
from functions.engine.plans.enroll import Entrant, enroll
from functions.engine.scheduling import check
from tests.engine.plans.journeys import ANN, DAY, HOUR, STOP, JourneyWorld, on, plan, send
from tests.engine.world import ORG

#: Zones with the days on which their clocks go forward and back in 2026; two never change.
CHANGES = {
    "America/Los_Angeles": (date(2026, 3, 8), date(2026, 11, 1)),
    "America/New_York": (date(2026, 3, 8), date(2026, 11, 1)),
    "Europe/London": (date(2026, 3, 29), date(2026, 10, 25)),
    "Asia/Kolkata": (date(2026, 3, 8), date(2026, 11, 1)),
    "Australia/Lord_Howe": (date(2026, 10, 4), date(2026, 4, 5)),
    "Pacific/Kiritimati": (date(2026, 3, 8), date(2026, 11, 1)),
}
CASES = [(zone, day) for zone, days in CHANGES.items() for day in days]
every_change = pytest.mark.parametrize(("zone", "day"), CASES)

QUIET = {"start": "21:00", "end": "07:30"}
COASTS = ("America/New_York", "America/Los_Angeles")


@pytest.fixture
async def world() -> AsyncIterator[JourneyWorld]:
    """Give a world whose carrier delivers mails."""
    async with JourneyWorld() as made:
        yield made


def local(day: date, at: str, zone: str) -> datetime:
    """Return when clocks there show a time, the first time where they do so twice."""
    return datetime.combine(day, time.fromisoformat(at), ZoneInfo(zone)).astimezone(UTC)


async def enter(world: JourneyWorld, document: Any, at: datetime, *zones: str) -> Campaign:
    """Have somebody enter a plan at an instant, who may be in these zones."""
    world.clock.advance(at - world.clock.now())
    campaign = await world.begin(document)
    entrant = Entrant(address=ANN, zones=zones)
    await enroll(world.engine, ORG, campaign.id, [entrant])
    await world.settle()
    return campaign


async def pass_quarters(world: JourneyWorld, length: timedelta) -> None:
    """Let time pass with a check each quarter of an hour: here nothing is due in between."""
    end = world.clock.now() + length
    while world.clock.now() < end:
        await world.pass_time(HOUR / 4, checks=False)
        await check.check(world.engine)
        await world.settle()


def sent_at(world: JourneyWorld, zone: str) -> list[tuple[date, time]]:
    """Return what calendars and clocks there showed when mails were handed to the carrier."""
    shown = [call.at.astimezone(ZoneInfo(zone)) for call in world.carrier.requests]
    return [(each.date(), each.time().replace(microsecond=0)) for each in shown]


@every_change
async def test_a_step_at_ten_leaves_at_ten_before_on_and_after_the_change(
    world: JourneyWorld, zone: str, day: date
) -> None:
    """One step a day, made five minutes ahead of its time by the clocks of that day."""
    daily = {"delay": "P1D", "time": "10:00"}
    until = {"until": {"time": "10:00"}}
    document = plan(
        send("before", on("elapsed", "that", after="PT1H"), schedule=daily),
        send("that", on("elapsed", "after", after="PT1H"), schedule=until),
        send("after", on("elapsed", "stop", after="PT1H"), schedule=until),
        STOP,
    )
    campaign = await enter(world, document, local(day - 2 * DAY, "14:45", zone), zone)
    await pass_quarters(world, 5 * DAY)

    assert sent_at(world, zone) == [(day + n * DAY, time(10)) for n in (-1, 0, 1)]
    assert await world.path(campaign) == ["before", "that", "after", "stop", "completed"]


@every_change
@pytest.mark.parametrize(("days", "entered"), [(-1, "22:30"), (0, "00:30"), (0, "07:15")])
async def test_a_mail_that_falls_into_quiet_hours_leaves_when_they_end(
    world: JourneyWorld, zone: str, day: date, days: int, entered: str
) -> None:
    """It is the next morning by their clocks: never in the past, west of Greenwich either."""
    document = plan(send("mail", on("elapsed", "stop", after="PT1H")), STOP, quietHours=QUIET)
    campaign = await enter(world, document, local(day + days * DAY, entered, zone), zone)
    assert world.sent == []
    await pass_quarters(world, 2 * DAY)

    assert sent_at(world, zone) == [(day, time(7, 30))]
    assert await world.path(campaign) == ["mail", "stop", "completed"]


@every_change
async def test_a_timer_that_ends_in_quiet_hours_sends_in_the_morning(
    world: JourneyWorld, zone: str, day: date
) -> None:
    """The timer itself keeps to its time: days by the calendar, hours by their length."""
    document = plan(
        send("first", on("elapsed", "second", after="P1DT2H")),
        send("second", on("elapsed", "stop", after="PT1H")),
        STOP,
        quietHours=QUIET,
    )
    campaign = await enter(world, document, local(day - 2 * DAY, "20:00", zone), zone)
    await pass_quarters(world, 3 * DAY)

    assert sent_at(world, zone) == [(day - 2 * DAY, time(20)), (day, time(7, 30))]
    moved = (await world.walk(campaign)).moves[0]
    assert moved.at == local(day - DAY, "20:00", zone) + 2 * HOUR


async def test_ten_o_clock_of_a_number_that_fits_several_zones_is_the_latest_of_them(
    world: JourneyWorld,
) -> None:
    """It is ten or later wherever they are; timers go by the zone that is most likely."""
    document = plan(
        send("ten", on("elapsed", "day", after="P1D"), schedule={"until": {"time": "10:00"}}),
        send("day", on("elapsed", "stop", after="PT1H")),
        STOP,
    )
    saturday = date(2026, 3, 7)
    await enter(world, document, local(saturday, "10:30", COASTS[0]), *COASTS)
    await pass_quarters(world, 2 * DAY)

    assert sent_at(world, COASTS[1])[0] == (saturday, time(10))
    assert sent_at(world, COASTS[0]) == [(saturday, time(13)), (saturday + DAY, time(13))]


async def test_the_quiet_hours_of_every_zone_that_somebody_may_be_in_hold(
    world: JourneyWorld,
) -> None:
    """Half past seven in Los Angeles is late enough for New York."""
    document = plan(send("mail", on("elapsed", "stop", after="PT1H")), STOP, quietHours=QUIET)
    await enter(world, document, local(date(2026, 3, 8), "00:30", COASTS[0]), *COASTS)
    await pass_quarters(world, DAY)

    assert sent_at(world, COASTS[1]) == [(date(2026, 3, 8), time(7, 30))]


async def test_whoever_can_never_be_reached_is_not_put_off_for_ever(world: JourneyWorld) -> None:
    """Where no hour suits all zones the message is skipped, and the walk goes on."""
    document = plan(
        send("mail", on("elapsed", "stop", after="PT1H")),
        STOP,
        quietHours={"start": "09:00", "end": "08:00"},
    )
    campaign = await enter(world, document, local(date(2026, 3, 8), "00:30", COASTS[0]), *COASTS)
    await pass_quarters(world, timedelta(hours=2))

    (message,) = await world.messages(campaign)
    assert (message.status, message.reason) == (MessageStatus.SKIPPED, "no_common_window")
    assert await world.path(campaign) == ["mail", "stop", "completed"]
