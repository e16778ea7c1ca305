"""Strays: receipts whose message does not exist here, kept so that they can be applied later.

A store that was restored from a backup, or a number that another deployment also sends from,
makes a provider tell of what we do not know. To refuse it would have it repeated for days and then
lost.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final, NamedTuple

import structlog

from functions.domain.digest import digest
from functions.domain.errors import NotFoundError
from functions.domain.messages.delivery_events import DeliveryEvent, EventKind, MessageRef, Retry
from functions.engine import paths
from functions.engine.kernel import expiry
from functions.engine.kernel.concurrency import for_each
from functions.engine.kernel.engine import Engine
from functions.engine.kernel.paging import page_by_id
from functions.engine.ports.store import Delete, Document, Set
from functions.engine.receipts.applying import Applied
from functions.engine.receipts.receive import receive

log = structlog.get_logger()

KEPT_FOR: Final = timedelta(days=30)
#: Receipts that one replay applies at a time.
_AT_ONCE: Final = 20


class Replayed(NamedTuple):
    """What came of some orphans; `following` is the id to go on behind, None at the end."""

    applied: int
    kept: int
    following: str | None


async def receive_or_keep(engine: Engine, event: DeliveryEvent) -> Applied | None:
    """Apply a receipt, or keep it where its message does not exist and return None."""
    try:
        return await receive(engine, event)
    except NotFoundError:
        await _keep(engine, event)
        return None


async def _keep(engine: Engine, event: DeliveryEvent) -> None:
    """Keep a receipt; once more, it is the same one."""
    id_ = digest(*event.ref, event.id)  # receipts of two messages may have the same id
    await engine.store.commit(Set(paths.orphan(event.ref.org, id_), _fields(engine, event)))
    ref = event.ref
    log.warning("receipt_orphaned", org=ref.org, campaign_id=ref.campaign, message_id=ref.message)


def _fields(engine: Engine, event: DeliveryEvent) -> dict[str, Any]:
    now = engine.clock.now()
    return {
        "event": event.id,
        "campaign": event.ref.campaign,
        "message": event.ref.message,
        **{name: getattr(event, name) for name in _AS_TOLD},
        "received_at": now,
        "expires_at": now + KEPT_FOR,
    }


_AS_TOLD: Final = (
    "attempt",
    "kind",
    "at",
    "provider_id",
    "reason",
    "retry",
    "duration_s",
    "suppress",
)


def _event(org: str, data: Mapping[str, Any]) -> DeliveryEvent:
    told = {name: data[name] for name in _AS_TOLD}
    told |= {"kind": EventKind(data["kind"]), "retry": Retry(data["retry"])}
    return DeliveryEvent(
        id=data["event"], ref=MessageRef(org, data["campaign"], data["message"]), **told
    )


async def page_of(
    engine: Engine, org: str, *, after: str | None, limit: int
) -> tuple[list[Document], str | None]:
    """Return orphans behind the id `after`, by id, and the id to go on behind."""
    return await page_by_id(engine, paths.orphans(org), after=after, limit=limit)


async def replay(engine: Engine, org: str, *, after: str | None, limit: int) -> Replayed:
    """Apply some orphans again, behind the id `after`; those that find their message are gone.

    Twice at once is as once: a receipt that was applied is not applied again.
    """
    found, following = await page_of(engine, org, after=after, limit=limit)
    applied = list[str]()

    async def try_again(orphan: Document) -> None:
        try:
            await receive(engine, _event(org, orphan.data))
        except NotFoundError:
            return
        await engine.store.commit(Delete(orphan.path))
        applied.append(orphan.id)

    await for_each(found, try_again, at_once=_AT_ONCE)
    log.info("orphans_replayed", org=org, applied=len(applied), kept=len(found) - len(applied))
    return Replayed(len(applied), len(found) - len(applied), following)


async def sweep(engine: Engine) -> None:
    """Remove orphans that nobody has found a message for in thirty days."""
    await expiry.sweep(engine, "orphans")
