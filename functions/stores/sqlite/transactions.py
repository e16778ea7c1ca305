"""What is done on a connection: each work by itself, or all that wait in one transaction."""

import sqlite3
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from functions.engine.ports.store import StoreError
from functions.stores.sqlite.writes import Commit

Work: TypeAlias = Callable[[sqlite3.Connection], Any]
Outcome: TypeAlias = tuple[Any, BaseException | None]
Runner: TypeAlias = Callable[[sqlite3.Connection, list[Work]], list[Outcome]]


def one_by_one(db: sqlite3.Connection, works: list[Work]) -> list[Outcome]:
    """Run each work by itself."""
    return [_attempt(db, work) for work in works]


def together(db: sqlite3.Connection, works: list[Work]) -> list[Outcome]:
    """Do all works in one transaction, so that one sync to disk serves all; each may fail alone.

    Hardly any fails: they have savepoints, which copy each page that is changed, only once one has.
    """
    try:
        begin(db)
        outcomes = trusting(db, works) or _in_savepoints(db, works)
    except (sqlite3.Error, StoreError) as error:
        return undone(db, works, _store_error(error))
    return committed(db, outcomes)


def begin(db: sqlite3.Connection) -> None:
    """Begin a transaction that writes. Raises sqlite3.Error, as where another process writes."""
    db.execute("BEGIN IMMEDIATE")


def trusting(db: sqlite3.Connection, works: list[Work]) -> list[Outcome]:
    """Do works in the transaction that has begun, as if none could fail.

    If one of several does, all are undone, and nothing is returned.
    """
    if len(works) == 1:
        return [_alone(db, works[0])]
    commits = [work for work in works if isinstance(work, Commit)]
    if len(commits) < len(works):  # what makes tables remembers that they are there
        return []
    joined = Commit.joined(commits)
    outcomes: list[Outcome] = []
    for commit in commits if joined is None else [joined]:
        version, error = _attempt(db, commit)
        if error is not None:
            _roll_back(db)
            return []
        outcomes.append((version, None))
    return outcomes if joined is None else outcomes * len(works)


def committed(db: sqlite3.Connection, outcomes: list[Outcome]) -> list[Outcome]:
    """Sync to disk what was done, and return what came of it."""
    try:
        if db.in_transaction:
            db.execute("COMMIT")
    except sqlite3.Error as error:
        return undone(db, outcomes, _store_error(error))
    return outcomes


def undone(db: sqlite3.Connection, all_of: Sequence[Any], error: BaseException) -> list[Outcome]:
    """Undo the transaction; the error is what came of all."""
    _roll_back(db)
    return [(None, error)] * len(all_of)


def _alone(db: sqlite3.Connection, work: Work) -> Outcome:
    """Do the only work of a transaction, which ends with it if it fails."""
    result, error = _attempt(db, work)
    if error is not None:
        _roll_back(db)
    return result, error


def _in_savepoints(db: sqlite3.Connection, works: list[Work]) -> list[Outcome]:
    if not db.in_transaction:
        begin(db)
    return [_in_savepoint(db, work) for work in works]


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


def _roll_back(db: sqlite3.Connection) -> None:
    if db.in_transaction:
        db.execute("ROLLBACK")


def _store_error(error: BaseException) -> StoreError:
    return error if isinstance(error, StoreError) else StoreError(f"SQLite: {error}")
