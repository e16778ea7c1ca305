"""The Firestore store keeps the promises of the Store port, against the real emulator."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import grpc
import pytest
from pytest_mock import MockerFixture

from functions.engine.ports.store import (
    Add,
    ConflictError,
    Create,
    Delete,
    MissingIndexError,
    Query,
    Set,
    Store,
    StoreError,
    Update,
    Write,
)
from functions.stores.firestore import store as firestore
from functions.stores.firestore.calls import Calls
from functions.stores.firestore.store import FirestoreStore
from tests.stores.conformance import StoreConformance
from tests.stores.firestore.server import Firestore
from tests.stores.given import INDEXES, fill, ids, messages

UNAVAILABLE = grpc.StatusCode.UNAVAILABLE
ABORTED = grpc.StatusCode.ABORTED


@asynccontextmanager
async def connected(host: str, database: str = "(default)") -> AsyncIterator[FirestoreStore]:
    """Give a store in a database that is reached at `host`."""
    store = FirestoreStore.connect(
        "demo-clarion", database=database, emulator_host=host, indexes=INDEXES
    )
    yield store
    await store.close()


@pytest.fixture
async def store(firestore_emulator: str) -> AsyncIterator[Store]:
    """Give a store in the emulator."""
    async with connected(firestore_emulator) as opened:
        yield opened


class TestFirestore(StoreConformance):
    """Every promise; the service itself keeps the 11th."""

    async def test_refuses_a_commit_that_is_too_large(self, store: Store, org: str) -> None:
        """A commit over the emulator's request size is refused before it is sent."""
        writes = [Create(f"orgs/{org}/things/{n}", {"text": "x" * 900_000}) for n in range(5)]
        with pytest.raises(StoreError, match="split it"):
            await store.commit(*writes)

    async def test_reads_many_as_they_were_at_one_moment(  # type: ignore[override]
        self, store: Store, org: str, mocker: MockerFixture
    ) -> None:
        """9: one request asks for them all, and all of its answers are of one moment.

        Their contents are not looked at: of a thousand answers the emulator gives one or two that
        show half of a commit which it is just applying.
        """
        asked = mocker.spy(Calls, "batch_get")
        paths = [f"orgs/{org}/campaigns/a", f"orgs/{org}/counters/a", f"orgs/{org}/campaigns/b"]
        await store.commit(*(Set(path, {"n": 0}) for path in paths))
        await store.get_many(paths)
        (answers,) = asked.spy_return_list
        assert {each.found.name.partition("documents/")[2] for each in answers} == set(paths)
        assert len({each.read_time.ToNanoseconds() for each in answers}) == 1

    async def test_keeps_the_version_of_what_does_not_change(self, store: Store, org: str) -> None:
        """A write that changes nothing is applied and answers with the version it found."""
        (first,) = await store.commit(Create(f"orgs/{org}/things/a", {"n": 1}))
        (second,) = await store.commit(Set(f"orgs/{org}/things/a", {"n": 1}, first))
        assert second == first


#: Answers of up to so many documents: the second is one that a thread reads.
SHORT_AND_LONG = [100, 1000]


@pytest.mark.parametrize("limit", SHORT_AND_LONG)
async def test_reads_again_while_the_service_is_away(limit: int) -> None:
    """A read that the service cannot answer for a moment is tried again."""
    async with Firestore([UNAVAILABLE, UNAVAILABLE]) as server, connected(server.host) as store:
        assert await store.query(Query("orgs/o/messages", limit=limit)) == []
        assert len(server.metadata) == 3


@pytest.mark.parametrize("limit", SHORT_AND_LONG)
async def test_a_query_that_breaks_off_is_not_half_an_answer(limit: int) -> None:
    """A query that fails behind its first documents raises StoreError."""
    server = Firestore(found=3, breaks=grpc.StatusCode.INVALID_ARGUMENT)
    async with server, connected(server.host) as store:
        with pytest.raises(StoreError, match="INVALID_ARGUMENT: as told"):
            await store.query(Query("orgs/o/messages", limit=limit))


async def test_a_stream_that_breaks_off_says_so() -> None:
    """What came before is told, then StoreError is raised: nobody takes it for the end."""
    server = Firestore(found=7, breaks=UNAVAILABLE)
    async with server, connected(server.host) as store:
        parts = store.stream(Query("orgs/o/messages", limit=3))
        assert [len(await anext(parts)) for _ in range(2)] == [3, 3]
        with pytest.raises(StoreError, match="UNAVAILABLE: as told"):
            await anext(parts)
        assert len(server.metadata) == 1


async def test_gives_up_streaming_in_the_end() -> None:
    """A stream that never begins raises StoreError, after five tries."""
    async with Firestore([UNAVAILABLE] * 9) as server, connected(server.host) as store:
        with pytest.raises(StoreError, match="UNAVAILABLE: as told"):
            await anext(store.stream(Query("orgs/o/messages")))
        assert len(server.metadata) == 5


async def test_streams_that_wait_hold_up_no_other(firestore_emulator: str) -> None:
    """However many streams wait for somebody to read on, a long answer is read meanwhile."""
    async with connected(firestore_emulator) as store:
        await fill(store, "waiting", *({} for _ in range(400)))
        query = Query(messages("waiting"), limit=10)
        streams = [store.stream(query) for _ in range(40)]
        for stream in streams:
            assert len(await anext(stream)) == 10
        assert len(await store.query(replace(query, limit=1000))) == 400
        for stream in streams:
            await stream.aclose()


async def test_a_stream_is_made_of_queries_that_end_in_time(
    monkeypatch: pytest.MonkeyPatch, firestore_emulator: str
) -> None:
    """Firestore stops a query that lasts too long: a stream asks again behind what it has read."""
    monkeypatch.setattr(firestore, "_STREAMED", 4)
    async with connected(firestore_emulator) as store:
        await fill(store, "streamed", *({} for _ in range(8)))
        parts = [part async for part in store.stream(Query(messages("streamed"), limit=3))]
    assert list(map(ids, parts)) == ["012", "3", "456", "7"]


async def test_gives_up_reading_in_the_end() -> None:
    """A read that is never answered raises StoreError, after five tries."""
    async with Firestore([UNAVAILABLE] * 9) as server, connected(server.host) as store:
        with pytest.raises(StoreError, match="UNAVAILABLE: as told"):
            await store.get("orgs/o")
        assert len(server.metadata) == 5


@pytest.mark.parametrize("write", [Create("orgs/o", {}), Add("orgs/o", {"n": 1})], ids=str)
async def test_never_repeats_what_may_be_applied(write: Write) -> None:
    """A commit whose answer is lost may have been applied: it raises StoreError at once."""
    async with Firestore([UNAVAILABLE]) as server, connected(server.host) as store:
        with pytest.raises(StoreError, match="UNAVAILABLE"):
            await store.commit(write)
        assert len(server.metadata) == 1


@pytest.mark.parametrize(
    "write", [Create("orgs/o", {}), Set("orgs/o", {}, 1), Update("orgs/o", {})], ids=str
)
async def test_tells_contention_as_a_conflict(write: Write) -> None:
    """A commit with a precondition that others hinder, as in the service only, is a conflict."""
    async with Firestore([ABORTED]) as server, connected(server.host) as store:
        with pytest.raises(ConflictError):
            await store.commit(Add("orgs/counters", {"n": 1}), write)
        assert len(server.metadata) == 1


async def test_adds_again_after_contention() -> None:
    """A commit without preconditions that others hinder was not applied: it is made again."""
    async with Firestore([ABORTED, ABORTED]) as server, connected(server.host) as store:
        assert await store.commit(Add("orgs/o", {"n": 1}), Delete("orgs/p")) == [0, 0]
        assert len(server.metadata) == 3


async def test_gives_up_adding_in_the_end() -> None:
    """A commit that others hinder five times raises ConflictError: it was not applied."""
    async with Firestore([ABORTED] * 9) as server, connected(server.host) as store:
        with pytest.raises(ConflictError):
            await store.commit(Add("orgs/o", {"n": 1}))
        assert len(server.metadata) == 5


async def test_tells_an_index_that_is_not_deployed() -> None:
    """A query whose index is declared and not deployed yet raises MissingIndexError."""
    server = Firestore([grpc.StatusCode.FAILED_PRECONDITION], "The query requires an index.")
    async with server, connected(server.host) as store:
        with pytest.raises(MissingIndexError, match="requires an index"):
            await store.query(Query("orgs/o/messages"))


async def test_names_the_database_in_every_call() -> None:
    """Each call carries the headers by which the service routes it to its database."""
    async with Firestore() as server, connected(server.host, "eu") as store:
        await store.get("orgs/o")
        await store.query(Query("orgs/o/messages"))
        prefix = "projects/demo-clarion/databases/eu"
        assert {call["google-cloud-resource-prefix"] for call in server.metadata} == {prefix}
        database = "database=projects%2Fdemo-clarion%2Fdatabases%2Feu"
        parent = "parent=projects%2Fdemo-clarion%2Fdatabases%2Feu%2Fdocuments%2Forgs%2Fo"
        routes = [call["x-goog-request-params"] for call in server.metadata]
        assert routes == [database, parent]
