"""Which queries an index file serves, case by case, by Firestore's rules."""

from typing import Any

import orjson
import pytest

from functions.engine.ports.store import MissingIndexError, Query, StoreError, Where
from functions.stores.indexes import INDEX_FILE, Indexes


def composite(*fields: str, collection: str = "c", scope: str = "COLLECTION") -> dict[str, Any]:
    """Return a declaration of a composite index; "-" makes a field descend."""
    listed = [
        {"fieldPath": name.lstrip("-"), "order": "DESCENDING" if name[0] == "-" else "ASCENDING"}
        for name in fields
    ]
    return {"collectionGroup": collection, "queryScope": scope, "fields": listed}


def single(field: str, *orders: str, scope: str = "COLLECTION") -> dict[str, Any]:
    """Return a declaration of what single-field indexes a field has."""
    indexes = [{"order": order, "queryScope": scope} for order in orders]
    return {"collectionGroup": "c", "fieldPath": field, "indexes": indexes}


OFF = single("*")


def equal(*fields: str) -> tuple[Where, ...]:
    """Return a condition of equality on each field."""
    return tuple(Where(field, "==", 1) for field in fields)


def asked(*equals: str, order: tuple[str, ...] = (), group: bool = False, over: str = "") -> Query:
    """Return a query with these equalities, this order, and a range over a field."""
    where = equal(*equals) + ((Where(over, ">", 1),) if over else ())
    return Query("c" if group else "o/o/c", where, order, group=group)


SERVED = {
    "path order, all indexes off": ([], [OFF], asked()),
    "path order of a group, all indexes off": ([], [OFF], asked(group=True)),
    "automatic equality": ([], [], asked("a")),
    "automatic equalities, merged": ([], [], asked("a", "b", "z")),
    "automatic order": ([], [], asked(order=("a",))),
    "automatic descending order": ([], [], asked(order=("-a",))),
    "automatic range": ([], [], asked(order=("a",), over="a")),
    "order by an equal field": ([], [], asked("a", order=("a",))),
    "declared single field": ([], [OFF, single("a", "ASCENDING")], asked("a")),
    "descending single field, equality": ([], [OFF, single("a", "DESCENDING")], asked("a")),
    "declared group field": (
        [],
        [single("a", "ASCENDING", scope="COLLECTION_GROUP")],
        asked(order=("a",), over="a", group=True),
    ),
    "composite": ([composite("a", "b")], [OFF], asked("a", order=("b",))),
    "composite, range": ([composite("a", "b")], [OFF], asked("a", order=("b",), over="b")),
    "composite, equalities in any order": (
        [composite("b", "a", "-z")],
        [OFF],
        asked("a", "b", order=("-z",)),
    ),
    "composite of two orders": ([composite("a", "-b")], [OFF], asked(order=("a", "-b"))),
    "composite of equalities": ([composite("a", "b")], [OFF], asked("a", "b")),
    "composites of one order, merged": (
        [composite("a", "z"), composite("b", "z")],
        [OFF],
        asked("a", "b", order=("z",)),
    ),
    "composite and single field, merged": (
        [composite("a", "b")],
        [OFF, single("z", "ASCENDING")],
        asked("a", "b", "z"),
    ),
    "composite of a group": (
        [composite("a", "b", scope="COLLECTION_GROUP")],
        [],
        asked("a", order=("b",), group=True),
    ),
}

REFUSED = {
    "equality, all indexes off": ([], [OFF], asked("a")),
    "order, all indexes off": ([], [OFF], asked(order=("a",))),
    "one field off": ([], [single("a")], asked("a")),
    "equality in a group": ([], [], asked("a", group=True)),
    "order in a group": ([], [], asked(order=("a",), group=True)),
    "equality and order": ([], [], asked("a", order=("b",))),
    "two orders": ([], [], asked(order=("a", "b"))),
    "single field of the other direction": (
        [],
        [OFF, single("a", "DESCENDING")],
        asked(order=("a",)),
    ),
    "single field of the other scope": (
        [],
        [OFF, single("a", "ASCENDING", scope="COLLECTION_GROUP")],
        asked("a"),
    ),
    "composite of the other direction": ([composite("a", "-b")], [], asked("a", order=("b",))),
    "composite of the other scope": (
        [composite("a", "b", scope="COLLECTION_GROUP")],
        [],
        asked("a", order=("b",)),
    ),
    "composite of another collection": (
        [composite("a", "b", collection="d")],
        [],
        asked("a", order=("b",)),
    ),
    "composite, its first half only": ([composite("a", "b")], [OFF], asked("a")),
    "composite, an equality missing": ([composite("a", "b", "z")], [], asked("a", order=("z",))),
    "composite, an equality too many": ([composite("a", "z")], [], asked("a", "b", order=("z",))),
    "composite, one of two orders": ([composite("a", "b", "z")], [], asked("a", order=("b",))),
}


def _declared(indexes: list[Any], overrides: list[Any]) -> Indexes:
    return Indexes({"indexes": indexes, "fieldOverrides": overrides})


@pytest.mark.parametrize(("indexes", "overrides", "query"), SERVED.values(), ids=SERVED)
def test_serves(indexes: list[Any], overrides: list[Any], query: Query) -> None:
    """A query that a declared or automatic index serves passes."""
    _declared(indexes, overrides).require(query)


@pytest.mark.parametrize(("indexes", "overrides", "query"), REFUSED.values(), ids=REFUSED)
def test_refuses_and_names_the_remedy(
    indexes: list[Any], overrides: list[Any], query: Query
) -> None:
    """A query without an index is refused, and serves once the entry that the error names is in."""
    with pytest.raises(MissingIndexError) as refused:
        _declared(indexes, overrides).require(query)
    remedy, _, entry = str(refused.value).rpartition("; add to ")[2].partition(": ")
    added = {"indexes": list(indexes), "fieldOverrides": list(overrides)}
    added[remedy].append(orjson.loads(entry))
    Indexes(added).require(query)


@pytest.mark.parametrize(
    "query",
    [
        asked(over="a"),
        asked(order=("b",), over="a"),
        asked(order=("a", "b"), over="b"),
        Query("o/o/c", (Where("a", "==", [1]),)),
        Query("o/o/c", (Where("a", "==", {}),)),
        Query("o/o/c", order_by=("a",), start_after=("o/o/c/d",)),
        Query("o/o/c", group=True),
    ],
    ids=str,
)
def test_refuses_what_is_no_query(query: Query) -> None:
    """A query outside the port's words raises StoreError, whatever the indexes."""
    with pytest.raises(StoreError):
        Indexes({}).require(query)


def test_knows_ordered_indexes_only() -> None:
    """An index file with an index that no query here can use is refused when it is read."""
    array = {"collectionGroup": "c", "fieldPath": "a", "indexes": [{"arrayConfig": "CONTAINS"}]}
    with pytest.raises(StoreError, match="ordered"):
        Indexes({"fieldOverrides": [array]})


def test_reads_the_projects_index_file() -> None:
    """The index file that is deployed is the one that is applied."""
    indexes = Indexes.load(INDEX_FILE)
    due = (Where("lane", "==", 0), Where("next_at", "<=", 1))
    indexes.require(Query("orgs/o/campaigns/c/messages", due, ("next_at",)))
    assert {index.fields[0][0] for index in indexes.declared("messages")} >= {"lane", "status"}
