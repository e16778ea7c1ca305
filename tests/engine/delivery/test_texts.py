"""Text messages, with the carrier that plays them: receipts, refusals and lost answers."""

from collections import Counter
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import pytest

from functions.channels.simulator.ledger import digest_of
from functions.channels.simulator.script import Script, Window
from functions.channels.simulator.texts import PROVIDER, SimulatedTexts
from functions.domain.campaigns.audience import Audience, AudienceKind
from functions.domain.campaigns.campaign import Campaign
from functions.domain.campaigns.status import CampaignStatus
from functions.domain.kinds import ChannelKind
from functions.domain.messages.delivery_events import DeliveryEvent, EventKind, MessageRef, Retry
from functions.domain.messages.message import Message, MessageStatus
from functions.engine import paths
from functions.engine.campaigns import drafts
from functions.engine.campaigns.drafts import Draft
from functions.engine.ports.channel import Outbound, WebhookRequest
from functions.engine.reporting import progress
from tests.engine.world import ORG, World, number

#: A text takes a tenth of a second at most to hand over, and a second to arrive.
CALM = Script(spread=0, text_latency_ms=100, delivery_ms=1000, rejected=0)
HELLO = Draft(
    channel=ChannelKind.SMS,
    name="Hello",
    template="Hello!",
    audience=Audience(AudienceKind.LIST, "people"),
)
SECOND = timedelta(seconds=1)
HOUR = timedelta(hours=1)


@dataclass
class Texting(World):
    """A world whose campaigns go out as texts."""

    script: Script = CALM

    def __post_init__(self) -> None:
        """Put the texts' carrier in the place of the calls'."""
        super().__post_init__()
        self.texts = SimulatedTexts(
            ledger_path=None,
            clock=self.clock,
            script=self.script,
            deliver=self._deliver,
            key="key-of-nobody",
            public_base_url="https://app.example",
        )
        self.clock.on_sleep = self.texts.run_due
        self.engine = replace(
            self.engine,
            channels={PROVIDER: self.texts},
            providers=dict.fromkeys(ChannelKind, PROVIDER),
        )

    async def _deliver(self, request: WebhookRequest) -> int:
        taken = [await self._receive(event) for event in self.texts.parse_webhook(request)]
        return 200 if all(taken) else 500

    async def deliver_receipts(self) -> int:
        """Deliver what the texts' carrier tells."""
        return await self.texts.run_due()

    def next_at(self, end: datetime) -> datetime:
        """Go in steps of a second while texts are under way."""
        following = super().next_at(end)
        return min(following, self.clock.now() + SECOND) if self._under_way() else following

    def _under_way(self) -> bool:
        return bool(self.texts.ledger.under_way)

    async def text(self, people: int = 10) -> Campaign:
        """Text so many people, now."""
        await self.add_list(people)
        draft = await drafts.create(self.engine, ORG, HELLO, scheduled_at=None, by="ann")
        return await drafts.send(self.engine, ORG, draft.id, None, by="ann")

    async def over(self, campaign: Campaign) -> Counter[str]:
        """Let a campaign end and the last receipts come; return its statuses."""
        await self.finish(campaign)
        await self.pass_time(HOUR)
        return await self.statuses(campaign)


# --- The usual course -------------------------------------------------------------------------


async def test_everybody_gets_one_text_and_its_receipt_comes_after_the_end() -> None:
    """A campaign is over once every text was taken; `sent` becomes `delivered` as receipts come."""
    async with Texting() as world:
        campaign = await world.text(30)
        await world.finish(campaign)
        sent = (await world.statuses(campaign))["sent"]
        assert sent > 0
        assert await progress.in_flight(world.engine, campaign) == sent
        assert await world.over(campaign) == {"delivered": 30}
        assert await progress.in_flight(world.engine, campaign) == 0
        assert (await world.load(campaign)).status is CampaignStatus.COMPLETED
        ledger = world.texts.ledger
        assert {text.to for text in ledger.texts} == {number(n) for n in range(30)}
        assert {text.digest for text in ledger.texts} == {digest_of("Hello!")}
        assert ledger.texted_twice == []


async def test_a_refused_text_is_tried_again_within_minutes() -> None:
    """Who was turned down waits for 30 seconds, then for a minute: nobody was disturbed."""
    async with Texting(script=replace(CALM, rejected=0.5)) as world:
        begun = world.clock.now()
        campaign = await world.text(120)
        await world.finish(campaign)
        assert world.clock.now() - begun < timedelta(minutes=2)
        statuses = await world.over(campaign)
        assert set(statuses) == {"delivered", "failed"}
        tried = Counter(m.counted_attempts for m in await world.messages(campaign))
        assert set(tried) == {1, 2, 3}
        assert world.texts.ledger.texted_twice == []


async def test_a_campaign_that_was_refused_for_everybody_fails() -> None:
    """Three attempts for each, then `failed` with the reason; the poll fails the campaign."""
    async with Texting(script=replace(CALM, rejected=1)) as world:
        campaign = await world.text(5)
        await world.finish(campaign)
        assert (await world.load(campaign)).status is CampaignStatus.COMPLETED
        await world.over(campaign)
        failed = await world.load(campaign)
        assert (failed.status, failed.reason) == (CampaignStatus.FAILED, "every_message_failed")
        ended = {(m.status, m.counted_attempts, m.reason) for m in await world.messages(campaign)}
        assert ended == {("failed", 3, "provider_rejected")}
        assert world.texts.ledger.texts == []


async def test_a_campaign_of_which_nothing_arrives_fails() -> None:
    """Texts that were taken and not delivered count as failed, and are not sent again."""
    async with Texting(script=replace(CALM, undelivered=1)) as world:
        campaign = await world.text(5)
        assert await world.over(campaign) == {"failed": 5}
        assert (await world.load(campaign)).status is CampaignStatus.FAILED
        ended = {(m.counted_attempts, m.reason) for m in await world.messages(campaign)}
        assert ended == {(1, "undelivered")}
        assert len(world.texts.ledger.texts) == 5


# --- Receipts out of order --------------------------------------------------------------------


@pytest.mark.parametrize(("reorder", "duplicate"), [(1, 0), (0, 1), (1, 1)])
@pytest.mark.parametrize(("undelivered", "end"), [(0, "delivered"), (1, "failed")])
async def test_receipts_in_any_order_and_number_end_alike(
    reorder: int, duplicate: int, undelivered: int, end: str
) -> None:
    """A receipt that is repeated, or faster than the answer to the send, changes no end."""
    script = replace(CALM, reorder=reorder, duplicate=duplicate, undelivered=undelivered)
    async with Texting(script=script) as world:
        campaign = await world.text(20)
        assert await world.over(campaign) == {end: 20}
        for message in await world.messages(campaign):
            assert message.provider_id
            assert (message.sent_at is None, message.lane) == (False, None)
        assert world.texts.ledger.texted_twice == []


@pytest.mark.parametrize("late", [EventKind.DELIVERED, EventKind.FAILED, EventKind.UNCERTAIN])
async def test_nothing_that_comes_after_delivered_counts(late: EventKind) -> None:
    """A text that has arrived has arrived, whatever its carrier says later."""
    async with Texting() as world:
        campaign = await world.text(1)
        await world.over(campaign)
        (before,) = await world.messages(campaign)
        ref = MessageRef(ORG, campaign.id, before.id)
        now = world.clock.now()
        await world.receive(DeliveryEvent("late", ref, 1, late, now, "x", "late", Retry.LATER))
        (after,) = await world.messages(campaign)
        assert after._replace(told=()) == before._replace(told=())


async def test_a_receipt_of_a_settled_text_leaves_its_lane_alone() -> None:
    """A lane that nobody needs is not written with every receipt: it is everybody's document."""
    async with Texting() as world:
        campaign = await world.text(3)
        await world.finish(campaign)
        lane = paths.lane(ORG, campaign.id, "0")
        before = await world.store.get(lane)
        await world.pass_time(5 * SECOND)
        assert await world.statuses(campaign) == {"delivered": 3}
        assert await world.store.get(lane) == before


# --- Lost answers -----------------------------------------------------------------------------


async def left_sending(world: Texting) -> tuple[Campaign, Message]:
    """Leave one text as a process leaves it that dies before it writes down the answer."""
    campaign = await world.text(1)
    await world.launch_only(campaign)
    await world.leave_sending(campaign)
    (message,) = await world.messages(campaign)
    return campaign, message


async def test_a_text_that_was_taken_before_we_died_is_found_by_a_look_up() -> None:
    """Its receipt was lost too: `sending`, then `unknown`, then what the carrier's book says."""
    async with Texting(script=replace(CALM, lost=1)) as world:
        campaign, message = await left_sending(world)
        ref = MessageRef(ORG, campaign.id, message.id)
        text = Outbound(ref, message.attempt + 1, message.address, "", body="Hello!")
        await world.texts.send(text._replace(channel=campaign.channel))
        await world.pass_time(world.policy.send_lease + timedelta(minutes=1))
        assert await world.statuses(campaign) == {"unknown": 1}
        assert await world.over(campaign) == {"delivered": 1}
        assert (await world.load(campaign)).status is CampaignStatus.COMPLETED
        assert len(world.texts.ledger.texts) == 1


async def test_a_text_that_was_never_taken_stays_unknown_and_is_not_repeated() -> None:
    """The carrier knows nothing of it, and that is no proof that it never will."""
    async with Texting() as world:
        campaign, _ = await left_sending(world)
        assert await world.over(campaign) == {"unknown": 1}
        assert (await world.load(campaign)).status is CampaignStatus.COMPLETED
        assert world.texts.ledger.texts == []


async def test_a_receipt_clears_up_a_lost_answer_at_once() -> None:
    """Where the receipt comes, nobody waits for the look-up, and the campaign ends with it."""
    async with Texting(script=replace(CALM, lost_answer=1)) as world:
        begun = world.clock.now()
        campaign = await world.text(5)
        await world.finish(campaign)
        assert world.clock.now() - begun < timedelta(minutes=1)
        assert await world.statuses(campaign) == {"delivered": 5}


async def test_a_sent_receipt_has_the_lane_look_once_more_and_no_longer() -> None:
    """A lost answer is made good by `sent`; after one more look that is all, and all is over."""
    script = replace(CALM, lost_answer=1, delivery_ms=36_000_000)
    async with Texting(script=script) as world:
        campaign = await world.text(1)
        await world.settle()
        (unknown,) = await world.messages(campaign)
        ref, now = MessageRef(ORG, campaign.id, unknown.id), world.clock.now()
        await world.receive(DeliveryEvent("s", ref, 1, EventKind.SENT, now, "p1"))
        (sent,) = await world.messages(campaign)
        assert (unknown.status, sent.status) == ("unknown", "sent")
        assert sent.lane is not None
        await world.finish(campaign, within=timedelta(minutes=16))
        (settled,) = await world.messages(campaign)
        assert (settled.status, settled.lane, settled.reason) == ("sent", None, "")
        await world.pass_time(11 * HOUR)
        assert await world.statuses(campaign) == {"delivered": 1}


class Repetitive(SimulatedTexts):
    """A carrier that says of every text that it was sent, each time anew."""

    asked = 0

    async def look_up(self, sent: Outbound, provider_id: str) -> DeliveryEvent | None:
        """Say so."""
        self.asked += 1
        id_, now = f"look-{self.asked}", self._clock.now()
        return DeliveryEvent(id_, sent.ref, sent.attempt, EventKind.SENT, now, provider_id)


async def test_a_look_up_that_tells_nothing_new_ends_the_watch() -> None:
    """A carrier that says `sent` again and again is asked twice, and then left alone."""
    async with Texting(script=replace(CALM, lost=1)) as world:
        world.texts.__class__ = Repetitive
        campaign, _ = await left_sending(world)
        assert await world.over(campaign) == {"sent": 1}
        assert isinstance(world.texts, Repetitive)
        assert world.texts.asked == 2


async def test_an_outage_costs_nobody_an_attempt() -> None:
    """Texts that meet an outage wait for its end, and are then sent once."""
    async with Texting(script=replace(CALM, outage=(Window(0, 600),))) as world:
        campaign = await world.text(5)
        assert await world.over(campaign) == {"delivered": 5}
        assert {m.counted_attempts for m in await world.messages(campaign)} == {1}


BAD_DAY = Script.parse(
    "text_latency_ms=100,delivery_ms=1000,rejected=0.2,refused=0.05,lost_request=0.05,"
    "lost_answer=0.05,error=0.05,lost=0.1,duplicate=0.2,reorder=0.2,undelivered=0.1,outage=1-5"
)
#: What may be known of a text by what has become of it; None: it was never taken.
LIKELY = {
    "delivered": {MessageStatus.DELIVERED, MessageStatus.SENT},
    "undelivered": {MessageStatus.FAILED, MessageStatus.SENT},
    None: {MessageStatus.FAILED, MessageStatus.UNKNOWN},
}


@pytest.mark.parametrize("seed", range(3))
async def test_on_a_bad_day_the_store_and_the_carrier_agree(seed: int) -> None:
    """Whatever goes wrong, nobody is texted twice, and no receipt is made up."""
    async with Texting(script=replace(BAD_DAY, seed=seed)) as world:
        campaign = await world.text(150)
        await world.over(campaign)
        ledger = world.texts.ledger
        assert ledger.texted_twice == []
        ends = {text.ref.message: ledger.ended[text.id].outcome for text in ledger.texts}
        messages = await world.messages(campaign)
        assert len(messages) == 150
        for message in messages:
            assert message.status in LIKELY[ends.get(message.id)], message
