"""The bound: the three writes of a message, written by hand as fast as the store takes them.

No engine, no ports: prepared statements on the store's own table and indexes, or protobuf
messages on a raw channel. The documents are those that the engine writes.
"""

import asyncio
import sqlite3
import time
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import grpc
import orjson
from google.cloud.firestore_v1.types import (
    CommitRequest,
    CommitResponse,
    RunQueryRequest,
    RunQueryResponse,
)

from benchmarks.salted import contact_id, message_id
from functions.engine.kernel.engine import Limits
from functions.stores.firestore import streams

_insecure_channel: Any = grpc.insecure_channel  # it has no types
_Commit = CommitRequest.pb()
_CommitResponse = CommitResponse.pb()
_RunQuery = RunQueryRequest.pb()
_RunQueryResponse = RunQueryResponse.pb()

PAGE, CHUNK = Limits().launch_page, Limits().chunk  #: commits as large as the engine's
COLLECTION = "orgs/bench/campaigns/0123456789abcdef0123456789abcdef/messages"
_AT = "@2026-11-22T08:31:44.123456+00:00"
_SECONDS = 1_790_000_000


class Bound(NamedTuple):
    """Seconds that the hand-written writes took, and reading as many documents once."""

    create_s: float
    all_s: float
    read_s: float

    @property
    def launch_s(self) -> float:
        """The writes of a launch and its one read: the list."""
        return self.create_s + self.read_s

    @property
    def dispatch_s(self) -> float:
        """The writes of a campaign and its one read: the list."""
        return self.all_s + self.read_s


def _ids(size: int) -> list[str]:
    """Return ids in the order in which a launch makes them."""
    return [message_id("by hand", each) for each in sorted(map(str, range(size)), key=contact_id)]


def _document(number: int, id_: str) -> dict[str, Any]:
    return {
        "contact": f"orgs/bench/contacts/{id_}",
        "address": f"+1202{number:07d}",
        "region": "US",
        "zones": ["America/New_York"],
        "status": "pending",
        "lane": f"send-{number % 4}",
        "due_at": _AT,
        "next_at": _AT,
        "created_at": _AT,
    }


_SENDING = {"status": "sending", "lane": "watch-1", "attempt": 1}


def _sent(id_: str) -> dict[str, Any]:
    return {
        "status": "sent",
        "lane": None,
        "next_at": None,
        "provider_id": id_,
        "sent_at": _AT,
        "reason": "",
    }


def _chunks(size: int, length: int) -> Iterator[range]:
    for start in range(0, size, length):
        yield range(start, min(size, start + length))


def sqlite(path: str, size: int) -> Bound:
    """Write to the file of a SqliteStore whose tables exist."""
    db = sqlite3.connect(path, isolation_level=None)
    db.executescript("PRAGMA synchronous = FULL; PRAGMA cache_size = -65536;")
    parent = db.execute(
        "INSERT INTO parents (path) SELECT 'by hand ' || count(*) FROM parents RETURNING id"
    ).fetchone()[0]
    ids = _ids(size)
    start = time.perf_counter()
    for part in _chunks(size, PAGE):
        _in_transaction(db, _insert, parent, ids, part)
    created = time.perf_counter()
    for part in _chunks(size, CHUNK):
        _in_transaction(db, _claim, parent, ids, part)
        _in_transaction(db, _finish, parent, ids, part)
    done = time.perf_counter()
    query = "SELECT path, version, doc FROM docs_messages WHERE parent = ? ORDER BY id"
    read = [(*at, orjson.loads(doc)) for *at, doc in db.execute(query, (parent,))]
    assert len(read) == size
    end = time.perf_counter()
    db.close()
    return Bound(created - start, done - start, end - done)


Work = Callable[[sqlite3.Connection, int, list[str], range], None]


def _in_transaction(
    db: sqlite3.Connection, work: Work, parent: int, ids: list[str], part: range
) -> None:
    db.execute("BEGIN IMMEDIATE")
    work(db, parent, ids, part)
    db.execute("COMMIT")


def _insert(db: sqlite3.Connection, parent: int, ids: list[str], part: range) -> None:
    at = _SECONDS * 1_000_000
    db.executemany(
        "INSERT INTO docs_messages (parent, id, path, version, doc, f_lane, f_next_at, f_status,"
        " f_contact, f_created_at) VALUES (?, ?, ?, 1, ?, ?, ?, ?, ?, ?)",
        [
            (
                *(parent, ids[n], f"{COLLECTION}/{ids[n]}"),
                *(_json(_document(n, ids[n])), f"send-{n % 4}", at, "pending"),
                *(f"orgs/bench/contacts/{ids[n]}", at),
            )
            for n in part
        ],
    )


_UPDATE = (
    "UPDATE docs_messages SET version = ?, doc = ?, f_lane = ?, f_next_at = ?, f_status = ?"
    " WHERE parent = ? AND id = ? AND version = ?"
)


def _claim(db: sqlite3.Connection, parent: int, ids: list[str], part: range) -> None:
    at = (_SECONDS + 90) * 1_000_000
    rows = [
        (
            *(2, _json({**_document(n, ids[n]), **_SENDING}), "watch-1", at, "sending"),
            *(parent, ids[n], 1),
        )
        for n in part
    ]
    assert db.executemany(_UPDATE, rows).rowcount == len(part)


def _finish(db: sqlite3.Connection, parent: int, ids: list[str], part: range) -> None:
    rows = [
        (
            *(3, _json({**_document(n, ids[n]), **_SENDING, **_sent(ids[n])}), None, None, "sent"),
            *(parent, ids[n], 2),
        )
        for n in part
    ]
    assert db.executemany(_UPDATE, rows).rowcount == len(part)


def _json(document: dict[str, Any]) -> str:
    return orjson.dumps(document).decode()


async def firestore(host: str, project: str, size: int) -> Bound:
    """Write to an emulator through a bare gRPC channel, three commits under way at a time."""
    async with grpc.aio.insecure_channel(host) as channel:
        commit = channel.unary_unary(
            "/google.firestore.v1.Firestore/Commit",
            request_serializer=_Commit.SerializeToString,
            response_deserializer=_CommitResponse.FromString,
        )
        hand = _Hand(commit, f"projects/{project}/databases/(default)", _ids(size))
        start = time.perf_counter()
        await hand.in_threes(_chunks(size, PAGE), hand.create)
        created = time.perf_counter()
        await hand.in_threes(_chunks(size, CHUNK), hand.claim_and_finish)
        done = time.perf_counter()
        assert await asyncio.to_thread(_read, host, hand.database) == size
        end = time.perf_counter()
    return Bound(created - start, done - start, end - done)


def _read(host: str, database: str) -> int:
    """Read all documents in one stream, without making anything of them."""
    with _insecure_channel(host, options=[streams.OPTION]) as channel:
        query = channel.unary_stream(
            "/google.firestore.v1.Firestore/RunQuery",
            request_serializer=_RunQuery.SerializeToString,
            response_deserializer=_RunQueryResponse.FromString,
        )
        request = _RunQuery(parent=f"{database}/documents/{COLLECTION.rpartition('/')[0]}")
        request.structured_query.from_.add(collection_id="messages")
        metadata = (("authorization", "Bearer owner"),)
        return len([each for each in query(request, metadata=metadata) if each.document.name])


class _Hand:
    """Commits by hand."""

    def __init__(self, commit: Any, database: str, ids: list[str]) -> None:
        self._commit = commit
        self.database = database
        self._ids = ids
        self._versions: dict[int, Any] = {}

    async def in_threes(self, parts: Iterator[range], work: Callable[[range], Any]) -> None:
        async def worker() -> None:
            for part in parts:
                await work(part)

        await asyncio.gather(*(worker() for _ in range(3)))

    async def create(self, part: range) -> None:
        request = _Commit(database=self.database)
        for n in part:
            write = request.writes.add()
            self._fill(write, n, _document(n, self._ids[n]), ("due_at", "next_at", "created_at"))
            write.current_document.exists = False
        await self._send(request, part)

    async def claim_and_finish(self, part: range) -> None:
        for fields in ((*_SENDING, "next_at"), tuple(_sent(""))):
            request = _Commit(database=self.database)
            for n in part:
                values = {**_SENDING, "next_at": _AT} if len(fields) == 4 else _sent(self._ids[n])
                write = request.writes.add()
                self._fill(write, n, values, ("next_at", "sent_at"))
                write.update_mask.field_paths.extend(fields)
                write.current_document.update_time.CopyFrom(self._versions[n])
            await self._send(request, part)

    def _fill(self, write: Any, n: int, values: dict[str, Any], instants: tuple[str, ...]) -> None:
        write.update.name = f"{self.database}/documents/{COLLECTION}/{self._ids[n]}"
        fields = write.update.fields
        for name, value in values.items():
            if value is None:
                fields[name].null_value = 0
            elif name in instants:
                fields[name].timestamp_value.seconds = _SECONDS
            elif name == "zones":
                fields[name].array_value.values.add(string_value=value[0])
            elif isinstance(value, int):
                fields[name].integer_value = value
            else:
                fields[name].string_value = value

    async def _send(self, request: Any, part: range) -> None:
        answer = await self._commit(request, metadata=(("authorization", "Bearer owner"),))
        for n, result in zip(part, answer.write_results, strict=True):
            self._versions[n] = result.update_time
