"""Who owns one connection: the event loop, or a thread."""

import asyncio
import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from contextlib import suppress
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any, Generic, NamedTuple, TypeAlias, TypeVar

from functions.engine.ports.store import StoreError
from functions.stores.sqlite.transactions import Outcome, Runner, Work, one_by_one, undone

T = TypeVar("T")
Item = TypeVar("Item")

Done: TypeAlias = "tuple[asyncio.Future[Any], Outcome]"
ByLoop: TypeAlias = dict[asyncio.AbstractEventLoop, list[Done]]


class Job(NamedTuple):
    """Work on the connection, and who waits for its result in which loop."""

    work: Work
    loop: asyncio.AbstractEventLoop
    future: "asyncio.Future[Any]"


class Database(ABC):
    """Runs work on one connection, in the order of its arrival.

    Raises StoreError where the connection cannot be opened.
    """

    def __init__(self, connect: Callable[[], sqlite3.Connection]) -> None:
        self._db = _opened(connect)
        self._is_closed = False

    async def do(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Return what `work` returns or raise what it raises, StoreError for SQLite's errors."""
        if self._is_closed:
            raise StoreError("the store is closed")
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        self._add(Job(work, loop, future))
        return await future

    @abstractmethod
    def _add(self, job: Job) -> None:
        """Take a job, to be done soon."""

    @abstractmethod
    async def close(self) -> None:
        """Finish what waits, then close the connection."""


class DatabaseInLoop(Database):
    """A Database in the event loop itself, which runs all that waits at its next turn.

    This is for a database in memory: to wake a thread takes longer than most of its work.
    """

    def __init__(self, connect: Callable[[], sqlite3.Connection], run: Runner) -> None:
        super().__init__(connect)
        self._run = run
        self._waiting: list[Job] = []

    def _add(self, job: Job) -> None:
        self._waiting.append(job)
        job.loop.call_soon(self._serve)

    async def close(self) -> None:
        if not self._is_closed:
            self._is_closed = True
            self._serve()
            self._db.close()

    def _serve(self) -> None:
        waiting, self._waiting = self._waiting, []
        if jobs := wanted(waiting):
            works = [job.work for job in jobs]
            try:
                outcomes = self._run(self._db, works)
            except BaseException as error:  # noqa: BLE001  an interrupt ends the waiting too
                outcomes = undone(self._db, works, error)
            settle((job.future, outcome) for job, outcome in zip(jobs, outcomes, strict=True))


class DatabaseBeside(Database, Generic[Item]):
    """A Database with a thread beside the event loop, which takes what is left to it in turn."""

    def __init__(self, connect: Callable[[], sqlite3.Connection], thread: str) -> None:
        super().__init__(connect)
        self._left: SimpleQueue[Item | None] = SimpleQueue()  #: to the thread; None: to end
        self._thread = Thread(target=self._serve, name=thread, daemon=True)
        self._thread.start()

    @abstractmethod
    def _serve(self) -> None:
        """Do what is left to the thread, until it is told to end; then close the connection."""

    async def close(self) -> None:
        if not self._is_closed:
            self._is_closed = True
            self._left.put(None)
        await asyncio.to_thread(self._thread.join)


class DatabaseReader(DatabaseBeside[Job]):
    """A Database that reads in its thread, each work by itself."""

    def __init__(self, connect: Callable[[], sqlite3.Connection]) -> None:
        super().__init__(connect, "sqlite-reader")

    def _add(self, job: Job) -> None:
        self._left.put(job)

    def _serve(self) -> None:
        while waiting := self._waiting():
            if jobs := wanted(waiting):
                hand_back(by_loop(jobs, one_by_one(self._db, [job.work for job in jobs])), settle)
        self._db.close()

    def _waiting(self) -> list[Job]:
        """Wait for a job and return all that wait; none once the thread is told to end."""
        job = self._left.get()
        jobs = []
        while job is not None:
            jobs.append(job)
            try:
                job = self._left.get_nowait()
            except Empty:
                return jobs
        if jobs:
            self._left.put(None)  # first these, then the end
        return jobs


def _opened(connect: Callable[[], sqlite3.Connection]) -> sqlite3.Connection:
    """Return a new connection. Raises StoreError where it cannot be opened."""
    try:
        return connect()
    except (sqlite3.Error, OSError) as error:
        raise StoreError(f"the database cannot be opened: {error}") from error


def wanted(jobs: Iterable[Job]) -> list[Job]:
    """Return the jobs that somebody still waits for."""
    return [job for job in jobs if not job.future.cancelled()]


def by_loop(jobs: list[Job], outcomes: list[Outcome]) -> ByLoop:
    """Return what is to be told in each loop."""
    done: ByLoop = {}
    for job, outcome in zip(jobs, outcomes, strict=True):
        done.setdefault(job.loop, []).append((job.future, outcome))
    return done


def hand_back(done: ByLoop, tell: Callable[[list[Done]], None]) -> None:
    """Wake each loop once for all of its jobs; nobody waits in one that is closed."""
    for loop, part in done.items():
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(tell, part)


def settle(done: Iterable[Done]) -> None:
    """Tell whoever waits what came of it; nobody waits any more in a loop that is closed."""
    for future, (result, error) in done:
        if future.cancelled() or future.get_loop().is_closed():
            continue
        if error is None:
            future.set_result(result)
        else:
            future.set_exception(error)
