"""Bars: the addresses that were barred since an instant, whose people leave their plans."""

from datetime import datetime, timedelta
from typing import Final

from functions.domain.contacts.suppressions import suppression_from
from functions.engine import paths
from functions.engine.contacts.leaving import leave
from functions.engine.kernel.engine import Engine
from functions.engine.ports.store import Document, Query, Where

#: A bar is stamped by another clock than ours, and is seen a little later than stamped.
_LOOK_BACK: Final = timedelta(minutes=5)
_PAGE: Final = 200


async def heed_bars(engine: Engine, org: str, *, since: datetime) -> None:
    """Have everybody leave who was barred since then for good, as the bar itself has them do.

    For walks that were stored after those who barred looked for them; repeated it does no harm.
    """
    where = (Where("at", ">", since - _LOOK_BACK),)
    query = Query(paths.suppressions(org), where, ("at",), limit=_PAGE)
    while found := await engine.store.query(query):
        for each in found:
            await _heed(engine, org, each)
        if len(found) < _PAGE:
            return
        query = query.after(found[-1])


async def _heed(engine: Engine, org: str, document: Document) -> None:
    known = suppression_from(document.id, document.data)
    for scope, bar in known.scopes.items():
        if bar.ends_walks:
            await leave(engine, org, known.address, scope=scope, event="suppressed")
