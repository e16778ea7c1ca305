"""What every store must keep: tests for each promise of the Store port, in their order.

A backend's test class gives the `store` fixture, made with INDEXES. Each test works in a tenant
of its own (`org`), so that one database serves all of them.
"""

import asyncio
import string
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from enum import StrEnum
from functools import partial
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from functions.engine.ports.store import (
    Add,
    ConflictError,
    Create,
    Delete,
    Document,
    MissingIndexError,
    Query,
    Set,
    Store,
    StoreError,
    Update,
    Where,
)
from functions.stores.indexes import Indexes

INDEXES = Indexes(
    {
        "indexes": [
            {
                "collectionGroup": "messages",
                "queryScope": "COLLECTION",
                "fields": [
                    {"fieldPath": "lane", "order": "ASCENDING"},
                    {"fieldPath": "next_at", "order": "ASCENDING"},
                ],
            },
            {
                "collectionGroup": "messages",
                "queryScope": "COLLECTION",
                "fields": [
                    {"fieldPath": "rank", "order": "ASCENDING"},
                    {"fieldPath": "next_at", "order": "DESCENDING"},
                ],
            },
            {
                "collectionGroup": "campaigns",
                "queryScope": "COLLECTION_GROUP",
                "fields": [
                    {"fieldPath": "status", "order": "ASCENDING"},
                    {"fieldPath": "scheduled_at", "order": "ASCENDING"},
                ],
            },
        ],
        "fieldOverrides": [
            {"collectionGroup": "messages", "fieldPath": "*", "indexes": []},
            {
                "collectionGroup": "messages",
                "fieldPath": "status",
                "indexes": [{"order": "ASCENDING", "queryScope": "COLLECTION"}],
            },
            {
                "collectionGroup": "messages",
                "fieldPath": "next_at",
                "indexes": [{"order": "DESCENDING", "queryScope": "COLLECTION"}],
            },
        ],
    }
)

NOON = datetime(2026, 11, 22, 12, 0, 0, 123456, tzinfo=UTC)

_names = st.text(string.ascii_letters + 'äß.`\\" -/@', min_size=1, max_size=8)
_text = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
_instants = st.datetimes(
    datetime(1902, 1, 1),  # noqa: DTZ001  Hypothesis adds the zone
    datetime(2262, 1, 1),  # noqa: DTZ001  the same
    timezones=st.timezones(),
).filter(lambda at: at == at.astimezone(UTC))  # Python calls an ambiguous hour equal to nothing
_scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | _text
    | _text.map(lambda text: f"@{text}")
    | _instants
)
_maps = st.recursive(
    _scalars,
    lambda inner: (
        st.lists(inner.filter(lambda each: not isinstance(each, list)), max_size=3)
        | st.dictionaries(_names, inner, max_size=3)
    ),
    max_leaves=8,
)
documents = st.dictionaries(_names, _maps, max_size=6)


class _Colour(StrEnum):
    RED = "red"


def messages(org: str) -> str:
    """Return a collection of messages of the tenant."""
    return f"orgs/{org}/campaigns/c/messages"


async def fill(store: Store, org: str, *data: dict[str, Any]) -> list[str]:
    """Create messages with the ids 0, 1, 2 ... and return their paths."""
    paths = [f"{messages(org)}/{number}" for number in range(len(data))]
    await store.commit(*map(Create, paths, data))
    return paths


def ids(found: Sequence[Document]) -> str:
    """Return the ids of the found documents, joined."""
    return "".join(document.id for document in found)


async def walk(store: Store, query: Query) -> str:
    """Follow `after` to the end and return all the ids, joined."""
    found, page = "", await store.query(query)
    while page:
        found += ids(page)
        page = await store.query(query.after(page[-1]))
    return found


class StoreConformance:
    """The promises of engine/ports/store.py, in their order."""

    # --- 1: what is written is read ---

    @settings(
        max_examples=40,
        # One store serves all examples: each reads back what it has just written.
        suppress_health_check=[
            HealthCheck.function_scoped_fixture,
            HealthCheck.differing_executors,
            HealthCheck.too_slow,
        ],
        database=None,  # examples of one backend are not another's
    )
    @given(data=documents)
    async def test_reads_back_equal(self, store: Store, org: str, data: dict[str, Any]) -> None:
        """1: any document reads back equal."""
        path = f"orgs/{org}/things/a"
        await store.commit(Set(path, data))
        document = await store.get(path)
        assert document is not None
        assert document.data == data
        assert _types(document.data) == _types(data)

    async def test_keeps_instants_as_utc(self, store: Store, org: str) -> None:
        """1: an instant comes back in UTC, equal to the microsecond."""
        tokyo = NOON.astimezone(timezone(timedelta(hours=9)))
        (path,) = await fill(store, org, {"at": tokyo, "list": [tokyo]})
        document = await store.get(path)
        assert document is not None
        assert document.data == {"at": NOON, "list": [NOON]}
        assert document.data["at"].utcoffset() == timedelta(0)

    async def test_keeps_enum_members_as_their_values(self, store: Store, org: str) -> None:
        """1: a member of a StrEnum and a tuple are stored as the string and list that they are."""
        (path,) = await fill(store, org, {"colour": _Colour.RED, "pair": ("a", _Colour.RED)})
        document = await store.get(path)
        assert document is not None
        assert document.data == {"colour": "red", "pair": ["a", "red"]}

    @pytest.mark.parametrize(
        "value",
        [
            pytest.param(NOON.replace(tzinfo=None), id="instant without zone"),
            pytest.param(object(), id="object"),
            pytest.param(b"bytes", id="bytes"),
            pytest.param([[1]], id="list in a list"),
            pytest.param(2**63, id="65 bits"),
            pytest.param(float("nan"), id="nan"),
            pytest.param(float("inf"), id="infinity"),
            pytest.param("\ud800", id="half a surrogate pair"),
            pytest.param({"deep": [{"deeper": object()}]}, id="deep object"),
        ],
    )
    async def test_refuses_what_it_cannot_keep(self, store: Store, org: str, value: object) -> None:
        """1: a value that would not read back equal is refused, and nothing is written."""
        good, bad = Create(f"orgs/{org}/a/1", {}), Create(f"orgs/{org}/a/2", {"value": value})
        with pytest.raises(StoreError):
            await store.commit(good, bad)
        assert await store.get(good.path) is None

    @pytest.mark.parametrize("path", ["", "a", "a/b/c", "a//b/c", "/a", "a/"])
    async def test_refuses_what_is_no_path(self, store: Store, path: str) -> None:
        """1: a path alternates collections and ids, else it is refused."""
        with pytest.raises(StoreError):
            await store.get(path)
        with pytest.raises(StoreError):
            await store.commit(Set(path, {}))

    # --- 2: all or nothing ---

    async def test_applies_nothing_of_a_failed_commit(self, store: Store, org: str) -> None:
        """2: one failed precondition keeps every other write of its commit from being applied."""
        old, new = f"{messages(org)}/old", f"orgs/{org}/things/new"
        (gone,) = await store.commit(Create(old, {"status": "draft"}))
        await store.commit(Set(old, {"status": "pending"}))
        stale = Update(old, {"status": "sent"}, if_version=gone)
        for failing in (stale, Create(old, {}), Delete(old, gone), Update(f"{new}er", {})):
            with pytest.raises(ConflictError):
                await store.commit(Set(new, {}), failing, Set(f"{new}est", {}))
        unchanged = await store.get(old)
        assert await store.get(new) is None
        assert unchanged is not None
        assert unchanged.data == {"status": "pending"}

    async def test_mixes_kinds_and_collections(self, store: Store, org: str) -> None:
        """2: one commit may create, set, update, delete and add, in several collections."""
        first, second, third = await fill(store, org, {"n": 1}, {"n": 2}, {"n": 3})
        thing = f"orgs/{org}/things/a"
        await store.commit(
            Update(first, {"m": 1}),
            Create(thing, {"n": 4}),
            Delete(second),
            Set(third, {"n": 5}),
            Add(f"{thing}s", {"n": 6}),
        )
        found = await store.get_many([first, second, third, thing, f"{thing}s"])
        assert [document and document.data for document in found] == [
            {"n": 1, "m": 1},
            None,
            {"n": 5},
            {"n": 4},
            {"n": 6},
        ]

    # --- 3, 4: preconditions ---

    async def test_creates_once(self, store: Store, org: str) -> None:
        """3: `Create` of an existing document raises ConflictError and changes nothing."""
        (path,) = await fill(store, org, {"n": 1})
        with pytest.raises(ConflictError):
            await store.commit(Create(path, {"n": 2}))
        document = await store.get(path)
        assert document is not None
        assert document.data == {"n": 1}

    async def test_creates_again_after_a_delete(self, store: Store, org: str) -> None:
        """3: a deleted document may be created anew, with a version that it never had."""
        path = f"orgs/{org}/things/a"
        (first,) = await store.commit(Create(path, {"n": 1}))
        assert await store.commit(Delete(path, first)) == [0]
        (second,) = await store.commit(Create(path, {"n": 1}))
        assert second != first

    @pytest.mark.parametrize("write", [partial(Update, changes={"n": 3}), partial(Set, data={})])
    async def test_refuses_a_stale_version(self, store: Store, org: str, write: Any) -> None:
        """4: a write over a version that is gone raises ConflictError, over the last it applies."""
        path = f"orgs/{org}/things/a"
        (first,) = await store.commit(Create(path, {"n": 1}))
        (second,) = await store.commit(Update(path, {"n": 2}, if_version=first))
        with pytest.raises(ConflictError):
            await store.commit(write(path, if_version=first))
        await store.commit(write(path, if_version=second))

    async def test_deletes_only_the_version_asked_for(self, store: Store, org: str) -> None:
        """4: `Delete` over a stale version raises ConflictError, over the last it deletes."""
        path = f"orgs/{org}/things/a"
        (first,) = await store.commit(Create(path, {"n": 1}))
        (second,) = await store.commit(Set(path, {"n": 2}))
        with pytest.raises(ConflictError):
            await store.commit(Delete(path, first))
        await store.commit(Delete(path, second))
        assert await store.get(path) is None

    async def test_refuses_a_version_of_what_is_gone(self, store: Store, org: str) -> None:
        """4: a write over a version of a missing document raises ConflictError."""
        path = f"orgs/{org}/things/a"
        (version,) = await store.commit(Create(path, {}))
        await store.commit(Delete(path))
        for write in (
            Update(path, {"n": 1}, version),
            Set(path, {"n": 1}, version),
            Delete(path, version),
        ):
            with pytest.raises(ConflictError):
                await store.commit(write)
        assert await store.get(path) is None

    async def test_updates_only_what_exists(self, store: Store, org: str) -> None:
        """4: `Update` of a missing document raises ConflictError."""
        path = f"orgs/{org}/new/a"
        with pytest.raises(ConflictError):
            await store.commit(Update(path, {"n": 1}))
        assert await store.get(path) is None

    async def test_deletes_and_sets_blindly(self, store: Store, org: str) -> None:
        """4: without if_version, `Delete` and `Set` apply whether or not the document exists."""
        path = f"orgs/{org}/things/a"
        await store.commit(Delete(path))
        await store.commit(Set(path, {"n": 1, "m": 1}))
        await store.commit(Set(path, {"n": 2}))
        document = await store.get(path)
        assert document is not None
        assert document.data == {"n": 2}

    # --- 5, 6: versions, updates ---

    async def test_answers_with_versions(self, store: Store, org: str) -> None:
        """5: commit returns a version for each write, in order, as a later read shows them."""
        a, b, c = await fill(store, org, {}, {}, {})
        versions = await store.commit(Set(c, {"n": 1}), Delete(b), Update(a, {"n": 1}))
        found = await store.get_many([c, b, a])
        assert versions == [document.version if document else 0 for document in found]

    async def test_never_repeats_a_version(self, store: Store, org: str) -> None:
        """5: every write that changes a document gives it a version that it never had."""
        path, versions = f"orgs/{org}/things/a", set()
        for number in range(20):
            versions |= set(await store.commit(Set(path, {"n": number})))
        assert len(versions) == 20

    async def test_updates_leave_the_rest_alone(self, store: Store, org: str) -> None:
        """6: `Update` replaces the fields it names, whole, and no others."""
        data = {"map": {"a": 1, "b": 2}, "kept": [1], "list": [1, 2], "gone": 1, "a.b": 1}
        (path,) = await fill(store, org, data)
        changes: dict[str, Any] = {
            "map": {"c": None},
            "list": [],
            "gone": None,
            "a.b": {},
            "new `x\\": NOON,
        }
        await store.commit(Update(path, changes))
        document = await store.get(path)
        assert document is not None
        assert document.data == {**data, **changes}

    async def test_updates_move_documents_in_queries(self, store: Store, org: str) -> None:
        """6: a query sees an updated field as it is now."""
        paths = await fill(store, org, {"status": "pending"}, {"status": "pending"})
        await store.commit(Update(paths[0], {"status": "sent"}))
        query = Query(messages(org), (Where("status", "==", "pending"),))
        assert ids(await store.query(query)) == "1"

    # --- 7: queries ---

    async def test_orders_by_path(self, store: Store, org: str) -> None:
        """7: without an order, documents come by their path, of this collection only."""
        await store.commit(*(Create(f"{messages(org)}/{id_}", {}) for id_ in "bcaBé"))
        await store.commit(Create(f"{messages(org)}/a/events/x", {}))
        await store.commit(Create(f"orgs/{org}/campaigns/d/messages/z", {}))
        assert ids(await store.query(Query(messages(org)))) == "Babcé"

    async def test_ranges_over_the_ordered_field(self, store: Store, org: str) -> None:
        """7: equality and a range select, in the asked order, no more than the limit."""
        later = [NOON + timedelta(microseconds=step) for step in range(4)]
        await fill(store, org, *({"lane": 1, "next_at": at} for at in reversed(later)))
        await store.commit(Create(f"{messages(org)}/9", {"lane": 2, "next_at": later[0]}))
        due = (Where("lane", "==", 1), Where("next_at", "<=", later[2]))
        query = Query(messages(org), due, ("next_at",))
        assert ids(await store.query(query)) == "321"
        between = Query(messages(org), (*due, Where("next_at", ">", later[0])), ("next_at",), 1)
        assert ids(await store.query(between)) == "2"

    async def test_leaves_out_what_lacks_the_ordered_field(self, store: Store, org: str) -> None:
        """7: a document without a value in the ordered field is in no ordered result."""
        await fill(
            store, org, {"lane": 1, "next_at": None}, {"lane": 1}, {"lane": 1, "next_at": NOON}
        )
        ordered = Query(messages(org), (Where("lane", "==", 1),), ("next_at",))
        assert ids(await store.query(ordered)) == "2"
        due = Where("next_at", "<=", NOON)
        ranged = Query(messages(org), (Where("lane", "==", 1), due), ("next_at",))
        assert ids(await store.query(ranged)) == "2"

    async def test_finds_none_by_equality(self, store: Store, org: str) -> None:
        """7: `== None` finds documents whose field is None, and no other condition does."""
        await fill(store, org, {"status": None}, {"status": ""}, {"status": "sent"})
        for value, found in ((None, "0"), ("", "1"), ("sent", "2")):
            query = Query(messages(org), (Where("status", "==", value),))
            assert ids(await store.query(query)) == found

    @pytest.mark.parametrize("limit", [1, 2, 3])
    async def test_continues_among_ties(self, store: Store, org: str, limit: int) -> None:
        """7: `after` visits every document once, ties in the order of their paths."""
        ats = [NOON, NOON, NOON, NOON + timedelta(seconds=1), NOON, NOON - timedelta(seconds=1)]
        await fill(store, org, *({"lane": 1, "rank": 1, "next_at": at} for at in ats))
        up = Query(messages(org), (Where("lane", "==", 1),), ("next_at",), limit)
        down = Query(messages(org), (), ("-next_at",), limit)
        assert await walk(store, up) == "501243"
        assert await walk(store, down) == "342105"

    @pytest.mark.parametrize("limit", [1, 2])
    async def test_continues_in_mixed_directions(self, store: Store, org: str, limit: int) -> None:
        """7: `after` visits every document once where one field ascends and another descends."""
        rows = [(1, 0), (2, 0), (1, 1), (2, 0), (1, 0), (2, 5)]
        second = timedelta(seconds=1)
        await fill(store, org, *({"rank": rank, "next_at": NOON + s * second} for rank, s in rows))
        query = Query(messages(org), (), ("rank", "-next_at"), limit)
        assert await walk(store, query) == "240531"

    async def test_continues_by_path(self, store: Store, org: str) -> None:
        """7: `after` visits every document once where nothing but the path orders them."""
        await fill(store, org, *({"status": "sent"} for _ in range(5)))
        assert await walk(store, Query(messages(org), limit=2)) == "01234"
        sent = (Where("status", "==", "sent"),)
        assert await walk(store, Query(messages(org), sent, limit=2)) == "01234"

    async def test_ignores_an_order_by_an_equal_field(self, store: Store, org: str) -> None:
        """7: an order by a field that a condition makes equal changes nothing."""
        await fill(store, org, *({"status": "sent"} for _ in range(3)))
        query = Query(messages(org), (Where("status", "==", "sent"),), ("status",), 2)
        assert await walk(store, query) == "012"

    async def test_queries_a_group_across_tenants(self, store: Store, org: str) -> None:
        """7: a group query finds the collections of that name under every tenant."""
        for number in (2, 0, 1):
            data = {"status": org, "scheduled_at": NOON + timedelta(seconds=number)}
            await store.commit(Create(f"orgs/{org}-{number}/campaigns/{number}", data))
        ours = (Where("status", "==", org), Where("scheduled_at", "<=", NOON + timedelta(days=1)))
        query = Query("campaigns", ours, ("scheduled_at",), limit=2, group=True)
        first = await store.query(query)
        assert [document.org for document in first] == [f"{org}-0", f"{org}-1"]
        assert await walk(store, query) == "012"
        assert await store.count(query) == 3

    async def test_serves_undeclared_collections(self, store: Store, org: str) -> None:
        """7: of a collection that the index file leaves alone, every single field is served."""
        contacts = f"orgs/{org}/contacts"
        await store.commit(
            Create(f"{contacts}/a", {"name": "Ann", "path": 2}),
            Create(f"{contacts}/b", {"name": "Bob", "path": 1}),
        )
        by_name = Query(contacts, (Where("name", "==", "Bob"),))
        assert ids(await store.query(by_name)) == "b"
        await store.commit(Create(f"{contacts}/c", {"name": "Bob", "path": 1}))
        assert ids(await store.query(by_name)) == "bc"
        assert ids(await store.query(Query(contacts, (), ("-path",)))) == "acb"
        both = Query(contacts, (Where("name", "==", "Bob"), Where("path", "==", 1)))
        assert await store.count(both) == 2

    async def test_tells_capitals_from_small_letters(self, store: Store, org: str) -> None:
        """7: fields whose names differ in case alone are different fields."""
        contacts = f"orgs/{org}/contacts"
        await store.commit(
            Create(f"{contacts}/a", {"City": "Rome", "city": "Oslo"}),
            Create(f"{contacts}/b", {"City": "Oslo", "city": "Rome"}),
        )
        assert ids(await store.query(Query(contacts, (Where("City", "==", "Rome"),)))) == "a"
        assert ids(await store.query(Query(contacts, (Where("city", "==", "Rome"),)))) == "b"

    async def test_finds_nothing_where_nothing_is(self, store: Store, org: str) -> None:
        """7: a collection that was never written is empty."""
        query = Query(f"orgs/{org}/nothing-{org}", (Where("a", "==", 1),))
        assert await store.query(query) == []
        assert await store.count(query) == 0

    # --- 8: indexes ---

    @pytest.mark.parametrize(
        "query",
        [
            Query("o/o/messages", (Where("body", "==", 1),)),
            Query("o/o/messages", (Where("status", "==", 1),), ("next_at",)),
            Query("o/o/messages", (Where("lane", "==", 1),), ("-next_at",)),
            Query("messages", (Where("status", "==", 1),), group=True),
        ],
        ids=str,
    )
    async def test_refuses_an_undeclared_index(self, store: Store, query: Query) -> None:
        """8: a query or count without a declared index raises MissingIndexError with the entry."""
        with pytest.raises(MissingIndexError, match='"collectionGroup":"messages"'):
            await store.query(query)
        with pytest.raises(MissingIndexError, match='"collectionGroup":"messages"'):
            await store.count(query)

    async def test_refuses_a_range_off_the_order(self, store: Store, org: str) -> None:
        """8: a range on a field that is not the first ordered one is no valid query."""
        with pytest.raises(StoreError):
            await store.query(Query(messages(org), (Where("next_at", "<", NOON),)))

    # --- 9, 10: get_many, count ---

    async def test_gets_in_the_order_asked(self, store: Store, org: str) -> None:
        """9: `get_many` answers in the order of its paths, also twice, None for what is missing."""
        a, b = await fill(store, org, {"n": 1}, {"n": 2})
        paths = [b, f"orgs/{org}/things/none", a, b]
        found = await store.get_many(paths)
        assert [document and document.data["n"] for document in found] == [2, None, 1, 2]
        assert [document and document.path for document in found] == [b, None, a, b]
        assert await store.get_many([]) == []

    async def test_counts_without_the_limit(self, store: Store, org: str) -> None:
        """10: `count` counts everything that the query without its limit would return."""
        await fill(store, org, *({"lane": n % 2, "next_at": NOON} for n in range(7)), {"lane": 0})
        lane = (Where("lane", "==", 0),)
        query = Query(messages(org), lane, ("next_at",), limit=2)
        assert await store.count(query) == 4
        assert await store.count(query.after((await store.query(query))[-1])) == 2
        assert await store.count(Query(messages(org))) == 8

    # --- 12: races ---

    async def test_lets_one_of_many_win(self, store: Store, org: str) -> None:
        """12: of twenty commits at once on one version of a document, exactly one succeeds."""
        path = f"orgs/{org}/things/a"
        (version,) = await store.commit(Create(path, {"by": None}))
        claims = [store.commit(Update(path, {"by": each}, version)) for each in range(20)]
        results = await asyncio.gather(*claims, return_exceptions=True)
        won = [by for by, result in enumerate(results) if isinstance(result, list)]
        lost = [result for result in results if isinstance(result, ConflictError)]
        assert (len(won), len(lost)) == (1, 19)
        document = await store.get(path)
        assert document is not None
        assert document.data == {"by": won[0]}

    async def test_lets_one_of_many_create(self, store: Store, org: str) -> None:
        """12: of twenty creations of one document at once, exactly one succeeds."""
        path = f"orgs/{org}/things/a"
        claims = [store.commit(Create(path, {"by": each})) for each in range(20)]
        results = await asyncio.gather(*claims, return_exceptions=True)
        assert sum(isinstance(result, list) for result in results) == 1
        assert sum(isinstance(result, ConflictError) for result in results) == 19

    # --- 13 is in adding.py; 14: offset ---

    async def test_leaves_out_the_first(self, store: Store, org: str) -> None:
        """14: `offset` documents of the order are left out before the limit is counted."""
        ats = [NOON + timedelta(seconds=second) for second in (3, 1, 2, 0, 4)]
        await fill(store, org, *({"lane": 1, "rank": 1, "next_at": at} for at in ats))
        up = Query(messages(org), (Where("lane", "==", 1),), ("next_at",), limit=2)
        down = Query(messages(org), (), ("-next_at",), limit=2)
        by_path = Query(messages(org), limit=2)
        for query, pages in ((up, "31 20 4"), (down, "40 21 3"), (by_path, "01 23 4")):
            found = [ids(await store.query(replace(query, offset=n))) for n in (0, 2, 4, 5, 10**6)]
            assert found == [*pages.split(), "", ""]

    async def test_leaves_out_behind_the_cursor(self, store: Store, org: str) -> None:
        """14: what is left out lies behind `start_after`; `after` goes on and leaves out none."""
        await fill(store, org, *({"lane": 1, "next_at": NOON} for _ in range(6)))
        query = Query(messages(org), (Where("lane", "==", 1),), ("next_at",), limit=2)
        first = await store.query(query)
        assert ids(await store.query(replace(query.after(first[-1]), offset=1))) == "34"
        assert await walk(store, replace(query, offset=1)) == "12345"

    async def test_leaves_out_in_a_group(self, store: Store, org: str) -> None:
        """14: a group's first documents are left out whatever tenant they lie under."""
        for number in range(4):
            data = {"status": org, "scheduled_at": NOON + timedelta(seconds=number)}
            await store.commit(Create(f"orgs/{org}-{number}/campaigns/{number}", data))
        ours = (Where("status", "==", org),)
        query = Query("campaigns", ours, ("scheduled_at",), limit=2, group=True, offset=1)
        assert ids(await store.query(query)) == "12"
        assert await walk(store, query) == "123"

    async def test_counts_without_the_offset(self, store: Store, org: str) -> None:
        """10: `count` counts what is left out too."""
        await fill(store, org, *({"status": "sent"} for _ in range(3)))
        sent = (Where("status", "==", "sent"),)
        assert await store.count(Query(messages(org), sent, limit=1, offset=2)) == 3

    # --- 15: a stream tells everything ---

    @pytest.mark.parametrize("size", [0, 1, 5, 6, 7, 450])
    async def test_streams_everything_in_order(self, store: Store, org: str, size: int) -> None:
        """15: every document comes once, in the order asked for, in parts of at most `limit`."""
        ats = [NOON + timedelta(seconds=number * 7 % size) for number in range(size)]
        await fill(store, org, *({"lane": 1, "rank": 1, "next_at": at} for at in ats))
        await fill(store, f"{org}-other", {"lane": 1, "next_at": NOON})
        limit = max(3, size // 2)
        for order in ("next_at", "-next_at"):
            query = Query(messages(org), (Where("lane", "==", 1),), (order,), limit=limit)
            if order == "-next_at":
                query = replace(query, where=())
            parts = [part async for part in store.stream(query)]
            assert all(0 < len(part) <= limit for part in parts)
            told = [document for part in parts for document in part]
            assert told == await store.query(replace(query, limit=1000))
            assert len(told) == size

    async def test_streams_on_behind_the_cursor(self, store: Store, org: str) -> None:
        """15: what lies before `start_after` is not told, nor what `offset` leaves out."""
        await fill(store, org, *({"lane": 1, "next_at": NOON} for _ in range(7)))
        query = Query(messages(org), (Where("lane", "==", 1),), ("next_at",), limit=2)
        second = (await store.query(query))[-1]
        for each, expected in ((query.after(second), "23456"), (replace(query, offset=3), "3456")):
            parts = [part async for part in store.stream(each)]
            assert "".join(map(ids, parts)) == expected

    async def test_a_stream_may_be_closed_early(self, store: Store, org: str) -> None:
        """15: after its first part it is read no further, and the store goes on."""
        await fill(store, org, *({} for _ in range(400)))
        async with aclosing(store.stream(Query(messages(org), limit=10))) as parts:
            assert len(await anext(parts)) == 10
        assert len(await store.query(Query(messages(org), limit=1000))) == 400

    async def test_refuses_to_stream_without_an_index(self, store: Store, org: str) -> None:
        """8: a stream that no declared index serves is refused before anything is told."""
        query = Query(messages(org), (Where("status", "==", "sent"),), ("lane",))
        with pytest.raises(MissingIndexError):
            await anext(store.stream(query))

    @pytest.mark.parametrize("offset", [-1, 2**31])
    async def test_refuses_an_offset_out_of_range(self, store: Store, offset: int) -> None:
        """14: an offset below 0 or over 31 bits, which Firestore has no room for, is refused."""
        with pytest.raises(StoreError, match="offset"):
            await store.query(Query("o/o/messages", offset=offset))


def _types(value: Any) -> Any:
    """Return a value's types, so that 1, 1.0 and True are told apart."""
    if isinstance(value, dict):
        return {name: _types(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_types(each) for each in value]
    return type(value)
