"""The calls that the store makes to Firestore, over one gRPC channel."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from random import uniform
from typing import Any, Final, TypeAlias, TypeVar
from urllib.parse import quote

import grpc
from google.auth.exceptions import GoogleAuthError
from google.cloud.firestore_v1.services.firestore.transports import (
    FirestoreGrpcAsyncIOTransport,
    FirestoreGrpcTransport,
)
from google.cloud.firestore_v1.types import (
    BatchGetDocumentsResponse,
    CommitResponse,
    RunAggregationQueryResponse,
    RunQueryResponse,
)

from functions.engine.ports.store import ConflictError, MissingIndexError, RefusedError, StoreError
from functions.stores.firestore import streams

T = TypeVar("T")
_Method: TypeAlias = tuple[str, Any]
"""A method's name and the type of its answer."""

_SERVICE = "/google.firestore.v1.Firestore/"
_OPTIONS = [
    ("grpc.keepalive_time_ms", 30_000),
    ("grpc.max_receive_message_length", -1),
    ("grpc.max_send_message_length", -1),
]
_TIMEOUT_S = 60
_PAUSES_S = (0.1, 0.2, 0.4, 0.8)  #: before each further try, or up to half of it
_TRANSIENT = frozenset(
    (
        grpc.StatusCode.UNAVAILABLE,
        grpc.StatusCode.RESOURCE_EXHAUSTED,
        grpc.StatusCode.ABORTED,
        grpc.StatusCode.INTERNAL,
    )
)
_CONFLICT = frozenset(
    (
        grpc.StatusCode.ALREADY_EXISTS,
        grpc.StatusCode.FAILED_PRECONDITION,
        grpc.StatusCode.NOT_FOUND,
        grpc.StatusCode.ABORTED,
    )
)

#: The service takes 10 MiB a request, its emulator 4: what fits one fits the other.
LARGEST_COMMIT = 4 * 1024 * 1024 - 64 * 1024

#: An answer that may hold more documents than this is read by a thread.
_SHORT = 200
_PART = 500  #: documents of it that the thread hands over at a time
#: More than there are long answers at a time: one that waits to be taken must hold up no other.
_THREADS = 256
_RUN_QUERY: Final[_Method] = ("RunQuery", RunQueryResponse)


class Calls:
    """Firestore's methods for one database. The channels belong to the loop that first calls."""

    def __init__(self, database: str, emulator_host: str | None) -> None:
        self._database = database
        self._emulator_host = emulator_host
        self._channel: Any = None
        self._threads: ThreadPoolExecutor | None = None
        self._threads_channel: Any = None
        self._callables: dict[tuple[str, Any], Any] = {}

    async def commit(self, request: Any) -> Any:
        """Make one Commit, never repeated where it is not known whether it was applied.

        One that others hinder was not applied. It is made again, unless it has a precondition:
        that may not hold any more. Raises ConflictError where a precondition does not hold or
        others hinder it, RefusedError where it is too large, else StoreError.
        """
        body = request.SerializeToString()
        if len(body) > LARGEST_COMMIT:
            raise RefusedError(f"a commit of {len(body)} bytes is over {LARGEST_COMMIT}: split it")
        call = self._callable(("Commit", CommitResponse), self._connected(), "unary_unary")
        metadata = self._metadata("database", self._database)
        try:
            return await _patiently(
                lambda: call(body, metadata=metadata, timeout=_TIMEOUT_S),
                lambda code: code is grpc.StatusCode.ABORTED and not _has_precondition(request),
            )
        except grpc.RpcError as error:
            if _code(error) in _CONFLICT:
                raise ConflictError(_details(error)) from None
            told = _store_error(error)
            is_refused = _code(error) is grpc.StatusCode.INVALID_ARGUMENT
            raise (RefusedError(str(told)) if is_refused else told) from None

    async def batch_get(self, request: Any) -> list[Any]:
        metadata = self._metadata("database", self._database)
        method = "BatchGetDocuments", BatchGetDocumentsResponse
        return await self._collect(method, request, metadata, most=len(request.documents))

    async def run_query(self, request: Any) -> list[Any]:
        metadata = self._metadata("parent", request.parent)
        most = request.structured_query.limit.value
        return await self._collect(_RUN_QUERY, request, metadata, most=most)

    async def stream_query(self, request: Any, size: int) -> AsyncGenerator[list[Any], None]:
        """Yield the answers of a query in parts of `size`, as they come.

        Raises StoreError; one that breaks off behind its first part is not asked again.
        """
        body, metadata = request.SerializeToString(), self._metadata("parent", request.parent)

        async def begin() -> tuple[list[Any], AsyncGenerator[list[Any], None]]:
            parts = self._read(_RUN_QUERY, body, metadata, size)
            return await anext(parts, []), parts

        try:
            first, parts = await _patiently(begin, _TRANSIENT.__contains__)
            async with aclosing(parts):
                yield first
                async for part in parts:
                    yield part
        except grpc.RpcError as error:
            raise _store_error(error) from None

    async def run_aggregation(self, request: Any) -> list[Any]:
        metadata = self._metadata("parent", request.parent)
        method = "RunAggregationQuery", RunAggregationQueryResponse
        return await self._collect(method, request, metadata, most=1)

    async def close(self) -> None:
        if self._channel is not None:
            await self._channel.close()
        if self._threads is not None:
            self._threads_channel.close()
            self._threads.shutdown(wait=False)

    async def _collect(
        self, method: _Method, request: Any, metadata: Any, *, most: int
    ) -> list[Any]:
        """Return an answer of at most so many documents, asked for again where it breaks off."""
        body = request.SerializeToString()

        async def collect() -> list[Any]:
            if most > _SHORT:
                parts = self._read(method, body, metadata, _PART)
                return [each async for part in parts for each in part]
            call = self._callable(method, self._connected(), "unary_stream")
            return [each async for each in call(body, metadata=metadata, timeout=_TIMEOUT_S)]

        try:
            return await _patiently(collect, _TRANSIENT.__contains__)
        except grpc.RpcError as error:
            raise _store_error(error) from None

    def _read(
        self, method: _Method, body: bytes, metadata: Any, size: int
    ) -> AsyncGenerator[list[Any], None]:
        """Yield the parts of a long answer. Raises grpc.RpcError."""
        threads, channel = self._connected_for_threads()
        call = self._callable(method, channel, "unary_stream")
        return streams.read(call(body, metadata=metadata, timeout=_TIMEOUT_S), size, threads)

    def _metadata(self, key: str, resource: str) -> tuple[tuple[str, str], ...]:
        """Return what routes a request to its database, as the client libraries send it."""
        routing = (
            ("google-cloud-resource-prefix", self._database),
            ("x-goog-request-params", f"{key}={quote(resource, safe='')}"),
        )
        if self._emulator_host:  # the emulator obeys whoever calls themselves its owner
            return (*routing, ("authorization", "Bearer owner"))
        return routing

    def _callable(self, method: _Method, channel: Any, kind: str) -> Any:
        name, response = method
        if (name, channel) not in self._callables:
            parse = response.pb().FromString
            make = getattr(channel, kind)
            self._callables[name, channel] = make(_SERVICE + name, response_deserializer=parse)
        return self._callables[name, channel]

    def _connected(self) -> Any:
        if self._channel is None:
            self._channel = self._connect(
                grpc.aio.insecure_channel, FirestoreGrpcAsyncIOTransport, _OPTIONS
            )
        return self._channel

    def _connected_for_threads(self) -> tuple[ThreadPoolExecutor, Any]:
        if self._threads is None:
            options = [*_OPTIONS, streams.OPTION]
            self._threads_channel = self._connect(
                grpc.insecure_channel, FirestoreGrpcTransport, options
            )
            self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="firestore")
        return self._threads, self._threads_channel

    def _connect(self, to_emulator: Any, transport: Any, options: Sequence[Any]) -> Any:
        if self._emulator_host:
            return to_emulator(self._emulator_host, options=options)
        try:
            return transport.create_channel(options=options)
        except GoogleAuthError as error:
            raise StoreError(f"Firestore: {error}") from None


async def _patiently(
    call: Callable[[], Awaitable[T]], passes: Callable[[grpc.StatusCode], bool]
) -> T:
    """Call, and call again after a pause where it failed of something that passes."""
    for pause in _PAUSES_S:
        try:
            return await call()
        except grpc.RpcError as error:
            if not passes(_code(error)):
                raise
        # Calls that have hindered each other would otherwise keep step and do it again.
        await asyncio.sleep(uniform(pause / 2, pause))  # noqa: S311  nobody gains by guessing it
    return await call()


def _has_precondition(request: Any) -> bool:
    return any(write.HasField("current_document") for write in request.writes)


def _store_error(error: grpc.RpcError) -> StoreError:
    text = f"Firestore answered {_code(error).name}: {_details(error)}"
    lacks_index = "requires an index" in _details(error)
    return MissingIndexError(text) if lacks_index else StoreError(text)


def _code(error: Any) -> grpc.StatusCode:
    code: grpc.StatusCode = error.code()  # of both kinds of channel, though their class has none
    return code


def _details(error: Any) -> str:
    return error.details() or ""
