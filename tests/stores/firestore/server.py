"""A server on the loopback that answers Firestore's calls as a test tells it to."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Self

import grpc
from google.cloud.firestore_v1.types import (
    CommitRequest,
    CommitResponse,
    Document,
    RunQueryResponse,
    WriteResult,
)

_AT = datetime(2026, 3, 2, tzinfo=UTC)
SERVICE = "google.firestore.v1.Firestore"

_untyped: Any = grpc  # its handlers have no types


@dataclass
class Firestore:
    """Fails its first calls with the given codes, then writes nothing down and finds nothing.

    A query finds `found` documents, and then breaks off with the code `breaks`, if there is one.
    """

    fails: list[grpc.StatusCode] = field(default_factory=list)
    details: str = "as told"
    metadata: list[dict[str, str]] = field(default_factory=list)  #: of each call
    found: int = 0
    breaks: grpc.StatusCode | None = None
    port: int = 0

    async def __aenter__(self) -> Self:
        methods = {
            "Commit": _untyped.unary_unary_rpc_method_handler(self._commit),
            "BatchGetDocuments": _untyped.unary_stream_rpc_method_handler(self._find_nothing),
            "RunQuery": _untyped.unary_stream_rpc_method_handler(self._find_nothing),
        }
        self._server = grpc.aio.server()
        self._server.add_generic_rpc_handlers(
            (_untyped.method_handlers_generic_handler(SERVICE, methods),)
        )
        self.port = self._server.add_insecure_port("127.0.0.1:0")
        await self._server.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._server.stop(None)

    @property
    def host(self) -> str:
        """Where it listens."""
        return f"127.0.0.1:{self.port}"

    async def _commit(self, body: bytes, context: Any) -> bytes:
        await self._note(context)
        writes = CommitRequest.deserialize(body).writes
        answer = CommitResponse(write_results=[WriteResult() for _ in writes])
        return bytes(CommitResponse.serialize(answer))

    async def _find_nothing(self, _: bytes, context: Any) -> AsyncIterator[bytes]:
        await self._note(context)
        for number in range(self.found):
            name = f"projects/p/databases/d/documents/orgs/o/messages/{number:04d}"
            answer = RunQueryResponse(document=Document(name=name, update_time=_AT))
            yield bytes(RunQueryResponse.serialize(answer))
        if self.breaks is not None:
            await context.abort(self.breaks, self.details)
        yield b""

    async def _note(self, context: Any) -> None:
        self.metadata.append(dict(context.invocation_metadata()))
        if self.fails:
            await context.abort(self.fails.pop(0), self.details)
