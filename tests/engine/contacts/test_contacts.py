"""Contacts: one document for each person, whoever stores them and however often at once."""

import asyncio
from typing import Any

import pytest

from functions.domain.contacts.contact import read_details
from functions.domain.errors import ContactExistsError, InvalidFieldError, NotFoundError, StaleError
from functions.engine import paths
from functions.engine.contacts import contacts
from functions.engine.contacts.contacts import Filters, Result, RowResult
from functions.engine.ports.store import ConflictError, Delete, Query
from functions.engine.reporting import contact_history
from tests.engine.recording_channel import NO_ANSWER
from tests.engine.stored_contacts import add_numbers, add_people, list_of
from tests.engine.world import MINUTE, ORG, World, number, with_limits
from tests.salted import contact_id

ANA = {"phone": number(1), "first_name": "Ana"}


def details(**row: Any) -> dict[str, Any]:
    """Return checked details."""
    return read_details(row)


# --- One at a time ----------------------------------------------------------------------------


async def test_a_person_is_created_once(world: World) -> None:
    """Somebody whose address is known already is refused, and stays as they were."""
    made = await contacts.create(world.engine, ORG, details(**ANA))
    assert made.value.id == contact_id(number(1))
    with pytest.raises(ContactExistsError) as caught:
        await contacts.create(world.engine, ORG, details(phone="+1 202 555 0001"))
    assert (caught.value.field, caught.value.code) == ("phone", "CUSTOMER_EXISTS")
    assert await contacts.load(world.engine, ORG, made.value.id) == made


async def test_of_two_creations_at_once_one_succeeds(world: World) -> None:
    """Ten requests for one person make one contact; nine are told so."""
    outcomes = await asyncio.gather(
        *(contacts.create(world.engine, ORG, details(**ANA)) for _ in range(10)),
        return_exceptions=True,
    )
    assert sum(isinstance(each, ContactExistsError) for each in outcomes) == 9
    assert await world.store.count(Query(paths.contacts(ORG))) == 1


async def test_two_changes_at_once_lose_nothing(world: World) -> None:
    """Changes of different fields, made at once, are all kept."""
    (id_,) = await add_people(world.engine, [ANA])
    names = [f"a{n}" for n in range(10)]
    await asyncio.gather(
        *(
            contacts.update(
                world.engine, ORG, id_, details(attributes={name: "x"}), if_version=None
            )
            for name in names
        )
    )
    found = await contacts.load(world.engine, ORG, id_)
    assert sorted(found.value.attributes) == names
    assert found.value.first_name == "Ana"


async def test_a_change_of_an_old_version_is_refused(world: World) -> None:
    """Whoever names the version that they saw changes only that."""
    made = await contacts.create(world.engine, ORG, details(**ANA))
    newer = await contacts.update(
        world.engine, ORG, made.value.id, details(location="Rome"), if_version=made.version
    )
    assert newer.version != made.version
    for change in (contacts.update, contacts.replace):
        with pytest.raises(StaleError):
            await change(world.engine, ORG, made.value.id, details(), if_version=made.version)


async def test_a_change_that_says_nothing_new_writes_nothing(world: World) -> None:
    """The version stays, and with it every ETag that was given out."""
    made = await contacts.create(world.engine, ORG, details(**ANA))
    world.clock.advance(MINUTE)
    again = await contacts.update(world.engine, ORG, made.value.id, details(**ANA), if_version=None)
    assert again == made


async def test_a_removed_attribute_is_removed_from_the_store(world: World) -> None:
    """A replacement leaves no field behind that it does not name."""
    (id_,) = await add_people(world.engine, [{**ANA, "attributes": {"tier": "gold"}}])
    await contacts.replace(world.engine, ORG, id_, details(first_name="Bea"), if_version=None)
    document = await world.store.get(paths.contact(ORG, id_))
    assert document is not None
    assert "attr_tier" not in document.data
    assert document.data["first_name"] == "Bea"


async def test_another_org_s_person_is_not_found(world: World) -> None:
    """The same number is another contact in another organisation."""
    (id_,) = await add_people(world.engine, [ANA], org="theirs")
    with pytest.raises(NotFoundError):
        await contacts.load(world.engine, ORG, id_)
    with pytest.raises(NotFoundError):
        await contacts.update(world.engine, ORG, id_, details(), if_version=None)
    assert (await contacts.create(world.engine, ORG, details(phone=number(1)))).value.id == id_


# --- Many at once -----------------------------------------------------------------------------


async def test_each_row_is_told_what_became_of_it(world: World) -> None:
    """New people, changed ones, unchanged ones and bad rows stand side by side, in order."""
    await add_people(world.engine, [ANA, {"phone": number(2)}])
    bad = InvalidFieldError("phone", "phone: is empty")
    rows: list[dict[str, Any] | InvalidFieldError] = [
        details(**ANA),
        bad,
        details(phone=number(2), location="Rome"),
        details(first_name="Nobody"),
        details(phone=number(3)),
        details(phone=number(3), location="Bern"),
        details(phone=number(3), location="Bern"),
    ]
    one, two, three = (contact_id(number(n)) for n in (1, 2, 3))
    assert await contacts.upsert(world.engine, ORG, rows) == [
        RowResult(Result.UNCHANGED, one),
        RowResult(Result.INVALID, "", "phone", "phone: is empty"),
        RowResult(Result.UPDATED, two),
        RowResult(Result.INVALID, "", "phone", "phone: is required where there is no email"),
        RowResult(Result.CREATED, three),
        RowResult(Result.UPDATED, three),
        RowResult(Result.UNCHANGED, three),
    ]
    assert (await contacts.load(world.engine, ORG, three)).value.location == "Bern"


async def test_the_same_rows_again_write_nothing() -> None:
    """Repeated, an upsert changes no version, whatever the size of its commits."""
    async with World(with_limits(chunk=3)) as world:
        rows = [{"phone": number(n), "attributes": {"n": str(n)}} for n in range(10)]
        await add_people(world.engine, rows)
        before = await world.documents(paths.contacts(ORG))
        world.clock.advance(MINUTE)
        results = await contacts.upsert(world.engine, ORG, [details(**row) for row in rows])
        assert {result.result for result in results} == {Result.UNCHANGED}
        assert await world.documents(paths.contacts(ORG)) == before


async def test_overlapping_upserts_at_once_keep_everything() -> None:
    """Of several who store the same people at once, each person is created by one of them."""
    async with World(with_limits(chunk=4)) as world:

        async def upsert(who: int) -> list[RowResult]:
            numbers = range(who, who + 8)
            rows = [details(phone=number(n), attributes={f"by{who}": "yes"}) for n in numbers]
            return await contacts.upsert(world.engine, ORG, rows)

        results = await asyncio.gather(*(upsert(who) for who in range(4)))
        created = [r.id for part in results for r in part if r.result is Result.CREATED]
        assert sorted(created) == sorted(contact_id(number(n)) for n in range(11))
        for n in range(11):
            found = await contacts.load(world.engine, ORG, contact_id(number(n)))
            assert set(found.value.attributes) == {
                f"by{who}" for who in range(4) if who <= n < who + 8
            }


async def test_somebody_who_is_created_meanwhile_is_merged(world: World) -> None:
    """A creation between the upsert's look and its commit is not lost, nor is the upsert."""
    plain = world.engine
    world.interleave("commit", "/contacts/", lambda: contacts.create(plain, ORG, details(**ANA)))
    row = details(phone=number(1), location="Rome")
    (result,) = await contacts.upsert(world.engine, ORG, [row])
    assert result.result is Result.UPDATED
    found = await contacts.load(plain, ORG, result.id)
    assert (found.value.first_name, found.value.location) == ("Ana", "Rome")


# --- Finding ----------------------------------------------------------------------------------


async def test_pages_show_everybody_once(world: World) -> None:
    """Following the pages, by cursor or by offset, everybody is seen, and nobody twice."""
    ids = await add_numbers(world.engine, *range(7))
    seen: list[str] = []
    page = await contacts.page_of(world.engine, ORG, Filters(), limit=3)
    while True:
        seen += [each.id for each in page.contacts]
        if (last := page.last) is None:
            break
        after = (last.data["created_at"], last.id)
        page = await contacts.page_of(world.engine, ORG, Filters(), limit=3, after=after)
    # Of those who came at one moment the last id comes first.
    assert seen == sorted(ids, reverse=True)
    page = await contacts.page_of(world.engine, ORG, Filters(), limit=3, offset=5)
    assert [each.id for each in page.contacts] == seen[5:]


async def test_filters_hold_together(world: World) -> None:
    """A person is shown where every filter holds."""
    rows: list[dict[str, Any]] = [
        {"phone": number(1), "location": "Rome", "preferred_product": "tea"},
        {"phone": number(2), "location": "Rome", "preferred_product": "tea", "active": False},
        {"phone": number(3), "location": "Rome"},
        {"phone": number(4), "preferred_product": "tea"},
    ]
    ids = await add_people(world.engine, rows)
    filters = Filters(active=True, location="Rome", preferred_product="tea")
    page = await contacts.page_of(world.engine, ORG, filters, limit=10)
    assert [each.id for each in page.contacts] == ids[:1]
    page = await contacts.page_of(world.engine, ORG, Filters(active=False), limit=10)
    assert [each.id for each in page.contacts] == ids[1:2]


# --- History ----------------------------------------------------------------------------------


async def test_a_history_tells_everything_newest_first(world: World) -> None:
    """Sent, failed and refused messages stand in a person's history, page by page."""
    ids = await add_numbers(world.engine, 1, 2)
    list_id = await list_of(world.engine, ids)
    world.carrier.script = {number(1): [NO_ANSWER] * 3}
    names = ["Spring", "Summer", "Autumn"]
    for name in names:
        if name == "Autumn":
            await world.suppress(number(1))
        await world.finish(await world.create(list_id, name=name))
        world.clock.advance(MINUTE)
    seen: list[contact_history.Entry] = []
    page = await contact_history.read(world.engine, ORG, ids[0], after=None, limit=2)
    seen += page.entries
    page = await contact_history.read(world.engine, ORG, ids[0], after=page.end, limit=2)
    seen += page.entries
    assert page.end is None
    assert [each.campaign.name for each in seen] == names[::-1]
    told = [(each.message.status, each.message.reason) for each in seen]
    assert told == [("skipped", "suppressed"), ("completed", ""), ("failed", "no_answer")]
    assert [each.id for each in seen] == [f"{e.campaign.id}.{e.message.id}" for e in seen]


async def test_somebody_whom_only_a_file_has_named_has_a_history(world: World) -> None:
    """A message knows whom it was for, contact or not; of whom nothing is known nothing is told."""
    ids = await add_numbers(world.engine, 1)
    list_id = await list_of(world.engine, ids)
    await world.store.commit(Delete(paths.contact(ORG, ids[0])))
    await world.finish(await world.create(list_id))
    page = await contact_history.read(world.engine, ORG, ids[0], after=None, limit=10)
    assert len(page.entries) == 1
    for org, id_ in (("theirs", ids[0]), (ORG, "0" * 24)):
        with pytest.raises(NotFoundError):
            await contact_history.read(world.engine, org, id_, after=None, limit=10)


async def test_a_write_beside_a_contact_fails_once_the_contact_has_changed(world: World) -> None:
    """What names a person is committed only while they are as they were read."""
    (id_,) = await add_people(world.engine, [ANA])
    document = await world.store.get(paths.contact(ORG, id_))
    assert document is not None
    await contacts.update(world.engine, ORG, id_, details(location="Rome"), if_version=None)
    with pytest.raises(ConflictError):
        await world.store.commit(contacts.still_there(document))
