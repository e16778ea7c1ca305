"""Read, decide, write where nothing has changed meanwhile; again where something has."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from random import random
from typing import TypeVar

from functions.domain.errors import NotFoundError, StaleError
from functions.engine.ports.store import ConflictError, Document, Store, Write

T = TypeVar("T")

_TRIES = 50
_PAUSE_S = 0.01  #: grows with each try, up to twenty times this


async def modify(
    store: Store,
    paths: Sequence[str],
    decide: Callable[[list[Document | None]], tuple[T, Sequence[Write]]],
    *,
    commit: Callable[..., Awaitable[object]] | None = None,
) -> T:
    """Commit what `decide` makes of the documents at `paths`, and return its result.

    `decide` is pure and may be called several times, each time with newer documents; its writes
    carry if_version. Whatever it raises is raised here, with nothing written. `commit` is the
    store's where none is given. Raises ConflictError where the documents never stand still.
    """

    async def attempt() -> T:
        result, writes = decide(await store.get_many(paths))
        if writes:
            await (commit or store.commit)(*writes)
        return result

    return await retried(attempt, paths[0] if paths else "nothing")


async def retried(attempt: Callable[[], Awaitable[T]], path: str) -> T:
    """Return what an attempt comes to that reads, decides and commits; again upon a conflict.

    Raises ConflictError where the documents, `path` among them, never stand still.
    """
    for tries in range(_TRIES):
        try:
            return await attempt()
        except ConflictError:
            # A hundred calls that end at once would otherwise keep step and hinder each other.
            await asyncio.sleep(_PAUSE_S * min(tries, 20) * random())  # noqa: S311 - nobody gains by guessing it
    raise ConflictError(f"{path} changed {_TRIES} times while it was being changed")


def at_version(
    document: Document | None, what: str, id_: str, version: int | None = None
) -> Document:
    """Return a document that exists, at the version that somebody has seen; None: at any.

    Raises NotFoundError and StaleError.
    """
    if document is None:
        raise NotFoundError(what, id_)
    if version is not None and document.version != version:
        raise StaleError(what)
    return document
