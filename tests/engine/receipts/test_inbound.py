"""What people text to our numbers: words that opt out and in, and replies."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from functions.domain.campaigns.audience import Audience, AudienceKind
from functions.domain.campaigns.campaign import Campaign
from functions.domain.contacts.suppressions import ALL
from functions.domain.errors import NotFoundError
from functions.domain.messages.delivery_events import Inbound
from functions.domain.messages.message import Message
from functions.domain.notifications.events import EventType
from functions.engine import paths
from functions.engine.campaigns import drafts
from functions.engine.contacts import suppressions
from functions.engine.notifications import subscriptions
from functions.engine.notifications.subscriptions import NewSubscription
from functions.engine.ports.store import Document
from functions.engine.privacy import erasure
from functions.engine.receipts import inbound
from functions.engine.receipts.inbound import InboundFilter, receive_inbound
from tests.engine.crashes import Crash, CrashingQueue, CrashingStore, CrashPoint
from tests.engine.delivery.test_texts import HELLO, Texting
from tests.engine.stored_contacts import add_numbers, list_of, naming
from tests.engine.world import ORG, SENDER, World, number
from tests.salted import contact_id

SECOND = timedelta(seconds=1)
DAY = timedelta(days=1)
ANN, BEN = number(1), number(2)
PROVIDER = "twilio"


@pytest.fixture
async def texting() -> AsyncIterator[Texting]:
    """Give a world whose campaigns go out as texts, in which Ann and Ben are known."""
    async with Texting() as world:
        await add_numbers(world.engine, 1, 2)
        yield world


async def text_to(world: Texting, *numbers: int, name: str = "Hello") -> Campaign:
    """Text people, and let the texts arrive."""
    people = await list_of(world.engine, [contact_id(number(n)) for n in numbers], name=name)
    audience = Audience(AudienceKind.LIST, people)
    draft = replace(HELLO, name=name, audience=audience)
    made = await drafts.create(world.engine, ORG, draft, scheduled_at=None, by="ann")
    campaign = await drafts.send(world.engine, ORG, made.id, None, by="ann")
    await world.finish(campaign)
    await world.pass_time(10 * SECOND)
    return await world.load(campaign)


def says(world: World, body: str, *, by: str = ANN, id_: str = "in-1", **more: Any) -> Inbound:
    """Return what somebody texts us now."""
    return Inbound(id_, by, SENDER, body, more.get("at", world.clock.now()))


async def take(world: World, text: Inbound, org: str = ORG) -> None:
    """Deliver a text."""
    await receive_inbound(world.engine, org, PROVIDER, text)


async def stored(world: World) -> list[Document]:
    """Return the texts that are kept, newest first."""
    page = await inbound.page_of(world.engine, ORG, InboundFilter(), after=None, limit=100)
    return page.documents


async def bars(world: World, address: str = ANN) -> dict[str, str]:
    """Return why an address is barred, by scope."""
    try:
        found = await suppressions.load(world.engine, ORG, contact_id(address))
    except NotFoundError:
        return {}
    return {scope: bar.reason for scope, bar in found.scopes.items()}


async def listen(world: World) -> None:
    """Subscribe to everything."""
    new = NewSubscription(url="https://crm.example.com/", events=list(EventType), by="ann")
    await subscriptions.create(world.engine, ORG, new)


async def heard(world: World, type_: EventType) -> list[dict[str, Any]]:
    """Return what subscribers have heard of a type."""
    await world.settle()
    return [each.told["data"] for each in world.receiver.heard if each.told["type"] == type_]


# --- Opting out ------------------------------------------------------------------------------


async def test_a_stop_word_bars_the_person_from_everything(texting: Texting) -> None:
    """It is barred under every scope, with its reason; the message that it answers tells of it."""
    await listen(texting)
    campaign = await text_to(texting, 1)
    text = says(texting, "Stop!")
    await take(texting, text)
    assert await bars(texting) == {ALL: "opted_out"}
    message = await texting.message_to(campaign, ANN)
    assert (message.status, message.opted_out_at) == ("delivered", text.at)
    (kept,) = await stored(texting)
    assert (kept.data["taken_for"], kept.data["body"]) == ("opt_out", "Stop!")
    assert kept.data["message"] == f"{campaign.id}.{message.id}"
    told = await heard(texting, EventType.CONTACT_OPTED_OUT)
    assert told == [{"contact_id": contact_id(ANN), "scope": ALL, "reason": "opted_out"}]
    assert await heard(texting, EventType.MESSAGE_REPLIED) == []


async def test_who_opted_out_of_one_sender_is_texted_by_none(texting: Texting) -> None:
    """The next campaign, whatever it sends from, leaves them out and says why."""
    await text_to(texting, 1, 2)
    await take(texting, says(texting, "STOP"))
    campaign = await text_to(texting, 1, 2, name="Another")
    assert await texting.statuses(campaign) == {"skipped": 1, "delivered": 1}
    assert (await texting.message_to(campaign, ANN)).reason == "suppressed"


async def test_a_stranger_can_opt_out(texting: Texting) -> None:
    """Nobody has to be a contact, or to have been texted, in order to be left in peace."""
    stranger = number(99)
    await take(texting, says(texting, "stop", by=stranger))
    assert await bars(texting, stranger) == {ALL: "opted_out"}
    (kept,) = await stored(texting)
    assert kept.data["message"] is None


# --- Opting in -------------------------------------------------------------------------------


async def test_a_start_word_lifts_what_a_stop_word_barred(texting: Texting) -> None:
    """Who opted out by text opts in by text, and the audit trail says so."""
    await take(texting, says(texting, "STOP"))
    texting.clock.advance(SECOND)
    await take(texting, says(texting, "Start", id_="in-2"))
    assert await bars(texting) == {}
    entries = [d.data for d in await texting.documents(paths.audit_trail(ORG))]
    lifted = [e for e in entries if e["action"] == "opt_in"]
    assert [(e["by"], e["scope"]) for e in lifted] == [(PROVIDER, ALL)]


@pytest.mark.parametrize("reason", ["bounced", "complained", "asked_not_to"])
async def test_a_start_word_lifts_no_other_bar(texting: Texting, reason: str) -> None:
    """A bounce, a complaint and what an operator has barred stay, whatever the person texts."""
    await suppressions.suppress(texting.engine, ORG, ANN, scope="sms", reason=reason, by="ann")
    await take(texting, says(texting, "STOP"))
    texting.clock.advance(SECOND)
    await take(texting, says(texting, "START", id_="in-2"))
    assert await bars(texting) == {"sms": reason}


async def test_an_older_start_lifts_no_younger_stop(texting: Texting) -> None:
    """A START whose delivery failed at first does not undo the STOP that was sent after it."""
    early = says(texting, "START")
    texting.clock.advance(SECOND)
    await take(texting, says(texting, "STOP", id_="in-2"))
    await take(texting, early)
    assert await bars(texting) == {ALL: "opted_out"}


async def test_a_repeated_stop_bars_nobody_who_is_back(texting: Texting) -> None:
    """A STOP that its provider delivers again, days later, was already done."""
    stop = says(texting, "STOP")
    await take(texting, stop)
    texting.clock.advance(SECOND)
    await take(texting, says(texting, "START", id_="in-2"))
    texting.clock.advance(3 * DAY)
    await take(texting, stop)
    assert await bars(texting) == {}
    assert len(await stored(texting)) == 2


async def test_who_has_not_opted_out_can_say_yes(texting: Texting) -> None:
    """A YES where nothing is barred changes nothing, and is no reply."""
    campaign = await text_to(texting, 1)
    await take(texting, says(texting, "YES"))
    assert (await texting.message_to(campaign, ANN)).replied_at is None
    assert [text.data["taken_for"] for text in await stored(texting)] == ["opt_in"]


# --- Replies ---------------------------------------------------------------------------------


async def test_a_reply_is_noted_on_the_message_that_it_answers(texting: Texting) -> None:
    """The message is known to be read and answered; subscribers hear of it without a word of it."""
    await listen(texting)
    campaign = await text_to(texting, 1, 2)
    text = says(texting, "Where are you?")
    await take(texting, text)
    message = await texting.message_to(campaign, ANN)
    assert (message.status, message.replied_at) == ("read", text.at)
    assert (await texting.message_to(campaign, BEN)).status == "delivered"
    assert await bars(texting) == {}
    (kept,) = await stored(texting)
    told = await heard(texting, EventType.MESSAGE_REPLIED)
    assert told == [
        {
            "inbound_id": kept.id,
            "contact_id": contact_id(ANN),
            "campaign_id": campaign.id,
            "message_id": f"{campaign.id}.{message.id}",
        }
    ]


async def test_the_last_message_before_the_reply_is_answered(texting: Texting) -> None:
    """Of several messages the newest counts, but none that was sent after the reply."""
    first = await text_to(texting, 1, name="first")
    second = await text_to(texting, 1, name="second")
    texting.clock.advance(SECOND)
    text = says(texting, "Thanks")
    texting.clock.advance(SECOND)
    third = await text_to(texting, 1, name="third")
    await take(texting, text)
    replied = [
        (await texting.message_to(each, ANN)).replied_at is not None
        for each in (first, second, third)
    ]
    assert replied == [False, True, False]


@pytest.mark.parametrize(("days", "answered"), [(29, True), (31, False)])
async def test_a_reply_after_a_month_answers_nothing(
    texting: Texting, days: int, *, answered: bool
) -> None:
    """Thirty days after a message was sent a text is a text, and no reply to it."""
    campaign = await text_to(texting, 1)
    texting.clock.advance(days * DAY)
    await take(texting, says(texting, "Hello"))
    message = await texting.message_to(campaign, ANN)
    assert (message.replied_at is not None) is answered
    (kept,) = await stored(texting)
    assert (kept.data["message"] is not None) is answered


async def test_a_call_is_not_answered_by_a_text(world: World) -> None:
    """Who was only called, and texts us, is kept; the call is left as it is."""
    ids = await add_numbers(world.engine, 1)
    campaign = await world.create(await list_of(world.engine, ids))
    await world.finish(campaign)
    before = await world.messages(campaign)
    await take(world, says(world, "Who was that?"))
    assert await world.messages(campaign) == before
    (kept,) = await stored(world)
    assert (kept.data["taken_for"], kept.data["message"]) == ("reply", None)


async def test_another_organisations_message_is_not_answered(texting: Texting) -> None:
    """The same number is another person's business in every organisation."""
    campaign = await text_to(texting, 1)
    await take(texting, says(texting, "Hello"), org="other")
    await take(texting, says(texting, "STOP", id_="in-2"), org="other")
    message = await texting.message_to(campaign, ANN)
    assert (message.replied_at, message.opted_out_at) == (None, None)
    assert await bars(texting) == {}
    assert await stored(texting) == []


# --- Once ------------------------------------------------------------------------------------


@pytest.mark.parametrize("body", ["STOP", "Hello"])
async def test_a_text_delivered_many_times_at_once_counts_once(texting: Texting, body: str) -> None:
    """Ten deliveries of one text at once are one text, one bar and one event."""
    await listen(texting)
    campaign = await text_to(texting, 1)
    text = says(texting, body)
    await asyncio.gather(*(take(texting, text) for _ in range(10)))
    assert len(await stored(texting)) == 1
    barred = await heard(texting, EventType.CONTACT_OPTED_OUT)
    replied = await heard(texting, EventType.MESSAGE_REPLIED)
    assert (len(barred), len(replied)) == ((1, 0) if body == "STOP" else (0, 1))
    (message,) = await texting.messages(campaign)
    assert len([each for each in message.told if each["id"].startswith("inbound-")]) == 1


async def test_two_providers_may_give_texts_one_id(texting: Texting) -> None:
    """What one carrier calls a text says nothing about another's."""
    text = says(texting, "Hello")
    for provider in ("twilio", "plivo-sms"):
        await receive_inbound(texting.engine, ORG, provider, text)
    assert len(await stored(texting)) == 2


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("body", ["STOP", "START", "Hello"])
async def test_a_death_at_any_side_effect_loses_no_text(body: str, *, after: bool) -> None:
    """Killed before or after any commit or task, a text that comes again is done, once."""
    at = 1
    while await _die_at(at, body, after=after):
        at += 1
    assert at > 2, "a text has fewer side effects than it should"


async def _die_at(at: int, body: str, *, after: bool) -> bool:
    """Die at one side effect and deliver again; False where there is none such any more."""
    async with Texting() as world:
        await add_numbers(world.engine, 1)
        await listen(world)
        campaign = await text_to(world, 1)
        if body == "START":
            await suppressions.suppress(world.engine, ORG, ANN, reason="opted_out", by=PROVIDER)
            world.clock.advance(SECOND)
        text, alive, point = says(world, body), world.engine, CrashPoint(at, after=after)
        world.engine = replace(
            alive, store=CrashingStore(world.store, point), queue=CrashingQueue(world.queue, point)
        )
        with suppress(Crash):
            await take(world, text)
        world.engine = alive
        await take(world, text)
        await world.pass_time(2 * timedelta(minutes=1))
        await _check(world, await world.message_to(campaign, ANN), body, text.at)
        return point.is_dead


async def _check(world: Texting, message: Message, body: str, at: datetime) -> None:
    """Hold that what the text asks for was done, and subscribers know."""
    assert len(await stored(world)) == 1
    assert await bars(world) == ({ALL: "opted_out"} if body == "STOP" else {})
    assert message.opted_out_at == (at if body == "STOP" else None)
    assert message.replied_at == (at if body == "Hello" else None)
    ids = {each.id for each in world.receiver.heard}
    told = {each.told["type"] for each in world.receiver.heard}
    assert (EventType.MESSAGE_REPLIED in told) == (body == "Hello")
    assert (EventType.CONTACT_OPTED_OUT in told) == (body != "Hello")
    assert len(ids) >= len(told)


# --- Looking at them, and forgetting them ----------------------------------------------------


async def test_texts_are_listed_newest_first_page_by_page(texting: Texting) -> None:
    """Every text is shown once, the last one first."""
    for n in range(5):
        await take(texting, says(texting, f"Hello {n}", id_=f"in-{n}"))
        texting.clock.advance(SECOND)
    seen, after, shown = [], None, InboundFilter()
    while True:
        page = await inbound.page_of(texting.engine, ORG, shown, after=after, limit=2)
        seen += [text.data["body"] for text in page.documents]
        if page.last is None:
            break
        after = (page.last.data["at"], page.last.id)
    assert seen == [f"Hello {n}" for n in (4, 3, 2, 1, 0)]


async def test_who_is_erased_has_written_nothing(texting: Texting) -> None:
    """Their texts go with them; their wish not to be contacted stays, as the law wants it."""
    await text_to(texting, 1, 2)
    await take(texting, says(texting, "My name is Ann Other"))
    await take(texting, says(texting, "STOP", id_="in-2"))
    await take(texting, says(texting, "Hello", by=BEN, id_="in-3"))
    await erasure.erase(texting.engine, ORG, contact_id(ANN), by="ann")
    assert [text.data["address"] for text in await stored(texting)] == [BEN]
    assert await naming(texting.store, ANN, "Ann Other") == []
    assert await bars(texting) == {ALL: "opted_out"}


async def test_who_has_only_written_can_be_erased(texting: Texting) -> None:
    """Somebody who is no contact, and of whom only a text is kept, is forgotten as well."""
    stranger = number(99)
    await take(texting, says(texting, "Hello", by=stranger))
    await erasure.erase(texting.engine, ORG, contact_id(stranger), by="ann")
    assert await stored(texting) == []
    with pytest.raises(NotFoundError):
        await erasure.erase(texting.engine, ORG, contact_id(stranger), by="ann")
