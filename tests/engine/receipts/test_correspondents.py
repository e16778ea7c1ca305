"""Who writes to us is found, by whatever number their provider knows them."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from functions.domain.campaigns.audience import Audience, AudienceKind
from functions.domain.campaigns.campaign import Campaign
from functions.domain.contacts.provider_numbers import reading
from functions.domain.contacts.suppressions import ALL
from functions.domain.errors import NotFoundError
from functions.domain.kinds import ChannelKind
from functions.domain.messages.delivery_events import Inbound
from functions.domain.messages.send_outcomes import Accepted, SendOutcome
from functions.engine import paths
from functions.engine.accounts import organisation
from functions.engine.campaigns import drafts
from functions.engine.contacts import suppressions
from functions.engine.ports.channel import Outbound
from functions.engine.privacy import erasure
from functions.engine.receipts.inbound import receive_inbound
from tests.engine.delivery.test_texts import CALM, HELLO, Texting
from tests.engine.stored_contacts import add_people, list_of, naming
from tests.engine.world import ORG, SENDER, fallback
from tests.salted import contact_id

OURS = "+12025550142"
#: The number by which the provider knows them, which no numbering plan tells.
THEIRS = "+447911123456"
PROVIDER = "whatsapp"
PLANS = [
    ("+525512345678", "5215512345678"),
    ("+5511987654321", "551187654321"),
    ("+5531987654321", "553187654321"),
    ("+541123456789", "5491123456789"),
    ("+5491123456789", "whatsapp:+541123456789"),
    ("+2290197123456", "22997123456"),
    ("+12025550142", "whatsapp:+12025550142"),
    ("+12025550142", "2025550142"),
]


@pytest.fixture
async def texting() -> AsyncIterator[Texting]:
    """Give a world whose campaigns go out as texts."""
    async with Texting() as world:
        yield world


def known_as(world: Texting, number: str, other: str) -> None:
    """Have the provider know somebody by another number, and tell it when we write to them."""
    send = world.texts.send

    async def telling(outbound: Outbound) -> SendOutcome:
        outcome = await send(outbound)
        if isinstance(outcome, Accepted) and outbound.to == number:
            return outcome._replace(other=other)
        return outcome

    world.texts.send = telling  # type: ignore[method-assign]


async def text_to(world: Texting, *numbers: str, name: str = "Hello") -> Campaign:
    """Text people, and let the texts arrive."""
    ids = await add_people(world.engine, ({"phone": number} for number in numbers))
    audience = Audience(AudienceKind.LIST, await list_of(world.engine, ids, name=name))
    draft = replace(HELLO, channel=ChannelKind.WHATSAPP, name=name, audience=audience)
    made = await drafts.create(world.engine, ORG, draft, scheduled_at=None, by="ann")
    campaign = await drafts.send(world.engine, ORG, made.id, None, by="ann")
    await world.finish(campaign)
    return await world.load(campaign)


async def take(world: Texting, named: str, body: str, **more: Any) -> None:
    """Deliver a text as a provider tells of it."""
    id_, at = more.pop("id_", "in-1"), more.pop("at", world.clock.now())
    text = Inbound(id_, reading(named), SENDER, body, at, named, **more)
    await receive_inbound(world.engine, ORG, PROVIDER, text)


async def barred(world: Texting, address: str) -> bool:
    """Tell whether an address is suppressed."""
    try:
        found = await suppressions.load(world.engine, ORG, contact_id(address))
    except NotFoundError:
        return False
    return ALL in found.scopes


async def provider_id_of(world: Texting, campaign: Campaign, number: str) -> str:
    """Return what the provider calls the message to a number."""
    return (await world.message_to(campaign, number)).provider_id


@pytest.mark.parametrize(("ours", "theirs"), PLANS)
async def test_a_stop_in_the_providers_spelling_bars_our_contact(
    texting: Texting, ours: str, theirs: str
) -> None:
    """The message that is answered says so, and the next campaign leaves them out."""
    campaign = await text_to(texting, ours)
    await take(texting, theirs, "STOP")
    assert (await texting.message_to(campaign, ours)).opted_out_at is not None
    again = await text_to(texting, ours, name="Again")
    assert (await texting.message_to(again, ours)).reason == "suppressed"


@pytest.mark.parametrize(("ours", "theirs"), PLANS)
async def test_a_start_in_the_providers_spelling_lets_them_in_again(
    texting: Texting, ours: str, theirs: str
) -> None:
    """Who was barred in our spelling opts in by their provider's."""
    await suppressions.suppress(texting.engine, ORG, ours, reason="opted_out", by="ann")
    texting.clock.advance(texting.engine.policy.backoff)
    await take(texting, theirs, "START")
    assert not await barred(texting, ours)


async def test_a_number_that_the_provider_told_when_we_wrote_is_theirs(texting: Texting) -> None:
    """It is heard without any message being named; both numbers are barred, and freed."""
    known_as(texting, OURS, THEIRS)
    campaign = await text_to(texting, OURS)
    await take(texting, THEIRS.removeprefix("+"), "STOP")
    assert (await texting.message_to(campaign, OURS)).opted_out_at is not None
    assert [await barred(texting, each) for each in (OURS, THEIRS)] == [True, True]
    texting.clock.advance(texting.engine.policy.backoff)
    await take(texting, THEIRS, "START", id_="in-2")
    assert [await barred(texting, each) for each in (OURS, THEIRS)] == [False, False]
    (first, _) = await texting.documents(paths.inbound(ORG))
    assert (first.data["address"], first.data["contact"]) == (
        OURS,
        paths.contact(ORG, contact_id(OURS)),
    )


@pytest.mark.parametrize("named", [THEIRS, ""])
async def test_the_message_that_is_answered_says_who_answers(texting: Texting, named: str) -> None:
    """Whatever number the answer comes from, or none, it is that of the message's recipient."""
    campaign = await text_to(texting, OURS)
    answers = await provider_id_of(texting, campaign, OURS)
    await take(texting, named, "Stop!", answers=answers)
    assert await barred(texting, OURS)
    assert await barred(texting, THEIRS) is bool(named)
    assert (await texting.message_to(campaign, OURS)).opted_out_at is not None


async def test_a_number_that_has_answered_once_is_known_from_then_on(texting: Texting) -> None:
    """What an answer has told holds for the texts that name no message."""
    campaign = await text_to(texting, OURS)
    answers = await provider_id_of(texting, campaign, OURS)
    await take(texting, THEIRS, "Hello", answers=answers)
    await take(texting, THEIRS, "STOP", id_="in-2")
    assert await barred(texting, OURS)


async def test_who_was_barred_by_the_other_number_is_barred_once_it_is_known(
    texting: Texting,
) -> None:
    """What an operator barred by the provider's number holds for ours as soon as it is told."""
    engine = texting.engine
    await suppressions.suppress(engine, ORG, THEIRS, scope="whatsapp", reason="asked", by="ann")
    known_as(texting, OURS, THEIRS)
    await text_to(texting, OURS)
    again = await text_to(texting, OURS, name="Again")
    assert (await texting.message_to(again, OURS)).reason == "suppressed"
    found = await suppressions.find(engine, ORG, OURS)
    assert found is not None
    assert {scope: each.reason for scope, each in found.scopes.items()} == {"whatsapp": "asked"}


async def test_an_answer_is_noted_on_the_message_that_it_names(texting: Texting) -> None:
    """Who answers an older message answers that one, though a newer one was sent since."""
    first, second = [await text_to(texting, OURS, name=name) for name in ("first", "second")]
    texting.clock.advance(texting.engine.policy.backoff)
    await take(texting, OURS, "Yes, but", answers=await provider_id_of(texting, first, OURS))
    assert (await texting.message_to(first, OURS)).replied_at is not None
    assert (await texting.message_to(second, OURS)).replied_at is None


async def test_another_organisations_message_names_nobody_here(texting: Texting) -> None:
    """An id of a message of others, and a number that others were told, say nothing to us."""
    known_as(texting, OURS, THEIRS)
    campaign = await text_to(texting, OURS)
    answers = await provider_id_of(texting, campaign, OURS)
    for id_, more in (("a", {"answers": answers}), ("b", {})):
        text = Inbound(id_, THEIRS, SENDER, "STOP", texting.clock.now(), THEIRS, **more)
        await receive_inbound(texting.engine, "other", PROVIDER, text)
    assert not await barred(texting, OURS)
    with pytest.raises(NotFoundError):
        await suppressions.load(texting.engine, "other", contact_id(OURS))


async def test_a_text_of_nobody_is_left_alone(texting: Texting) -> None:
    """Without a number, and without a message of ours, nobody is barred and nothing is kept."""
    await take(texting, "", "STOP", answers="wamid.unknown")
    assert await texting.documents(paths.inbound(ORG)) == []


@pytest.mark.parametrize("is_known", [True, False])
async def test_in_doubt_a_number_is_that_of_somebody_we_know(
    texting: Texting, *, is_known: bool
) -> None:
    """Digits that are a number abroad and one at home are read as the contact's."""
    home, abroad = "+16592345678", "+6592345678"
    if is_known:
        await text_to(texting, home)
    await take(texting, "6592345678", "STOP")
    assert [await barred(texting, each) for each in (home, abroad)] == [is_known, not is_known]


async def test_who_is_erased_is_known_by_no_number(texting: Texting) -> None:
    """What the provider told of them goes with them; what they write later is a stranger's."""
    known_as(texting, OURS, THEIRS)
    campaign = await text_to(texting, OURS)
    answers = await provider_id_of(texting, campaign, OURS)
    await take(texting, THEIRS, "Hello")
    await erasure.erase(texting.engine, ORG, contact_id(OURS), by="ann")
    assert await naming(texting.store, OURS, THEIRS) == []
    await take(texting, THEIRS, "STOP", id_="in-2", answers=answers)
    assert [await barred(texting, each) for each in (OURS, THEIRS)] == [False, True]


async def test_only_what_a_reply_may_name_is_found_by_its_id() -> None:
    """A text that nobody can quote has no second id, and its fallback by WhatsApp has one."""
    draft = replace(HELLO, fallbacks=[fallback(ChannelKind.WHATSAPP, ["failed"], template="Hi")])
    async with Texting(script=replace(CALM, undelivered=1)) as world:
        await world.add_list(1)
        made = await drafts.create(world.engine, ORG, draft, scheduled_at=None, by="ann")
        campaign = await drafts.send(world.engine, ORG, made.id, None, by="ann")
        await world.over(campaign)
        text, chat = sorted(await world.messages(campaign), key=lambda message: message.send)
    assert (bool(text.provider_id), text.quotable_id) == (True, "")
    assert (bool(chat.provider_id), chat.quotable_id) == (True, chat.provider_id)


async def test_a_message_is_found_whoever_told_its_id_first() -> None:
    """A receipt that is faster than the answer to the send tells the id that replies name."""
    async with Texting(script=replace(CALM, reorder=1, duplicate=1)) as world:
        campaign = await text_to(world, OURS)
        message = await world.message_to(campaign, OURS)
    assert (bool(message.provider_id), message.quotable_id) == (True, message.provider_id)


# --- Words and buttons -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "chosen", "is_barred"),
    [
        ("Not for me", "STOP", True),
        ("Not for me", "stop_all", True),
        ("STOP", "row-7", True),
        ("Stop", "START", True),
        ("Not for me", "row-7", False),
        ("", "Unsubscribe", True),
    ],
)
async def test_a_button_that_says_stop_behind_its_words_stops(
    texting: Texting, body: str, chosen: str, *, is_barred: bool
) -> None:
    """Its words or what stands behind it: one of them is enough."""
    await take(texting, OURS, body, chosen=chosen)
    assert await barred(texting, OURS) is is_barred


async def test_an_organisations_own_words_stop_and_start(texting: Texting) -> None:
    """They count beside those that always do, and in no other organisation."""
    words = {"opt_out_words": {"fr": ["ARRET"]}, "opt_in_words": {"fr": ["REPRENDRE"]}}
    await organisation.update(texting.engine, ORG, words, by="ann", if_version=None)
    text = Inbound("in-0", OURS, SENDER, "Arrêt", texting.clock.now())
    await receive_inbound(texting.engine, "other", PROVIDER, text)
    await take(texting, OURS, "Arrêt !")
    assert await barred(texting, OURS)
    texting.clock.advance(texting.engine.policy.backoff)
    await take(texting, OURS, "reprendre", id_="in-2")
    assert not await barred(texting, OURS)
    await take(texting, OURS, "stop all", id_="in-3")
    assert await barred(texting, OURS)
    kept = await texting.documents(paths.inbound("other"))
    assert [each.data["taken_for"] for each in kept] == ["reply"]


# --- Whole seconds ---------------------------------------------------------------------------


async def test_a_start_in_the_second_after_a_stop_counts_however_late_the_stop_came(
    texting: Texting,
) -> None:
    """What counts is when people wrote, and not when their provider delivered it."""
    sent_at = texting.clock.now()
    texting.clock.advance(timedelta(minutes=1))
    await take(texting, OURS, "STOP", at=sent_at)
    await take(texting, OURS, "START", at=sent_at + timedelta(seconds=1), id_="in-2")
    assert not await barred(texting, OURS)


async def test_a_start_between_two_stops_lifts_nothing(texting: Texting) -> None:
    """Who said stop once more since is not let in by a START that was delivered late."""
    sent_at = texting.clock.now()
    texting.clock.advance(timedelta(minutes=1))
    for second in (0, 2, 1):
        at = sent_at + timedelta(seconds=second)
        await take(texting, OURS, "START" if second == 1 else "STOP", at=at, id_=f"in-{second}")
    assert await barred(texting, OURS)


async def test_an_answer_in_the_very_second_of_the_message_answers_it(texting: Texting) -> None:
    """Providers tell whole seconds: an answer may seem to come a little before its message."""
    campaign = await text_to(texting, OURS)
    sent_at = (await texting.message_to(campaign, OURS)).sent_at
    assert sent_at is not None
    await take(texting, OURS, "Hi", at=sent_at - timedelta(milliseconds=900))
    assert (await texting.message_to(campaign, OURS)).replied_at is not None
