"""The connection that writes to a file: small commits in the event loop, the disk in a thread."""

import asyncio
import sqlite3
from collections.abc import Callable
from functools import partial
from threading import Lock
from typing import Final

from functions.stores.sqlite.connections import (
    DatabaseBeside,
    Done,
    Job,
    by_loop,
    hand_back,
    settle,
    wanted,
)
from functions.stores.sqlite.transactions import (
    Outcome,
    Work,
    begin,
    committed,
    together,
    trusting,
    undone,
)
from functions.stores.sqlite.writes import FEW, Commit

# Another process that writes is waited for by the thread alone.
_WAIT: Final = "PRAGMA busy_timeout = 10000"
_DO_NOT_WAIT: Final = "PRAGMA busy_timeout = 0"


class DatabaseWriter(DatabaseBeside[Callable[[], None]]):
    """A Database that does all that waits in one transaction.

    The statements of a few writes run in the event loop, and a thread syncs them to disk: each
    statement gives Python's one lock away, and a thread beside a busy loop waits long to have it
    back. Many writes, what makes tables, and what has to wait for another process are left to the
    thread altogether. Whoever has taken the connection has it until what was done is on disk.
    """

    def __init__(self, connect: Callable[[], sqlite3.Connection]) -> None:
        super().__init__(connect, "sqlite-writer")
        self._db.execute(_DO_NOT_WAIT)
        self._lock = Lock()  #: of the next two
        self._waiting: list[Job] = []
        self._is_taken = False

    def _add(self, job: Job) -> None:
        with self._lock:
            self._waiting.append(job)
        if not self._is_taken:  # else whoever has it asks again
            if _are_few([job.work]):
                job.loop.call_soon(self._do_what_waits)
            else:  # the loop may have much to do before its next turn
                self._do_what_waits()

    def _do_what_waits(self) -> None:
        """Do a few writes here, and leave everything else to the thread."""
        jobs = [] if self._is_closed else self._take()
        if jobs:
            outcomes = self._written([job.work for job in jobs])
            follow = partial(self._commit, jobs, outcomes) if outcomes else partial(self._do, jobs)
            self._left.put(follow)

    def _written(self, works: list[Work]) -> list[Outcome]:
        """Return what came of a few writes; nothing where the thread is to do it all."""
        if not _are_few(works):
            return []
        try:
            begin(self._db)
            return trusting(self._db, works)
        except sqlite3.Error:  # another process writes
            return []
        except BaseException as error:  # noqa: BLE001  an interrupt ends the waiting too
            return undone(self._db, works, error)

    def _take(self) -> list[Job]:
        """Take the connection and all that waits; nothing where somebody has it."""
        with self._lock:
            if self._is_taken:
                return []
            waiting, self._waiting = self._waiting, []
            jobs = wanted(waiting)
            self._is_taken = bool(jobs)
        return jobs

    def _serve(self) -> None:
        while part := self._left.get():
            part()
        if jobs := self._take():
            self._do(jobs)
        self._db.close()

    def _do(self, jobs: list[Job]) -> None:
        self._db.execute(_WAIT)
        outcomes = together(self._db, [job.work for job in jobs])
        self._db.execute(_DO_NOT_WAIT)
        self._give_back(jobs, outcomes)

    def _commit(self, jobs: list[Job], outcomes: list[Outcome]) -> None:
        self._give_back(jobs, committed(self._db, outcomes))

    def _give_back(self, jobs: list[Job], outcomes: list[Outcome]) -> None:
        """Tell each loop once what came of its jobs; nobody waits in one that is closed."""
        done = by_loop(jobs, outcomes)
        with self._lock:
            self._is_taken = False
            for job in self._waiting:
                done.setdefault(job.loop, [])
        hand_back(done, self._tell)

    def _tell(self, done: list[Done]) -> None:
        settle(done)
        asyncio.get_running_loop().call_soon(self._do_what_waits)


def _are_few(works: list[Work]) -> bool:
    commits = [work for work in works if isinstance(work, Commit)]
    return len(commits) == len(works) and sum(commit.size for commit in commits) <= FEW
