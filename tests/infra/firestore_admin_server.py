"""Firestore's index administration on loopback, of the library's own types.

Indexes are ready at once; in production they take minutes.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
from google.cloud.firestore_admin_v1 import types
from google.cloud.firestore_admin_v1.types import Field, Index
from google.longrunning.operations_pb2 import Operation  # type: ignore[import-untyped]  # Google's gap
from google.protobuf.any_pb2 import Any as AnyMessage  # type: ignore[attr-defined]  # made at run time
from grpc import StatusCode

DATABASE = "projects/p/databases/(default)"
SERVICE = "google.firestore.admin.v1.FirestoreAdmin"


class FirestoreAdminServer:
    """The indexes of every collection and the settings of every field, by name."""

    def __init__(self) -> None:
        self.indexes: dict[str, list[Index]] = {}  #: by collection group
        self.fields: dict[str, Field] = {}
        self.writes: list[str] = []  #: the method of each change, in order
        self._grpc = grpc.server(ThreadPoolExecutor(max_workers=4))  # type: ignore[no-untyped-call]  # grpc's gap
        self._port = 0

    def start(self) -> None:
        """Listen on a free port."""
        response, operation = types.ListIndexesResponse.serialize, Operation.SerializeToString
        handlers = {
            "ListIndexes": _handler(self._list, types.ListIndexesRequest, response),
            "CreateIndex": _handler(self._create, types.CreateIndexRequest, operation),
            "GetField": _handler(self._get_field, types.GetFieldRequest, Field.serialize),
            "UpdateField": _handler(self._update_field, types.UpdateFieldRequest, operation),
        }
        handler = grpc.method_handlers_generic_handler(SERVICE, handlers)  # type: ignore[no-untyped-call]  # the same
        self._grpc.add_generic_rpc_handlers((handler,))
        self._port = self._grpc.add_insecure_port("127.0.0.1:0")
        self._grpc.start()

    def stop(self) -> None:
        """Stop listening."""
        self._grpc.stop(grace=None).wait()

    @property
    def endpoint(self) -> str:
        """Where it listens."""
        return f"127.0.0.1:{self._port}"

    def _list(self, request: types.ListIndexesRequest) -> types.ListIndexesResponse:
        return types.ListIndexesResponse(indexes=self.indexes.get(request.parent, []))

    def _create(self, request: types.CreateIndexRequest) -> Operation:
        index = Index(request.index)
        # Google completes every index with the document's name.
        index.fields.append(
            Index.IndexField(field_path="__name__", order=Index.IndexField.Order.ASCENDING)
        )
        self.indexes.setdefault(request.parent, []).append(index)
        self.writes.append("CreateIndex")
        return _done(Index.pb(index))

    def _get_field(self, request: types.GetFieldRequest) -> Field:
        inherited = Field.IndexConfig(uses_ancestor_config=True)
        return self.fields.get(request.name, Field(name=request.name, index_config=inherited))

    def _update_field(self, request: types.UpdateFieldRequest) -> Operation:
        assert list(request.update_mask.paths) == ["index_config"]
        self.fields[request.field.name] = request.field
        self.writes.append("UpdateField")
        return _done(Field.pb(request.field))


def _handler(method: Callable[[Any], Any], request_type: Any, serialize: Any) -> Any:
    def serve(request: Any, context: Any) -> Any:
        name: str = getattr(request, "parent", "") or getattr(request, "name", DATABASE)
        if not name.startswith(DATABASE):
            context.abort(StatusCode.NOT_FOUND, "The database does not exist.")
        return method(request)

    return grpc.unary_unary_rpc_method_handler(  # type: ignore[no-untyped-call]  # grpc's gap
        serve,
        request_deserializer=request_type.deserialize,
        response_serializer=serialize,
    )


def _done(message: Any) -> Operation:
    response = AnyMessage()
    response.Pack(message)
    return Operation(name="operations/done", done=True, response=response)
