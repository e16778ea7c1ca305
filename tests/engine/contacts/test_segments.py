"""Segments: who is found by a query, a filter and a cursor is who the condition holds for."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.domain.campaigns.audience import Audience, AudienceKind
from functions.domain.contacts.contact import Contact, contact_fields
from functions.domain.errors import InUseError, InvalidFieldError, NotFoundError, StaleError
from functions.domain.kinds import ChannelKind
from functions.domain.messages.delivery_events import MessageRef
from functions.domain.segments.conditions import NO_MESSAGE, Condition, matches
from functions.domain.segments.parser import parse
from functions.engine import paths
from functions.engine.campaigns import drafts
from functions.engine.campaigns.drafts import Draft
from functions.engine.contacts import in_use, segments
from functions.engine.ports.store import Create
from tests.clock import NOON
from tests.domain.segments.strategies import CAMPAIGNS, conditions, histories, people
from tests.engine.counting_store import CountingStore
from tests.engine.stored_contacts import add_people
from tests.engine.world import ORG, World, number
from tests.salted import contact_id, message_id

NAIROBI = {"field": "location", "op": "eq", "value": "Nairobi"}
GOLD = {"field": "attributes.plan", "op": "eq", "value": "gold"}


def contact(index: int, **fields: Any) -> Contact:
    """Return the contact of a number."""
    phone = number(index)
    usual = {"id": contact_id(phone), "phone": phone, "created_at": NOON, "updated_at": NOON}
    return Contact(**{**usual, **fields})


async def store(world: World, *contacts: Contact) -> None:
    """Store contacts."""
    writes = [Create(paths.contact(ORG, each.id), contact_fields(each)) for each in contacts]
    await world.store.commit(*writes)


async def message(world: World, campaign: str, to: Contact, status: str) -> None:
    """Store a campaign's message to a contact."""
    id_ = message_id(campaign, to.phone or paths.contact(ORG, to.id))
    path = paths.message(MessageRef(ORG, campaign, id_))
    await world.store.commit(Create(path, {"address": to.phone, "status": status}))


async def pages(world: World, condition: Condition, limit: int) -> list[list[str]]:
    """Walk to the end, and return the ids on each page."""
    found: list[list[str]] = []
    after = None
    while True:
        page = await segments.page(world.engine, ORG, condition, after=after, limit=limit)
        found.append([document.id for document in page.contacts])
        after = page.after
        if after is None:
            return found


# --- Who is found ----------------------------------------------------------------------------

_People = Sequence[tuple[Contact, dict[str, str]]]


@settings(max_examples=60)
@given(
    conditions(),
    st.lists(st.tuples(people(), histories()), max_size=12, unique_by=lambda each: each[0].id),
    st.integers(1, 5),
)
def test_paging_finds_each_match_once_and_nobody_else(
    written: dict[str, Any], everybody: _People, limit: int
) -> None:
    """Query, filter and cursor together find who the plain filter finds, by id, each once."""

    async def walk() -> tuple[list[list[str]], segments.Count]:
        async with World() as world:
            await _populate(world, everybody)
            condition = parse(written)
            found = await pages(world, condition, limit)
            return found, await segments.count(world.engine, ORG, condition)

    found, count = asyncio.run(walk())
    wanted = [
        who.id
        for who, statuses in everybody
        if who.active and matches(parse(written), who, statuses)
    ]
    assert [id_ for page in found for id_ in page] == sorted(wanted)
    assert max(map(len, found)) <= limit
    assert count == segments.Count(len(wanted), exact=True)


async def _populate(world: World, everybody: _People) -> None:
    await store(world, *(who for who, _ in everybody))
    for who, statuses in everybody:
        for campaign, status in statuses.items():
            if status != NO_MESSAGE:
                await message(world, campaign, who, status)


async def test_a_page_reads_a_bounded_number(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where hardly anybody matches, a page ends after so many reads, empty, and goes on there."""
    monkeypatch.setattr(segments, "_READ", 8)
    await store(world, *(contact(n, location="Accra") for n in range(20)))
    await store(world, contact(30, location="Nairobi"))
    condition = parse({"field": "location", "op": "in", "value": ["Nairobi", "Mombasa"]})
    found = await pages(world, condition, 2)
    assert [id_ for page in found for id_ in page] == [contact(30).id]
    assert len(found) > 1


async def test_an_equality_reads_no_others(world: World) -> None:
    """A condition with an equality that must hold reads only those who have the value."""
    await store(world, *(contact(n, location="Accra") for n in range(20)))
    await store(world, *(contact(n, location="Nairobi") for n in range(20, 25)))
    watched = CountingStore(world.store)
    world.engine = replace(world.engine, store=watched)
    condition = parse({"all": [{"not": GOLD}, NAIROBI]})
    found = await pages(world, condition, 100)
    read = [document.id for documents in watched.found for document in documents]
    assert read == found[0]
    assert len(read) == 5


async def test_who_joins_behind_the_cursor_is_found(world: World) -> None:
    """A walk goes on exactly behind the last contact that was looked at."""
    some = sorted((contact(n) for n in range(10)), key=lambda each: each.id)
    await store(world, *(each for each in some if each is not some[7]))
    everybody = parse({"not": GOLD})
    first = await segments.page(world.engine, ORG, everybody, after=None, limit=4)
    assert first.after == paths.contact(ORG, some[3].id)
    await store(world, some[7])
    rest = await segments.page(world.engine, ORG, everybody, after=first.after, limit=100)
    assert [document.id for document in rest.contacts] == [each.id for each in some[4:]]


async def test_messages_are_read_only_for_whom_they_decide(world: World) -> None:
    """Who is out by their fields costs no look at their messages; who has none costs two."""
    await store(world, contact(1, location="Nairobi"), contact(2, location="Accra"))
    watched = CountingStore(world.store)
    world.engine = replace(world.engine, store=watched)
    either = {"field": "location", "op": "in", "value": ["Nairobi", "Lagos"]}
    condition = parse({"all": [either, {"campaign": CAMPAIGNS[0], "status": "none"}]})
    assert await pages(world, condition, 10) == [[contact(1).id]]
    assert len(watched.asked) == 3
    assert sum("/messages/" in path for path in watched.asked) == 2


@pytest.mark.parametrize("channel", [ChannelKind.EMAIL, ChannelKind.WEBHOOK, ChannelKind.SMS])
async def test_a_message_is_found_at_whichever_address_it_went_to(
    world: World, channel: ChannelKind
) -> None:
    """Who got a mail, or a webhook message, is found by that, with a phone number and without."""
    await add_people(
        world.engine,
        [
            {"phone": number(0), "email": "ana@example.com"},
            {"email": "ben@example.com"},
            {"phone": number(2)},
        ],
    )
    draft = Draft(
        channel=channel,
        template="Hi",
        subject="Hi" if channel is ChannelKind.EMAIL else "",
        webhook_url="https://example.com/" if channel is ChannelKind.WEBHOOK else "",
        sender="shop@example.com" if channel is ChannelKind.EMAIL else "",
        audience=Audience(AudienceKind.EVERYONE),
    )
    made = await drafts.create(world.engine, ORG, draft, scheduled_at=None, by="ann")
    await world.finish(await drafts.send(world.engine, ORG, made.id, None, by="ann"))
    told = await world.statuses(made)
    for status in told:
        found = await pages(world, parse({"campaign": made.id, "status": status}), 10)
        assert len(found[0]) == told[status]
    assert await pages(world, parse({"campaign": made.id, "status": "none"}), 10) == [[]]


async def test_a_segment_in_use_is_kept(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A segment cannot be deleted while a campaign to it has not ended; after that it can."""
    await store(world, contact(0, location="Nairobi"))
    made = await segments.create(world.engine, ORG, "Nairobi", NAIROBI, by="ann")
    wish = Draft(
        channel=ChannelKind.SMS,
        name="Spring",
        template="Hi",
        audience=Audience(AudienceKind.SEGMENT, made.id),
    )
    draft = await drafts.create(world.engine, ORG, wish, scheduled_at=None, by="ann")
    with pytest.raises(InUseError, match="Segment is used by the campaign 'Spring'") as caught:
        await segments.delete(world.engine, ORG, made.id)
    assert caught.value.code == "SEGMENT_IN_USE"
    found = await in_use.uses(world.engine, ORG, AudienceKind.SEGMENT, made.id)
    assert ([each.id for each in found.campaigns], found.complete) == ([draft.id], True)
    monkeypatch.setattr(in_use, "_LOOKED_THROUGH", 0)
    found = await in_use.uses(world.engine, ORG, AudienceKind.SEGMENT, made.id)
    assert (found.campaigns, found.complete) == ([], False)
    await drafts.send(world.engine, ORG, draft.id, None, by="ann")
    await world.finish(draft)
    assert world.carrier.called == {number(0): 1}
    await segments.delete(world.engine, ORG, made.id)


# --- Counting --------------------------------------------------------------------------------


async def test_a_count_stops_when_its_time_is_up(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What cannot be counted in time is at least so many, and not exact."""
    monkeypatch.setattr(segments, "_BATCH", 3)
    monkeypatch.setattr(segments, "_COUNT_FOR", timedelta())
    await store(world, *(contact(n) for n in range(10)))
    counted = await segments.count(world.engine, ORG, parse({"not": GOLD}))
    assert counted == segments.Count(3, exact=False)


async def test_equalities_are_counted_by_the_store(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Equalities alone are counted exactly, however little time there is."""
    monkeypatch.setattr(segments, "_COUNT_FOR", timedelta())
    gold = {"location": "Nairobi", "attributes": {"plan": "gold"}}
    await store(world, contact(1, **gold), contact(2, **gold), contact(3, location="Nairobi"))
    await store(world, contact(4, **gold, active=False))
    counted = await segments.count(world.engine, ORG, parse({"all": [NAIROBI, GOLD]}))
    assert counted == segments.Count(2, exact=True)


# --- Naming ----------------------------------------------------------------------------------


async def test_a_campaign_of_another_organisation_cannot_be_asked_about(world: World) -> None:
    """A segment that names a campaign its organisation does not have is refused, as unknown."""
    await world.store.commit(Create(paths.campaign("others", "theirs"), {"name": "Theirs"}))
    named = {"not": {"campaign": "theirs", "status": "none"}}
    with pytest.raises(NotFoundError):
        await segments.create(world.engine, ORG, "Theirs", named, by="ann")
    made = await segments.create(world.engine, ORG, "Mine", NAIROBI, by="ann")
    with pytest.raises(NotFoundError):
        await segments.update(world.engine, ORG, made.id, conditions=named)
    assert await segments.load(world.engine, ORG, made.id) == made


async def test_a_mistake_leaves_nothing_behind(world: World) -> None:
    """Conditions that cannot be read make no segment."""
    with pytest.raises(InvalidFieldError):
        await segments.create(world.engine, ORG, "Nobody", {"all": []}, by="ann")
    assert await world.documents(paths.segments(ORG)) == []


async def test_a_change_can_insist_on_what_was_seen(world: World) -> None:
    """A change or deletion over another version than the newest is refused."""
    made = await segments.create(world.engine, ORG, "Nairobi", NAIROBI, by="ann")
    renamed = await segments.update(
        world.engine, ORG, made.id, name="City", if_version=made.version
    )
    assert (renamed.name, renamed.conditions) == ("City", NAIROBI)
    with pytest.raises(StaleError):
        await segments.update(world.engine, ORG, made.id, name="Town", if_version=made.version)
    with pytest.raises(StaleError):
        await segments.delete(world.engine, ORG, made.id, if_version=made.version)
    await segments.delete(world.engine, ORG, made.id, if_version=renamed.version)
    with pytest.raises(NotFoundError):
        await segments.condition(world.engine, ORG, made.id)
