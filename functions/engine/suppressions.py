"""Suppressions: the people whom no campaign may contact."""

from collections.abc import Sequence

import structlog

from functions.domain.phones import Phone
from functions.engine import paths
from functions.engine.core import Engine
from functions.engine.ports import ConflictError, Create, Query

log = structlog.get_logger()


async def suppress(engine: Engine, org: str, phone: Phone, *, reason: str) -> bool:
    """Leave a number out of every launch from now on; False if it was suppressed already.

    The first reason is the one that is kept.
    """
    fields = {"reason": reason, "at": engine.clock.now()}
    try:
        await engine.store.commit(Create(paths.suppression(org, phone.e164), fields))
    except ConflictError:
        return False
    log.info("address_suppressed", org=org, reason=reason)
    return True


async def suppressed_among(engine: Engine, org: str, addresses: Sequence[str]) -> set[str]:
    """Return those of these addresses that must not be contacted."""
    if not await engine.store.query(Query(paths.suppressions(org), limit=1)):
        return set()  # Nobody is: the usual case, and far cheaper than asking for each.
    found = await engine.store.get_many([paths.suppression(org, each) for each in addresses])
    return {document.id for document in found if document is not None}
