"""Whether Clarion is well."""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

import structlog

from functions.engine import paths
from functions.engine.kernel.engine import Engine
from functions.engine.ports.store import Document
from functions.engine.reporting import backlog
from functions.engine.reporting.backlog import Waiting

log = structlog.get_logger()

#: Checks are made every minute: three of them are missing, or one has left a campaign behind.
LATE_CHECK = timedelta(minutes=3)
LATE_CAMPAIGN = timedelta(minutes=2)


class Condition(StrEnum):
    """How something is."""

    HEALTHY = "healthy"
    DEGRADED = "degraded"  #: it answers, and is behind
    UNHEALTHY = "unhealthy"  #: it does not answer
    UNKNOWN = "unknown"  #: nothing is known of it yet


@dataclass(frozen=True, slots=True)
class Health:
    """How Clarion is. It tells counts and ages, nothing of any organisation."""

    now: datetime
    store: Condition
    queue: Condition
    last_check_at: datetime | None  #: None where none was ever made
    oldest_due_at: datetime | None  #: of a campaign that nobody has started; None without one

    @property
    def check_age(self) -> timedelta | None:
        """How long ago the last check was made."""
        return None if self.last_check_at is None else self.now - self.last_check_at

    @property
    def check(self) -> Condition:
        """Whether checks are made."""
        if self.check_age is None:
            return Condition.UNKNOWN
        return Condition.HEALTHY if self.check_age <= LATE_CHECK else Condition.DEGRADED

    @property
    def overdue(self) -> timedelta:
        """For how long the oldest due campaign has waited."""
        return self.now - self.oldest_due_at if self.oldest_due_at else timedelta()

    @property
    def campaigns(self) -> Condition:
        """Whether campaigns start on time."""
        if self.store is not Condition.HEALTHY:
            return Condition.UNKNOWN
        return Condition.HEALTHY if self.overdue <= LATE_CAMPAIGN else Condition.DEGRADED

    @property
    def overall(self) -> Condition:
        """The worst of all; what is behind still serves. A check that never was is no fault yet."""
        if Condition.UNHEALTHY in {self.store, self.queue}:
            return Condition.UNHEALTHY
        behind = Condition.DEGRADED in {self.check, self.campaigns}
        return Condition.DEGRADED if behind else Condition.HEALTHY


async def health(engine: Engine) -> Health:
    """Look at the store, the queue, the last check and the oldest due campaign."""
    stored, queue = await asyncio.gather(_stored(engine), engine.queue.is_well())
    well, last, oldest = stored
    return Health(
        engine.clock.now(),
        _condition(well),
        _condition(queue),
        last.data["at"] if last else None,
        oldest.since if oldest else None,
    )


def _condition(well: bool) -> Condition:
    return Condition.HEALTHY if well else Condition.UNHEALTHY


async def _stored(engine: Engine) -> tuple[bool, Document | None, Waiting | None]:
    """Return whether the store answers, the last check, and the oldest campaign that is due."""
    try:
        return True, *await asyncio.gather(
            engine.store.get(paths.LAST_CHECK), backlog.oldest_due(engine)
        )
    except Exception:
        log.exception("store_failed")
        return False, None, None
