"""Joint commits: what may wait a moment is committed with what does not wait.

Counts of one lane that both add to are then one write. Whoever waits goes with the next one about
the same thing, or alone once their time is up. Where both change the same document otherwise, or a
joint commit fails, each goes by itself: none fails for what another has written.
"""

import asyncio
from collections.abc import Hashable, Iterable, Sequence
from datetime import timedelta
from typing import Final, NamedTuple, TypeAlias

from functions.engine.kernel.commits.one_commit import one_commit
from functions.engine.ports.store import Add, ConflictError, RefusedError, Store, Write

#: Writes that go together at most.
_MOST: Final = 400

_Versions: TypeAlias = list[int] | None
"""Of writes that were committed; None where they are to be committed by themselves."""


class _Waiting(NamedTuple):
    writes: Sequence[Write]
    versions: "asyncio.Future[_Versions]"

    def tell(self, versions: dict[str, int] | None) -> None:
        """Tell whoever waits the versions of all that was committed, if they still wait."""
        if not self.versions.done():
            own = None if versions is None else [versions[write.path] for write in self.writes]
            self.versions.set_result(own)


class JointCommits:
    """Writes of this process that wait for others, by what they are about."""

    def __init__(self) -> None:
        self._waiting: dict[Hashable, list[_Waiting]] = {}

    async def soon(
        self, about: Hashable, store: Store, *writes: Write, within: timedelta
    ) -> list[int]:
        """Commit within a time; return the writes' versions. Raises what a store's commit does.

        A caller that is cancelled while it waits has committed nothing.
        """
        waiting = _Waiting(writes, asyncio.get_running_loop().create_future())
        self._waiting.setdefault(about, []).append(waiting)
        try:
            await asyncio.wait([waiting.versions], timeout=within.total_seconds())
        finally:
            waits_still = self._withdraw(about, [waiting])
        if waits_still:
            return await self.now(about, store, *writes)
        versions = await waiting.versions
        return await store.commit(*writes) if versions is None else versions

    async def now(self, about: Hashable, store: Store, *writes: Write) -> list[int]:
        """Commit at once, with what waits; return the versions of `writes`.

        Raises what a store's commit does.
        """
        waiting = self._waiting.get(about)
        others = _fitting(writes, waiting) if waiting else ()
        if not others:
            return await store.commit(*writes)
        self._withdraw(about, others)
        versions: dict[str, int] | None = None
        try:
            versions = await _commit_together(store, [writes, *(each.writes for each in others)])
        except (ConflictError, RefusedError):
            return await store.commit(*writes)
        finally:
            for each in others:
                each.tell(versions)
        return [versions[write.path] for write in writes]

    def _withdraw(self, about: Hashable, leaving: Iterable[_Waiting]) -> bool:
        """Have these wait no longer; return False where none of them did."""
        waiting = self._waiting.get(about, [])
        left = [each for each in waiting if all(each is not other for other in leaving)]
        if left:
            self._waiting[about] = left
        else:
            self._waiting.pop(about, None)
        return len(left) < len(waiting)


async def _commit_together(store: Store, parts: Iterable[Sequence[Write]]) -> dict[str, int]:
    """Commit parts at once; return the versions by the documents' paths."""
    together = one_commit(write for part in parts for write in part)
    versions = await store.commit(*together)
    return {write.path: version for write, version in zip(together, versions, strict=True)}


def _fitting(writes: Sequence[Write], waiting: Iterable[_Waiting]) -> list[_Waiting]:
    """Return those that can go with these writes: of one document all only add to its numbers."""
    taken = {write.path: write for write in writes}
    count, fitting = len(writes), list[_Waiting]()
    for each in waiting:
        count += len(each.writes)
        if count > _MOST:
            break
        if all(_go_together(taken.get(write.path), write) for write in each.writes):
            fitting.append(each)
            taken.update({write.path: write for write in each.writes})
    return fitting


def _go_together(first: Write | None, second: Write) -> bool:
    if isinstance(first, Add) and isinstance(second, Add):
        return first.within == second.within
    return first is None
