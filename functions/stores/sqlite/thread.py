"""Who owns one connection: a thread, or the event loop; and the two ways to run what is handed."""

import asyncio
import sqlite3
from collections import defaultdict
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from contextlib import suppress
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any, NamedTuple, Protocol, TypeAlias, TypeVar

from functions.engine.ports.store import StoreError
from functions.stores.sqlite.writes import Commit

T = TypeVar("T")


Work: TypeAlias = Callable[[sqlite3.Connection], Any]
Outcome: TypeAlias = tuple[Any, Exception | None]
_Done: TypeAlias = "tuple[asyncio.Future[Any], Outcome]"
Runner: TypeAlias = Callable[[sqlite3.Connection, list[Work]], list[Outcome]]


class _Job(NamedTuple):
    """Work on the connection, and who waits for its result in which loop."""

    work: Work
    loop: asyncio.AbstractEventLoop
    future: "asyncio.Future[Any]"


class Database(Protocol):
    """Runs work on one connection, in the order of its arrival."""

    async def do(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Return what `work` returns or raise what it raises, StoreError for SQLite's errors."""

    async def close(self) -> None:
        """Finish what waits, then close the connection."""


def together(db: sqlite3.Connection, works: list[Work]) -> list[Outcome]:
    """Do all works in one transaction, so that one sync to disk serves all; each may fail alone.

    Hardly any fails: they have savepoints, which copy each page that is changed, only once one has.
    """
    try:
        db.execute("BEGIN IMMEDIATE")
        if len(works) == 1:
            outcomes = [_alone(db, works[0])]
        else:
            outcomes = _without_savepoints(db, works) or [_in_savepoint(db, work) for work in works]
        if db.in_transaction:
            db.execute("COMMIT")
    except (sqlite3.Error, StoreError) as error:
        if db.in_transaction:
            db.execute("ROLLBACK")
        return [(None, _store_error(error))] * len(works)
    return outcomes


def one_by_one(db: sqlite3.Connection, works: list[Work]) -> list[Outcome]:
    """Run each work by itself."""
    return [_attempt(db, work) for work in works]


class DatabaseInLoop:
    """A Database in the event loop itself, which runs all that waits at its next turn.

    This is for a database in memory: to wake a thread takes longer than most of its work.
    """

    def __init__(self, connect: Callable[[], sqlite3.Connection], run: Runner) -> None:
        self._db = connect()
        self._run = run
        self._waiting: list[tuple[Work, asyncio.Future[Any]]] = []
        self._is_closed = False

    async def do(self, work: Callable[[sqlite3.Connection], T]) -> T:
        if self._is_closed:
            raise StoreError("the store is closed")
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        if not self._waiting:
            loop.call_soon(self._serve)
        self._waiting.append((work, future))
        return await future

    async def close(self) -> None:
        if not self._is_closed:
            self._is_closed = True
            self._serve()
            self._db.close()

    def _serve(self) -> None:
        waiting, self._waiting = self._waiting, []
        taken = [(work, future) for work, future in waiting if not future.cancelled()]
        if taken:
            works, futures = zip(*taken, strict=True)
            try:
                outcomes = self._run(self._db, list(works))
                _settle(zip(futures, outcomes, strict=True))
            except BaseException as error:  # noqa: BLE001  an interrupt ends the waiting too
                for future in futures:
                    future.set_exception(error)


class DatabaseThread:
    """A Database that opens its connection in a thread of its own and works there.

    Everything that waits is handed to `run` at once. Raises StoreError where the connection
    cannot be opened.
    """

    def __init__(self, connect: Callable[[], sqlite3.Connection], run: Runner) -> None:
        self._connect = connect
        self._run = run
        self._jobs: SimpleQueue[_Job | None] = SimpleQueue()
        self._is_closed = False
        opened: Future[None] = Future()
        self._thread = Thread(target=self._serve, args=(opened,), name="sqlite", daemon=True)
        self._thread.start()
        opened.result()

    async def do(self, work: Callable[[sqlite3.Connection], T]) -> T:
        if self._is_closed:
            raise StoreError("the store is closed")
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        self._jobs.put(_Job(work, loop, future))
        return await future

    async def close(self) -> None:
        if not self._is_closed:
            self._is_closed = True
            self._jobs.put(None)
        await asyncio.to_thread(self._thread.join)

    def _serve(self, opened: "Future[None]") -> None:
        try:
            db = self._connect()
        except (sqlite3.Error, OSError) as error:
            opened.set_exception(StoreError(f"the database cannot be opened: {error}"))
            return
        opened.set_result(None)
        while jobs := self._waiting():
            taken = [job for job in jobs if not job.future.cancelled()]
            if taken:
                _hand_back(taken, self._run(db, [job.work for job in taken]))
        db.close()

    def _waiting(self) -> list[_Job]:
        """Wait for a job and return all that wait; none once the thread is told to end."""
        job = self._jobs.get()
        jobs = []
        while job is not None:
            jobs.append(job)
            try:
                job = self._jobs.get_nowait()
            except Empty:
                return jobs
        if jobs:
            self._jobs.put(None)  # first these, then the end
        return jobs


def _hand_back(jobs: list[_Job], outcomes: list[Outcome]) -> None:
    """Wake each loop once for all of its jobs; nobody waits in one that is closed."""
    done: defaultdict[asyncio.AbstractEventLoop, list[_Done]] = defaultdict(list)
    for job, outcome in zip(jobs, outcomes, strict=True):
        done[job.loop].append((job.future, outcome))
    for loop, settled in done.items():
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(_settle, settled)


def _settle(done: Iterable[_Done]) -> None:
    for future, (result, error) in done:
        if future.cancelled():
            continue
        if error is None:
            future.set_result(result)
        else:
            future.set_exception(error)


def _alone(db: sqlite3.Connection, work: Work) -> Outcome:
    """Do the only work of a transaction, which ends with it if it fails."""
    result, error = _attempt(db, work)
    if error is not None and db.in_transaction:
        db.execute("ROLLBACK")
    return result, error


def _without_savepoints(db: sqlite3.Connection, works: list[Work]) -> list[Outcome]:
    """Do commits as if none could fail; if one does, undo all of them and return nothing."""
    commits = [work for work in works if isinstance(work, Commit)]
    if len(commits) < len(works):  # what makes tables remembers that they are there
        return []
    joined = Commit.joined(commits)
    outcomes: list[Outcome] = []
    for commit in commits if joined is None else [joined]:
        version, error = _attempt(db, commit)
        if error is not None:
            if db.in_transaction:
                db.execute("ROLLBACK")
            db.execute("BEGIN IMMEDIATE")
            return []
        outcomes.append((version, None))
    return outcomes if joined is None else outcomes * len(works)


def _in_savepoint(db: sqlite3.Connection, work: Work) -> Outcome:
    db.execute("SAVEPOINT job")
    result, error = _attempt(db, work)
    if error is not None:
        if not db.in_transaction:  # SQLite has undone it all, as it does where the disk is full
            raise _store_error(error)
        db.execute("ROLLBACK TO job")
    db.execute("RELEASE job")
    return result, error


def _attempt(db: sqlite3.Connection, work: Work) -> Outcome:
    try:
        return work(db), None
    except sqlite3.Error as error:
        return None, _store_error(error)
    except Exception as error:  # noqa: BLE001  raised again where the job is awaited
        return None, error


def _store_error(error: Exception) -> StoreError:
    return error if isinstance(error, StoreError) else StoreError(f"SQLite: {error}")
