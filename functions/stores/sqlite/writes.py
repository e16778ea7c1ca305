"""Commits of a SQLite store, and how one is applied.

Writes of one kind to one collection are applied together: SQLite then runs one prepared statement
over many rows, which is several times faster than a statement for each. The documents of many
writes are encoded before the commit is handed over: the thread that applies it then needs
Python's lock for little, while the event loop makes the next one.
"""

import sqlite3
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, NamedTuple

import orjson

from functions.engine.ports.store import (
    Add,
    ConflictError,
    Create,
    Delete,
    Fields,
    Set,
    Update,
    Write,
)
from functions.stores.document_paths import collection_name, place
from functions.stores.sqlite.documents import column, decode, dump, pack
from functions.stores.sqlite.insertions import Insertion, Rows
from functions.stores.sqlite.schema import Schema, column_of, table_of

_NUMBERS = (int, float)
_WHOLE = (Create, Set)  #: kinds of writes that hold whole documents
#: Writes of commits that are made one, and that the event loop applies itself.
FEW: Final = 100


class Group(NamedTuple):
    """Writes of one kind to one collection."""

    kind: type[Write]
    collection: str
    rows: Rows
    insertion: Insertion | None = None  #: of the rows, where they are encoded already


@dataclass(frozen=True, slots=True)
class Commit:
    """Writes that are applied all or none, once their tables are there."""

    schema: Schema
    groups: Sequence[Group]
    size: int  #: how many writes it has

    @classmethod
    def of(cls, schema: Schema, writes: Sequence[Write]) -> "Commit":
        """Return writes as one commit."""
        return cls(schema, _grouped(writes), len(writes))

    def encoded(self) -> "Commit":
        """Return the commit with its documents as rows, as far as the tables are known.

        Raises StoreError for what no document can hold.
        """
        return replace(self, groups=[_encoded(group, self.schema) for group in self.groups])

    def __call__(self, db: sqlite3.Connection) -> int:
        """Apply the writes and return their version. Raises ConflictError, half done: roll back."""
        update = "UPDATE versions SET last = last + 1 RETURNING last"
        version = int(db.execute(update).fetchone()[0])
        for group in self.groups:
            self.schema.ensure(db, collection_name(group.collection))
            target = _target(db, self.schema, group.collection)
            _APPLY[group.kind](db, target, version, group)
        return version

    @classmethod
    def joined(cls, commits: "Sequence[Commit]") -> "Commit | None":
        """Return commits as one; None where one may depend on another, or they are many writes.

        To begin a statement takes longer than a row of it, above all beside a busy event loop:
        both want Python's one lock. Many writes gain nothing, and are done again if one fails.
        """
        if sum(commit.size for commit in commits) > FEW:
            return None
        groups = [group for commit in commits for group in commit.groups]
        writes = [write for group in groups for _, write in group.rows]
        return cls.of(commits[0].schema, writes) if _each_document_once(writes) else None


def _encoded(group: Group, schema: Schema) -> Group:
    if group.kind not in _WHOLE:
        return group
    fields = tuple(sorted(schema.seen(collection_name(group.collection))))
    return group._replace(insertion=Insertion.of(group.rows, fields))


def _grouped(writes: Sequence[Write]) -> list[Group]:
    """Group writes by kind and collection; one by one where their order within one counts."""
    once = _each_document_once(writes)
    groups: dict[tuple[Any, ...], Group] = {}
    last: tuple[Any, ...] = ()
    rows: Rows = []
    for number, write in enumerate(writes):
        collection, _, id_ = write.path.rpartition("/")
        key = (type(write), collection, 0 if once else number)
        if key != last:  # most of a commit is of one kind, to one collection
            place(write.path)
            rows = groups.setdefault(key, Group(type(write), collection, [])).rows
            last = key
        elif not id_:
            place(write.path)
        rows.append((id_, write))
    return list(groups.values())


def _each_document_once(writes: Sequence[Write]) -> bool:
    """Tell whether no document is written twice, but for Adds alone: they go in any order."""
    paths = {write.path for write in writes}
    if len(paths) == len(writes):
        return True
    added = [write.path for write in writes if isinstance(write, Add)]
    return len(paths) - len(set(added)) == len(writes) - len(added)


class _Target(NamedTuple):
    """Where a group of writes goes."""

    collection: str
    table: str
    parent: int
    fields: tuple[str, ...]  #: those with a column

    def paths(self, ids: Sequence[str]) -> str:
        return ", ".join(f"{self.collection}/{id_}" for id_ in ids[:3])


def _target(db: sqlite3.Connection, schema: Schema, collection: str) -> _Target:
    name = collection_name(collection)
    fields = tuple(sorted(schema.fields(name)))
    return _Target(collection, table_of(name), _parent(db, collection), fields)


def _parent(db: sqlite3.Connection, collection: str) -> int:
    """Return the number that stands for a collection's path."""
    found = db.execute("SELECT id FROM parents WHERE path = ?", (collection,)).fetchone()
    if found is None:
        insert = "INSERT INTO parents (path) VALUES (?) RETURNING id"
        found = db.execute(insert, (collection,)).fetchone()
    return int(found[0])


def _create(db: sqlite3.Connection, target: _Target, version: int, group: Group) -> None:
    inserted = _insert(db, target, version, group, "DO NOTHING")
    if inserted != len(group.rows):
        ids = [id_ for id_, _ in group.rows]
        raise ConflictError(f"exists already: one of {target.paths(ids)} ...")


def _set(db: sqlite3.Connection, target: _Target, version: int, group: Group) -> None:
    if any(write.if_version is not None for _, write in group.rows):
        _current(db, target, group.rows, "version")
    columns = ("version", "doc", *map(column_of, target.fields))
    changes = ", ".join(f"{each} = excluded.{each}" for each in columns)
    _insert(db, target, version, group, f"DO UPDATE SET {changes}")


def _insert(
    db: sqlite3.Connection, target: _Target, version: int, group: Group, on_conflict: str
) -> int:
    insertion = group.insertion
    if insertion is None or insertion.fields != target.fields:
        insertion = Insertion.of(group.rows, target.fields)
    return insertion.run(db, target.table, (target.parent, version), on_conflict)


def _update(db: sqlite3.Connection, target: _Target, version: int, group: Group) -> None:
    """Merge in Python: SQLite's json_set is slower, and its json_patch merges nested maps too."""
    current = _current(db, target, group.rows, "version, rowid, doc")
    groups: dict[tuple[str, ...], list[tuple[Any, ...]]] = {}
    for id_, write in group.rows:
        _, rowid, doc = current[id_]
        changes = write.changes
        merged = dump(orjson.loads(doc) | pack(changes))
        changed = tuple([field for field in target.fields if field in changes])
        row = (version, merged, *[column(changes[field]) for field in changed], rowid)
        groups.setdefault(changed, []).append(row)
    for changed, values in groups.items():
        columns = ("version", "doc", *map(column_of, changed))
        assignments = ", ".join(f"{each} = ?" for each in columns)
        db.executemany(f"UPDATE {target.table} SET {assignments} WHERE rowid = ?", values)  # noqa: S608  quoted names


def _add(db: sqlite3.Connection, target: _Target, version: int, group: Group) -> None:
    """Read, add and write whole documents: nobody else writes before this transaction ends."""
    amounts: defaultdict[str, defaultdict[str, Counter[str]]]
    amounts = defaultdict(lambda: defaultdict(Counter))
    for id_, write in group.rows:
        amounts[id_][write.within].update(write.amounts)
    stored = _stored(db, target, list(amounts), "doc")
    missing = [id_ for id_, write in group.rows if write.must_exist and id_ not in stored]
    if missing:
        raise ConflictError(f"missing: {target.paths(missing)}")
    sums = []
    for id_, added in amounts.items():
        data: Fields = decode(stored[id_][0]) if id_ in stored else {}
        for within, of_map in added.items():
            data = _sum(data, of_map) if not within else _sum_within(data, within, of_map)
        sums.append((id_, Set(f"{target.collection}/{id_}", data)))
    _set(db, target, version, Group(Set, target.collection, sums))


def _sum_within(data: Fields, name: str, amounts: Mapping[str, int]) -> Fields:
    found = data.get(name)
    return {**data, name: _sum(found if isinstance(found, dict) else {}, amounts)}


def _sum(data: Fields, amounts: Mapping[str, int]) -> Fields:
    """Add as Firestore does: what is no number counts as 0, and so do True and False."""
    numbers = {name: data[name] for name in amounts if type(data.get(name)) in _NUMBERS}
    return {**data, **{name: numbers.get(name, 0) + added for name, added in amounts.items()}}


def _delete(db: sqlite3.Connection, target: _Target, _version: int, group: Group) -> None:
    if any(write.if_version is not None for _, write in group.rows):
        _current(db, target, group.rows, "version")
    statement = f"DELETE FROM {target.table} WHERE parent = ? AND id = ?"  # noqa: S608  quoted names
    db.executemany(statement, [(target.parent, id_) for id_, _ in group.rows])


def _current(
    db: sqlite3.Connection, target: _Target, rows: Rows, columns: str
) -> dict[str, tuple[Any, ...]]:
    """Return the stored rows by id. Raises ConflictError where a precondition does not hold."""
    found = _stored(db, target, [id_ for id_, _ in rows], columns)
    failed = [id_ for id_, write in rows if not _holds(write, found.get(id_))]
    if failed:
        raise ConflictError(f"changed or gone meanwhile: {target.paths(failed)}")
    return found


def _stored(
    db: sqlite3.Connection, target: _Target, ids: Sequence[str], columns: str
) -> dict[str, tuple[Any, ...]]:
    """Return the stored rows by id."""
    statement = (
        f"SELECT id, {columns} FROM {target.table}"  # noqa: S608  quoted names
        " WHERE parent = ? AND id IN (SELECT value FROM json_each(?))"
    )
    found = db.execute(statement, (target.parent, orjson.dumps(ids).decode()))
    return {row[0]: row[1:] for row in found}


def _holds(write: Any, row: tuple[Any, ...] | None) -> bool:
    if write.if_version is None:
        return row is not None or not isinstance(write, Update)
    return row is not None and bool(row[0] == write.if_version)


_APPLY = {Create: _create, Set: _set, Update: _update, Delete: _delete, Add: _add}
