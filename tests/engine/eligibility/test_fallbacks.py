"""Who is not reached by one channel is reached by the next, once, and only where it failed."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final

import pytest

from functions.domain.campaigns.audience import Audience, AudienceKind
from functions.domain.campaigns.campaign import Campaign, Fallback
from functions.domain.campaigns.status import Action, CampaignStatus
from functions.domain.errors import InvalidFieldError
from functions.domain.kinds import ChannelKind
from functions.domain.messages.delivery_events import EventKind, Retry
from functions.domain.messages.ids import fallback_key, fallback_number
from functions.domain.messages.message import Message
from functions.engine.campaigns import copies, lifecycle
from functions.engine.contacts import suppressions
from functions.engine.messages import statistics
from functions.engine.ports.channel import Traits
from functions.engine.reporting import progress
from tests.engine.recording_channel import (
    INVALID,
    NO_ANSWER,
    PROVIDER,
    SILENT,
    TALKS,
    Fate,
    Receipt,
    RecordingChannel,
)
from tests.engine.stored_contacts import add_people
from tests.engine.world import ORG, World, fallback, number

MINUTE: Final = timedelta(minutes=1)
TEXTS: Final = "texts"
ARRIVES: Final = Fate((Receipt(1, EventKind.DELIVERED),))
LATE: Final = Fate((Receipt(1800, EventKind.DELIVERED),))
BOUNCES: Final = Fate((Receipt(1, EventKind.FAILED, "undelivered", Retry.NEVER),))


@dataclass
class Worlds(World):
    """A world with two carriers: one that calls, and one that texts."""

    traits: Traits = field(default_factory=Traits)

    def __post_init__(self) -> None:
        """Put the second carrier beside the first."""
        super().__post_init__()
        self.texts = RecordingChannel(
            self.clock, self._receive, otherwise=ARRIVES, traits=self.traits
        )
        self.clock.on_sleep = self.deliver_receipts
        self.engine = replace(self.engine, channels={PROVIDER: self.carrier, TEXTS: self.texts})

    async def deliver_receipts(self) -> int:
        """Deliver the receipts of both carriers."""
        return await self.carrier.deliver_due() + await self.texts.deliver_due()

    def next_at(self, end: datetime) -> datetime:
        """Return when something comes due by itself, of either carrier."""
        following = super().next_at(end)
        return min(following, self.texts.next_at) if self.texts.next_at else following

    async def finish(self, campaign: Campaign, *, within: timedelta = timedelta(hours=2)) -> None:
        """Let time pass until a campaign has ended, and its last receipts have come."""
        await super().finish(campaign, within=within)
        await self.pass_time(MINUTE)

    async def told(self, campaign: Campaign) -> list[tuple[int, str, str, str]]:
        """Return fallback, address, status and reason of each message, in order."""
        found = sorted(await self.messages(campaign), key=lambda m: (m.contact, m.send))
        return [(fallback_number(m.send), m.address, str(m.status), m.reason) for m in found]

    async def of_fallback(self, campaign: Campaign, number: int) -> list[Message]:
        """Return the messages of a fallback; 0 for the campaign's own."""
        found = await self.messages(campaign)
        return [m for m in found if fallback_number(m.send) == number]


def by_text(
    *after: str, wait_s: int = 0, channel: ChannelKind = ChannelKind.SMS, **more: Any
) -> Fallback:
    """Return a fallback to a text."""
    said = {"provider": TEXTS, "sender": "+12025550111", "template": "We could not reach you."}
    return fallback(channel, list(after), wait_s, **{**said, **more})


async def begin(
    world: Worlds, people: int, fallbacks: Sequence[Fallback], **fields: Any
) -> Campaign:
    """Create a campaign to so many people, with fallbacks, that starts in a minute."""
    await world.add_list(people)
    campaign = await world.create(scheduled_at=world.clock.now() + MINUTE)
    named = [
        each._replace(send=each.send._replace(key=fallback_key(number)))
        for number, each in enumerate(fallbacks, start=1)
    ]
    await world.rewrite(campaign, fallbacks=named, **fields)
    await world.pass_time(MINUTE)
    return campaign


async def test_who_did_not_answer_gets_a_text() -> None:
    """After the last unanswered attempt one text is sent; who talked gets none."""
    async with Worlds() as world:
        world.carrier.script = {number(1): [NO_ANSWER] * 3}
        campaign = await begin(world, 3, [by_text("no_answer")])
        await world.finish(campaign)
        assert world.texts.called == {number(1): 1}
        assert [call.body for call in world.texts.calls] == ["We could not reach you."]
        assert await world.told(campaign) == [
            (0, number(0), "completed", ""),
            (0, number(1), "failed", "no_answer"),
            (1, number(1), "delivered", ""),
            (0, number(2), "completed", ""),
        ]
        assert world.carrier.called[number(1)] == 3


async def test_only_the_named_reasons_lead_to_the_next_channel() -> None:
    """A fallback for those who do not answer is not for numbers that do not exist."""
    async with Worlds() as world:
        world.carrier.otherwise = INVALID
        campaign = await begin(world, 2, [by_text("no_answer", "busy")])
        await world.finish(campaign)
        assert world.texts.calls == []


async def test_any_failure_can_lead_to_the_next_channel() -> None:
    """`failed` stands for every reason of a failure."""
    async with Worlds() as world:
        world.carrier.otherwise = INVALID
        campaign = await begin(world, 2, [by_text("failed")])
        await world.finish(campaign)
        assert len(world.texts.called) == 2


async def test_a_chain_ends_with_the_first_that_arrives() -> None:
    """Call, text, second text: each follows the one before it that has failed, and no further."""
    async with Worlds() as world:
        world.carrier.otherwise = INVALID
        world.texts.script = {number(0): [BOUNCES, ARRIVES], number(1): [ARRIVES]}
        second = by_text("undelivered", template="Once more.")
        campaign = await begin(world, 2, [by_text("failed"), second])
        await world.finish(campaign)
        assert world.texts.called == {number(0): 2, number(1): 1}
        assert [m.status for m in await world.of_fallback(campaign, 2)] == ["delivered"]


async def test_a_text_that_does_not_arrive_in_time_is_followed() -> None:
    """Without a receipt within ten minutes the next text follows; the first stays sent."""
    async with Worlds() as world:
        world.carrier.otherwise = INVALID
        world.texts.script = {number(0): [LATE, ARRIVES], number(1): [SILENT, ARRIVES]}
        chain = [by_text("failed"), by_text("not_delivered", wait_s=600, template="Again.")]
        campaign = await begin(world, 3, chain)
        begun = world.clock.now()
        await world.finish(campaign)
        assert timedelta(minutes=10) <= world.clock.now() - begun < timedelta(minutes=13)
        assert world.texts.called == {number(0): 2, number(1): 2, number(2): 1}
        await world.pass_time(timedelta(hours=1))
        statuses = sorted(str(m.status) for m in await world.of_fallback(campaign, 1))
        assert statuses == ["delivered", "delivered", "sent"]


async def test_sent_told_early_shortens_no_wait() -> None:
    """A receipt that only says `sent`, before our own record of it, leaves the wait as it is."""
    async with Worlds() as world:
        world.carrier.otherwise = INVALID
        early = Fate((Receipt(0, EventKind.SENT), Receipt(1500, EventKind.DELIVERED)))
        world.texts.otherwise = early
        chain = [by_text("failed"), by_text("not_delivered", wait_s=1800)]
        campaign = await begin(world, 1, chain)
        await world.finish(campaign)
        assert world.texts.called == {number(0): 1}
        assert [m.status for m in await world.of_fallback(campaign, 1)] == ["delivered"]


async def test_a_fallback_waits_as_long_as_it_says() -> None:
    """With wait_s the text is sent so long after the failure, and the campaign waits for it."""
    async with Worlds() as world:
        world.carrier.otherwise = INVALID
        campaign = await begin(world, 1, [by_text("failed", wait_s=1200)])
        failed_at = world.clock.now()
        await world.pass_time(timedelta(minutes=15))
        assert (await world.load(campaign)).status is CampaignStatus.RUNNING
        assert world.texts.calls == []
        await world.finish(campaign)
        (call,) = world.texts.calls
        assert timedelta(seconds=1190) < call.at - failed_at < timedelta(seconds=1230)


async def test_the_text_is_filled_in_with_what_is_known_then() -> None:
    """A fallback's text knows the person's fields, as they are when it is sent."""
    async with Worlds() as world:
        world.carrier.otherwise = INVALID
        row = {"phone": number(0), "first_name": "Ana", "email": "ana@example.com"}
        await add_people(world.engine, [row])
        hello = by_text("failed", template="Hi {first_name}!")
        mail = by_text("undelivered", channel=ChannelKind.EMAIL, subject="{first_name}?")
        audience = Audience(AudienceKind.EVERYONE)
        world.texts.script = {number(0): [BOUNCES]}
        campaign = await begin(world, 0, [hello, mail], audience=audience)
        await world.finish(campaign)
        assert [(call.to, call.body) for call in world.texts.calls] == [
            (number(0), "Hi Ana!"),
            ("ana@example.com", "We could not reach you."),
        ]
        (mailed,) = await world.of_fallback(campaign, 2)
        assert (mailed.subject, mailed.status) == ("Ana?", "delivered")


async def test_who_has_no_address_for_it_is_skipped() -> None:
    """A mail to somebody who has no e-mail address is not sent, and says why."""
    async with Worlds() as world:
        world.carrier.otherwise = INVALID
        campaign = await begin(world, 1, [by_text("failed", channel=ChannelKind.EMAIL)])
        await world.finish(campaign)
        (mail,) = await world.of_fallback(campaign, 1)
        assert (mail.status, mail.reason) == ("skipped", "no_address")


async def test_who_lacks_the_first_address_is_reached_by_the_next_channel() -> None:
    """Where a fallback is for `no_address`, a person without one is looked for by that channel."""
    async with Worlds() as world:
        rows = [
            {"phone": number(0), "email": "ana@example.com"},
            {"email": "ben@example.com"},
            {"email": "eve@example.com"},
        ]
        await add_people(world.engine, rows)
        await suppressions.suppress(world.engine, ORG, "eve@example.com", reason="asked", by="ann")
        mail = by_text("no_address", channel=ChannelKind.EMAIL, wait_s=600)
        audience = Audience(AudienceKind.EVERYONE)
        campaign = await begin(world, 0, [mail], audience=audience)
        await world.finish(campaign)
        assert world.carrier.called == {number(0): 1}
        assert world.texts.called == {"ben@example.com": 1}
        assert sorted(
            (fallback_number(m.send), m.address, m.status, m.reason)
            for m in await world.messages(campaign)
        ) == [
            (0, "", "skipped", "no_address"),
            (0, "", "skipped", "no_address"),
            (0, number(0), "completed", ""),
            (1, "", "skipped", "suppressed"),
            (1, "ben@example.com", "delivered", ""),
        ]


async def test_who_has_no_address_at_all_is_looked_for_once_by_each_channel() -> None:
    """A chain of fallbacks for `no_address` ends; a campaign with nobody else completes."""
    async with Worlds() as world:
        await add_people(world.engine, [{"phone": number(0)}])
        mail, text = by_text("no_address", channel=ChannelKind.EMAIL), by_text("no_address")
        audience = Audience(AudienceKind.EVERYONE)
        fields = {"audience": audience, "channel": ChannelKind.EMAIL, "provider": TEXTS}
        campaign = await begin(world, 0, [mail, text], **fields, template="Hi", subject="Hi")
        await world.finish(campaign)
        assert [
            (fallback_number(m.send), m.status)
            for m in sorted(await world.messages(campaign), key=lambda m: m.send)
        ] == [
            (0, "skipped"),
            (1, "skipped"),
            (2, "delivered"),
        ]
        counts = await statistics.read_one(world.engine, await world.load(campaign))
        assert counts.total == 3


async def test_who_is_suppressed_for_that_channel_is_left_alone() -> None:
    """Somebody who may be called but not texted gets no text after the call has failed."""
    async with Worlds() as world:
        await suppressions.suppress(
            world.engine, ORG, number(0), scope="sms", reason="asked", by="ann"
        )
        world.carrier.otherwise = INVALID
        campaign = await begin(world, 2, [by_text("failed")])
        await world.finish(campaign)
        assert world.texts.called == {number(1): 1}
        skipped = [m for m in await world.of_fallback(campaign, 1) if m.status == "skipped"]
        assert [m.reason for m in skipped] == ["suppressed"]


async def test_a_repeated_receipt_makes_no_second_text() -> None:
    """The failure told twice, and by a look-up as well, leads to one text."""
    async with Worlds() as world:
        world.carrier.otherwise = INVALID
        campaign = await begin(world, 5, [by_text("failed")])
        for call in list(world.carrier.calls):
            for receipt in call.fate.receipts:
                await world.receive(call.event(receipt))
                await world.receive(call.event(receipt))
        await world.finish(campaign)
        assert world.texts.called == {number(n): 1 for n in range(5)}


async def test_cancelled_in_between_nobody_is_texted() -> None:
    """Who waits for the text when the campaign is cancelled does not get it."""
    async with Worlds() as world:
        world.carrier.otherwise = INVALID
        campaign = await begin(world, 3, [by_text("failed", wait_s=600)])
        await lifecycle.change(world.engine, ORG, campaign.id, Action.CANCEL, by="ann")
        await world.pass_time(timedelta(minutes=30))
        assert world.texts.calls == []
        statuses = {m.status for m in await world.of_fallback(campaign, 1)}
        assert statuses == {"cancelled"}


async def test_a_retry_leaves_out_whom_another_channel_has_reached() -> None:
    """Who was texted after the call is not called again by a retry of the campaign."""
    async with Worlds() as world:
        world.carrier.otherwise = INVALID
        world.texts.script = {number(0): [BOUNCES]}
        campaign = await begin(world, 3, [by_text("failed")])
        await world.finish(campaign)
        world.carrier.otherwise = TALKS
        again = await copies.retry(world.engine, ORG, campaign.id, by="ann", unknown=False)
        await world.finish(again)
        called = [call.to for call in world.carrier.calls if call.ref.campaign == again.id]
        assert called == [number(0)]


async def test_where_another_channel_has_reached_all_there_is_nobody_to_retry() -> None:
    """A retry that would call nobody is refused, instead of being started and failing."""
    async with Worlds() as world:
        world.carrier.otherwise = INVALID
        campaign = await begin(world, 3, [by_text("failed")])
        await world.finish(campaign)
        with pytest.raises(InvalidFieldError, match="nobody to call again"):
            await copies.retry(world.engine, ORG, campaign.id, by="ann", unknown=False)


async def test_who_was_not_reached_and_cannot_be_by_the_next_channel_is_retried() -> None:
    """A call that failed, and no mail for want of an address: a retry calls them again, once."""
    async with Worlds() as world:
        world.carrier.otherwise = INVALID
        mail = by_text("failed", channel=ChannelKind.EMAIL, sender="shop@example.com")
        campaign = await begin(world, 2, [mail])
        await world.finish(campaign)
        assert {m.status for m in await world.of_fallback(campaign, 1)} == {"skipped"}
        world.carrier.otherwise = TALKS
        again = await copies.retry(world.engine, ORG, campaign.id, by="ann", unknown=False)
        await world.finish(again)
        assert again.total == 2
        assert [m.status for m in await world.messages(again)] == ["completed"] * 2


async def test_a_retry_says_how_many_people_it_calls() -> None:
    """Who failed by two channels is one person to call again, not two."""
    async with Worlds() as world:
        world.carrier.otherwise = INVALID
        world.texts.script = {number(0): [BOUNCES]}
        campaign = await begin(world, 3, [by_text("failed")])
        await world.finish(campaign)
        again = await copies.retry(world.engine, ORG, campaign.id, by="ann", unknown=False)
        assert again.total == 1


async def test_progress_counts_people_by_however_many_channels_they_were_tried() -> None:
    """Three people called and then texted are three; who waits for the text is not done yet."""
    async with Worlds() as world:
        world.carrier.otherwise = INVALID
        campaign = await begin(world, 3, [by_text("failed", wait_s=600)])
        await world.pass_time(MINUTE)
        waiting = await progress.progress_of(world.engine, ORG, campaign.id)
        assert (waiting.processed, waiting.total) == (0, 3)
        await world.finish(campaign)
        done = await progress.progress_of(world.engine, ORG, campaign.id)
        assert (done.processed, done.total) == (3, 3)


@pytest.mark.parametrize("lanes", [1, 7])
async def test_everybody_has_one_end_whatever_the_lanes(lanes: int) -> None:
    """With several lanes a person's messages stay in one, and the campaign ends with the last."""
    async with Worlds() as world:
        world.carrier.script = {number(n): [NO_ANSWER] * 3 for n in range(0, 60, 2)}
        campaign = await begin(world, 60, [by_text("no_answer", wait_s=30)], lanes=lanes)
        await world.finish(campaign)
        assert world.texts.called == {number(n): 1 for n in range(0, 60, 2)}
        assert len(await world.messages(campaign)) == 90
