"""What every store must keep of promise 13: numbers that many add to at once."""

import asyncio

import pytest

from functions.engine.ports.store import (
    Add,
    ConflictError,
    Create,
    Delete,
    Query,
    Set,
    Store,
    StoreError,
    Update,
    Where,
)
from tests.stores.given import NOON, fill, ids, messages


class AddingConformance:
    """The tests of `Add`, for a backend's class that gives the `store` fixture."""

    async def test_adds_to_what_is_there(self, store: Store, org: str) -> None:
        """13: `Add` changes the numbers it names, up or down, and leaves the rest alone."""
        data = {"n": 5, "a.b": 1, "a": {"b": 1}, "at": NOON, "text": "@x", "gone": None}
        (path,) = await fill(store, org, data)
        assert await store.commit(Add(path, {"n": -7, "a.b": 2, "new `x\\": 3})) == [0]
        document = await store.get(path)
        assert document is not None
        assert document.data == {**data, "n": -2, "a.b": 3, "new `x\\": 3}

    async def test_creates_what_is_missing(self, store: Store, org: str) -> None:
        """13: a missing document is created, and a missing number counts as 0."""
        paths = [f"orgs/{org}/counters/{id_}" for id_ in "abc"]
        await store.commit(
            *(Add(path, {"n": n}) for n, path in enumerate(paths)), Add(paths[0], {})
        )
        found = await store.get_many(paths)
        assert [document and document.data for document in found] == [{"n": 0}, {"n": 1}, {"n": 2}]

    async def test_counts_what_is_no_number_as_0(self, store: Store, org: str) -> None:
        """13: the sum takes the place of anything but a number, None and True among them."""
        path = f"orgs/{org}/counters/a"
        await store.commit(Set(path, {"none": None, "yes": True, "text": "7", "list": [7]}))
        await store.commit(Add(path, {"none": 1, "yes": 2, "text": 3, "list": 4}))
        document = await store.get(path)
        assert document is not None
        assert document.data == {"none": 1, "yes": 2, "text": 3, "list": 4}
        assert type(document.data["yes"]) is int

    async def test_adds_up_within_a_commit(self, store: Store, org: str) -> None:
        """13: several Adds of one commit to one document add up, among other writes."""
        a, b, new = (f"orgs/{org}/counters/{id_}" for id_ in ("a", "b", "new"))
        (first,) = await store.commit(Create(a, {"n": 1}))
        versions = await store.commit(
            Add(a, {"n": 1}),
            Create(new, {}),
            Add(b, {"m": 1}),
            Add(a, {"n": 10, "m": 5}),
            Add(a, {"n": -3}),
        )
        found = await store.get_many([a, b, new])
        assert [document and document.data for document in found] == [
            {"n": 9, "m": 5},
            {"m": 1},
            {},
        ]
        assert [version > first for version in versions] == [False, True, False, False, False]
        assert versions.count(0) == 4

    async def test_gives_a_new_version(self, store: Store, org: str) -> None:
        """5: after an Add, a write over the version before it raises ConflictError."""
        path = f"orgs/{org}/counters/a"
        (version,) = await store.commit(Create(path, {"n": 1}))
        await store.commit(Add(path, {"n": 1}))
        for stale in (Update(path, {"n": 1}, version), Delete(path, version)):
            with pytest.raises(ConflictError):
                await store.commit(stale)
        document = await store.get(path)
        assert document is not None
        await store.commit(Update(path, {"n": 1}, document.version))

    async def test_adds_nothing_in_a_failed_commit(self, store: Store, org: str) -> None:
        """2: an Add beside a failed precondition is not applied, whichever comes first."""
        path, missing = f"orgs/{org}/counters/a", f"orgs/{org}/counters/none"
        await store.commit(Add(path, {"n": 1}))
        for writes in (
            (Add(path, {"n": 1}), Update(missing, {"n": 1})),
            (Create(path, {}), Add(missing, {"n": 1})),
        ):
            with pytest.raises(ConflictError):
                await store.commit(*writes)
        found = await store.get_many([path, missing])
        assert [document and document.data for document in found] == [{"n": 1}, None]

    async def test_adds_only_to_what_is_there_where_that_is_asked(
        self, store: Store, org: str
    ) -> None:
        """13: with must_exist a missing document is a conflict, and stays missing."""
        path = f"orgs/{org}/counters/a"
        with pytest.raises(ConflictError):
            await store.commit(Add(path, {"n": 1}, must_exist=True))
        assert await store.get(path) is None
        await store.commit(Create(path, {"n": 1}))
        await store.commit(Add(path, {"n": 2}, must_exist=True))
        document = await store.get(path)
        assert document is not None
        assert document.data == {"n": 3}

    async def test_adds_within_a_map(self, store: Store, org: str) -> None:
        """13: `within` names a map; it is made where it is missing, and the rest is left alone."""
        path = f"orgs/{org}/counters/a"
        (version,) = await store.commit(Create(path, {"n": 1, "a.b": {"c": 1, "x|y": 2}, "t": "x"}))
        await store.commit(
            Add(path, {"x|y": 3, "d.e": 4}, within="a.b"),
            Add(path, {"c": -1}, within="a.b"),
            Add(path, {"n": 1}),
            Add(path, {"c": 5}, within="new", must_exist=True),
            Add(path, {"c": 6}, within="t"),
        )
        document = await store.get(path)
        assert document is not None
        assert document.data == {
            "n": 2,
            "a.b": {"c": 0, "x|y": 5, "d.e": 4},
            "new": {"c": 5},
            "t": {"c": 6},
        }
        assert document.version != version

    async def test_refuses_an_amount_that_it_cannot_keep(self, store: Store, org: str) -> None:
        """1: an amount of more than 64 bits raises StoreError, and nothing is written."""
        path = f"orgs/{org}/counters/a"
        with pytest.raises(StoreError):
            await store.commit(Create(f"orgs/{org}/counters/b", {}), Add(path, {"n": 2**63}))
        assert await store.get_many([path, f"orgs/{org}/counters/b"]) == [None, None]

    async def test_moves_documents_in_queries(self, store: Store, org: str) -> None:
        """13: a query sees a sum as it is now, and finds the document by its other fields too."""
        paths = await fill(
            store, org, *({"lane": n, "next_at": NOON, "status": "x"} for n in (0, 1))
        )
        await store.commit(Add(paths[0], {"lane": 1}), Add(f"{messages(org)}/2", {"lane": 1}))
        in_lane = (Where("lane", "==", 1), Where("next_at", "<=", NOON))
        assert ids(await store.query(Query(messages(org), in_lane, ("next_at",)))) == "01"
        assert await store.count(Query(messages(org), (Where("status", "==", "x"),))) == 2
        none_left = Query(messages(org), (Where("lane", "==", 0),), ("next_at",))
        assert await store.query(none_left) == []
        await store.commit(Update(f"{messages(org)}/2", {"next_at": NOON}))
        assert ids(await store.query(Query(messages(org), in_lane, ("next_at",)))) == "012"

    async def test_loses_none_of_many(self, store: Store, org: str) -> None:
        """13: of fifty commits at once that add 1 to one document, which they create, all count."""
        path = f"orgs/{org}/counters/a"
        await asyncio.gather(*(store.commit(Add(path, {"n": 1})) for _ in range(50)))
        document = await store.get(path)
        assert document is not None
        assert document.data == {"n": 50}

    async def test_adds_beside_the_writes_of_others(self, store: Store, org: str) -> None:
        """13: twenty commits at once, each with a creation of its own, add to one document."""
        things, path = f"orgs/{org}/things", f"orgs/{org}/counters/a"
        commits = [
            store.commit(Create(f"{things}/{n}", {}), Add(path, {"n": n, "all": 1}))
            for n in range(20)
        ]
        await asyncio.gather(*commits)
        document = await store.get(path)
        assert document is not None
        assert document.data == {"n": sum(range(20)), "all": 20}
        assert await store.count(Query(things)) == 20
