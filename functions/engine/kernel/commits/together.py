"""Together: work of one process that shares a read and a commit with work of the same kind.

What comes while nothing is under way begins at once. What comes meanwhile is gathered, and done
together once that has ended, or a moment after it has begun: the more there is to do at a time the
less each piece costs. Each caller is answered once its own piece is durable, or has failed.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Hashable, Sequence
from contextvars import Context
from datetime import timedelta
from typing import Any, Final, Generic, NamedTuple, TypeAlias, TypeVar

from functions.engine.kernel.commits.modify import retried
from functions.engine.kernel.concurrency import for_each
from functions.engine.ports.store import ConflictError, RefusedError

P = TypeVar("P")
R = TypeVar("R")

Work: TypeAlias = Callable[[Sequence[P]], Awaitable[Sequence[R | Exception]]]
"""Reads, decides and commits pieces together; returns what became of each, in their order."""

#: So often pieces are read anew together upon a conflict; after that each goes by itself,
_TRIES: Final = 2
#: so many at a time.
_ALONE_AT_ONCE: Final = 20


class _Piece(NamedTuple, Generic[P, R]):
    asked: P
    work: "Work[P, R]"
    answer: "asyncio.Future[R]"

    def tell(self, result: R | BaseException) -> None:
        """Answer whoever asked, unless they have gone."""
        if self.answer.done():
            return
        if isinstance(result, BaseException):
            self.answer.set_exception(result)
        else:
            self.answer.set_result(result)


class Together:
    """Pieces of work, by what they are about; of one thing `most` are done at a time."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._waiting: dict[Hashable, deque[_Piece[Any, Any]]] = {}
        self._under_way: set[asyncio.Task[None]] = set()  # the loop keeps none that is waited for

    async def do(
        self, about: Hashable, asked: P, work: Work[P, R], *, moment: timedelta = timedelta()
    ) -> R:
        """Return what becomes of a piece, done with others about the same thing.

        Work about it does not begin again within a `moment` of when it has begun.
        Raises what became of this piece; another one's failure harms it in no way. A caller that
        is cancelled leaves it to be done.
        """
        answer: asyncio.Future[R] = asyncio.get_running_loop().create_future()
        piece = _Piece(asked, work, answer)
        waiting = self._waiting.get(about)
        if waiting is not None:
            waiting.append(piece)
        else:
            self._waiting[about] = deque([piece])
            # It belongs to nobody's request: neither their end nor what they log by is its own.
            work_off = self._work_off(about, moment.total_seconds())
            task = asyncio.create_task(work_off, context=Context())
            self._under_way.add(task)
            task.add_done_callback(self._under_way.discard)
        return await answer

    async def _work_off(self, about: Hashable, moment_s: float) -> None:
        waiting, loop = self._waiting[about], asyncio.get_running_loop()
        try:
            while waiting:
                again_at = loop.time() + moment_s
                part = [waiting.popleft() for _ in range(min(self._most, len(waiting)))]
                await _do(part)
                if (left := again_at - loop.time()) > 0 and len(waiting) < self._most:
                    await asyncio.sleep(left)
        finally:
            del self._waiting[about]
            for piece in waiting:
                piece.answer.cancel()


async def _do(pieces: Sequence[_Piece[P, R]]) -> None:
    """Do pieces and answer each, whatever becomes of them."""
    try:
        if len(pieces) == 1 or not await _done_together(pieces):
            await for_each(pieces, _do_alone, at_once=_ALONE_AT_ONCE)
    except asyncio.CancelledError:
        for piece in pieces:
            piece.answer.cancel()
        raise
    except BaseException as error:  # noqa: BLE001 - raised where each piece is waited for
        for piece in pieces:
            piece.tell(error)


async def _done_together(pieces: Sequence[_Piece[P, R]]) -> bool:
    """Do pieces in one commit; False where each is to go by itself: one of them may be at fault."""
    for _ in range(_TRIES):
        try:
            results = await pieces[0].work([piece.asked for piece in pieces])
        except ConflictError:
            continue
        except RefusedError:
            half = len(pieces) // 2
            await _do(pieces[:half])
            await _do(pieces[half:])
            return True
        except Exception:  # noqa: BLE001 - each meets it again by itself, or does not
            return False
        for piece, result in zip(pieces, results, strict=True):
            piece.tell(result)
        return True
    return False


async def _do_alone(piece: _Piece[P, R]) -> None:
    try:
        (result,) = await retried(lambda: piece.work([piece.asked]), "what is done together")
    except Exception as error:  # noqa: BLE001 - raised where the piece is waited for
        piece.tell(error)
    else:
        piece.tell(result)
