"""Files, and imports of them, that the tests of imports share."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from functions.domain.contacts.contact import (
    Contact,
    contact_from,
)
from functions.engine import paths
from functions.engine.imports import jobs
from functions.engine.imports.row_files import FileFormat
from functions.engine.imports.upload import ImportRequest, Upload
from functions.engine.kernel.engine import Limits
from functions.engine.ports.store import Query
from tests.engine.stored_lists import check_list, rows_on
from tests.engine.world import ORG, World, number

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
GOOD = {number(1): "Ann", number(2): 'Ben "B" Oak', number(3): "Dan", number(5): "Flo"}


def wish(**changes: Any) -> ImportRequest:
    """Return the wish for a CSV, changed."""
    return replace(ImportRequest(name="people.csv", format=FileFormat.CSV, by="ann"), **changes)


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
    await check_list(world.store, ORG, list_id)
    return {each["address"] for each in await rows_on(world.store, ORG, list_id)}


def counts(job: Mapping[str, Any]) -> tuple[int, ...]:
    """Return how many rows were created, updated, unchanged, invalid and duplicates."""
    told_of = ("created", "updated", "unchanged", "invalid", "duplicates")
    assert job["rows"] == sum(job[name] for name in told_of)
    return tuple(job[name] for name in told_of)


async def nothing_left(world: World) -> bool:
    """Tell whether no import, and no part of one, is stored."""
    groups = ("imports", "chunks", "pages", "replaced", "errors")
    wanted = Query(paths.imports(ORG))
    return not await world.store.count(wanted) and not any(
        [await stored(world, group) for group in groups]
    )


async def stored(world: World, name: str) -> int:
    """Count the stored documents of collections of a name."""

    def count(db: Any) -> int:
        tables = "SELECT count(*) FROM sqlite_master WHERE name = ?"
        if not db.execute(tables, (f"docs_{name}",)).fetchone()[0]:
            return 0
        return int(db.execute(f"SELECT count(*) FROM docs_{name}").fetchone()[0])  # noqa: S608 - our own names

    return await world.store._reader.do(count)
