"""Imports: every good row once, every bad row told, wherever a process dies; and back again."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs

from functions.domain.contacts.contact import (
    Contact,
    contact_from,
    contact_id,
    emptied,
    read_details,
)
from functions.domain.errors import ImportStatusError, InvalidFieldError, NotFoundError
from functions.engine import paths, worker
from functions.engine.contacts import contacts, lists
from functions.engine.imports import jobs
from functions.engine.imports.job import UNDO_FOR, ImportStatus
from functions.engine.imports.upload import CHUNK, Format, ImportRequest, OnExisting, Upload
from functions.engine.kernel.engine import Limits
from functions.engine.kernel.task_queue import TaskKind, task_of
from functions.engine.ports.store import ConflictError, Create, Delete, Query
from functions.engine.privacy import erasure
from tests.engine.crashes import Crash, CrashingQueue, CrashingStore, CrashPoint
from tests.engine.world import LIMITS, MINUTE, ORG, World, number

PAGED = Limits(launch_page=2, lane_lease=timedelta(seconds=10))
SECOND = timedelta(seconds=1)
#: Line 4 is no number, line 6 is about the person of line 2, line 8 has a cell too many.
FILE = "\n".join(
    [
        "phone,first_name,city",
        f"{number(1)},Ann,Bath",
        f'{number(2)},"Ben ""B""\nOak",York',
        "nobody,Cem,Rome",
        f"{number(1)},Anna,Oslo",
        f"{number(3)},Dan,Bonn",
        f"{number(4)},Eve,Wien,x",
        f"{number(5)},Flo,Graz",
    ]
)
BAD_LINES = [5, 6, 8]
GOOD = {number(1): "Ann", number(2): 'Ben "B"\nOak', number(3): "Dan", number(5): "Flo"}


def wish(**changes: Any) -> ImportRequest:
    """Return the wish for a CSV, changed."""
    return replace(ImportRequest(name="people.csv", format=Format.CSV, by="ann"), **changes)


async def upload(world: World, content: str | bytes, **changes: Any) -> str:
    """Upload a file in pieces; return the import's id."""
    data = content.encode() if isinstance(content, str) else content
    coming = Upload(world.engine, ORG)
    for start in range(0, len(data), 70_000):
        await coming.write(data[start : start + 70_000])
    return (await coming.finish(wish(**changes))).id


async def imported(world: World, content: str | bytes, **changes: Any) -> dict[str, Any]:
    """Import a file; return what is told of it."""
    id_ = await upload(world, content, **changes)
    await world.settle()
    return {"id": id_, **await told(world, id_)}


async def told(world: World, id_: str) -> dict[str, Any]:
    """Return an import as it stands."""
    return (await jobs.load(world.engine, ORG, id_)).data


async def people(world: World) -> dict[str, Contact]:
    """Return the organisation's contacts by address."""
    found = await world.documents(paths.contacts(ORG))
    known = [contact_from(each.id, each.data) for each in found]
    return {contact.phone or contact.email: contact for contact in known}


async def names(world: World) -> dict[str, str]:
    """Return the contacts' first names by address."""
    return {address: each.first_name for address, each in (await people(world)).items()}


async def bad_rows(world: World, id_: str, *, limit: int = 1000) -> list[Mapping[str, Any]]:
    """Return every row that was left out, page by page."""
    rows: list[Mapping[str, Any]] = []
    after: int | None = 0
    while after is not None:
        page = await jobs.bad_rows(world.engine, ORG, id_, after=after, limit=limit)
        assert len(page.rows) <= limit
        rows += page.rows
        after = page.after
    return rows


async def members(world: World, list_id: str) -> set[str]:
    """Return the addresses on a list, whose size must be right."""
    found = await world.documents(paths.members(ORG, list_id))
    assert (await lists.load(world.engine, ORG, list_id)).value.size == len(found)
    assert all(each.data["contact"] == paths.contact(ORG, each.id) for each in found)
    return {each.data["address"] for each in found}


def counts(job: Mapping[str, Any]) -> tuple[int, ...]:
    """Return how many rows were created, updated, unchanged, invalid and duplicates."""
    told_of = ("created", "updated", "unchanged", "invalid", "duplicates")
    assert job["rows"] == sum(job[name] for name in told_of)
    return tuple(job[name] for name in told_of)


# --- What an import makes ---------------------------------------------------------------------


async def test_a_file_becomes_contacts_and_a_list() -> None:
    """Good rows are stored over several pages, bad ones told by line, and a list is made."""
    async with World(PAGED) as world:
        job = await imported(world, FILE, list_name="Spring")
        assert job["status"] == ImportStatus.COMPLETED
        assert counts(job) == (4, 0, 0, 2, 1)
        assert job["bytes"] == job["bytes_total"] == len(FILE)
        assert await names(world) == GOOD
        assert await members(world, job["list_id"]) == set(GOOD)
        rows = await bad_rows(world, job["id"], limit=2)
        assert [(row["line"], row["column"], row["kind"]) for row in rows] == [
            (5, "phone", "invalid"),
            (6, "", "duplicate"),
            (8, "", "invalid"),
        ]
        ann = (await people(world))[number(1)]
        assert (ann.attributes, ann.imported_by, ann.region) == ({"city": "Bath"}, job["id"], "US")


async def test_json_lines_are_read_like_rows(world: World) -> None:
    """Each line is an object; blank lines are skipped, and lines that are no object told."""
    lines = [
        f'{{"number": "{number(1)}", "firstname": "Ann", "attributes": {{"tier": "gold"}}}}',
        "",
        '{"email": "Ben@b.co", "age": 7, "drop": "x"}',
        "{}",
        "[1]",
        '{"email": "a@b.co", "tags": [1]}',
        '{"email": ',
    ]
    mapping = {"drop": "", "age": "attributes.years"}
    job = await imported(world, "\n".join(lines), format=Format.JSON_LINES, mapping=mapping)
    assert counts(job) == (2, 0, 0, 4, 0)
    known = await people(world)
    assert known[number(1)].attributes == {"tier": "gold"}
    assert known["ben@b.co"].attributes == {"years": "7"}
    assert [row["line"] for row in await bad_rows(world, job["id"])] == [4, 5, 6, 7]


async def test_people_who_are_there_are_changed(world: World) -> None:
    """What a row says replaces what is stored; what it leaves empty stays, as do attributes."""
    details = read_details({"phone": number(1), "first_name": "Ann", "attributes": {"tier": "A"}})
    await contacts.create(world.engine, ORG, details)
    content = f"phone,first_name,city,active\n{number(1)},,Bath,no\n{number(2)},Ben,,\n"
    job = await imported(world, content)
    assert counts(job) == (1, 1, 0, 0, 0)
    ann = (await people(world))[number(1)]
    assert (ann.first_name, ann.active) == ("Ann", False)
    assert ann.attributes == {"tier": "A", "city": "Bath"}
    assert ann.imported_by == ""
    again = await imported(world, content)
    assert counts(again) == (0, 0, 2, 0, 0)


async def test_people_who_are_there_may_be_kept(world: World) -> None:
    """With on_existing keep, who is there stays as they are, but goes on the list."""
    await contacts.create(world.engine, ORG, read_details({"phone": number(1)}))
    found = await lists.create(world.engine, ORG, "Mine")
    job = await imported(
        world,
        f"phone,first_name\n{number(1)},Ann\n{number(2)},Ben\n",
        on_existing=OnExisting.KEEP,
        list_id=found.value.id,
    )
    assert counts(job) == (1, 0, 1, 0, 0)
    assert await names(world) == {number(1): "", number(2): "Ben"}
    assert await members(world, found.value.id) == {number(1), number(2)}


@pytest.mark.parametrize("page", [1, 100])
@pytest.mark.parametrize("first", ["", "Ann", "Bea"])
async def test_of_two_rows_about_one_person_the_first_is_kept(page: int, first: str) -> None:
    """However far apart, and whether the person is new, changed or unchanged by the first row."""
    async with World(replace(LIMITS, launch_page=page)) as world:
        if first:
            details = read_details({"phone": number(1), "first_name": first})
            await contacts.create(world.engine, ORG, details)
            world.clock.advance(SECOND)
        spaced = number(1)[:5] + " " + number(1)[5:]
        rows = [f"{number(1)},Ann", f"{number(2)},Ben", f"{spaced},Late", f"{number(1)},Later"]
        job = await imported(world, "\n".join(("phone,first_name", *rows)))
        assert (
            counts(job)
            == {
                "": (2, 0, 0, 0, 2),
                "Ann": (1, 0, 1, 0, 2),
                "Bea": (1, 1, 0, 0, 2),
            }[first]
        )
        assert await names(world) == {number(1): "Ann", number(2): "Ben"}
        assert [row["line"] for row in await bad_rows(world, job["id"])] == [4, 5]


async def test_rows_lie_across_the_borders_of_chunks(world: World) -> None:
    """A quoted cell of several lines and letters of several bytes may be cut by a chunk's end."""
    row = f'{number(1)},"Zoë\n\U0001f338 ""of""\r\nÅland"\n'
    before = "phone,first_name\n"
    for cut in range(10, len(row.encode()), 3):
        filler = CHUNK - len(before) - cut - 1
        padding = ("," + "x" * 4997 + "\n") * (filler // 4999)
        padding += " " * (filler - len(padding)) + "\n"
        content = (before + padding + row + f"{number(2)},Ben\n").encode()
        assert content[CHUNK - cut : CHUNK - cut + 12] == number(1).encode()
        job = await imported(world, content)
        assert job["chunks"] == 0
        assert job["created"] + job["unchanged"] == 2
        first = {number(1): 'Zoë\n\U0001f338 "of"\r\nÅland', number(2): "Ben"}
        assert await names(world) == first


async def test_an_unclosed_quote_and_an_endless_line_cost_one_row_each() -> None:
    """Work goes on behind them, at the right line, also in another task."""
    async with World(PAGED) as world:
        rows = [
            f"{number(1)},Ann",
            f'{number(2)},"Ben',
            *(f"{number(n)},P{n}" for n in range(3, 900)),
            f"{number(900)}," + "x" * 1_200_000,
            f"{number(901)},Last\r\n",
        ]
        job = await imported(world, "\ufeff" + "\n".join(("phone,first_name", *rows)))
        assert counts(job) == (899, 0, 0, 2, 0)
        assert [row["line"] for row in await bad_rows(world, job["id"])] == [3, 901]
        assert job["bytes"] == job["bytes_total"]


async def test_a_file_that_cannot_be_read_on_fails_where_it_stands() -> None:
    """What stands before the hopeless place is stored and told, and can be undone."""
    async with World(PAGED) as world:
        swallowers = '"a","\n' * 102
        job = await imported(world, f"phone,x\n{number(1)},a\n{swallowers}{number(2)},b\n")
        assert job["status"] == ImportStatus.FAILED
        assert job["error"] == "line 103: more than 100 quotes are not closed"
        assert set(await people(world)) == {number(1)}
        assert [row["line"] for row in await bad_rows(world, job["id"])] == list(range(3, 103))


async def test_all_bad_rows_are_told(world: World) -> None:
    """Two thousand bad rows are two thousand reports."""
    job = await imported(world, "phone\n" + "bad\n" * 2000)
    assert counts(job) == (0, 0, 0, 2000, 0)
    for limit in (190, 1000):
        rows = await bad_rows(world, job["id"], limit=limit)
        assert [row["line"] for row in rows] == list(range(2, 2002))


async def test_much_that_is_replaced_is_committed_in_parts(world: World) -> None:
    """A page that replaces megabytes is more than one commit: none is too large for a store."""
    count, long = 30, "x" * 1000
    attributes = [f"a{n}" for n in range(95)]
    for n in range(count):
        details = {"phone": number(n), "attributes": dict.fromkeys(attributes, long)}
        await contacts.create(world.engine, ORG, read_details(details))
    rows = [",".join((number(n), *("y" for _ in attributes))) for n in range(count)]
    job = await imported(world, "\n".join((",".join(("phone", *attributes)), *rows)))
    assert counts(job) == (0, count, 0, 0, 0)
    assert job["pages"] == 2
    assert job["bytes"] == job["bytes_total"]
    await jobs.undo(world.engine, ORG, job["id"])
    await world.settle()
    known = (await people(world)).values()
    assert all(set(each.attributes.values()) == {long} for each in known)


# --- What is refused --------------------------------------------------------------------------


async def nothing_left(world: World) -> bool:
    """Tell whether no import, and no part of one, is stored."""
    groups = ("imports", "chunks", "pages", "replaced", "errors")
    wanted = Query(paths.imports(ORG))
    return not await world.store.count(wanted) and not any(
        [await _stored(world, group) for group in groups]
    )


async def _stored(world: World, name: str) -> int:
    def count(db: Any) -> int:
        tables = "SELECT count(*) FROM sqlite_master WHERE name = ?"
        if not db.execute(tables, (f"docs_{name}",)).fetchone()[0]:
            return 0
        return int(db.execute(f"SELECT count(*) FROM docs_{name}").fetchone()[0])  # noqa: S608 - our own names

    return await world.store._reader.do(count)


@pytest.mark.parametrize(
    ("content", "changes", "problem"),
    [
        ("", {}, "file: is empty"),
        ("name\nAnn\n", {}, "file: needs a column phone or email"),
        ('"phone\n', {}, "file: the first line is no CSV: a quote is opened and never closed"),
        ("phone\n1\n", {"mapping": {"x": "phone"}}, "mapping: there is no column 'x'"),
        ("{}", {"format": Format.JSON_LINES, "mapping": {"x": "y"}}, "mapping: 'x': must be"),
        ("name\n" + "x" * CHUNK, {}, "file: needs a column phone or email"),
    ],
)
async def test_a_file_that_cannot_be_imported_is_refused(
    world: World, content: str, changes: dict[str, Any], problem: str
) -> None:
    """What the first line tells is told at once, and nothing is left of the file."""
    coming = Upload(world.engine, ORG)
    await coming.write(content.encode())
    with pytest.raises(InvalidFieldError) as refused:
        await coming.finish(wish(**changes))
    assert str(refused.value).startswith(problem)
    await coming.abandon()
    assert await nothing_left(world)


async def test_an_unknown_list_is_refused(world: World) -> None:
    """A list that the organisation has not, or is deleting, is none to import into."""
    with pytest.raises(NotFoundError):
        await upload(world, FILE, list_id="nobody")


async def test_a_list_that_is_deleted_ends_the_import() -> None:
    """The import fails, says why, and makes no list again."""
    async with World(PAGED) as world:
        found = await lists.create(world.engine, ORG, "Mine")
        id_ = await upload(world, FILE, list_id=found.value.id)

        async def delete() -> None:
            await lists.delete(world.engine, ORG, found.value.id, if_version=None)

        world.interleave("commit", "/pages/000001", delete)
        await world.settle()
        job = await told(world, id_)
        assert (job["status"], job["error"]) == (ImportStatus.FAILED, "the list was deleted")
        assert job["created"] == len(await people(world)) == 2
        with pytest.raises(NotFoundError):
            await lists.load(world.engine, ORG, found.value.id)


# --- Crashes and races ------------------------------------------------------------------------


@pytest.fixture(autouse=True)
async def _silence() -> None:
    """Keep asyncio from reporting what died with a process."""
    asyncio.get_running_loop().set_exception_handler(lambda *_: None)


def _let_crash(world: World, point: CrashPoint) -> None:
    """Run the engine in a process that is going to die."""
    store, queue = CrashingStore(world.store, point), CrashingQueue(world.queue, point)
    world.engine = replace(world.engine, store=store, queue=queue)


def _restart(world: World) -> None:
    """Begin a new process, which has nothing but the store."""
    world.queue = world.new_queue()
    world.engine = world.new_engine()


async def _only_import(world: World) -> str | None:
    found = await world.documents(paths.imports(ORG))
    return found[0].id if found else None


@pytest.mark.parametrize("after", [False, True])
async def test_a_death_at_any_side_effect_repeats_and_skips_nothing(*, after: bool) -> None:
    """Killed before or after any commit or task, the check finishes what an upload began."""
    at = 1
    while await _die_importing(at, after=after):
        at += 1
    assert at > 8, "the import has fewer side effects than it should"


async def _die_importing(at: int, *, after: bool) -> bool:
    async with World(PAGED) as world:
        point = CrashPoint(at, after=after)
        _let_crash(world, point)
        with suppress(Crash):
            await imported(world, FILE, list_name="Spring")
        _restart(world)
        if await _only_import(world) is None:
            await upload(world, FILE, list_name="Spring")
        await world.pass_time(3 * MINUTE)
        id_ = await _only_import(world)
        assert id_ is not None
        job = await told(world, id_)
        assert (job["status"], counts(job)) == (ImportStatus.COMPLETED, (4, 0, 0, 2, 1)), point.what
        assert await names(world) == GOOD
        assert await members(world, id_) == set(GOOD)
        assert [row["line"] for row in await bad_rows(world, id_)] == BAD_LINES
        assert await _stored(world, "chunks") == 0
        return point.is_dead


@pytest.mark.parametrize("after", [False, True])
async def test_a_death_while_undoing_leaves_nobody_behind(*, after: bool) -> None:
    """Killed before or after any commit or task, an undo comes to its end all the same."""
    at = 1
    while await _die_undoing(at, after=after):
        at += 1
    assert at > 8, "the undo has fewer side effects than it should"


async def _die_undoing(at: int, *, after: bool) -> bool:
    async with World(PAGED) as world:
        details = read_details({"phone": number(3), "first_name": "Old"})
        await contacts.create(world.engine, ORG, details)
        before = await people(world)
        world.clock.advance(SECOND)
        job = await imported(world, FILE, list_name="Spring")
        point = CrashPoint(at, after=after)
        _let_crash(world, point)
        with suppress(Crash):
            await jobs.undo(world.engine, ORG, job["id"])
            await world.settle()
        _restart(world)
        with suppress(ImportStatusError):
            await jobs.undo(world.engine, ORG, job["id"])
        await world.pass_time(3 * MINUTE)
        job = await told(world, job["id"])
        assert job["status"] == ImportStatus.UNDONE, point.what
        assert (job["removed"], job["restored"], job["left"]) == (3, 1, 0)
        assert await people(world) == before
        assert await _stored(world, "members") == await _stored(world, "lists") == 0
        assert await _stored(world, "replaced") == await _stored(world, "pages") == 0
        return point.is_dead


async def test_an_upload_that_dies_is_removed() -> None:
    """A file that never comes in whole is forgotten, and its late rest refused."""
    async with World(PAGED) as world:
        coming = Upload(world.engine, ORG)
        await coming.write(b"phone\n" + b"x" * 2 * CHUNK)
        id_ = await _only_import(world)
        assert id_ is not None
        assert (await told(world, id_))["status"] == ImportStatus.UPLOADING
        await world.pass_time(9 * MINUTE)
        await coming.write(b"x" * CHUNK)
        await world.pass_time(9 * MINUTE)
        assert not await nothing_left(world)
        await world.pass_time(3 * MINUTE)
        assert await nothing_left(world)
        with pytest.raises(ConflictError):
            await coming.write(b"x" * CHUNK)


async def test_two_workers_import_nothing_twice() -> None:
    """A task that is delivered twice at once, or again, finds the import taken or done."""
    async with World(PAGED, task_copies=3) as world:
        job = await imported(world, FILE)
        assert counts(job) == (4, 0, 0, 2, 1)
        await worker.run(world.engine, task_of(TaskKind.IMPORT, ORG, job["id"]))
        assert await told(world, job["id"]) | {"id": job["id"]} == job


async def test_a_worker_that_lost_its_lease_commits_nothing_more() -> None:
    """Whoever slept through the lease leaves the import to who has taken it."""
    async with World(PAGED) as world:
        id_ = await upload(world, FILE)

        async def sleep() -> None:
            world.clock.advance(20 * SECOND)
            await worker.run(
                replace(world.engine, store=world.store), task_of(TaskKind.IMPORT, ORG, id_)
            )

        world.interleave("commit", "/contacts/", sleep)
        await world.settle()
        assert counts(await told(world, id_)) == (4, 0, 0, 2, 1)
        assert await names(world) == GOOD


@pytest.mark.parametrize("known", [False, True])
async def test_somebody_who_changes_a_contact_meanwhile_is_not_overwritten(*, known: bool) -> None:
    """A page that meets a newer contact is decided anew: fields that it does not name stay."""
    async with World(PAGED) as world:
        details = read_details({"phone": number(3), "location": "Home"})
        if known:
            await contacts.create(world.engine, ORG, read_details({"phone": number(3)}))
        id_ = await upload(world, FILE)

        async def change() -> None:
            engine = replace(world.engine, store=world.store)
            await contacts.upsert(engine, ORG, [details])

        world.interleave("commit", paths.contact(ORG, contact_id(number(3))), change)
        await world.settle()
        dan = (await people(world))[number(3)]
        assert (dan.first_name, dan.location) == ("Dan", "Home")
        assert counts(await told(world, id_)) == (3, 1, 0, 2, 1)


async def test_a_task_stops_before_its_deadline_and_another_goes_on() -> None:
    """A page a task, where the deadline is short; the last one is like the first."""
    async with World(replace(PAGED, task_deadline=timedelta())) as world:
        id_ = await upload(world, FILE)
        await world.settle()
        job = await told(world, id_)
        assert counts(job) == (4, 0, 0, 2, 1)
        assert job["fence"] >= 4
        await jobs.undo(world.engine, ORG, id_)
        await world.settle()
        assert (await told(world, id_))["status"] == ImportStatus.UNDONE
        assert await people(world) == {}


async def test_lost_tasks_lose_no_import() -> None:
    """Where the queue forgets a task, the next check finds the import."""
    async with World(PAGED, lose_tasks=True) as world:
        id_ = await upload(world, FILE)
        assert (await told(world, id_))["status"] == ImportStatus.QUEUED
        world.engine = replace(world.engine, queue=world.queue)
        await world.pass_time(MINUTE)
        assert (await told(world, id_))["status"] == ImportStatus.COMPLETED


async def test_an_import_whose_task_is_given_up_fails_and_says_why(world: World) -> None:
    """What no repetition mends ends the import; a task that is none is told only."""
    id_ = await upload(world, FILE)
    await worker.give_up(world.engine, task_of(TaskKind.IMPORT, ORG, id_), "chunk 0 is gone", "t1")
    job = await told(world, id_)
    assert (job["status"], job["error"]) == (ImportStatus.FAILED, "chunk 0 is gone")
    await worker.give_up(world.engine, task_of(TaskKind.IMPORT, ORG, "none"), "gone", "t2")
    await world.settle()
    assert await people(world) == {}


async def test_a_chunk_that_is_gone_is_tried_again_and_given_up() -> None:
    """The lease of a failed attempt keeps no other from trying."""
    async with World(PAGED) as world:
        id_ = await upload(world, FILE)
        chunk = paths.import_part(ORG, id_, "chunks", "00000")
        await world.store.commit(Delete(chunk))
        with capture_logs():  # To print these errors takes longer than all the rest.
            await world.settle()
        assert [str(error) for error in world.task_errors] == [
            f"chunk 0 of the import {id_} is gone"
        ]
        with capture_logs():
            await world.pass_time(5 * SECOND)
        assert len(world.task_errors) > 1


# --- Cancelling -------------------------------------------------------------------------------


async def test_a_cancelled_import_stops_and_keeps_what_it_has() -> None:
    """What is stored stays, what is not stays out, and both can be told."""
    async with World(PAGED) as world:
        id_ = await upload(world, FILE)

        async def cancel() -> None:
            engine = replace(world.engine, store=world.store)
            await jobs.cancel(engine, ORG, id_)

        world.interleave("commit", "/pages/000001", cancel)
        await world.settle()
        job = await told(world, id_)
        assert (job["status"], job["created"]) == (ImportStatus.CANCELLED, 2)
        assert await names(world) == {a: n for a, n in GOOD.items() if n.startswith(("A", "B"))}
        with pytest.raises(ImportStatusError, match="Cannot cancel import with status: cancelled"):
            await jobs.cancel(world.engine, ORG, id_)
        await jobs.undo(world.engine, ORG, id_)
        await world.settle()
        assert await people(world) == {}


async def test_another_organisations_import_is_not_found(world: World) -> None:
    """Whoever asks for it by its id learns nothing."""
    id_ = await upload(world, FILE)
    for ask in (jobs.load, jobs.cancel, jobs.undo):
        with pytest.raises(NotFoundError):
            await ask(world.engine, "other", id_)
    with pytest.raises(NotFoundError):
        await jobs.bad_rows(world.engine, "other", id_, after=0, limit=1)


# --- Undoing ----------------------------------------------------------------------------------


async def undone(world: World, id_: str) -> tuple[int, int, int]:
    """Undo an import; return how many were removed, restored and left."""
    world.clock.advance(SECOND)
    await jobs.undo(world.engine, ORG, id_)
    await world.settle()
    job = await told(world, id_)
    assert job["status"] == ImportStatus.UNDONE
    return job["removed"], job["restored"], job["left"]


async def _store(world: World, rows: Sequence[dict[str, Any]]) -> None:
    await contacts.upsert(world.engine, ORG, [read_details(row) for row in rows])
    world.clock.advance(SECOND)


async def test_undoing_gives_everybody_back_what_they_had() -> None:
    """Who is new goes, who was changed is as before, and the list is as it was."""
    async with World(PAGED) as world:
        await _store(world, [{"phone": number(1), "first_name": "Old"}, {"phone": number(3)}])
        before = await people(world)
        found = await lists.create(world.engine, ORG, "Mine")
        await lists.add(world.engine, ORG, found.value.id, [contact_id(number(1))])
        job = await imported(world, FILE, list_id=found.value.id)
        assert await members(world, found.value.id) == set(GOOD)
        assert await undone(world, job["id"]) == (2, 2, 0)
        assert await people(world) == before
        assert await members(world, found.value.id) == {number(1)}


async def test_who_was_changed_since_is_left_alone() -> None:
    """Somebody's later change, or deletion, goes before the undo; they stay on the list."""
    async with World(PAGED) as world:
        await _store(world, [{"phone": number(3)}])
        job = await imported(world, FILE, list_name="Spring")
        world.clock.advance(SECOND)
        changed = {"phone": number(1), "location": "Home"}, {"phone": number(3), "location": "Bonn"}
        await _store(world, changed)
        await erasure.erase(world.engine, ORG, contact_id(number(2)), by="ann")
        assert await undone(world, job["id"]) == (1, 0, 3)
        assert set(await people(world)) == {number(1), number(3)}
        assert await members(world, job["list_id"]) == {number(1), number(3)}


async def test_imports_are_undone_one_after_the_other(world: World) -> None:
    """Undoing a later import leaves the contacts as the earlier one knows them."""
    first = await imported(world, FILE)
    world.clock.advance(SECOND)
    second = await imported(world, FILE.replace("Ann,", "Eva,"))
    assert counts(second) == (0, 1, 3, 2, 1)
    assert await undone(world, second["id"]) == (0, 1, 0)
    assert await names(world) == GOOD
    assert await undone(world, first["id"]) == (4, 0, 0)
    assert await people(world) == {}


async def test_only_what_has_ended_can_be_undone(world: World) -> None:
    """An import under way, or undone, is refused; so is one whose time for it is over."""
    id_ = await upload(world, FILE)
    with pytest.raises(ImportStatusError, match="Cannot undo import with status: queued"):
        await jobs.undo(world.engine, ORG, id_)
    await world.settle()
    assert await undone(world, id_) == (4, 0, 0)
    with pytest.raises(ImportStatusError, match="Cannot undo import with status: undone"):
        await jobs.undo(world.engine, ORG, id_)


async def test_what_was_replaced_is_not_kept_for_ever(world: World) -> None:
    """When the time to undo is over, what it would need is removed; the reports stay."""
    await _store(world, [{"phone": number(1), "first_name": "Old"}])
    job = await imported(world, FILE)
    assert await _stored(world, "replaced") == 1
    world.clock.advance(UNDO_FOR)
    with pytest.raises(ImportStatusError, match="Cannot undo import any more"):
        await jobs.undo(world.engine, ORG, job["id"])
    await world.pass_time(2 * MINUTE)
    assert await _stored(world, "replaced") == await _stored(world, "pages") == 0
    assert [row["line"] for row in await bad_rows(world, job["id"])] == BAD_LINES
    job = await told(world, job["id"])
    assert (job["status"], job["wake_at"]) == (ImportStatus.COMPLETED, None)


async def test_who_is_erased_is_not_kept_in_what_was_replaced(world: World) -> None:
    """Erasing somebody takes their former fields out of every import."""
    await _store(world, [{"phone": number(1), "first_name": "Old"}])
    job = await imported(world, FILE)
    await erasure.erase(world.engine, ORG, contact_id(number(1)), by="ann")
    assert await _stored(world, "replaced") == 0
    assert await undone(world, job["id"]) == (3, 0, 1)


async def test_who_is_being_erased_is_not_brought_back(world: World) -> None:
    """A row about somebody whose erasure has not ended is told, and stored nowhere."""
    id_ = contact_id(number(1))
    empty = emptied(id_, now=world.clock.now())
    await world.store.commit(Create(paths.contact(ORG, id_), empty))
    job = await imported(world, f"phone\n{number(1)}\n", list_name="Spring")
    assert counts(job) == (0, 0, 0, 1, 0)
    assert (await lists.load(world.engine, ORG, job["id"])).value.size == 0
