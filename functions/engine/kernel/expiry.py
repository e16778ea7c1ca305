"""Expiry: what is kept for a while only goes when its `expires_at` has come, by the check."""

from typing import Final

import structlog

from functions.engine.kernel.engine import Engine
from functions.engine.ports.store import Delete, Query, StoreError, Where

log = structlog.get_logger()

#: A document holds up to 256 kB, so that a page of them is read at once without harm.
_AT_ONCE: Final = 100
_SWEEPS: Final = 20  #: of so many in one check at most


async def sweep(engine: Engine, collection: str) -> None:
    """Remove what has expired in all collections of this name, up to a bound.

    The next check goes on.
    """
    where = (Where("expires_at", "<=", engine.clock.now()),)
    query = Query(collection, where, ("expires_at",), limit=_AT_ONCE, group=True)
    try:
        for _ in range(_SWEEPS):
            expired = await engine.store.query(query)
            if expired:
                await engine.store.commit(*(Delete(each.path, each.version) for each in expired))
            if len(expired) < _AT_ONCE:
                return
    except StoreError as error:
        # One of them was used anew just now, or the store is down: neither stops the check.
        log.warning("expired_not_swept", collection=collection, error=str(error))
