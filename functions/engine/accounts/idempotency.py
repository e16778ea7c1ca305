"""Requests that must not be done twice: a key names each, and its answer is kept for a day.

A request claims its key, under a lease, before anything is done. Whoever repeats it meanwhile is
told so; whoever repeats it later gets the answer that was kept. A lease that ran out is that of a
process that died: the request may be claimed, and done, again, unless it had begun to act
(marked_store.py).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any, Final, NamedTuple
from uuid import uuid4

import structlog

from functions.domain.errors import (
    AnswerNotKeptError,
    BrokenOffError,
    KeyInUseError,
    KeyReusedError,
)
from functions.engine.kernel import expiry
from functions.engine.kernel.commits.modify import modify
from functions.engine.kernel.engine import Engine
from functions.engine.ports.store import Create, Delete, Document, Set, StoreError, Update, Write

log = structlog.get_logger()

LEASE: Final = timedelta(seconds=60)
KEPT_FOR: Final = timedelta(hours=24)


class Claim(NamedTuple):
    """The right to do the request of a key, for as long as the lease is renewed."""

    path: str
    holder: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What a request was answered, and to whom; `body` None is one that is not kept."""

    status: int
    headers: Mapping[str, str]
    body: str | None
    role: str  #: of who was answered: whoever may do less now is not told


async def claim(engine: Engine, path: str, fingerprint: str) -> Claim | Answer:
    """Claim the request of the key at `path`, or return what it was answered.

    Raises KeyReusedError where the key came with a request of another fingerprint, KeyInUseError
    while somebody does the request, AnswerNotKeptError and BrokenOffError.
    """
    now = engine.clock.now()
    mine = Claim(path, uuid4().hex)
    fields = {
        "fingerprint": fingerprint,
        "holder": mine.holder,
        "lease_until": now + LEASE,
        "expires_at": now + KEPT_FOR,
        "answer": None,
        "has_acted": False,
    }

    def decide(documents: list[Document | None]) -> tuple[Claim | Answer, Sequence[Write]]:
        document = documents[0]
        if document is None:
            return mine, [Create(path, fields)]
        if document.data["expires_at"] > now:
            kept = _kept(document.data, fingerprint)
            if kept is not None:
                return kept, ()
            if document.data["lease_until"] > now:
                raise KeyInUseError
            if document.data["has_acted"]:
                raise BrokenOffError
        return mine, [Set(path, fields, document.version)]

    return await modify(engine.store, [path], decide)


def _kept(data: Mapping[str, Any], fingerprint: str) -> Answer | None:
    if data["fingerprint"] != fingerprint:
        raise KeyReusedError
    if data["answer"] is None:
        return None
    answer = Answer(**data["answer"])
    if answer.body is None:
        raise AnswerNotKeptError(answer.status)
    return answer


async def renew(engine: Engine, held: Claim) -> None:
    """Hold a claim for another lease."""
    changes = {"lease_until": engine.clock.now() + LEASE}
    await _change(engine, held, lambda found: Update(found.path, changes, found.version))


async def keep(engine: Engine, held: Claim, answer: Answer) -> None:
    """Keep the answer for whoever asks again."""
    changes = {"answer": asdict(answer)}
    await _change(engine, held, lambda found: Update(found.path, changes, found.version))


async def release(engine: Engine, held: Claim) -> None:
    """Give a claim back: the request may be made again at once, unless it has acted."""
    now = engine.clock.now()

    def given_back(found: Document) -> Write:
        if found.data["has_acted"]:
            return Update(found.path, {"lease_until": now}, found.version)
        return Delete(found.path, found.version)

    await _change(engine, held, given_back)


async def _change(engine: Engine, held: Claim, write: Callable[[Document], Write]) -> None:
    """Write, unless somebody else has the claim by now.

    A store that fails is logged only: the request's own answer stands, and the lease runs out.
    """

    def decide(documents: list[Document | None]) -> tuple[bool, Sequence[Write]]:
        document = documents[0]
        if document is None or document.data["holder"] != held.holder:
            return False, ()
        return True, [write(document)]

    try:
        is_ours = await modify(engine.store, [held.path], decide)
    except StoreError as error:
        log.warning("idempotency_not_noted", path=held.path, error=str(error))
    else:
        if not is_ours:
            log.warning("idempotency_claim_lost", path=held.path)


async def sweep(engine: Engine) -> None:
    """Remove keys whose day is over, up to a bound; the next check goes on."""
    await expiry.sweep(engine, "idempotency")
