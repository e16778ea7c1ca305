"""Pages: a collection in an order, a piece at a time, all of it or what a filter lets pass."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Final, NamedTuple, TypeAlias

from functions.engine.kernel.engine import Engine
from functions.engine.ports.store import Document, Operator, Query, Where

Passes: TypeAlias = Callable[[Mapping[str, Any]], bool]
"""Tells of a document's fields whether it is shown."""

#: Documents that are looked through for those that pass, before a page is given as it is.
_LOOKED_THROUGH: Final = 1000


class Page(NamedTuple):
    """Some documents, and the one to go on behind; None where no more follow."""

    documents: list[Document]
    last: Document | None


async def page_where(engine: Engine, query: Query, passes: Passes | None = None) -> Page:
    """Return a page of what a query finds, at most its limit.

    With `passes` they are looked for among the others: a page may be short, or empty, and lead on.
    """
    scanned = query.limit + 1 if passes is None else max(query.limit, _LOOKED_THROUGH)
    found = await engine.store.query(replace(query, limit=scanned))
    wanted = found if passes is None else [each for each in found if passes(each.data)]
    rows = wanted[: query.limit]
    if len(wanted) > query.limit:
        return Page(rows, rows[-1])
    return Page(rows, found[-1] if passes is not None and len(found) == scanned else None)


async def page_by_id(
    engine: Engine, collection: str, *, after: str | None, limit: int, passes: Passes | None = None
) -> tuple[list[Document], str | None]:
    """Return documents behind the id `after`, and the id to go on behind, None at the end."""
    start = None if after is None else (f"{collection}/{after}",)
    page = await page_where(engine, Query(collection, limit=limit, start_after=start), passes)
    return page.documents, page.last and page.last.id


def between(field: str, since: datetime | None, before: datetime | None) -> tuple[Where, ...]:
    """Return the conditions that an instant is not earlier than one, and earlier than another."""
    bounds: list[tuple[Operator, datetime | None]] = [(">=", since), ("<", before)]
    return tuple(Where(field, op, at) for op, at in bounds if at is not None)


def named(prefix: str) -> Passes | None:
    """Return the filter of names that begin so, in small or capital letters; None: of all."""
    if not prefix:
        return None
    return lambda data: str(data["name"]).casefold().startswith(prefix.casefold())
