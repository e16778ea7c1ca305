"""Manners: when and how often people are reached, whatever is under way at once."""

import asyncio
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from functions.domain.campaigns.audience import Audience, AudienceKind
from functions.domain.campaigns.campaign import Campaign
from functions.domain.campaigns.status import CampaignStatus
from functions.domain.contacts.contact import contact_id
from functions.domain.contacts.phones import parse_phone
from functions.domain.kinds import ChannelKind
from functions.domain.messages.attempts import DeliveryPolicy
from functions.domain.messages.delivery_events import MessageRef
from functions.domain.messages.send_outcomes import SendOutcome
from functions.domain.sending_rules.frequency_caps import MOST_HOURS
from functions.domain.sending_rules.windows import SendWindow
from functions.engine import paths, worker
from functions.engine.accounts import organisation
from functions.engine.campaigns import drafts, single_message
from functions.engine.campaigns.drafts import Draft
from functions.engine.kernel.task_queue import TaskKind, task_of
from functions.engine.messages.outbound import outbound
from functions.engine.ports.channel import Outbound, Traits
from functions.engine.ports.store import Create, Update
from functions.engine.privacy import erasure
from functions.engine.reporting import explanation
from tests.engine.counting_store import CountingStore
from tests.engine.crashes import Crash, CrashingChannel, CrashingQueue, CrashingStore, CrashPoint
from tests.engine.recording_channel import (
    BUSY,
    LOST_ANSWER,
    PROVIDER,
    REFUSED,
    REJECTED,
    SILENT,
    Call,
    RecordingChannel,
)
from tests.engine.world import ORG, SENDER, VOICE, World, number, with_limits

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
WINDOWS = with_limits(windows=True)
ANN = "ann@example.com"
PARIS, ELYSEE = ["Europe/Paris"], "+33142928100"
NEW_YORK = ["America/New_York"]
ONCE_A_DAY = {"most": 1, "hours": 24}
#: What a cap adds to its hours: the longest that an attempt takes to be handed over.
LEASE = DeliveryPolicy().send_lease


async def decide(world: World, **changes: Any) -> None:
    """Change the organisation's settings."""
    await organisation.update(world.engine, ORG, changes, by="ann", if_version=None)


async def add_people(
    world: World, people: Iterable[tuple[str, str, Sequence[str]]], id_: str = "people"
) -> None:
    """Store a list of people by address, country and zones."""
    found = list(people)
    members = [
        Create(
            f"{paths.members(ORG, id_)}/{contact_id(address)}",
            {
                "address": address,
                "region": region,
                "zones": list(zones),
                "attributes": {"email": ANN},
            },
        )
        for address, region, zones in found
    ]
    shown = {"name": id_, "size": len(found), "created_at": world.clock.now()}
    await world.store.commit(Create(paths.list_(ORG, id_), shown), *members)


def americans(*numbers: int) -> list[tuple[str, str, Sequence[str]]]:
    """Return people in New York: those with these numbers, or so many of them."""
    wanted = range(numbers[0]) if len(numbers) == 1 else numbers
    return [(number(n), "US", NEW_YORK) for n in wanted]


async def send(
    world: World, channel: ChannelKind = ChannelKind.SMS, *, list_: str = "people", **said: Any
) -> Campaign:
    """Send a campaign to a list now."""
    if channel is not ChannelKind.VOICE:
        world.carrier.traits = Traits()
        world.carrier.otherwise = SILENT
    by_channel: dict[ChannelKind, dict[str, str]] = {
        ChannelKind.VOICE: {"bot_url": "wss://bot.example.com/talk", "template": ""},
        ChannelKind.WEBHOOK: {"webhook_url": "https://hook.example.com/", "sender": ""},
        ChannelKind.EMAIL: {"sender": "shop@example.com", "subject": "Hello"},
    }
    about = {"sender": SENDER, "template": "Hello!", **by_channel.get(channel, {}), **said}
    audience = Audience(AudienceKind.LIST, list_)
    draft = Draft(channel=channel, audience=audience, **about)
    made = await drafts.create(world.engine, ORG, draft, scheduled_at=None, by="ann")
    return await drafts.send(world.engine, ORG, made.id, None, by="ann")


async def moved_to(world: World, at: datetime) -> None:
    """Let it be a later time."""
    world.clock.advance(at - world.clock.now())
    world.checked_at = world.clock.now()


async def run_out(world: World, campaign: Campaign, *, within: timedelta) -> None:
    """Let a campaign end in its own time: its tasks come when they are due, without a check."""
    deadline = world.clock.now() + within
    while not (await world.load(campaign)).has_ended:
        assert world.clock.now() < deadline, "the campaign does not come to its end"
        await world.pass_time(HOUR, checks=False)


async def ends(world: World, campaign: Campaign) -> dict[str, tuple[str, str]]:
    """Return by address what has become of a campaign's messages, and why."""
    return {m.address: (m.status, m.reason) for m in await world.messages(campaign)}


async def handed(world: World, address: str) -> dict[str, Any]:
    """Return what a cap counts of a person."""
    document = await world.store.get(paths.reached(ORG, contact_id(address)))
    return document.data["handed"] if document else {}


# --- Hours by channel and country --------------------------------------------------------------


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


# --- Clocks that are changed -------------------------------------------------------------------

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


# --- Zones that there are not ------------------------------------------------------------------


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
    await world.store.commit(Update(path, {"zones": ["Mars/Olympus"]}))
    await world.finish(campaign)
    assert await world.statuses(campaign) == {"sent": 2, "skipped": 1}
    assert (await ends(world, campaign))[number(1)] == ("skipped", "invalid_zone")
    found = await explanation.why(world.engine, MessageRef(ORG, campaign.id, lost.id))
    assert found.answer.endswith("they are said to be in a time zone that there is not")


# --- Expiry ------------------------------------------------------------------------------------


async def test_what_opens_too_late_expires_at_launch(world: World) -> None:
    """Nobody waits for a window that opens behind the campaign's last hour."""
    await decide(world, quiet_hours={"start": "21:00", "end": "09:00"})
    await add_people(world, [(number(1), "US", NEW_YORK), (ELYSEE, "FR", PARIS)])
    campaign = await send(world, not_after=world.clock.now() + HOUR)
    await world.finish(campaign, within=MINUTE)
    assert await ends(world, campaign) == {number(1): ("expired", "expired"), ELYSEE: ("sent", "")}


async def test_what_has_not_had_its_turn_in_time_expires(world: World) -> None:
    """At the last hour what is left expires, and the campaign ends with it."""
    await world.add_list(30)
    begun = world.clock.now()
    campaign = await send(world, own_rate_per_s=1, not_after=begun + 10 * SECOND)
    await world.finish(campaign, within=MINUTE)
    statuses = await world.statuses(campaign)
    assert set(statuses) == {"sent", "expired"}
    assert 9 <= statuses["sent"] <= 11
    assert all(call.at < begun + 10 * SECOND for call in world.carrier.requests)


async def test_who_would_be_tried_again_too_late_is_not_waited_for(world: World) -> None:
    """A busy line whose next attempt lies behind the last hour expires at once."""
    await world.add_list(2)
    world.carrier.script = {number(0): [BUSY, BUSY]}
    begun = world.clock.now()
    policy = DeliveryPolicy(backoff=2 * HOUR)
    world.engine = replace(world.engine, policy=policy)
    campaign = await send(world, ChannelKind.VOICE, not_after=begun + HOUR)
    await world.finish(campaign, within=5 * MINUTE)
    assert (await ends(world, campaign))[number(0)] == ("expired", "expired")
    assert world.carrier.called == {number(0): 1, number(1): 1}


async def test_a_campaign_that_was_paused_beyond_its_last_hour_sends_nothing_more(
    world: World,
) -> None:
    """Messages that waited meanwhile expire when somebody looks at them again."""
    await world.add_list(3)
    campaign = await send(world, not_after=world.clock.now() + HOUR)
    await world.launch_only(campaign)
    await moved_to(world, world.clock.now() + HOUR)
    await world.finish(campaign)
    assert await world.statuses(campaign) == {"expired": 3}
    assert world.carrier.requests == []


async def test_expired_messages_do_not_make_up_for_failed_ones(world: World) -> None:
    """Where everything that was sent has failed, the campaign has, whatever expired."""
    await world.add_list(4)
    world.carrier.script = {number(n): [REJECTED] for n in range(4)}
    begun = world.clock.now()
    campaign = await send(world, own_rate_per_s=0.1, not_after=begun + SECOND)
    await world.finish(campaign)
    await world.pass_time(2 * HOUR)
    assert (await world.statuses(campaign))["expired"] == 3
    assert (await world.load(campaign)).status is CampaignStatus.FAILED


class Noting:
    """A channel that keeps what it was handed."""

    def __init__(self, channel: RecordingChannel) -> None:
        self._channel = channel
        self.traits = channel.traits
        self.handed: list[Outbound] = []

    async def send(self, outbound: Outbound) -> SendOutcome:
        """Keep it, and pass it on."""
        self.handed.append(outbound)
        return await self._channel.send(outbound)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._channel, name)


@pytest.mark.parametrize(
    ("not_after", "expires_at"),
    [
        (None, datetime(2026, 3, 3, 2, tzinfo=UTC)),
        (datetime(2026, 3, 3, 1, tzinfo=UTC), datetime(2026, 3, 3, 1, tzinfo=UTC)),
        (datetime(2026, 3, 9, 1, tzinfo=UTC), datetime(2026, 3, 3, 2, tzinfo=UTC)),
    ],
)
async def test_carriers_are_told_until_when_it_may_arrive(
    world: World, not_after: datetime | None, expires_at: datetime
) -> None:
    """Until the window closes or the campaign's last hour, whichever comes first."""
    await decide(world, quiet_hours={"start": "21:00", "end": "06:00"})
    await world.add_list(1)
    campaign = await send(world, not_after=not_after)
    channel = Noting(world.carrier)
    world.engine = replace(world.engine, channels={PROVIDER: channel})
    await world.finish(campaign)
    assert [each.expires_at for each in channel.handed] == [expires_at]
    message = await world.message_to(campaign, number(0))
    looked_up = outbound(campaign, campaign.own_send, message)
    assert looked_up.expires_at is None


# --- Caps --------------------------------------------------------------------------------------


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
        await world.store.commit(Update(stored, {"contact": path}))
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


# --- At once -----------------------------------------------------------------------------------


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


# --- Crashes -----------------------------------------------------------------------------------

TINY = with_limits(chunk=2, lane_lease=10 * SECOND)
IMPATIENT = DeliveryPolicy(
    backoff=10 * SECOND, send_lease=15 * SECOND, unknown_wait=30 * SECOND, defer=5 * SECOND
)
OVER = datetime(2026, 3, 2, 14, tzinfo=UTC)


async def two_campaigns(world: World) -> list[Campaign]:
    """Send two texts to the same people, one of whom the carrier refuses at first."""
    await decide(
        world,
        frequency_caps=[{"most": 1, "hours": 1}],
        quiet_hours={"start": "06:00", "end": "07:10"},
    )
    await add_people(world, americans(2))
    world.carrier.script = {number(0): [REFUSED]}
    return [await send(world, name=name) for name in ("first", "second")]


async def live_and_die(world: World, point: CrashPoint) -> None:
    """Run the campaigns in a process that dies of it, or does not."""
    world.engine = replace(
        world.engine,
        store=CrashingStore(world.store, point),
        queue=CrashingQueue(world.queue, point),
        channels={PROVIDER: CrashingChannel(world.carrier, point)},
    )
    with suppress(Crash):
        while not point.is_dead and world.clock.now() < OVER:
            await world.pass_time(10 * MINUTE, checks=False)


async def die_at(at: int, *, after: bool) -> bool:
    """Die at one side effect and recover; False where there is no such side effect any more."""
    async with World(TINY, IMPATIENT) as world:
        campaigns = await two_campaigns(world)
        point = CrashPoint(at, after=after)
        await live_and_die(world, point)
        world.queue = world.new_queue()
        world.engine = world.new_engine()
        world.checked_at = world.clock.now()
        for campaign in campaigns:
            await world.finish(campaign, within=DAY)
        try:
            await check_kept(world, campaigns)
        except AssertionError as error:
            error.add_note(f"died {point.what}")
            raise
        return point.is_dead


async def check_kept(world: World, campaigns: Sequence[Campaign]) -> None:
    """Hold the store against the carrier's book, the cap and the quiet hours."""
    assert world.carrier.repeated == []
    assert exceeded(world.carrier.calls, 1, 1) == {}
    for campaign in campaigns:
        found = await world.messages(campaign)
        assert {m.address for m in found} == {number(n) for n in range(2)}
        assert {m.status for m in found} <= {"sent", "unknown"}
    shown = [call.at.astimezone(ZoneInfo(NEW_YORK[0])).time() for call in world.carrier.requests]
    assert min(shown) >= time(7, 10)


@pytest.mark.parametrize("after", [False, True])
async def test_a_death_at_any_side_effect_breaks_no_cap_and_forgets_nobody(*, after: bool) -> None:
    """Killed before or after any commit, task or text, of two campaigns that share a cap."""
    asyncio.get_running_loop().set_exception_handler(lambda *_: None)
    at = 1
    while await die_at(at, after=after):
        at += 1
    assert at > 25, "the campaigns have fewer side effects than they should"
