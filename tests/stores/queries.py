"""What every store must keep of promises 7 to 10, 14 and 15: queries, indexes, counts, streams."""

import asyncio
from contextlib import aclosing
from dataclasses import replace
from datetime import timedelta

import pytest

from functions.engine.ports.store import (
    Create,
    MissingIndexError,
    Query,
    Set,
    Store,
    StoreError,
    Where,
)
from tests.stores.given import NOON, fill, ids, messages, walk


class QueriesConformance:
    """The tests of reading, for a backend's class that gives the `store` fixture."""

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

    async def test_finds_nothing_by_what_a_set_left_out(self, store: Store, org: str) -> None:
        """7: a field that `Set` does not name any more is gone from queries too."""
        kept, changed = await fill(store, org, {"status": "sent"}, {"status": "sent"})
        await store.commit(Set(changed, {"rank": 1}))
        query = Query(messages(org), (Where("status", "==", "sent"),))
        assert [found.path for found in await store.query(query)] == [kept]

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

    async def test_reads_many_as_they_were_at_one_moment(self, store: Store, org: str) -> None:
        """9: documents of several collections that are always written together are read so."""
        paths = [f"orgs/{org}/campaigns/a", f"orgs/{org}/counters/a", f"orgs/{org}/campaigns/b"]
        await store.commit(*(Set(path, {"n": 0}) for path in paths))

        async def write() -> None:
            for n in range(1, 21):
                await store.commit(*(Set(path, {"n": n}) for path in paths))

        writing = asyncio.create_task(write())
        while not writing.done():
            found = await store.get_many(paths)
            assert len({document.data["n"] for document in found if document}) == 1
        await writing

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

    # --- 14: offset ---

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
