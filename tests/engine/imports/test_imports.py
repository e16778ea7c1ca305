"""Imports: every good row once, every bad row told, wherever a process dies; and back again."""

from dataclasses import replace
from typing import Any

import pytest

from functions.domain.contacts.contact import (
    read_details,
)
from functions.domain.errors import InvalidFieldError, NotFoundError
from functions.engine.contacts import contacts, lists
from functions.engine.imports import jobs
from functions.engine.imports.job import ImportStatus
from functions.engine.imports.row_files import FileFormat
from functions.engine.imports.upload import CHUNK, OnExisting, Upload
from tests.engine.imports.importing import (
    FILE,
    GOOD,
    PAGED,
    SECOND,
    bad_rows,
    counts,
    imported,
    members,
    names,
    nothing_left,
    people,
    told,
    upload,
    wish,
)
from tests.engine.world import LIMITS, ORG, World, number

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
    job = await imported(world, "\n".join(lines), format=FileFormat.JSON_LINES, mapping=mapping)
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
        first = {number(1): 'Zoë \U0001f338 "of" Åland', number(2): "Ben"}
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


@pytest.mark.parametrize(
    ("content", "changes", "problem"),
    [
        ("", {}, "file: is empty"),
        ("name\nAnn\n", {}, "file: needs a column phone or email"),
        ('"phone\n', {}, "file: the first line is no CSV: a quote is opened and never closed"),
        ("phone\n1\n", {"mapping": {"x": "phone"}}, "mapping: there is no column 'x'"),
        ("{}", {"format": FileFormat.JSON_LINES, "mapping": {"x": "y"}}, "mapping: 'x': must be"),
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
