"""Pages: a collection by id, a piece at a time."""

from functions.engine.kernel.engine import Engine
from functions.engine.ports.store import Document, Query


async def page_by_id(
    engine: Engine, collection: str, *, after: str | None, limit: int
) -> tuple[list[Document], str | None]:
    """Return documents behind the id `after`, and the id to go on behind, None at the end."""
    start = None if after is None else (f"{collection}/{after}",)
    found = await engine.store.query(Query(collection, limit=limit + 1, start_after=start))
    return found[:limit], found[limit - 1].id if len(found) > limit else None
