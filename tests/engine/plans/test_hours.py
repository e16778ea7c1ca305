"""Hours of walks: when a node's message leaves where its time is closed."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from functions.domain.sending_rules.windows import SendWindow
from tests.engine.plans.journeys import DAY, HOUR, JourneyWorld, on, plan, send

WEEKDAYS = SendWindow("09:00", "17:00", ("mon", "tue", "wed", "thu", "fri"))


@pytest.fixture
async def world() -> AsyncIterator[JourneyWorld]:
    """Give a world whose carrier delivers mails."""
    async with JourneyWorld() as made:
        yield made


async def test_a_step_at_ten_on_a_saturday_is_sent_on_monday_at_ten(world: JourneyWorld) -> None:
    """It keeps its hour, and is not the first thing that people get on Monday morning."""
    days = (5 - world.clock.now().weekday()) % 7 or 7
    said = {"sender": "us@example.com", "subject": "Hello", "body": "Hello"}
    step = {"id": "a", "offset": f"P{days}D", "time": "10:00", **said}
    campaign = await world.begin({"steps": [step]}, send_window=WEEKDAYS)
    await world.enter(campaign)
    await world.pass_time((days + 4) * DAY)

    message = await world.message(campaign, "Hello")
    assert message.sent_at is not None
    assert (message.sent_at.weekday(), message.sent_at.hour) == (0, 10)


async def test_a_message_that_is_held_all_night_is_looked_after_once(world: JourneyWorld) -> None:
    """Its walk is not asked every few minutes whether it has left."""
    hours = {"start": "10:00", "end": "09:00"}  # at noon it is night
    ways = [on("elapsed", "b", after="PT1H")]
    document = plan(send("a", *ways), send("b"), quietHours=hours)
    campaign = await world.begin(document)
    await world.enter(campaign)
    morning = datetime.combine(world.clock.now() + DAY, datetime.min.time(), UTC) + 9 * HOUR
    await world.pass_time(2 * HOUR)

    held = await world.walk(campaign)
    assert held.next_at is not None
    assert morning + HOUR <= held.next_at < morning + HOUR + HOUR / 60
