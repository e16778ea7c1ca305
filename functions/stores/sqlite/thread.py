"""A thread that owns one connection, and the two ways in which it runs what it is handed."""

import asyncio
import sqlite3
from collections.abc import Callable
from concurrent.futures import Future
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any, NamedTuple, TypeAlias, TypeVar

from functions.engine.ports.store import StoreError

T = TypeVar("T")


class Job(NamedTuple):
    """Work on the connection, and who waits for its result."""

    work: Callable[[sqlite3.Connection], Any]
    future: "Future[Any]"


Outcome: TypeAlias = tuple[Any, Exception | None]
Runner: TypeAlias = Callable[[sqlite3.Connection, list[Job]], list[Outcome]]


def together(db: sqlite3.Connection, jobs: list[Job]) -> list[Outcome]:
    """Run the jobs in one transaction, so that one sync to disk serves all; each may fail alone."""
    try:
        db.execute("BEGIN IMMEDIATE")
        outcomes = [_in_savepoint(db, job) for job in jobs]
        db.execute("COMMIT")
    except (sqlite3.Error, StoreError) as error:
        if db.in_transaction:
            db.execute("ROLLBACK")
        return [(None, _store_error(error))] * len(jobs)
    return outcomes


def one_by_one(db: sqlite3.Connection, jobs: list[Job]) -> list[Outcome]:
    """Run each job by itself."""
    return [_attempt(db, job) for job in jobs]


class DatabaseThread:
    """Opens a connection in a thread of its own and runs jobs there in the order of their arrival.

    Everything that waits is handed to `run` at once. Raises StoreError where the connection
    cannot be opened.
    """

    def __init__(self, connect: Callable[[], sqlite3.Connection], run: Runner) -> None:
        self._connect = connect
        self._run = run
        self._jobs: SimpleQueue[Job | None] = SimpleQueue()
        self._is_closed = False
        opened: Future[None] = Future()
        self._thread = Thread(target=self._serve, args=(opened,), name="sqlite", daemon=True)
        self._thread.start()
        opened.result()

    async def do(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Return what `work` returns or raise what it raises, StoreError for SQLite's errors."""
        if self._is_closed:
            raise StoreError("the store is closed")
        future: Future[T] = Future()
        self._jobs.put(Job(work, future))
        return await asyncio.wrap_future(future)

    async def close(self) -> None:
        """Finish what waits, then close the connection."""
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
            taken = [job for job in jobs if job.future.set_running_or_notify_cancel()]
            if taken:
                _settle(taken, self._run(db, taken))
        db.close()

    def _waiting(self) -> list[Job]:
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


def _settle(jobs: list[Job], outcomes: list[Outcome]) -> None:
    for job, (result, error) in zip(jobs, outcomes, strict=True):
        if error is None:
            job.future.set_result(result)
        else:
            job.future.set_exception(error)


def _in_savepoint(db: sqlite3.Connection, job: Job) -> Outcome:
    db.execute("SAVEPOINT job")
    result, error = _attempt(db, job)
    if error is not None:
        if not db.in_transaction:  # SQLite has undone it all, as it does where the disk is full
            raise _store_error(error)
        db.execute("ROLLBACK TO job")
    db.execute("RELEASE job")
    return result, error


def _attempt(db: sqlite3.Connection, job: Job) -> Outcome:
    try:
        return job.work(db), None
    except sqlite3.Error as error:
        return None, _store_error(error)
    except Exception as error:  # noqa: BLE001  raised again where the job is awaited
        return None, error


def _store_error(error: Exception) -> StoreError:
    return error if isinstance(error, StoreError) else StoreError(f"SQLite: {error}")
