"""Removal: everything that a query finds goes, a page in a commit; repeated it goes on."""

from functions.engine.kernel.engine import Engine
from functions.engine.ports.store import Delete, Query


async def remove_all(engine: Engine, query: Query) -> None:
    """Remove what a query finds, its limit at a time, until it finds nothing."""
    while found := await engine.store.query(query):
        await engine.store.commit(*(Delete(each.path) for each in found))
