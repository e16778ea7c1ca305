"""Manners: when and how often people are reached, whatever is under way at once."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from functions.domain.campaigns.status import CampaignStatus
from functions.domain.kinds import ChannelKind
from functions.domain.messages.attempts import DeliveryPolicy
from functions.domain.messages.send_outcomes import SendOutcome
from functions.engine.messages.outbound import outbound
from functions.engine.ports.channel import Outbound
from tests.engine.eligibility.sending import (
    ELYSEE,
    HOUR,
    MINUTE,
    NEW_YORK,
    PARIS,
    SECOND,
    add_people,
    decide,
    ends,
    moved_to,
    send,
)
from tests.engine.recording_channel import (
    BUSY,
    PROVIDER,
    REJECTED,
    RecordingChannel,
)
from tests.engine.world import World, number

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
