"""The tables of a SQLite store: one for each collection name, made when it is first used.

A table holds a document as JSON, and a real column for each field that an index names. Of a
collection that the index file leaves to Firestore's automatic indexes, a field gets its column
and index when the first query names it. An index that is no longer declared is left in place.
"""

import re
import sqlite3
from collections.abc import Iterable
from functools import lru_cache

from functions.stores.indexes import Index, Indexes
from functions.stores.sqlite.documents import column, decode

_PLUMBING = """
CREATE TABLE IF NOT EXISTS versions (last INTEGER NOT NULL);
INSERT INTO versions SELECT 0 WHERE NOT EXISTS (SELECT 1 FROM versions);
CREATE TABLE IF NOT EXISTS parents (id INTEGER PRIMARY KEY, path TEXT NOT NULL UNIQUE);
"""

# The short integer stands for the collection's path: comparing paths, which begin alike, made
# inserts half as fast.
_TABLE = """
CREATE TABLE IF NOT EXISTS {} (
    parent INTEGER NOT NULL,
    id TEXT NOT NULL,
    path TEXT NOT NULL,
    version INTEGER NOT NULL,
    doc TEXT NOT NULL,
    {}
    UNIQUE (parent, id)
)
"""

DIRECTIONS = {"ASCENDING": "ASC", "DESCENDING": "DESC"}

_CAPITAL = re.compile(r"[A-Z^]")
_MARKED = re.compile(r"\^(.)")
_FIELD = "f_"  # in front of a field's name, so that a field may be called "path"


@lru_cache(maxsize=256)
def table_of(name: str) -> str:
    """Return the table of the collections called `name`, quoted."""
    return _quoted(f"docs_{name}")


@lru_cache(maxsize=1024)
def column_of(field: str) -> str:
    """Return the column of a field, quoted.

    SQLite does not tell capitals from small letters in names: a mark stands before each capital.
    """
    return _quoted(_FIELD + _CAPITAL.sub(r"^\g<0>", field))


def create_plumbing(db: sqlite3.Connection) -> None:
    """Make the tables that every store has."""
    db.executescript(_PLUMBING)


class Schema:
    """Knows which tables and columns exist, and makes those that are missing."""

    def __init__(self, indexes: Indexes) -> None:
        self._indexes = indexes
        self._fields: dict[str, frozenset[str]] = {}
        self._seen = -1

    def fields(self, name: str) -> frozenset[str]:
        """Return the fields that have a column in the table of `name`."""
        return self._fields[name]

    def seen(self, name: str) -> frozenset[str]:
        """Return the fields that had a column when a commit last looked, and none before.

        It may be asked beside a commit; what it says may have changed when the next one looks.
        """
        return self._fields.get(name, frozenset())

    def ensure(
        self, db: sqlite3.Connection, name: str, fields: Iterable[str] = ()
    ) -> frozenset[str]:
        """Make the table of `name` and columns for these fields, where they are missing.

        Returns every field that has a column. To be called in a transaction that may write:
        others see the table only once that is committed.
        """
        self._notice_others(db)
        known = self._fields.get(name)
        if known is None or not known.issuperset(fields):
            self._make(db, name, frozenset(fields))
            self._seen = _schema_version(db)
        return self._fields[name]

    def _notice_others(self, db: sqlite3.Connection) -> None:
        """Forget everything where another process, or a rollback, has changed the tables."""
        version = _schema_version(db)
        if version != self._seen:
            self._fields.clear()
            self._seen = version

    def _make(self, db: sqlite3.Connection, name: str, fields: frozenset[str]) -> None:
        declared = self._indexes.declared(name)
        named = {field for index in declared for field, _ in index.fields}
        wanted = named | fields
        columns = "".join(f"{column_of(field)}, " for field in sorted(wanted))
        db.execute(_TABLE.format(table_of(name), columns))
        existing = _existing_fields(db, name)
        _add_columns(db, name, wanted - existing)
        automatic = [Index(name, False, ((field, "ASCENDING"),)) for field in fields - named]
        for index in (*declared, *automatic):
            db.execute(_index_sql(index))
        self._fields[name] = existing | wanted


def _schema_version(db: sqlite3.Connection) -> int:
    return int(db.execute("PRAGMA schema_version").fetchone()[0])


def _existing_fields(db: sqlite3.Connection, name: str) -> frozenset[str]:
    columns = [row[1] for row in db.execute(f"PRAGMA table_info({table_of(name)})")]
    return frozenset(
        _MARKED.sub(r"\1", each.removeprefix(_FIELD)) for each in columns if each.startswith(_FIELD)
    )


def _add_columns(db: sqlite3.Connection, name: str, fields: Iterable[str]) -> None:
    """Add columns and fill them from the documents that are already there."""
    for field in fields:
        db.execute(f"ALTER TABLE {table_of(name)} ADD COLUMN {column_of(field)}")
        rows = db.execute(f"SELECT rowid, doc FROM {table_of(name)}")  # noqa: S608  quoted names
        values = [(column(decode(doc).get(field)), rowid) for rowid, doc in rows]
        fill = f"UPDATE {table_of(name)} SET {column_of(field)} = ? WHERE rowid = ?"  # noqa: S608  quoted names
        db.executemany(fill, values)


def _index_sql(index: Index) -> str:
    """Return the statement that makes an index: the fields, then what breaks ties.

    An index leaves out rows without one of its fields: they are in no ordered result and equal to
    nothing, and messages that have been dealt with need no place in the index of those that are
    due, nor people without an e-mail address in the index of addresses.
    """
    keys = [f"{column_of(field)} {DIRECTIONS[direction]}" for field, direction in index.fields]
    _, direction = index.fields[-1]
    tie = f"{'path' if index.group else 'id'} {DIRECTIONS[direction]}"
    scope = [] if index.group else ["parent"]
    held = " AND ".join(f"{column_of(field)} IS NOT NULL" for field, _ in index.fields)
    name = _quoted(f"{index.collection}: {', '.join([*scope, *keys, tie])}")
    columns = ", ".join([*scope, *keys, tie])
    table = table_of(index.collection)
    return f"CREATE INDEX IF NOT EXISTS {name} ON {table} ({columns}) WHERE {held}"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
