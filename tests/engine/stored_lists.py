"""Lists as tests store them, with whom they like on them, and as they stand in a store."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from functions.engine import paths
from functions.engine.contacts import list_rows, member_pages
from functions.engine.kernel.engine import Engine
from functions.engine.ports.store import Add, Create, Query, Store


async def put_list(
    store: Store, org: str, id_: str, rows: Iterable[Mapping[str, Any]], *, now: datetime
) -> None:
    """Store a list with these rows, whether there are such contacts or not."""
    home = paths.list_(org, id_)
    await store.commit(Create(home, {"name": id_, "size": 0, "pages": 0, "created_at": now}))
    await put_on(store, home, list(rows))


async def put_on(store: Store, home: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Put rows on the list at `home`, on pages of their own."""
    stored = await store.get(home)
    assert stored is not None
    placed = member_pages.place(home, stored.data["pages"], None, rows)
    grown = {"size": len(rows), "pages": placed.pages}
    await store.commit(Add(home, grown), *placed.writes)


async def rows_on(store: Store, org: str, list_id: str) -> list[Mapping[str, Any]]:
    """Return the rows of a list, in its order."""
    pages = await store.query(Query(paths.pages(paths.list_(org, list_id)), limit=10_000))
    return [row for page in pages for row in page.data["rows"] if row is not None]


async def check_list(store: Store, org: str, list_id: str) -> list[str]:
    """Return the ids of those on a list, once its size and all contacts' notes agree with it."""
    rows = [row["id"] for row in await rows_on(store, org, list_id)]
    assert len(rows) == len(set(rows))
    home = await store.get(paths.list_(org, list_id))
    assert home is not None
    assert home.data["size"] == len(rows)
    contacts = await store.query(Query(paths.contacts(org), limit=10_000))
    noted = {
        each.id: note["page"]
        for each in contacts
        if (note := each.data["list_pages"].get(list_id)) is not None
    }
    pages = await store.query(Query(paths.pages(home.path), limit=10_000))
    stand = {row["id"]: int(page.id) for page in pages for row in page.data["rows"] if row}
    assert noted == stand
    return rows


async def shown(engine: Engine, org: str, list_id: str) -> list[str]:
    """Return the ids of those on a list as it is shown, two at a time."""
    ids: list[str] = []
    after: str | None = ""
    while after is not None:
        people, after = await list_rows.members(engine, org, list_id, limit=2, after=after)
        ids += [each.id for each in people]
    return ids
