"""Frequency caps: nobody is reached more often than is allowed, whoever sends at once."""

import asyncio
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from functions.domain.contacts.phones import parse_phone
from functions.domain.kinds import ChannelKind
from functions.domain.sending_rules.frequency_caps import MOST_HOURS
from functions.engine import paths, worker
from functions.engine.campaigns import single_message
from functions.engine.kernel.claims import touch
from functions.engine.kernel.task_queue import TaskKind, task_of
from functions.engine.ports.store import Create, Update
from functions.engine.privacy import erasure
from tests.engine.counting_store import CountingStore
from tests.engine.eligibility.sending import (
    DAY,
    HOUR,
    LEASE,
    MINUTE,
    NEW_YORK,
    ONCE_A_DAY,
    SECOND,
    WINDOWS,
    add_people,
    americans,
    decide,
    ends,
    handed,
    moved_to,
    run_out,
    send,
)
from tests.engine.recording_channel import (
    BUSY,
    LOST_ANSWER,
    REFUSED,
    REJECTED,
    Call,
)
from tests.engine.world import ORG, VOICE, World, number, with_limits
from tests.salted import contact_id


async def test_two_campaigns_share_a_cap(world: World) -> None:
    """Who was texted by one is written to by the other a day later; who was not, at once."""
    await decide(world, frequency_caps=[{**ONCE_A_DAY, "channels": ["sms", "whatsapp"]}])
    await add_people(world, americans(3))
    await add_people(world, americans(2, 7), "others")
    first = await send(world)
    await world.finish(first)
    texted_at = world.carrier.requests[-1].at
    second = await send(world, ChannelKind.WHATSAPP, list_="others")
    await world.pass_time(MINUTE)
    waiting = await world.message_to(second, number(2))
    assert (waiting.status, waiting.reason, waiting.attempt) == ("pending", "frequency_cap", 0)
    assert waiting.next_at is not None
    assert texted_at + DAY <= waiting.next_at <= texted_at + DAY + LEASE
    await run_out(world, second, within=2 * DAY)
    assert await world.statuses(second) == {"sent": 2}
    times = [call.at for call in world.carrier.requests if call.to == number(2)]
    assert DAY <= times[1] - times[0] <= DAY + 2 * MINUTE


async def test_what_a_cap_does_not_count_is_sent(world: World) -> None:
    """A cap of texts holds back no call."""
    await decide(world, frequency_caps=[{**ONCE_A_DAY, "channels": ["sms"]}])
    await add_people(world, americans(1))
    await world.finish(await send(world))
    call = await send(world, ChannelKind.WEBHOOK)
    await world.finish(call, within=MINUTE)
    assert await world.statuses(call) == {"sent": 1}
    assert len(await handed(world, number(0))) == 1


async def test_a_cap_that_outlasts_the_campaign_lets_it_expire(world: World) -> None:
    """Whose turn would come behind the last hour is not waited for."""
    await decide(world, frequency_caps=[ONCE_A_DAY])
    await add_people(world, americans(1))
    await world.finish(await send(world))
    late = await send(world, not_after=world.clock.now() + HOUR)
    await world.finish(late, within=MINUTE)
    assert await ends(world, late) == {number(0): ("expired", "expired")}


async def test_who_waits_for_a_cap_waits_for_their_window_too(world: World) -> None:
    """A place that becomes free at night is taken in the morning."""
    await decide(
        world,
        frequency_caps=[{"most": 1, "hours": 18}],
        quiet_hours={"start": "21:00", "end": "06:00"},
    )
    await add_people(world, americans(1))
    await world.finish(await send(world))
    again = await send(world)
    await world.pass_time(MINUTE)
    waiting = await world.message_to(again, number(0))
    assert waiting.next_at == datetime(2026, 3, 3, 11, tzinfo=UTC)
    assert waiting.reason == "frequency_cap"


async def test_attempts_that_reach_nobody_give_their_place_back(world: World) -> None:
    """A carrier that was busy or refused has reached nobody: the next attempt is not held back."""
    await decide(world, frequency_caps=[ONCE_A_DAY])
    await add_people(world, americans(3))
    world.carrier.script = {number(0): [REFUSED, REFUSED], number(1): [REJECTED]}
    campaign = await send(world)
    await world.finish(campaign)
    assert await ends(world, campaign) == {
        number(0): ("sent", ""),
        number(1): ("failed", "invalid_address"),
        number(2): ("sent", ""),
    }


async def test_an_answer_that_was_lost_keeps_its_place(world: World) -> None:
    """Whoever may have been reached is taken to have been."""
    await decide(world, frequency_caps=[ONCE_A_DAY])
    await add_people(world, americans(1))
    world.carrier.script = {number(0): [LOST_ANSWER]}
    await world.finish(await send(world))
    second = await send(world)
    await world.pass_time(MINUTE)
    assert await ends(world, second) == {number(0): ("pending", "frequency_cap")}


async def test_every_attempt_at_a_call_counts() -> None:
    """In the United States nobody's phone rings a fourth time in a day, for whatever campaign."""
    async with World(WINDOWS) as world:
        await moved_to(world, datetime(2026, 3, 2, 15, tzinfo=UTC))
        await add_people(world, americans(1))
        world.carrier.otherwise = BUSY
        for _ in range(2):
            await send(world, ChannelKind.VOICE)
        await world.pass_time(20 * HOUR)
        assert world.carrier.called == {number(0): 3}
        await world.pass_time(10 * HOUR)
        times = sorted(call.at for call in world.carrier.calls)
        assert all(b - a >= DAY for a, b in zip(times, times[3:], strict=False))
        assert world.carrier.called[number(0)] > 3


async def test_a_single_message_counts_and_is_never_held_back(world: World) -> None:
    """Who sends one message on purpose sends it; campaigns then wait for their turn."""
    await decide(world, frequency_caps=[{"most": 2, "hours": 24}])
    phone = parse_phone(number(1))
    for name in "abc":
        one = replace(VOICE, name=name)
        single, _ = await single_message.call_once(world.engine, ORG, one, phone)
        await world.finish(single, within=MINUTE)
    assert world.carrier.called == {phone.e164: 3}
    await add_people(world, [(phone.e164, "US", NEW_YORK)])
    campaign = await send(world)
    await world.pass_time(MINUTE)
    assert await ends(world, campaign) == {phone.e164: ("pending", "frequency_cap")}


async def test_one_person_with_two_addresses_has_one_cap(world: World) -> None:
    """Two messages of one campaign to one contact: the second waits."""
    await decide(world, frequency_caps=[ONCE_A_DAY])
    await add_people(world, americans(2))
    campaign = await send(world)
    await world.launch_only(campaign)
    path = paths.contact(ORG, "ann")
    for message in await world.messages(campaign):
        stored = f"{paths.messages(ORG, campaign.id)}/{message.id}"
        await world.store.commit(Update(stored, {"contact": path}), touch(campaign, message.id))
    await world.pass_time(MINUTE)
    assert await world.statuses(campaign) == {"sent": 1, "pending": 1}
    await run_out(world, campaign, within=2 * DAY)
    assert await world.statuses(campaign) == {"sent": 2}


async def test_what_is_too_old_to_count_is_dropped(world: World) -> None:
    """A person's document does not grow with the years."""
    await decide(world, frequency_caps=[ONCE_A_DAY])
    await add_people(world, americans(1))
    await world.finish(await send(world))
    assert len(await handed(world, number(0))) == 1
    await moved_to(world, world.clock.now() + timedelta(hours=MOST_HOURS + 1))
    await world.finish(await send(world))
    assert len(await handed(world, number(0))) == 1


async def test_who_is_forgotten_is_not_counted_any_more(world: World) -> None:
    """Erasure takes away when somebody was reached."""
    await decide(world, frequency_caps=[ONCE_A_DAY])
    await add_people(world, americans(1))
    await world.finish(await send(world))
    assert await handed(world, number(0))
    await erasure.erase(world.engine, ORG, contact_id(number(0)), by="ann")
    assert await world.documents(f"orgs/{ORG}/reached") == []


async def test_where_no_cap_holds_nothing_is_read_or_written_for_one(world: World) -> None:
    """Campaigns that keep to no cap pay for none."""
    watched = CountingStore(world.store)
    world.engine = replace(world.engine, store=watched)
    await add_people(world, americans(20))
    await world.finish(await world.create())
    assert await world.documents(f"orgs/{ORG}/reached") == []
    assert not [path for path in watched.asked if "/reached/" in path]


def exceeded(calls: Iterable[Call], most: int, hours: float) -> Counter[str]:
    """Count by address how often the carrier was handed more than a cap allows."""
    window, over = timedelta(hours=hours), Counter[str]()
    times: dict[str, list[datetime]] = {}
    for call in calls:
        times.setdefault(call.to, []).append(call.at)
    for address, each in times.items():
        each.sort()
        over[address] += sum(b - a < window for a, b in zip(each, each[most:], strict=False))
    return +over


async def check_a_cap_together(world: World, people: int, most: int) -> None:
    """Dispatch three campaigns to so many people at once, under one cap of three hours."""
    await decide(world, frequency_caps=[{"most": most, "hours": 3}])
    await add_people(world, americans(people))
    campaigns = [await send(world, name=name) for name in "abc"]
    for campaign in campaigns:
        await world.launch_only(campaign)
    lanes = [task_of(TaskKind.LANE, ORG, campaign.id, "0") for campaign in campaigns]
    await asyncio.gather(*(worker.run(world.engine, lane) for lane in lanes))
    assert world.carrier.called == {number(n): most for n in range(people)}
    for campaign in campaigns:
        await run_out(world, campaign, within=DAY)
        assert await world.statuses(campaign) == {"sent": people}
    assert exceeded(world.carrier.calls, most, 3) == {}


@pytest.mark.parametrize("most", [1, 2])
async def test_campaigns_that_dispatch_at_once_keep_to_a_cap_together(most: int) -> None:
    """Three campaigns to the same people in one moment: nobody is reached too often, or lost."""
    async with World(with_limits(rate_per_s=None, chunk=7)) as world:
        await check_a_cap_together(world, 40, most)


async def test_a_place_that_somebody_else_takes_between_look_and_claim_is_not_taken_twice(
    world: World,
) -> None:
    """The claim meets the other's, looks again, and puts the person off; no live slot is lost."""
    await decide(world, frequency_caps=[ONCE_A_DAY])
    await add_people(world, americans(1, 2))
    first = await world.create(name="first")
    taken = {"handed": {"other-1": {"at": world.clock.now(), "channel": "sms"}}}
    place = paths.reached(ORG, contact_id(number(1)))
    await world.launch_only(first)
    world.interleave("commit", "/reached/", lambda: world.store.commit(Create(place, taken)))
    await world.pass_time(10 * SECOND)
    assert await ends(world, first) == {
        number(1): ("pending", "frequency_cap"),
        number(2): ("completed", ""),
    }
    assert await world.slots() == {"org": 0, "all": 0}
