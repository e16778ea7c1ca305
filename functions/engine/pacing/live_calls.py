"""Live-call slots: held by calls that are under way, freed when they end."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from functions.domain.campaigns.send import Send
from functions.domain.sending_rules.rate_limit import hold
from functions.engine import paths
from functions.engine.kernel.engine import Engine
from functions.engine.kernel.modify import modify
from functions.engine.ports.store import Create, Document, Update, Write

#: A slot outlives the longest call by this much, then it frees itself.
MARGIN = timedelta(minutes=5)


def live_scopes(org: str) -> list[str]:
    """Return the documents that hold the live-call slots an organisation's calls need."""
    return [paths.live_calls(org), paths.ALL_LIVE_CALLS]


def hold_slots(
    engine: Engine,
    states: dict[str, Document | None],
    ids: Sequence[str],
    now: datetime,
    until: datetime,
) -> tuple[list[str], list[Write]]:
    """Take a slot in every scope for as many of `ids` as all scopes have room for."""
    limits = (engine.limits.live_calls_per_org, engine.limits.live_calls_total)
    granted = list(ids)
    for document, limit in zip(states.values(), limits, strict=False):
        granted, _ = hold(_held(document), granted, limit, now=now, until=until)
    writes = []
    for (path, document), limit in zip(states.items(), limits, strict=False):
        _, held = hold(_held(document), granted, limit, now=now, until=until)
        writes.append(_write(path, document, {"held": held}))
    return granted, writes


def _held(document: Document | None) -> dict[str, datetime]:
    return document.data["held"] if document else {}


def _write(path: str, document: Document | None, fields: dict[str, object]) -> Write:
    if document is None:
        return Create(path, fields)
    return Update(path, fields, document.version)


async def free(engine: Engine, org: str, send: Send, ids: Sequence[str]) -> None:
    """Give back the live-call slots of messages that are no longer with the provider."""
    if ids:
        await drop(engine, org, send, lambda id_, _: id_ in ids)


async def drop(
    engine: Engine, org: str, send: Send, is_free: Callable[[str, datetime], bool]
) -> None:
    """Give back the live-call slots for which `is_free` answers True, by message id and end."""
    if not engine.traits(send).holds_live_call:
        return

    def decide(documents: list[Document | None]) -> tuple[None, list[Write]]:
        writes: list[Write] = []
        for document in filter(None, documents):
            before = document.data["held"]
            held = {id_: until for id_, until in before.items() if not is_free(id_, until)}
            if len(held) < len(before):
                writes.append(Update(document.path, {"held": held}, document.version))
        return None, writes

    await modify(engine.store, live_scopes(org), decide)
