"""Lists: who is on them, and that their size is right whatever happens at once."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from io import BytesIO

import pytest

from functions.domain.campaigns.status import Action
from functions.domain.contacts.contact import emptied, read_details
from functions.domain.errors import InUseError, NotFoundError, StaleError
from functions.engine import paths
from functions.engine.campaigns import lifecycle
from functions.engine.contacts import contacts, list_rows, lists, member_pages
from functions.engine.imports import list_upload
from functions.engine.imports.row_files import CsvRows
from functions.engine.ports.store import Create
from tests.engine.crashes import Crash, CrashingStore, CrashPoint
from tests.engine.interleaving import InterleavingStore
from tests.engine.stored_contacts import add_numbers, add_people, list_of
from tests.engine.stored_lists import check_list, put_on, rows_on
from tests.engine.world import MINUTE, ORG, World, number
from tests.salted import contact_id

SECOND = timedelta(seconds=1)


async def size(world: World, list_id: str) -> int:
    """Return what a list says its size is, which must be what it is."""
    found = await lists.load(world.engine, ORG, list_id)
    await check_list(world.store, ORG, list_id)
    return found.value.size


# --- Members ----------------------------------------------------------------------------------


async def test_people_are_put_on_a_list_once(world: World) -> None:
    """Who is on it already is not counted again, however often they are named."""
    ids = await add_numbers(world.engine, 1, 2, 3)
    list_id = await list_of(world.engine, [*ids[:2], ids[0]])
    assert await size(world, list_id) == 2
    assert await lists.add(world.engine, ORG, list_id, ids) == 1
    assert await lists.add(world.engine, ORG, list_id, ids) == 0
    assert await size(world, list_id) == 3


async def test_additions_and_removals_at_once_keep_the_size_right(world: World) -> None:
    """Twenty who change one list at once, in part by the same people, leave it consistent."""
    ids = await add_numbers(world.engine, *range(20))
    list_id = await list_of(world.engine, ids[:5])
    await asyncio.gather(
        *(lists.add(world.engine, ORG, list_id, ids[n : n + 8]) for n in range(12)),
        *(lists.remove(world.engine, ORG, list_id, id_) for id_ in ids[:5]),
        *(lists.remove(world.engine, ORG, list_id, id_) for id_ in ids[:5]),
        return_exceptions=True,
    )
    assert 14 <= await size(world, list_id) <= 19


async def test_somebody_who_does_not_exist_spoils_the_addition(world: World) -> None:
    """Nobody is added where one contact is unknown, or another organisation's."""
    ids = await add_numbers(world.engine, 1)
    theirs = await add_numbers(world.engine, 2, org="theirs")
    list_id = await list_of(world.engine, [])
    for strangers in (theirs, ["0" * 24]):
        with pytest.raises(NotFoundError) as caught:
            await lists.add(world.engine, ORG, list_id, [*ids, *strangers])
        assert caught.value.code == "CUSTOMER_NOT_FOUND"
    assert await size(world, list_id) == 0


async def test_a_list_of_another_org_is_not_found(world: World) -> None:
    """Whatever is asked of it, it looks as if it did not exist, and is not changed."""
    theirs = await list_of(
        world.engine, await add_numbers(world.engine, 1, org="theirs"), org="theirs"
    )
    ids = await add_numbers(world.engine, 1)
    for asked in (
        lists.load(world.engine, ORG, theirs),
        lists.rename(world.engine, ORG, theirs, "Mine", if_version=None),
        lists.add(world.engine, ORG, theirs, ids),
        lists.remove(world.engine, ORG, theirs, ids[0]),
        list_rows.members(world.engine, ORG, theirs, limit=10, after=None),
        lists.delete(world.engine, ORG, theirs, if_version=None),
    ):
        with pytest.raises(NotFoundError, match="List not found"):
            await asked
    assert (await lists.load(world.engine, "theirs", theirs)).value.size == 1


async def test_who_is_not_on_a_list_cannot_be_taken_off(world: World) -> None:
    """A removal that is repeated finds nobody and does not count twice."""
    ids = await add_numbers(world.engine, 1, 2)
    list_id = await list_of(world.engine, ids)
    await lists.remove(world.engine, ORG, list_id, ids[0])
    with pytest.raises(NotFoundError, match="Contact not found"):
        await lists.remove(world.engine, ORG, list_id, ids[0])
    assert await size(world, list_id) == 1


async def test_members_are_shown_as_they_are_now(world: World) -> None:
    """A contact's present fields are shown, beside what the list keeps of an uploaded row."""
    file = BytesIO(f"number,city\n{number(1)},Rome\n{number(2)},Bern\n".encode())
    list_id = (await list_upload.import_csv(world.engine, ORG, "Upload", file)).list_id
    (ana,) = await add_people(world.engine, [{"phone": number(1)}])
    details = read_details({"first_name": "Ana"})
    await contacts.update(world.engine, ORG, ana, details, if_version=None)
    people, end = await list_rows.members(world.engine, ORG, list_id, limit=1, after=None)
    more, end = await list_rows.members(world.engine, ORG, list_id, limit=10, after=end)
    assert end is None
    shown = {member.address: member for member in (*people, *more)}
    known = shown[number(1)].contact
    assert known is not None
    assert known.first_name == "Ana"
    fresh = shown[number(2)].contact
    assert fresh is not None
    assert (fresh.phone, fresh.first_name, fresh.attributes) == (number(2), "", {})
    assert shown[number(2)].attributes == {"city": "Bern"}


async def test_an_uploaded_row_names_its_contact(world: World) -> None:
    """Everybody whom a file names becomes a contact, and is found by it."""
    file = BytesIO(f"number\n{number(1)}\n".encode())
    list_id = (await list_upload.import_csv(world.engine, ORG, "Upload", file)).list_id
    assert await check_list(world.store, ORG, list_id) == [contact_id(number(1))]
    found = await contacts.load(world.engine, ORG, contact_id(number(1)))
    assert (found.value.phone, found.value.active) == (number(1), True)


async def test_an_upload_leaves_a_contact_that_is_there_as_it_is(world: World) -> None:
    """Who is known keeps name and zone; the list keeps what the row says, for its campaigns."""
    (ana,) = await add_people(world.engine, [{"phone": number(1), "first_name": "Ana"}])
    before = (await contacts.load(world.engine, ORG, ana)).value
    rows = f"number,timezone,first_name\n{number(1)},Asia/Kolkata,Anna\n{number(2)},,Ben\n"
    result = await list_upload.import_csv(world.engine, ORG, "Upload", BytesIO(rows.encode()))
    assert (result.imported, result.invalid, result.duplicates) == (2, 0, 0)
    assert (await contacts.load(world.engine, ORG, ana)).value == before
    people, _ = await list_rows.members(world.engine, ORG, result.list_id, limit=10, after=None)
    told = {each.address: (list(each.zones), each.attributes) for each in people}
    assert told[number(1)] == (["Asia/Kolkata"], {"first_name": "Anna"})
    assert told[number(2)] == (["America/New_York"], {"first_name": "Ben"})


async def test_an_upload_names_nobody_who_is_being_erased(world: World) -> None:
    """The row of somebody whose erasure has begun is told, and the others are kept."""
    gone = contact_id(number(1))
    hidden = Create(paths.contact(ORG, gone), emptied(gone, now=world.clock.now()))
    await world.store.commit(hidden)
    file = BytesIO(f"number\n{number(1)}\n{number(2)}\n".encode())
    result = await list_upload.import_csv(world.engine, ORG, "Upload", file)
    assert (result.imported, result.invalid) == (1, 1)
    assert (result.bad_rows[0].line, "being erased" in result.bad_rows[0].error) == (2, True)


async def test_a_list_of_contacts_is_called(world: World) -> None:
    """A campaign to a list reaches the contacts that were put on it."""
    campaign = await world.create(
        await list_of(world.engine, await add_numbers(world.engine, 1, 2))
    )
    await world.finish(campaign)
    assert world.carrier.called == {number(1): 1, number(2): 1}


# --- The lists themselves ---------------------------------------------------------------------


async def test_lists_are_shown_newest_first(world: World) -> None:
    """Page by page, each once."""
    ids = []
    for name in "abc":
        ids.append((await lists.create(world.engine, ORG, name)).value.id)
        world.clock.advance(SECOND)
    page = await lists.page_of(world.engine, ORG, limit=2, after=None)
    assert [each.id for each in page.lists] == ids[:0:-1]
    assert page.end
    after = (page.end.created_at, page.end.id)
    page = await lists.page_of(world.engine, ORG, limit=2, after=after)
    assert ([each.id for each in page.lists], page.end) == (ids[:1], None)


async def test_a_rename_of_an_old_version_is_refused(world: World) -> None:
    """A version names one state of the list; a new name that is the old one changes nothing."""
    made = await lists.create(world.engine, ORG, "a")
    same = await lists.rename(world.engine, ORG, made.value.id, "a", if_version=made.version)
    assert same == made
    renamed = await lists.rename(world.engine, ORG, made.value.id, "b", if_version=made.version)
    assert renamed.value.name == "b"
    with pytest.raises(StaleError):
        await lists.rename(world.engine, ORG, made.value.id, "c", if_version=made.version)
    with pytest.raises(StaleError):
        await lists.delete(world.engine, ORG, made.value.id, if_version=made.version)


# --- Deleting ---------------------------------------------------------------------------------


async def check_gone(world: World, list_id: str) -> None:
    """Hold that nothing is left of a list."""
    assert await world.store.get(paths.list_(ORG, list_id)) is None
    assert await rows_on(world.store, ORG, list_id) == []


async def test_a_deleted_list_leaves_its_people(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The list and its members go, page by page; the contacts stay."""
    monkeypatch.setattr(lists, "_PAGE", 2)
    monkeypatch.setattr(member_pages, "MOST", 1)
    ids = await add_numbers(world.engine, *range(5))
    list_id = await list_of(world.engine, ids)
    await lists.delete(world.engine, ORG, list_id, if_version=None)
    await check_gone(world, list_id)
    for id_ in ids:
        await contacts.load(world.engine, ORG, id_)
    with pytest.raises(NotFoundError):
        await lists.delete(world.engine, ORG, list_id, if_version=None)


async def test_a_list_is_kept_while_a_campaign_needs_it(world: World) -> None:
    """Scheduled, running or paused, a campaign keeps its list; ended, it does not."""
    list_id = await list_of(world.engine, await add_numbers(world.engine, 1))
    other = await list_of(world.engine, [], name="Other")
    campaign = await world.create(list_id, scheduled_at=world.clock.now() + MINUTE)

    async def check_kept() -> None:
        with pytest.raises(InUseError, match="is used by the campaign 'Spring'") as caught:
            await lists.delete(world.engine, ORG, list_id, if_version=None)
        assert caught.value.code == "LIST_IN_USE"
        assert await size(world, list_id) == 1

    await check_kept()
    world.clock.advance(MINUTE)
    await lifecycle.change(world.engine, ORG, campaign.id, Action.START, by="ann")
    await check_kept()
    await lifecycle.change(world.engine, ORG, campaign.id, Action.PAUSE, by="ann")
    await check_kept()
    await lists.delete(world.engine, ORG, other, if_version=None)
    await lifecycle.change(world.engine, ORG, campaign.id, Action.CANCEL, by="ann")
    await lists.delete(world.engine, ORG, list_id, if_version=None)
    await check_gone(world, list_id)


async def test_an_addition_during_a_deletion_leaves_nothing_behind(world: World) -> None:
    """Committed behind the deletion's last look, by who looked before, it goes with the list."""
    ids = await add_numbers(world.engine, 1, 2)
    list_id = await list_of(world.engine, ids[:1])
    path, plain = paths.list_(ORG, list_id), world.store
    seen: list[str] = []

    def is_last(operation: str, written: Sequence[str]) -> bool:
        if operation == "commit" and written[0] == path:
            seen.append(operation)
        return len(seen) == 2

    async def add() -> None:
        await put_on(plain, path, [{"id": ids[1], "address": number(2), "zones": []}])

    engine = replace(world.engine, store=InterleavingStore(plain, is_last, add))
    await lists.delete(engine, ORG, list_id, if_version=None)
    assert len(seen) == 2
    await check_gone(world, list_id)


async def test_a_deletion_during_an_addition_leaves_nothing_behind(world: World) -> None:
    """Deleted between the addition's look and its commit, a list does not come back."""
    ids = await add_numbers(world.engine, 1)
    list_id = await list_of(world.engine, [])
    plain = world.engine
    world.interleave(
        "commit", "/pages/", lambda: lists.delete(plain, ORG, list_id, if_version=None)
    )
    with pytest.raises(NotFoundError):
        await lists.add(world.engine, ORG, list_id, ids)
    await check_gone(world, list_id)


async def test_deletions_at_once_are_one(world: World) -> None:
    """Each succeeds or finds nothing."""
    list_id = await list_of(world.engine, await add_numbers(world.engine, *range(5)))
    outcomes = await asyncio.gather(
        *(lists.delete(world.engine, ORG, list_id, if_version=None) for _ in range(5)),
        return_exceptions=True,
    )
    assert all(each is None or isinstance(each, NotFoundError) for each in outcomes), outcomes
    await check_gone(world, list_id)


@pytest.mark.parametrize("after", [False, True])
async def test_a_death_at_any_commit_of_a_deletion_is_made_good(
    monkeypatch: pytest.MonkeyPatch, *, after: bool
) -> None:
    """Killed before or after any commit, the list is whole or hidden; a repetition removes it."""
    monkeypatch.setattr(lists, "_PAGE", 2)
    monkeypatch.setattr(member_pages, "MOST", 1)
    at = 1
    while await _die_at(at, after=after):
        at += 1
    assert at > 5, "the deletion has fewer side effects than it should"


async def _die_at(at: int, *, after: bool) -> bool:
    async with World() as world:
        list_id = await list_of(world.engine, await add_numbers(world.engine, *range(5)))
        point = CrashPoint(at, after=after)
        crashing = replace(world.engine, store=CrashingStore(world.store, point))
        with suppress(Crash):
            await lists.delete(crashing, ORG, list_id, if_version=None)
        with suppress(NotFoundError):  # It is hidden, or gone.
            assert await size(world, list_id) == 5
            assert len((await lists.page_of(world.engine, ORG, limit=9, after=None)).lists) == 1
        with suppress(NotFoundError):
            await lists.delete(world.engine, ORG, list_id, if_version=None)
        await check_gone(world, list_id)
        return point.is_dead


def test_an_import_that_is_given_up_may_find_its_file_closed() -> None:
    """Whoever uploads closes the file, perhaps before the import has let go of it."""
    file = BytesIO(b"number\n")
    rows = CsvRows(file)
    file.close()
    rows.close()
