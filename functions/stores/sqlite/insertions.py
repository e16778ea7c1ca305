"""Documents as rows of a table, many of which one statement inserts.

While a statement runs SQLite works without Python's lock, and beside the event loop: the more rows
a statement has, the longer. Of one row each, they would ask for that lock behind every row.
"""

import sqlite3
from functools import lru_cache
from itertools import repeat
from operator import contains, itemgetter
from typing import Any, Final, NamedTuple, TypeAlias

from functions.stores.sqlite.documents import column, encode
from functions.stores.sqlite.schema import column_of

Rows: TypeAlias = list[tuple[str, Any]]
"""Ids and their writes."""

#: Rows of a statement, or fewer than the least of these: a statement is compiled once, and kept
#: with its connection.
_SIZES: Final = (1000, 100, 10)
_SHARED: Final = ("parent", "version")  #: of all rows; known only as they are inserted


class Insertion(NamedTuple):
    """Documents of one collection as rows."""

    fields: tuple[str, ...]  #: of the documents, those that have a column
    columns: tuple[str, ...]  #: that the rows name, behind those that they share
    values: list[Any]  #: of the rows, one behind the other

    @classmethod
    def of(cls, rows: Rows, fields: tuple[str, ...]) -> "Insertion":
        """Return documents as rows. Raises StoreError for what no document can hold."""
        # A column that no row holds is NULL without being named, and costs nothing.
        held = [write.data for _, write in rows]
        named = [field for field in fields if any(map(contains, held, repeat(field)))]
        values: list[Any] = []
        for id_, write in sorted(rows, key=itemgetter(0)):  # the index's order: fewer pages move
            data = write.data
            values += (id_, write.path, encode(data))
            values += [column(data.get(field)) for field in named]
        return cls(fields, ("id", "path", "doc", *map(column_of, named)), values)

    def run(
        self, db: sqlite3.Connection, table: str, shared: tuple[int, int], on_conflict: str
    ) -> int:
        """Insert the rows, with one parent and version; return how many were."""
        inserted, at, width = 0, 0, len(self.columns)
        most = (db.getlimit(sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER) - len(shared)) // width
        while left := (len(self.values) - at) // width:
            room = min(left, most)
            size = next((each for each in _SIZES if each <= room), room)
            part = self.values[at : at + size * width]
            statement = _statement(table, self.columns, size, on_conflict)
            inserted += db.execute(statement, [*shared, *part]).rowcount
            at += size * width
        return inserted


@lru_cache(maxsize=256)  # of most sizes they are short; of 1000 rows one has 100 kB
def _statement(table: str, columns: tuple[str, ...], size: int, on_conflict: str) -> str:
    """Return the statement that inserts so many rows.

    Nothing but a conflict, of which it takes notice, or a full disk can stop it on its way, and a
    full disk undoes the whole transaction. So it says OR ROLLBACK: else SQLite keeps a copy of each
    page that it changes, 16 MB of them where a thousand rows go to as many pages of an index.
    """
    width, first = len(columns), len(_SHARED) + 1
    starts = range(first, first + size * width, width)
    rows = ", ".join(
        f"(?1, ?2, {', '.join(f'?{number}' for number in range(start, start + width))})"
        for start in starts
    )
    return (
        f"INSERT OR ROLLBACK INTO {table} ({', '.join((*_SHARED, *columns))})"  # noqa: S608  quoted names
        f" VALUES {rows} ON CONFLICT (parent, id) {on_conflict}"
    )
