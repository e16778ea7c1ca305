"""The calls that the store makes to Firestore, over one gRPC channel."""

import asyncio
from collections.abc import Awaitable, Callable
from random import uniform
from typing import Any, TypeVar
from urllib.parse import quote

import grpc
from google.auth.exceptions import GoogleAuthError
from google.cloud.firestore_v1.services.firestore.transports import FirestoreGrpcAsyncIOTransport
from google.cloud.firestore_v1.types import (
    BatchGetDocumentsResponse,
    CommitResponse,
    RunAggregationQueryResponse,
    RunQueryResponse,
)

from functions.engine.ports import ConflictError, MissingIndexError, StoreError

T = TypeVar("T")

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


class Calls:
    """Firestore's methods for one database. The channel belongs to the loop that first calls."""

    def __init__(self, database: str, emulator_host: str | None) -> None:
        self._database = database
        self._emulator_host = emulator_host
        self._channel: Any = None
        self._callables: dict[str, Any] = {}

    async def commit(self, request: Any) -> Any:
        """Make one Commit, never repeated where it is not known whether it was applied.

        One that others hinder was not applied. It is made again, unless it has a precondition:
        that may not hold any more. Raises ConflictError where a precondition does not hold or
        others hinder it, else StoreError.
        """
        body = request.SerializeToString()
        if len(body) > LARGEST_COMMIT:
            raise StoreError(f"a commit of {len(body)} bytes is over {LARGEST_COMMIT}: split it")
        try:
            return await _patiently(
                lambda: self._unary("Commit", CommitResponse)(
                    body, metadata=self._metadata("database", self._database), timeout=_TIMEOUT_S
                ),
                lambda code: code is grpc.StatusCode.ABORTED and not _has_precondition(request),
            )
        except grpc.aio.AioRpcError as error:
            if error.code() in _CONFLICT:
                raise ConflictError(error.details()) from None
            raise _store_error(error) from None

    async def batch_get(self, request: Any) -> list[Any]:
        metadata = self._metadata("database", self._database)
        call = self._stream("BatchGetDocuments", BatchGetDocumentsResponse)
        return await self._collect(call, request, metadata)

    async def run_query(self, request: Any) -> list[Any]:
        metadata = self._metadata("parent", request.parent)
        call = self._stream("RunQuery", RunQueryResponse)
        return await self._collect(call, request, metadata)

    async def run_aggregation(self, request: Any) -> list[Any]:
        metadata = self._metadata("parent", request.parent)
        call = self._stream("RunAggregationQuery", RunAggregationQueryResponse)
        return await self._collect(call, request, metadata)

    async def close(self) -> None:
        if self._channel is not None:
            await self._channel.close()

    async def _collect(self, call: Any, request: Any, metadata: Any) -> list[Any]:
        body = request.SerializeToString()

        async def collect() -> list[Any]:
            return [each async for each in call(body, metadata=metadata, timeout=_TIMEOUT_S)]

        try:
            return await _patiently(collect, _TRANSIENT.__contains__)
        except grpc.aio.AioRpcError as error:
            raise _store_error(error) from None

    def _metadata(self, key: str, resource: str) -> tuple[tuple[str, str], ...]:
        """Return what routes a request to its database, as the client libraries send it."""
        routing = (
            ("google-cloud-resource-prefix", self._database),
            ("x-goog-request-params", f"{key}={quote(resource, safe='')}"),
        )
        if self._emulator_host:  # the emulator obeys whoever calls themselves its owner
            return (*routing, ("authorization", "Bearer owner"))
        return routing

    def _unary(self, method: str, response: Any) -> Any:
        return self._callable(method, "unary_unary", response)

    def _stream(self, method: str, response: Any) -> Any:
        return self._callable(method, "unary_stream", response)

    def _callable(self, method: str, kind: str, response: Any) -> Any:
        if method not in self._callables:
            make = getattr(self._connected(), kind)
            parse = response.pb().FromString
            self._callables[method] = make(_SERVICE + method, response_deserializer=parse)
        return self._callables[method]

    def _connected(self) -> Any:
        if self._channel is None and self._emulator_host:
            self._channel = grpc.aio.insecure_channel(self._emulator_host, options=_OPTIONS)
        elif self._channel is None:
            try:
                self._channel = FirestoreGrpcAsyncIOTransport.create_channel(options=_OPTIONS)
            except GoogleAuthError as error:
                raise StoreError(f"Firestore: {error}") from None
        return self._channel


async def _patiently(
    call: Callable[[], Awaitable[T]], passes: Callable[[grpc.StatusCode], bool]
) -> T:
    """Call, and call again after a pause where it failed of something that passes."""
    for pause in _PAUSES_S:
        try:
            return await call()
        except grpc.aio.AioRpcError as error:
            if not passes(error.code()):
                raise
        # Calls that have hindered each other would otherwise keep step and do it again.
        await asyncio.sleep(uniform(pause / 2, pause))  # noqa: S311  nobody gains by guessing it
    return await call()


def _has_precondition(request: Any) -> bool:
    return any(write.HasField("current_document") for write in request.writes)


def _store_error(error: grpc.aio.AioRpcError) -> StoreError:
    text = f"Firestore answered {error.code().name}: {error.details()}"
    lacks_index = "requires an index" in (error.details() or "")
    return MissingIndexError(text) if lacks_index else StoreError(text)
