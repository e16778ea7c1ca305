"""Suppressions: the people whom no campaign may contact."""

import structlog

from functions.domain.phones import Phone
from functions.engine import paths
from functions.engine.core import Engine
from functions.engine.ports import ConflictError, Create

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
