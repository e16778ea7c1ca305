"""Which indexes exist, and which queries they serve: Firestore's rules, applied on every store.

Source: "Index types in Cloud Firestore" and the reference of firestore.indexes.json. No emulator
applies these rules, so a query that production would refuse is refused here, on a laptop, first.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, NamedTuple, TypeAlias, cast

import orjson

from functions.engine.ports.store import MissingIndexError, Query, StoreError

Direction = Literal["ASCENDING", "DESCENDING"]
Ordered: TypeAlias = tuple[str, Direction]

INDEX_FILE = Path(__file__).parents[2] / "infra" / "firestore.indexes.json"

_LARGEST_OFFSET = 2**31 - 1  # Firestore's

_BOTH: tuple[Direction, ...] = ("ASCENDING", "DESCENDING")


class Index(NamedTuple):
    """One declared index: of each collection of that name, or (`group`) of all of them as one."""

    collection: str
    group: bool
    fields: tuple[Ordered, ...]


class Need(NamedTuple):
    """What a query asks of an index. Queries with equal needs are served alike."""

    collection: str
    group: bool
    equal: frozenset[str]
    order: tuple[Ordered, ...]


def need(query: Query) -> Need:
    """Return what `query` asks of an index. Raises StoreError where it is no valid query."""
    equal = frozenset(where.field for where in query.where if where.op == "==")
    order = tuple(ordered(name) for name in query.order_by if name.lstrip("-") not in equal)
    _validate(query, order[0][0] if order else None)
    return Need(query.collection.rpartition("/")[2], query.group, equal, order)


def ordered(name: str) -> Ordered:
    """Split a name of `Query.order_by` into field and direction."""
    return (name[1:], "DESCENDING") if name.startswith("-") else (name, "ASCENDING")


class Indexes:
    """The declared indexes, and Firestore's automatic ones where the declaration leaves them on."""

    def __init__(self, declaration: Mapping[str, Any]) -> None:
        self._composites = [_composite(entry) for entry in declaration.get("indexes", ())]
        self._overrides = {
            (entry["collectionGroup"], entry["fieldPath"]): _single_fields(entry)
            for entry in declaration.get("fieldOverrides", ())
        }
        self._served: set[Need] = set()

    @classmethod
    def load(cls, path: Path = INDEX_FILE) -> "Indexes":
        """Read a firestore.indexes.json."""
        return cls(orjson.loads(path.read_bytes()))

    def declared(self, collection: str) -> list[Index]:
        """Return the indexes that the declaration names for collections of this name."""
        singles = [
            index
            for (_, field), found in self._overrides.items()
            for index in found
            if field != "*"
        ]
        return [index for index in (*self._composites, *singles) if index.collection == collection]

    def require(self, query: Query) -> Need:
        """Return what `query` needs. Raises MissingIndexError where no index has it."""
        needed = need(query)
        if needed not in self._served:
            if not self._serves(needed):
                raise MissingIndexError(f"no declared index serves {query}; add {_entry(needed)}")
            self._served.add(needed)
        return needed

    def _serves(self, needed: Need) -> bool:
        if not needed.equal and not needed.order:
            return True
        if not needed.equal and len(needed.order) == 1:
            return self._has_single(needed, *needed.order[0])
        prefixes = self._composite_prefixes(needed)
        if not needed.order:
            prefixes += [{name} for name in needed.equal if self._has_equal(needed, name)]
        # Indexes that agree in their order are merged; together they must cover every equality.
        return bool(prefixes) and set[str]().union(*prefixes) == needed.equal

    def _composite_prefixes(self, needed: Need) -> list[set[str]]:
        """Return the equality fields of each composite index that ends in the needed order."""
        found = []
        for index in self._composites:
            split = len(index.fields) - len(needed.order)
            prefix = {name for name, _ in index.fields[:split]}
            same = (index.collection, index.group) == (needed.collection, needed.group)
            if same and index.fields[split:] == needed.order and prefix <= needed.equal:
                found.append(prefix)
        return found

    def _has_equal(self, needed: Need, name: str) -> bool:
        return any(self._has_single(needed, name, direction) for direction in _BOTH)

    def _has_single(self, needed: Need, name: str, direction: Direction) -> bool:
        collection = needed.collection
        override = self._overrides.get((collection, name), self._overrides.get((collection, "*")))
        if override is None:
            return not needed.group  # automatic indexes serve single collections only
        return any(
            index.group == needed.group and index.fields[0][1] == direction for index in override
        )


def _validate(query: Query, first_ordered: str | None) -> None:
    for field, op, value in query.where:
        if op != "==" and field != first_ordered:
            raise StoreError(f"{field} {op}: a range must be on the first ordered field of {query}")
        if isinstance(value, list | tuple | Mapping):
            raise StoreError(f"{field} {op}: a condition compares single values: {query}")
    if query.start_after is not None and len(query.start_after) != len(query.order_by) + 1:
        raise StoreError(f"start_after holds the ordered fields and a path: {query}")
    if not 0 <= query.offset <= _LARGEST_OFFSET:
        raise StoreError(f"offset goes from 0 to {_LARGEST_OFFSET}: {query}")
    if query.group and "/" in query.collection:
        raise StoreError(f"a group is named by its last segment: {query}")


def _composite(entry: Mapping[str, Any]) -> Index:
    fields = tuple((field["fieldPath"], _direction(field)) for field in entry["fields"])
    return Index(entry["collectionGroup"], _is_group(entry), fields)


def _single_fields(entry: Mapping[str, Any]) -> list[Index]:
    collection, field = entry["collectionGroup"], entry["fieldPath"]
    return [
        Index(collection, _is_group(index), ((field, _direction(index)),))
        for index in entry["indexes"]
    ]


def _is_group(entry: Mapping[str, Any]) -> bool:
    return bool(entry.get("queryScope", "COLLECTION") == "COLLECTION_GROUP")


def _direction(field: Mapping[str, Any]) -> Direction:
    if field.get("order") not in _BOTH:
        raise StoreError(f"only ordered indexes are used here: {dict(field)}")
    return cast("Direction", field["order"])


def _entry(needed: Need) -> str:
    """Return the JSON to add to the index file."""
    scope = "COLLECTION_GROUP" if needed.group else "COLLECTION"
    fields = [(name, _BOTH[0]) for name in sorted(needed.equal)] + list(needed.order)
    entry: dict[str, Any] = {"collectionGroup": needed.collection}
    if len(fields) == 1:
        name, order = fields[0]
        entry |= {"fieldPath": name, "indexes": [{"order": order, "queryScope": scope}]}
        return f"to fieldOverrides: {orjson.dumps(entry).decode()}"
    listed = [{"fieldPath": name, "order": order} for name, order in fields]
    entry |= {"queryScope": scope, "fields": listed}
    return f"to indexes: {orjson.dumps(entry).decode()}"
